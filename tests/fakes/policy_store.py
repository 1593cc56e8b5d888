"""A policy store in memory, held to the same contract as the real one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from callflow.service.ports import Feed, Snapshot
from callflow.storage.connection import DatabaseUnavailableError


class MemoryPolicyStore:
    """Holds one snapshot; `put` is a change of the policy, `away` a database that is lost."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.away = False
        self.feed = Feed(poll_seconds=1.0, error=None)
        self._changed = asyncio.Condition()

    async def load(self) -> Snapshot:
        if self.away:
            raise DatabaseUnavailableError("The policy database is away.")
        return self.snapshot

    async def revisions(self) -> AsyncIterator[int]:
        last: int | None = None
        while True:
            async with self._changed:
                while self.away or self.snapshot.policy.revision == last:
                    await self._changed.wait()
                last = self.feed.revision = self.snapshot.policy.revision
            yield last

    async def put(self, snapshot: Snapshot) -> None:
        """Change the policy: the snapshot gets the next revision."""
        revision = self.snapshot.policy.revision + 1
        async with self._changed:
            self.snapshot = replace(snapshot, policy=replace(snapshot.policy, revision=revision))
            self._changed.notify_all()

    async def set_away(self, away: bool) -> None:
        """Lose the database, or find it again."""
        async with self._changed:
            self.away = away
            self.feed.error = "The policy database is away." if away else None
            self._changed.notify_all()
