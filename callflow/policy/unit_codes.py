"""A unit forced closed or open by feature code (R4 to R6): `*28*0*until#`, `*28*1*until#`, `#28#`, `*#28#`.

The own unit's, or that of the number dialled first: `*28*61200*0*1400#`, `#28*61200#`, `*#28*61200#`.
"""

import re
from datetime import datetime

from callflow.policy.acting_for import may_force
from callflow.policy.builder import Node
from callflow.policy.decision import UnitChange
from callflow.policy.dialled_times import TIME_REFUSED, TimeRefusal, read_until
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.feature_words import sorry, told
from callflow.policy.model import Extension, Policy, TargetKind, Unit, UnitOverride
from callflow.policy.numbers import leads_to
from callflow.policy.overrides import override_at
from callflow.policy.route import Route
from callflow.policy.schedule import zone_of
from callflow.policy.spoken import prompt, text, until

TAKING_MORE = frozenset(
    (
        FeatureAction.UNIT_HOURS,
        FeatureAction.UNIT_HOURS_CANCEL_ELSEWHERE,
        FeatureAction.UNIT_HOURS_ASK_ELSEWHERE,
    )
)
ACTIONS = TAKING_MORE | {FeatureAction.UNIT_HOURS_CANCEL, FeatureAction.UNIT_HOURS_ASK}
OPEN = "1"

_ASKS = frozenset((FeatureAction.UNIT_HOURS_ASK, FeatureAction.UNIT_HOURS_ASK_ELSEWHERE))
_DIALLED = re.compile(r"(?:(\+?[0-9]{2,})\*)?([01])\*([0-9]{8}|[0-9]{4})")

Done = tuple[Node, UnitChange | None]


def carry_out(route: Route, extension: Extension, action: FeatureAction, rest: str) -> Done:
    """Return the first step of the plan that tells what was done, and the change that has to be stored before it."""
    if action is FeatureAction.UNIT_HOURS:
        return _force(route, extension, rest)
    unit = unit_dialled(route.policy, extension, rest if action in TAKING_MORE else None)
    if unit is None:
        return _refused(route, extension, "no_such_unit", "no-such-unit")
    override = override_at(unit, route.now)
    if override is None:
        route.note("R4", False, "unit_not_forced", unit=unit.name, extension=extension.number)
        return _told(route, extension, unit, None), None
    if action in _ASKS:
        _note(route, extension, unit, override, asked=True)
        return _told(route, extension, unit, override), None
    if not may_force(route.policy, extension, unit):
        return _refused(route, extension, "may_not_act_for_unit", "may-not-act-for-unit")
    route.note("R4", True, "unit_as_usual", unit=unit.name, extension=extension.number)
    return _told(route, extension, unit, None), _change(route, extension, unit, None)


def unit_dialled(policy: Policy, extension: Extension, number: str | None) -> Unit | None:
    """Return the unit with this number, short or whole; the extension's own for None, and None where none has it."""
    if number is None:
        return policy.units.get(extension.unit_id)
    target = policy.numbers.get(leads_to(number, policy)[1])
    return policy.units.get(target.id or 0) if target is not None and target.kind is TargetKind.UNIT else None


def _force(route: Route, extension: Extension, rest: str) -> Done:
    dialled = _DIALLED.fullmatch(rest)
    if dialled is None:
        return _refused(route, extension, "unit_hours_unreadable", "unit-hours-not-understood")
    number, state, digits = dialled.groups()
    unit = unit_dialled(route.policy, extension, number)
    if unit is None:
        return _refused(route, extension, "no_such_unit", "no-such-unit")
    if not may_force(route.policy, extension, unit):
        return _refused(route, extension, "may_not_act_for_unit", "may-not-act-for-unit")
    ends_at = dialled_until(route, extension, digits)
    if isinstance(ends_at, TimeRefusal):
        return _refused(route, extension, ends_at.value, TIME_REFUSED[ends_at])
    override = UnitOverride(is_open=state == OPEN, starts_at=route.now, ends_at=ends_at)
    _note(route, extension, unit, override, asked=False)
    return _told(route, extension, unit, override), _change(route, extension, unit, override)


def dialled_until(route: Route, extension: Extension, digits: str) -> datetime | TimeRefusal:
    """Return until when something holds by the digits that an extension dialled, as its organisation dials them."""
    organisation = route.policy.organisations.get(extension.organisation_id, route.organisation)
    return read_until(digits, organisation, route.now.astimezone(zone_of(route.policy, organisation.id)))


def _note(route: Route, extension: Extension, unit: Unit, override: UnitOverride, *, asked: bool) -> None:
    ends_at = override.ends_at.astimezone(zone_of(route.policy, extension.organisation_id))
    route.note(
        "R4",
        True,
        "unit_forced_asked" if asked else "unit_forced",
        unit=unit.name,
        extension=extension.number,
        state="forced_open" if override.is_open else "forced_closed",
        until=f"{ends_at:%Y-%m-%d %H:%M}",
    )


def _told(route: Route, extension: Extension, unit: Unit, override: UnitOverride | None) -> Node:
    """Tell what a unit is forced to be."""
    if override is None:
        return told(route, extension, (text(unit.name, "the-unit"), prompt("follows-its-hours")))
    local = zone_of(route.policy, extension.organisation_id)
    state = prompt("forced-open" if override.is_open else "forced-closed")
    ends = until(override.ends_at.astimezone(local), route.now.astimezone(local))
    return told(route, extension, (text(unit.name, "the-unit"), state, *ends))


def _refused(route: Route, extension: Extension, why: str, word: str) -> Done:
    route.note("R4", False, "unit_hours_refused", extension=extension.number, why=why)
    return told(route, extension, (prompt("nothing-changed"), prompt(word))), None


def _change(route: Route, extension: Extension, unit: Unit, override: UnitOverride | None) -> UnitChange:
    return UnitChange(
        extension_id=extension.id,
        unit_id=unit.id,
        at=route.now,
        override=override,
        if_not_saved=sorry(route, "change-not-saved"),
        if_not_known=sorry(route, "change-not-known"),
    )
