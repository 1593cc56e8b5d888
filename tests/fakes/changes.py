"""What phones change, kept in memory, and held to the same contract as the real database."""

import asyncio
from dataclasses import dataclass, field

from callflow.policy.decision import DiversionChange
from callflow.policy.model import Diversion, TargetKind
from callflow.service.feature_changes import ChangeNotKnownError, ChangeNotStoredError


@dataclass
class MemoryChanges:
    """The diversions of extensions, who changed them, and a database that may be away, hang, or be lost at commit."""

    diversions: dict[int, tuple[Diversion, ...]] = field(default_factory=dict)
    revision: int = 1
    actors: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    away: bool = False
    hung: asyncio.Event | None = None
    lost: bool = False

    async def store(self, change: DiversionChange, *, actor: str, decision_id: str, deadline: float) -> int:
        if self.hung is not None:
            try:
                async with asyncio.timeout_at(deadline):
                    await self.hung.wait()
            except TimeoutError as error:
                raise ChangeNotStoredError("The policy database gave no answer in time.") from error
        before = self.diversions.get(change.extension_id)
        if self.away or before is None:
            raise ChangeNotStoredError("The policy database is away." if self.away else "There is no such extension.")
        kept = tuple(row for row in before if row.condition not in change.conditions)
        if change.diversion is not None:
            self._refuse_loop(change.extension_id, change.diversion)
            kept = (*kept, change.diversion)
        if kept != before:
            self.diversions[change.extension_id] = kept
            self.actors.append(actor)
            self.decisions.append(decision_id)
            self.revision += 1
        if self.lost:
            raise ChangeNotKnownError("The database was lost while it stored.")
        return self.revision

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
