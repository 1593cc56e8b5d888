"""A unit forced open or closed for a time, and when one that is closed opens again (R4 to R6)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from callflow.policy.model import Policy, Unit, UnitOverride
from callflow.policy.schedule import ScheduleState


def override_at(unit: Unit, now: datetime) -> UnitOverride | None:
    """Return what a unit is forced to be at `now` (aware): of several (refused by the database) what began last."""
    in_force = [row for row in unit.overrides if row.starts_at <= now < row.ends_at]
    return max(in_force, key=lambda row: (row.starts_at, repr(row)), default=None)


def as_planned(policy: Policy) -> Policy:
    """Return the policy without what somebody has set for a time: units forced, and duty taken over."""
    units = {row_id: replace(row, overrides=()) for row_id, row in policy.units.items()}
    rosters = {
        row_id: replace(row, shifts=tuple(shift for shift in row.shifts if not shift.taken_over))
        for row_id, row in policy.duty_rosters.items()
    }
    return replace(policy, units=units, duty_rosters=rosters)


def opens_again(unit: Unit, stands: Callable[[datetime], ScheduleState | None], now: datetime) -> datetime | None:
    """Return when a unit that is closed at `now` opens, by its hours and all that it is to be forced to be.

    `stands` tells how its hours stand at a moment, None where it has none and is always open. None: nobody knows.
    """
    at: datetime | None = now
    while at is not None:
        override = override_at(unit, at)
        if override is None:
            state = stands(at)
            if state is None or state.is_open:
                return at
            begin = [row.starts_at for row in unit.overrides if row.starts_at > at]
            at = min([*begin, *([state.next_opening] if state.next_opening is not None else [])], default=None)
        elif override.is_open:
            return at
        else:
            at = override.ends_at
    return None
