"""What phones change, kept in memory, and held to the same contract as the real database."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from callflow.policy.decision import AbsenceChange, Change, DutyChange, LockChange, UnitChange
from callflow.policy.model import Absence, Diversion, DutyShift, Target, TargetKind, UnitOverride
from callflow.service.feature_changes import ChangeNotKnownError, ChangeNotStoredError, LockRefusedError


@dataclass
class MemoryChanges:
    """What extensions, people, rosters and units have set, by whom, and a database that may fail.

    It may be away, hang, or be lost at commit.
    """

    diversions: dict[int, tuple[Diversion, ...]] = field(default_factory=dict)
    absences: dict[int, tuple[Absence, ...]] = field(default_factory=dict)
    pins: dict[int, str | None] = field(default_factory=dict)
    wrong: list[int] = field(default_factory=list)
    locked: set[int] = field(default_factory=set)
    shifts: dict[int, tuple[DutyShift, ...]] = field(default_factory=dict)
    overrides: dict[int, tuple[UnitOverride, ...]] = field(default_factory=dict)
    revision: int = 1
    actors: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    away: bool = False
    hung: asyncio.Event | None = None
    lost: bool = False

    async def store(self, change: Change, *, actor: str, decision_id: str, deadline: float) -> int:
        if self.hung is not None:
            try:
                async with asyncio.timeout_at(deadline):
                    await self.hung.wait()
            except TimeoutError as error:
                raise ChangeNotStoredError("The policy database gave no answer in time.") from error
        if self.away:
            raise ChangeNotStoredError("The policy database is away.")
        if self._change(change):
            self.actors.append(actor)
            self.decisions.append(decision_id)
            self.revision += 1
        if self.lost:
            raise ChangeNotKnownError("The database was lost while it stored.")
        return self.revision

    def _change(self, change: Change) -> bool:
        """Change what there is; return whether that is anything else now."""
        if isinstance(change, AbsenceChange):
            return self._change_absences(change)
        if isinstance(change, LockChange):
            return self._lock(change)
        if isinstance(change, DutyChange):
            return self._change_duty(change)
        if isinstance(change, UnitChange):
            return self._change_unit(change)
        before = self.diversions.get(change.extension_id)
        if before is None:
            raise ChangeNotStoredError("There is no such extension.")
        kept = tuple(row for row in before if row.condition not in change.conditions)
        if change.diversion is not None:
            self._refuse_loop(change.extension_id, change.diversion)
            kept = (*kept, change.diversion)
        self.diversions[change.extension_id] = kept
        return kept != before

    def _lock(self, change: LockChange) -> bool:
        """Lock for the right PIN, unless five wrong ones came before."""
        lost = change.extension_id
        if lost is None or self.wrong.count(lost) >= 5 or self.pins.get(lost) != change.pin:
            if lost in self.pins:
                self.wrong.append(lost)
            raise LockRefusedError("The PIN is wrong.")
        is_new = lost not in self.locked
        self.locked.add(lost)
        return is_new

    def _change_absences(self, change: AbsenceChange) -> bool:
        before = self.absences.get(change.person_id)
        if before is None:
            raise ChangeNotStoredError("There is no such person.")
        now = tuple(_ended(row, change.at) for row in before if row.starts_at != change.at)
        if change.absence is not None:
            now = (*now, change.absence)
        self.absences[change.person_id] = now
        return now != before

    def _change_duty(self, change: DutyChange) -> bool:
        before = dict(self.shifts)
        if change.shift is None or change.roster_id is None:
            own = Target(TargetKind.EXTENSION, change.extension_id)
            for roster_id, rows in before.items():
                mine = tuple(row for row in rows if row.taken_over and row.target == own)
                others = tuple(row for row in rows if row not in mine)
                self.shifts[roster_id] = (*others, *_given_way(mine, change.at, change.at))
            return self.shifts != before
        if change.roster_id not in before:
            raise ChangeNotStoredError("There is no such roster.")
        rows = before[change.roster_id]
        taken = tuple(row for row in rows if row.taken_over and row.level == change.shift.level)
        others = tuple(row for row in rows if row not in taken)
        now = _given_way(taken, change.shift.starts_at, change.shift.ends_at)
        self.shifts[change.roster_id] = (*others, *now, change.shift)
        return True

    def _change_unit(self, change: UnitChange) -> bool:
        before = self.overrides.get(change.unit_id)
        if before is None:
            raise ChangeNotStoredError("There is no such unit.")
        override = change.override
        now = _given_way(before, change.at, change.at if override is None else override.ends_at)
        self.overrides[change.unit_id] = now if override is None else (*now, override)
        return self.overrides[change.unit_id] != before

    def _refuse_loop(self, extension_id: int, diversion: Diversion) -> None:
        to_do, seen = [diversion], set[Diversion]()
        while to_do:
            at = to_do.pop()
            if at.target.kind is not TargetKind.EXTENSION or at in seen:
                continue
            if at.target.id == extension_id:
                raise ChangeNotStoredError("Vidarekopplingarna går runt.")
            seen.add(at)
            to_do.extend(self.diversions.get(at.target.id or 0, ()))


def _ended(absence: Absence, at: datetime) -> Absence:
    in_force = absence.starts_at < at and (absence.returns_at is None or absence.returns_at > at)
    return replace(absence, returns_at=at) if in_force else absence


Span = TypeVar("Span", DutyShift, UnitOverride)


def _given_way(rows: tuple[Span, ...], at: datetime, ends_at: datetime) -> tuple[Span, ...]:
    """Return the rows without what lies between the two times; one that begins at the first has never been."""
    kept: list[Span] = []
    for row in rows:
        if row.starts_at >= at and (row.starts_at == at or row.ends_at <= ends_at):
            continue
        if row.starts_at < at < row.ends_at:
            kept.append(replace(row, ends_at=at))
        elif at <= row.starts_at < ends_at:
            kept.append(replace(row, starts_at=ends_at))
        else:
            kept.append(row)
    return tuple(kept)
