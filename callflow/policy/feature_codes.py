"""Feature codes (R4, R7, R9, R10, R21): read by an organisation's code set, and carried out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from callflow.policy import absence_codes, duty_codes, unit_codes, voicemail_codes
from callflow.policy.acting_for import may_act_for
from callflow.policy.builder import Node
from callflow.policy.decision import Change, DiversionChange
from callflow.policy.diversion_targets import TargetRefusal, check_target, latest_end
from callflow.policy.feature_actions import FeatureAction, FeatureCode
from callflow.policy.feature_words import (
    REFUSED,
    condition_phrase,
    extension_dialled,
    sorry,
    told,
    told_diversion,
)
from callflow.policy.lost_codes import hide_pin, lock_lost
from callflow.policy.model import (
    MOST_RINGS,
    Diversion,
    DiversionCondition,
    Extension,
    Target,
    TargetKind,
)
from callflow.policy.plan import Phrase
from callflow.policy.refusals import barred_phrases
from callflow.policy.route import Route
from callflow.policy.routing import place_name
from callflow.policy.spoken import prompt


@dataclass(frozen=True, slots=True)
class FeatureCall:
    """A feature code that was dialled: what it asks for and what follows the code, its closing hash taken off."""

    action: FeatureAction
    rest: str


class _Verb(Enum):
    SET = auto()
    VOICEMAIL = auto()
    CANCEL = auto()
    ASK = auto()


_OTHERS = "_for_another"
_ACTIONS = {
    FeatureAction(f"divert_{condition.value}{suffix}"): (condition, verb)
    for condition in DiversionCondition
    for suffix, verb in (
        ("", _Verb.SET),
        ("_voicemail", _Verb.VOICEMAIL),
        ("_cancel", _Verb.CANCEL),
        ("_ask", _Verb.ASK),
    )
}
_FOR_ANOTHER = {
    action: FeatureAction(action.value.replace(_OTHERS, "")) for action in FeatureAction if _OTHERS in action.value
}
"""What each action for another does as one does it for oneself."""
_KNOWN = frozenset(FeatureAction)
_TAKING_MORE = frozenset(
    (
        FeatureAction.ABSENCE,
        FeatureAction.VOICEMAIL_OF_ANOTHER,
        *(action for action, (_, verb) in _ACTIONS.items() if verb is _Verb.SET),
    )
).union(duty_codes.TAKING_MORE, unit_codes.TAKING_MORE)
_SECONDS = re.compile("[0-9]{1,4}")

Done = tuple[Node, Change | None]
CarryOut = Callable[[Route, Extension, FeatureAction, str], Done]

_SUBJECTS: Mapping[FeatureAction, CarryOut] = {
    **dict.fromkeys(absence_codes.ACTIONS, absence_codes.carry_out),
    **dict.fromkeys(duty_codes.ACTIONS, duty_codes.carry_out),
    **dict.fromkeys(unit_codes.ACTIONS, unit_codes.carry_out),
}
"""What carries out the actions that have a file of their own."""


def read(digits: str, codes: tuple[FeatureCode, ...]) -> FeatureCall | None:
    """Return the feature code that the dialled `digits` begin with, the longest that fits; None where none does.

    A code that ends in a hash is the whole of what is dialled, unless a number follows it (`#31#0701740605`). A code
    whose action this version does not know is not read.
    """
    fitting = [code for code in codes if code.action in _KNOWN and digits.startswith(code.code)]
    if not fitting:
        return None
    longest = max(fitting, key=lambda code: len(code.code))
    return FeatureCall(FeatureAction(longest.action), digits[len(longest.code) :].removesuffix("#"))


def carry_out(route: Route, extension: Extension, call: FeatureCall) -> Done:
    """Return the first step of the plan that tells what was done, and the change that has to be stored before it."""
    if call.action is FeatureAction.LOCK_LOST:
        return lock_lost(route, extension, call.rest)
    if call.action in _FOR_ANOTHER:
        return _carry_out_for_another(route, extension, call)
    if call.rest and call.action not in _TAKING_MORE:
        route.note("R9", False, "code_with_more", extension=extension.number, more=hide_pin(call.rest, route.policy))
        return told(route, extension, (prompt("nothing-changed"), prompt("code-ends-here"))), None
    if call.action in voicemail_codes.ACTIONS:
        return voicemail_codes.listen(route, extension, call.action, call.rest), None
    subject = _SUBJECTS.get(call.action)
    if subject is not None:
        return subject(route, extension, call.action, call.rest)
    return _diversions(route, extension, call)


def _carry_out_for_another(route: Route, caller: Extension, call: FeatureCall) -> Done:
    """Carry out for the extension dialled first what the caller may do for it (R14)."""
    number, _, rest = call.rest.partition("*")
    other = extension_dialled(route.policy, number)
    if other is None:
        route.note("R14", False, "no_such_extension", extension=caller.number, number=number)
        return told(route, caller, (prompt("nothing-changed"), prompt("no-such-extension"))), None
    if not may_act_for(route.policy, caller, other):
        route.note("R14", False, "may_not_act_for", extension=caller.number, other=other.number)
        return told(route, caller, (prompt("nothing-changed"), prompt("may-not-act-for"))), None
    route.note("R14", True, "acts_for", extension=caller.number, other=other.number)
    return carry_out(route, other, FeatureCall(_FOR_ANOTHER[call.action], rest))


def _diversions(route: Route, extension: Extension, call: FeatureCall) -> Done:
    if call.action is FeatureAction.DIVERT_CANCEL_ALL:
        route.note("R9", True, "diversions_cancelled", extension=extension.number)
        return told(route, extension, (prompt("all-diversions-cancelled"),)), _change(
            route, extension, tuple(DiversionCondition)
        )
    condition, verb = _ACTIONS[call.action]
    if verb is _Verb.CANCEL:
        return _cancel(route, extension, condition)
    if verb is _Verb.ASK:
        return _ask(route, extension, condition), None
    if verb is _Verb.VOICEMAIL:
        return _divert_to_voicemail(route, extension, condition)
    return _divert(route, extension, condition, call.rest)


def _cancel(route: Route, extension: Extension, condition: DiversionCondition) -> Done:
    route.note("R9", True, "diversion_cancelled", extension=extension.number, condition=condition.value)
    words = (condition_phrase(condition), prompt("no-longer-diverted"))
    return told(route, extension, words), _change(route, extension, (condition,))


def _ask(route: Route, extension: Extension, condition: DiversionCondition) -> Node:
    standing = [row for row in extension.diversions if row.condition is condition and row.stands(route.now)]
    if not standing:
        route.note("R9", False, "diversion_asked_none", extension=extension.number, condition=condition.value)
        return told(route, extension, (condition_phrase(condition), prompt("not-diverted")))
    diversion = min(standing, key=repr)
    place = place_name(route, diversion.target)
    route.note("R9", True, "diversion_asked", extension=extension.number, condition=condition.value, place=place)
    return told(route, extension, told_diversion(route, extension, diversion))


def _divert_to_voicemail(route: Route, extension: Extension, condition: DiversionCondition) -> Done:
    if extension.mailbox_id not in route.policy.mailboxes:
        return _refused(route, extension, "diversion_without_mailbox", (prompt("no-voicemail"),))
    return _set(
        route, extension, Diversion(condition=condition, target=Target(TargetKind.MAILBOX, extension.mailbox_id))
    )


def _divert(route: Route, extension: Extension, condition: DiversionCondition, rest: str) -> Done:
    number, star, seconds = rest.partition("*")
    counted = condition is DiversionCondition.NO_ANSWER
    if not number:
        return _refused(route, extension, "diversion_without_number", (prompt("target-missing"),))
    if star and not (counted and _SECONDS.fullmatch(seconds)):
        return _refused(route, extension, "diversion_seconds_unreadable", (prompt("seconds-not-understood"),))
    target = check_target(route.policy, extension, number, route.now)
    if isinstance(target, TargetRefusal):
        return _target_refused(route, extension, target, number)
    diversion = Diversion(
        condition=condition, target=target, ends_at=latest_end(route.policy, extension, target, route.now)
    )
    return _set(
        route, extension, replace(diversion, rings=_rings(route, extension, int(seconds))) if star else diversion
    )


def _set(route: Route, extension: Extension, diversion: Diversion) -> Done:
    place, condition = place_name(route, diversion.target), diversion.condition.value
    route.note("R9", True, "diversion_set", extension=extension.number, condition=condition, place=place)
    words = told_diversion(route, extension, diversion)
    return told(route, extension, words), _change(route, extension, (diversion.condition,), diversion)


def _rings(route: Route, extension: Extension, seconds: int) -> int:
    """Return seconds as rings of the extension's organisation: to the nearest whole one, 1 to 4 (R8)."""
    ring_ms = route.policy.organisations.get(extension.organisation_id, route.organisation).ring_ms
    return min(MOST_RINGS, max(1, (seconds * 1000 + ring_ms // 2) // ring_ms))


def _target_refused(route: Route, extension: Extension, refusal: TargetRefusal, number: str) -> Done:
    if refusal.permission is not None:
        words = barred_phrases(route, extension, refusal.permission)
    else:
        words = (prompt(REFUSED[refusal.obstacle]),)
    return _refused(route, extension, refusal.obstacle.value, words, number)


def _refused(route: Route, extension: Extension, reason: str, words: tuple[Phrase, ...], number: str = "") -> Done:
    route.note("R9", False, "diversion_refused", extension=extension.number, why=reason, number=number)
    return told(route, extension, (prompt("diversion-not-set"), *words)), None


def _change(
    route: Route,
    extension: Extension,
    conditions: tuple[DiversionCondition, ...],
    diversion: Diversion | None = None,
) -> DiversionChange:
    return DiversionChange(
        extension_id=extension.id,
        conditions=conditions,
        diversion=diversion,
        if_not_saved=sorry(route, "change-not-saved"),
        if_not_known=sorry(route, "change-not-known"),
    )
