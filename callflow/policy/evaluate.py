"""The decision: what becomes of a call, by which rules. Pure: no clock, no I/O."""

from datetime import datetime

from callflow.policy import feature_codes
from callflow.policy.builder import Node, PlanBuilder
from callflow.policy.decision import Call, Change, Decision, Outcome
from callflow.policy.extension_calls import call_extension
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.feature_codes import FeatureCall
from callflow.policy.hours import switchboard_hours
from callflow.policy.keeping import kept
from callflow.policy.kept import Kept, in_use
from callflow.policy.lost_codes import hide_pin
from callflow.policy.model import Extension, NumberRange, Organisation, Policy, Target, TargetKind
from callflow.policy.numbers import Dialled, bare, normalise, range_of
from callflow.policy.outgoing import may_call
from callflow.policy.places import reach
from callflow.policy.plan import HangupCause, Leg, LegKind, Phrase, Presentation
from callflow.policy.presentation import HIDDEN_EVERYWHERE, presentation_of
from callflow.policy.refusals import barred_phrases
from callflow.policy.route import Failure, FailureKind, Route, State
from callflow.policy.routing import failure_phrases, goodbye, hang_up, menu, note_barred, speak
from callflow.policy.spoken import prompt
from callflow.policy.switchboard import call_switchboard, pass_through_switchboard
from callflow.policy.units import call_unit

MOST_RINGS_OUTSIDE = 20
"""How long an employee waits for an answer outside, in rings: R8 is about those who call us."""
SWITCHBOARD_DIGIT = "0"
_CODES_BEGIN = frozenset("*#")
_ONCE = frozenset({FeatureAction.HIDE_NUMBER_ONCE, FeatureAction.SHOW_NUMBER_ONCE})
_NOBODYS = Organisation(id=0, key="", name="", main_number="")


def decide(policy: Policy, call: Call, now: datetime) -> Decision:
    """Return what becomes of a call at `now`: its outcome, the plan that does it, and every rule tried.

    A policy with faults (references to rows that are missing) never stops a call: what is missing counts as not
    there, the trace tells it, and the call still ends in an answer or in words.

    Raises:
        ValueError: `now` has no time zone; pass an aware datetime, such as `datetime.now(tz=UTC)`.
    """
    if now.tzinfo is None:
        raise ValueError("`now` has no time zone: pass an aware datetime, such as datetime.now(tz=UTC)")
    if in_use.acquire(blocking=False):
        try:
            decision = _decide(policy, call, now, policy.kept)
            policy.kept.make_room()
        finally:
            in_use.release()
        if decision is not None:
            return decision
    return _decided(policy, call, now)


def _decided(policy: Policy, call: Call, now: datetime) -> Decision:
    """Decide without anything that is kept."""
    decision = _decide(policy, call, now, None)
    assert decision is not None
    return decision


def _decide(policy: Policy, call: Call, now: datetime, pieces: Kept | None) -> Decision | None:
    """Decide with what is kept; None where the plan becomes too long, which only a decision without it can tell."""
    caller, mover = _extension(policy, call.caller_extension_id), _extension(policy, call.mover_extension_id)
    code = _feature_call(policy, call, caller)
    once = code.action if code is not None and code.action in _ONCE else None
    wanted = code.rest if code is not None and once is not None else call.called_number
    if call.mover_extension_id is not None and call.caller_number is None:
        once = FeatureAction.HIDE_NUMBER_ONCE
    dialled = normalise(wanted, policy, internal=caller is not None or mover is not None)
    target = policy.numbers.get(dialled.number) if dialled.number is not None else None
    in_range = range_of(dialled.number, policy) if dialled.number is not None and target is None else None
    organisation = _organisation(policy, target, in_range, mover or caller)
    actor = mover if call.mover_extension_id is not None else caller
    route = Route(
        policy=policy,
        call=call,
        now=now,
        instant=now.timestamp(),
        caller=caller,
        mover=mover,
        organisation=organisation,
        reach=reach,
        kept=pieces,
        manner=(caller is not None, actor is not None, organisation.id),
        builder=PlanBuilder(pieces.nodes if pieces is not None else None),
    )
    change: Change | None = None
    if code is not None and caller is not None and once is None and not caller.locked:
        outcome, (first, change) = Outcome.FEATURE_CODE, _carry_out(route, caller, code)
    else:
        outcome, first = _first_step(route, dialled, target, in_range, code)
    route.let_go()
    if pieces is not None and route.too_much():
        return None
    shown = _shown(route, once) if outcome is not Outcome.EMERGENCY else None
    plan = route.builder.finish(first, organisation.language, shown)
    if shown is not None and first.leaves:
        _note_presentation(route, shown)
    return Decision(outcome=outcome, plan=plan, trace=route.trace(), policy_revision=policy.revision, change=change)


def _extension(policy: Policy, row_id: int | None) -> Extension | None:
    return policy.extensions.get(row_id) if row_id is not None else None


def _feature_call(policy: Policy, call: Call, caller: Extension | None) -> FeatureCall | None:
    """Return the feature code that a phone of ours dialled; nobody can be transferred to one."""
    if caller is None or call.mover_extension_id is not None:
        return None
    return feature_codes.read(bare(call.called_number), policy.codes.get(caller.organisation_id, ()))


def _carry_out(route: Route, caller: Extension, code: FeatureCall) -> tuple[Node, Change | None]:
    _note_caller(route)
    return feature_codes.carry_out(route, caller, code)


def _shown(route: Route, once: FeatureAction | None) -> Presentation | None:
    """Return how the caller is shown, None for one from outside; one of ours who cannot be told is hidden (R17)."""
    if route.caller is not None:
        return presentation_of(route.policy, route.caller, once)
    return HIDDEN_EVERYWHERE if route.call.caller_extension_id is not None else None


def _note_presentation(route: Route, shown: Presentation) -> None:
    if shown.number is None:
        route.note("R17", True, "number_hidden")
    else:
        route.note("R17", False, "number_shown", number=shown.number)


def _first_step(
    route: Route, dialled: Dialled, target: Target | None, in_range: NumberRange | None, code: FeatureCall | None
) -> tuple[Outcome, Node]:
    number = dialled.number
    ours = route.call.caller_extension_id is not None or route.mover is not None
    if number is not None and dialled.form == "emergency" and ours:
        route.note("R23", True, "emergency", number=number)
        return Outcome.EMERGENCY, route.builder.emergency(number)
    route.note("R23", False, "not_emergency")
    _note_caller(route)
    if route.actor is not None and route.actor.locked:
        route.note("R21", True, "caller_locked", extension=route.actor.number)
        return Outcome.REFUSED, _refuse(route, "phone-locked")
    if number is None:
        return Outcome.REFUSED, _unreadable(route, code)
    if target is not None:
        return _ours(route, target, number)
    if in_range is not None:
        return Outcome.REFUSED, _unused(route, number)
    return _outside(route, number)


def _unreadable(route: Route, code: FeatureCall | None) -> Node:
    """Say that what was dialled is no number, or no code where it begins as one."""
    dialled = hide_pin(route.call.called_number, route.policy)
    if code is None and route.internal and bare(dialled)[:1] in _CODES_BEGIN:
        route.note("R9", False, "code_unknown", code=dialled)
        return _refuse(route, "no-such-code", HangupCause.UNALLOCATED)
    route.note("R23", False, "number_unreadable", number=dialled)
    return _refuse(route, "number-not-understood", HangupCause.UNALLOCATED)


def _note_caller(route: Route) -> None:
    if route.caller is not None:
        route.note("R1", True, "internal_caller", extension=route.caller.number)
    elif route.call.caller_extension_id is not None:
        route.note("R1", False, "caller_missing", id=str(route.call.caller_extension_id))
    else:
        route.note("R1", False, "external_caller")
    if route.mover is not None:
        route.note("R18", True, "transferred_by", extension=route.mover.number)
    elif route.call.mover_extension_id is not None:
        route.note("R18", False, "mover_missing", id=str(route.call.mover_extension_id))


def _ours(route: Route, target: Target, number: str) -> tuple[Outcome, Node]:
    row_id = target.id if target.id is not None else 0
    route.note("R1", True, "number_found", number=number, kind=target.kind.value)
    if target.kind is TargetKind.EXTENSION:
        return Outcome.EXTENSION, call_extension(route, route.policy.extensions[row_id])
    if target.kind is TargetKind.UNIT:
        return call_unit(route, route.policy.units[row_id])
    return call_switchboard(route, route.policy.organisations[row_id])


def _unused(route: Route, number: str) -> Node:
    """Say that a number of ours is not in use, and offer the switchboard when it is open."""
    route.note("R23", True, "number_unused", number=number)
    if route.mover is not None:
        return _back_to_mover(route, route.mover, (prompt("number-not-in-use"),))
    return kept(route, "unused", _offer_switchboard)


def _offer_switchboard(route: Route) -> Node:
    end = goodbye(route, HangupCause.UNALLOCATED)
    organisation = route.organisation
    if not switchboard_hours(route, organisation).is_open or organisation.operator_group_id is None:
        return speak(route, ("number-not-in-use",), end)
    here = State().at(Target(TargetKind.SWITCHBOARD, organisation.id))
    operators = pass_through_switchboard(
        route, organisation, here, lambda _: speak(route, ("nobody-can-answer",), end)
    )
    phrases = (prompt("number-not-in-use"), prompt("switchboard-press-0"))
    return menu(route, phrases, ((SWITCHBOARD_DIGIT, operators),), end)


def _outside(route: Route, number: str) -> tuple[Outcome, Node]:
    """Carry a call to a number outside for an extension that may; one from outside is never carried out again."""
    actor = route.actor
    if actor is None:
        route.note("R18", True, "no_transit", number=number)
        return Outcome.REFUSED, _refuse(route, "number-not-in-use", HangupCause.UNALLOCATED)
    permission = may_call(route.policy, actor, number, route.now)
    if not permission.allowed:
        note_barred(route, number, permission)
        if route.mover is not None:
            return Outcome.REFUSED, _back_to_mover(route, route.mover, (prompt("cannot-be-transferred"),))
        words = barred_phrases(route, actor, permission)
        return Outcome.REFUSED, speak(route, ("goodbye",), hang_up(route, HangupCause.REJECTED), words)
    kinds = " ".join(permission.categories)
    route.note("R18", False, "outside_number_allowed", number=number, category=kinds)
    after = _not_answered(route) if route.mover is not None else kept(route, "not answered", _not_answered)
    legs = (Leg(LegKind.TRUNK, number),)
    return Outcome.OUTSIDE, route.builder.dial(legs, MOST_RINGS_OUTSIDE, route.ring_ms, after)


def _not_answered(route: Route) -> tuple[Node, Node, Node]:
    """Return what follows a call to the outside that nobody answered, is busy, or cannot be reached."""
    return (
        _tell_failure(route, FailureKind.NO_ANSWER),
        _tell_failure(route, FailureKind.BUSY),
        _tell_failure(route, FailureKind.UNREACHABLE),
    )


def _tell_failure(route: Route, kind: FailureKind) -> Node:
    """Tell why nobody answered outside; who was transferred there comes back to the one who did it."""
    words = failure_phrases(State(failure=Failure(kind)))
    if route.mover is not None:
        return _back_to_mover(route, route.mover, words)
    cause = HangupCause.BUSY if kind is FailureKind.BUSY else HangupCause.NORMAL
    return speak(route, (), hang_up(route, cause), words)


def _back_to_mover(route: Route, mover: Extension, words: tuple[Phrase, ...]) -> Node:
    """Bring a caller whose transfer came to nothing back to the one who transferred, and on as any call there."""
    route.note("R18", True, "back_to_mover", extension=mover.number)
    key = ("back", mover.id)
    if key not in route.memo:
        route.memo[key] = call_extension(route, mover)
    return speak(route, ("transfer-back",), route.memo[key], words)


def _refuse(route: Route, reason: str, cause: HangupCause = HangupCause.REJECTED) -> Node:
    if route.mover is not None and not route.mover.locked:
        return _back_to_mover(route, route.mover, (prompt("cannot-be-transferred"),))
    return speak(route, (reason,), goodbye(route, cause))


def _organisation(
    policy: Policy, target: Target | None, in_range: NumberRange | None, caller: Extension | None
) -> Organisation:
    """Return whose call it is: the called number's organisation, else the caller's, else the first."""
    wanted = None
    if target is not None and target.id is not None:
        wanted = _organisation_id(policy, target, target.id)
    elif in_range is not None:
        wanted = in_range.organisation_id
    elif caller is not None:
        wanted = caller.organisation_id
    if wanted is not None and wanted in policy.organisations:
        return policy.organisations[wanted]
    return policy.organisations[min(policy.organisations)] if policy.organisations else _NOBODYS


def _organisation_id(policy: Policy, target: Target, row_id: int) -> int:
    if target.kind is TargetKind.EXTENSION:
        return policy.extensions[row_id].organisation_id
    return policy.units[row_id].organisation_id if target.kind is TargetKind.UNIT else row_id
