"""The decision: what becomes of a call, by which rules. Pure: no clock, no I/O."""

from datetime import datetime

from callflow.policy.decision import Call, Decision, Outcome
from callflow.policy.extensions import call_extension
from callflow.policy.hours import switchboard_hours
from callflow.policy.model import MOST_RINGS, Extension, NumberRange, Organisation, Policy, Target, TargetKind
from callflow.policy.numbers import Dialled, normalise, range_of
from callflow.policy.outgoing import outside_number_allowed
from callflow.policy.places import reach
from callflow.policy.plan import Emergency, HangupCause, Leg, LegKind
from callflow.policy.routing import Route, State, dial, failure_phrases, goodbye, hang_up, menu, speak
from callflow.policy.spoken import prompt
from callflow.policy.switchboard import call_switchboard, pass_through_switchboard
from callflow.policy.units import call_unit

SWITCHBOARD_DIGIT = "0"
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
    caller = policy.extensions.get(call.caller_extension_id) if call.caller_extension_id is not None else None
    dialled = normalise(call.called_number, policy, internal=caller is not None)
    target = policy.numbers.get(dialled.number) if dialled.number is not None else None
    in_range = range_of(dialled.number, policy) if dialled.number is not None and target is None else None
    organisation = _organisation(policy, target, in_range, caller)
    route = Route(policy=policy, call=call, now=now, caller=caller, organisation=organisation, reach=reach)
    outcome, first = _first_step(route, dialled, target, in_range)
    plan = route.builder.finish(first, organisation.language)
    return Decision(outcome=outcome, plan=plan, trace=route.trace(), policy_revision=policy.revision)


def _first_step(
    route: Route, dialled: Dialled, target: Target | None, in_range: NumberRange | None
) -> tuple[Outcome, int]:
    number = dialled.number
    if number is not None and dialled.form == "emergency" and route.call.caller_extension_id is not None:
        route.note("R23", True, "emergency", number=number)
        return Outcome.EMERGENCY, route.builder.add(Emergency(number=number))
    route.note("R23", False, "not_emergency")
    _note_caller(route)
    if route.caller is not None and route.caller.locked:
        route.note("R21", True, "caller_locked", extension=route.caller.number)
        return Outcome.REFUSED, _refuse(route, "phone-locked")
    if number is None:
        route.note("R23", False, "number_unreadable", number=route.call.called_number)
        return Outcome.REFUSED, _refuse(route, "number-not-understood", HangupCause.UNALLOCATED)
    if target is not None:
        return _ours(route, target, number)
    if in_range is not None:
        return Outcome.REFUSED, _unused(route, number)
    return _outside(route, number)


def _note_caller(route: Route) -> None:
    if route.caller is not None:
        route.note("R1", True, "internal_caller", extension=route.caller.number)
    elif route.call.caller_extension_id is not None:
        route.note("R1", False, "caller_missing", id=route.call.caller_extension_id)
    else:
        route.note("R1", False, "external_caller")


def _ours(route: Route, target: Target, number: str) -> tuple[Outcome, int]:
    row_id = target.id if target.id is not None else 0
    route.note("R1", True, "number_found", number=number, kind=target.kind.value)
    if target.kind is TargetKind.EXTENSION:
        return Outcome.EXTENSION, call_extension(route, route.policy.extensions[row_id])
    if target.kind is TargetKind.UNIT:
        return call_unit(route, route.policy.units[row_id])
    return call_switchboard(route, route.policy.organisations[row_id])


def _unused(route: Route, number: str) -> int:
    """Say that a number of ours is not in use, and offer the switchboard when it is open."""
    route.note("R23", True, "number_unused", number=number)
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


def _outside(route: Route, number: str) -> tuple[Outcome, int]:
    """Carry a call from inside to a number outside; one from outside is never carried out again."""
    if not route.internal:
        route.note("R18", True, "no_transit", number=number)
        return Outcome.REFUSED, _refuse(route, "number-not-in-use", HangupCause.UNALLOCATED)
    if not outside_number_allowed(number):
        route.note("R18", True, "outside_number_barred", number=number)
        return Outcome.REFUSED, _refuse(route, "number-barred")
    route.note("R18", False, "outside_number_allowed", number=number)

    def tell(state: State) -> int:
        cause = HangupCause.BUSY if state.failure and state.failure.kind == "busy" else HangupCause.NORMAL
        return speak(route, (), hang_up(route, cause), failure_phrases(state))

    return Outcome.OUTSIDE, dial(route, (Leg(LegKind.TRUNK, number),), MOST_RINGS, None, State(), tell)


def _refuse(route: Route, reason: str, cause: HangupCause = HangupCause.REJECTED) -> int:
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
