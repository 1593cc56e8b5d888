"""Who has duty at a moment, level by level (R7)."""

from dataclasses import dataclass
from datetime import datetime

from callflow.policy.model import MOST_RINGS, DutyRoster, DutyShift, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """One level: who has duty there (None: nobody), by a shift or standing, and for how many rings."""

    level: int
    target: Target | None
    by_shift: bool
    ring_limit: int


def on_duty(roster: DutyRoster, now: datetime) -> tuple[OnDuty, ...]:
    """Return every level of the roster in order, with who has duty at `now` (aware).

    A shift counts from its start and no longer at its end, so at a hand-over the next one has duty at once.
    Of overlapping shifts (which the database refuses) the one that began last has it.
    """
    rows = {row.level: row for row in sorted(roster.levels, key=repr)}
    shifts: dict[int, DutyShift] = {}
    for shift in sorted(roster.shifts, key=lambda row: (row.starts_at, repr(row))):
        if shift.starts_at <= now < shift.ends_at:
            shifts[shift.level] = shift
    found = []
    for level in sorted(rows.keys() | shifts.keys()):
        shift_now, row = shifts.get(level), rows.get(level)
        standing = row.standing if row is not None else None
        found.append(
            OnDuty(
                level=level,
                target=shift_now.target if shift_now is not None else standing,
                by_shift=shift_now is not None,
                ring_limit=row.ring_limit if row is not None else MOST_RINGS,
            )
        )
    return tuple(found)
