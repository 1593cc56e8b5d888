"""Duty by feature code (R7): `*27*until#` takes it over, `#27#` hands it back, `*#27#` tells who has it.

The own unit's, or that of the number dialled first: `*27*61200*0700#`, `*#27*61200#`.
"""

import re
from dataclasses import replace
from datetime import datetime

from callflow.policy.acting_for import may_take_duty
from callflow.policy.builder import Node
from callflow.policy.decision import DutyChange
from callflow.policy.dialled_times import TIME_REFUSED, TimeRefusal
from callflow.policy.duty import duty_of, first_on_duty, taken_over, until_when
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.feature_words import sorry, target_phrases, told
from callflow.policy.model import DutyRoster, DutyShift, Extension, Target, TargetKind
from callflow.policy.plan import Phrase
from callflow.policy.route import Route
from callflow.policy.routing import place_name
from callflow.policy.schedule import zone_of
from callflow.policy.spoken import prompt, text, until
from callflow.policy.unit_codes import dialled_until, unit_dialled

TAKING_MORE = frozenset((FeatureAction.DUTY_TAKE, FeatureAction.DUTY_ASK_ELSEWHERE))
ACTIONS = TAKING_MORE | {FeatureAction.DUTY_BACK, FeatureAction.DUTY_ASK}

_DIALLED = re.compile(r"(?:(\+?[0-9]{2,})\*)?([0-9]{8}|[0-9]{4})")

Done = tuple[Node, DutyChange | None]


def carry_out(route: Route, extension: Extension, action: FeatureAction, rest: str) -> Done:
    """Return the first step of the plan that tells what was done, and the change that has to be stored before it."""
    if action is FeatureAction.DUTY_TAKE:
        return _take(route, extension, rest)
    if action is FeatureAction.DUTY_BACK:
        return _hand_back(route, extension)
    unit = unit_dialled(route.policy, extension, rest if action in TAKING_MORE else None)
    if unit is None:
        return _refused(route, extension, "no_such_unit", "no-such-unit")
    duty = duty_of(route.policy, unit)
    if duty is None:
        return _refused(route, extension, "no_duty_here", "no-duty-here")
    roster, _ = duty
    first = first_on_duty(roster, route.now)
    if first is None:
        route.note("R7", False, "duty_asked_none", extension=extension.number, roster=roster.name)
    else:
        place = place_name(route, first)
        route.note("R7", True, "duty_asked", extension=extension.number, roster=roster.name, place=place)
    return told(route, extension, _who_has_it(route, extension, roster)), None


def _take(route: Route, extension: Extension, rest: str) -> Done:
    dialled = _DIALLED.fullmatch(rest)
    if dialled is None:
        return _refused(route, extension, "duty_unreadable", "duty-not-understood")
    number, digits = dialled.groups()
    unit = unit_dialled(route.policy, extension, number)
    if unit is None:
        return _refused(route, extension, "no_such_unit", "no-such-unit")
    duty = duty_of(route.policy, unit)
    if duty is None or not duty[0].levels:
        return _refused(route, extension, "no_duty_here", "no-duty-here")
    roster, owner = duty
    if not may_take_duty(route.policy, extension, unit, roster):
        return _refused(route, extension, "may_not_act_for_unit", "may-not-act-for-unit")
    ends_at = dialled_until(route, extension, digits)
    if isinstance(ends_at, TimeRefusal):
        return _refused(route, extension, ends_at.value, TIME_REFUSED[ends_at])
    return _taken(route, extension, roster, owner.name, ends_at)


def _taken(route: Route, extension: Extension, roster: DutyRoster, whose: str, ends_at: datetime) -> Done:
    own = Target(TargetKind.EXTENSION, extension.id)
    first = min(row.level for row in roster.levels)
    shift = DutyShift(level=first, starts_at=route.now, ends_at=ends_at, target=own, taken_over=True)
    ends = f"{ends_at:%Y-%m-%d %H:%M}"
    route.note("R7", True, "duty_taken", extension=extension.number, roster=roster.name, until=ends)
    words = (
        prompt("duty-is-yours"),
        text(whose, "the-unit"),
        *until(ends_at, route.now.astimezone(ends_at.tzinfo)),
    )
    before = [row.target for row in taken_over(roster, route.now) if row.level == first]
    if before and before[-1] != own:
        words = (*words, prompt("duty-was-taken-by"), *target_phrases(route, extension, before[-1]))
    return told(route, extension, words), _change(route, extension, roster, shift)


def _hand_back(route: Route, extension: Extension) -> Done:
    """End what the extension has taken over, of whatever units, and tell who has duty then."""
    own = Target(TargetKind.EXTENSION, extension.id)
    words: tuple[Phrase, ...] = ()
    for _, roster in sorted(route.policy.duty_rosters.items()):
        mine = [row for row in taken_over(roster, route.now) if row.target == own]
        if mine:
            route.note("R7", True, "duty_handed_back", extension=extension.number, roster=roster.name)
            others = tuple(row for row in roster.shifts if row not in mine)
            words = (*words, *_who_has_it(route, extension, replace(roster, shifts=others)))
    if not words:
        route.note("R7", False, "duty_not_taken_over", extension=extension.number)
        return told(route, extension, (prompt("duty-not-taken-over"),)), None
    return told(route, extension, (prompt("duty-is-handed-back"), *words)), _change(route, extension, None, None)


def _who_has_it(route: Route, extension: Extension, roster: DutyRoster) -> tuple[Phrase, ...]:
    """Tell who is the first to have duty, and until when."""
    first = first_on_duty(roster, route.now)
    if first is None:
        return (prompt("nobody-has-duty"),)
    words = (prompt("duty-is-with"), *target_phrases(route, extension, first))
    ends_at = until_when(roster, route.now)
    if ends_at is None:
        return words
    local = zone_of(route.policy, extension.organisation_id)
    return (*words, *until(ends_at.astimezone(local), route.now.astimezone(local)))


def _refused(route: Route, extension: Extension, why: str, word: str) -> Done:
    route.note("R7", False, "duty_refused", extension=extension.number, why=why)
    return told(route, extension, (prompt("nothing-changed"), prompt(word))), None


def _change(route: Route, extension: Extension, roster: DutyRoster | None, shift: DutyShift | None) -> DutyChange:
    return DutyChange(
        extension_id=extension.id,
        roster_id=roster.id if roster is not None else None,
        at=route.now,
        shift=shift,
        if_not_saved=sorry(route, "change-not-saved"),
        if_not_known=sorry(route, "change-not-known"),
    )
