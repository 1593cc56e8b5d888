"""Who has duty at a moment, level by level (R7)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from callflow.policy.model import MOST_RINGS, DutyLevel, DutyRoster, DutyShift, Target

_Row = TypeVar("_Row", DutyLevel, DutyShift)


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
    rows = _by_level(roster.levels, repr)
    present = [row for row in roster.shifts if row.starts_at <= now < row.ends_at]
    shifts = _by_level(present, lambda row: (row.starts_at, repr(row)))
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


def _by_level(rows: Sequence[_Row], order: Callable[[_Row], Any]) -> dict[int, _Row]:
    """Return rows by level; of several of one level (which the database refuses) the last in this order."""
    found = {row.level: row for row in rows}
    return found if len(found) == len(rows) else {row.level: row for row in sorted(rows, key=order)}
