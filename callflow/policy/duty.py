"""Who has duty: the shift taken over at each level, else the one planned, else whoever stands by (R7)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from callflow.policy.lineage import lineage
from callflow.policy.model import MOST_RINGS, DutyLevel, DutyRoster, DutyShift, Organisation, Policy, Target, Unit

_Row = TypeVar("_Row", DutyLevel, DutyShift)


class DutyBy(StrEnum):
    """Why somebody has duty."""

    TAKEN_OVER = "taken_over"
    SHIFT = "shift"
    STANDING = "standing"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """One level: who has duty there (None: nobody), why, and for how many rings."""

    level: int
    target: Target | None
    by: DutyBy
    ring_limit: int


def on_duty(roster: DutyRoster, now: datetime) -> tuple[OnDuty, ...]:
    """Return every level of the roster in order, with who has duty at `now` (aware).

    A shift counts from its start and no longer at its end, so at a hand-over the next one has duty at once. One that
    was taken over wins over the others. Of overlapping shifts (which the database refuses) the one that began last
    has it.
    """
    rows = _by_level(roster.levels, repr)
    present = [row for row in roster.shifts if row.starts_at <= now < row.ends_at]
    shifts = _by_level(present, lambda row: (row.taken_over, row.starts_at, repr(row)))
    found = []
    for level in sorted(rows.keys() | shifts.keys()):
        shift_now, row = shifts.get(level), rows.get(level)
        standing = row.standing if row is not None else None
        found.append(
            OnDuty(
                level=level,
                target=shift_now.target if shift_now is not None else standing,
                by=_why(shift_now),
                ring_limit=row.ring_limit if row is not None else MOST_RINGS,
            )
        )
    return tuple(found)


def first_on_duty(roster: DutyRoster, now: datetime) -> Target | None:
    """Return who is the first to have duty; None where nobody has."""
    return next((level.target for level in on_duty(roster, now) if level.target is not None), None)


def taken_over(roster: DutyRoster, now: datetime) -> tuple[DutyShift, ...]:
    """Return the shifts in force by which duty is taken over, the one that began last at the end."""
    present = [row for row in roster.shifts if row.taken_over and row.starts_at <= now < row.ends_at]
    return tuple(sorted(present, key=lambda row: (row.starts_at, repr(row))))


def until_when(roster: DutyRoster, now: datetime) -> datetime | None:
    """Return when another than now is the first to have duty; None where that does not come."""
    edges = {edge for row in roster.shifts for edge in (row.starts_at, row.ends_at) if edge > now}
    present = first_on_duty(roster, now)
    return next((edge for edge in sorted(edges) if first_on_duty(roster, edge) != present), None)


def duty_of(policy: Policy, unit: Unit) -> tuple[DutyRoster, Unit | Organisation] | None:
    """Return the roster that a unit has its duty from, and whose it is: its own, of one above, its organisation's.

    None where there is none, or what is named is missing.
    """
    owners: list[Unit | Organisation] = [*lineage(policy, unit)]
    if (organisation := policy.organisations.get(unit.organisation_id)) is not None:
        owners.append(organisation)
    rosters = ((policy.duty_rosters.get(owner.duty_roster_id or 0), owner) for owner in owners)
    return next(((roster, owner) for roster, owner in rosters if roster is not None), None)


def _why(shift: DutyShift | None) -> DutyBy:
    if shift is None:
        return DutyBy.STANDING
    return DutyBy.TAKEN_OVER if shift.taken_over else DutyBy.SHIFT


def _by_level(rows: Sequence[_Row], order: Callable[[_Row], Any]) -> dict[int, _Row]:
    """Return rows by level; of several of one level the last in this order."""
    found = {row.level: row for row in rows}
    return found if len(found) == len(rows) else {row.level: row for row in sorted(rows, key=order)}
