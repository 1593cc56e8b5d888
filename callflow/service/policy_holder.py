"""The policy in memory, and how it is kept current.

The snapshot is swapped whole: a call in hand keeps the one it began with. What follows a new revision (snapshot
file, speech, Asterisk's files) is done after the swap and each by itself, so that none of them holds up a call
or another one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from callflow.backoff import Backoff
from callflow.errors import CallflowError
from callflow.policy.model import Policy
from callflow.policy.schedule import time_zones
from callflow.seldom import Seldom
from callflow.service.clock import now
from callflow.service.ports import Feed, PolicyStore, Snapshot, SnapshotFile

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
FOLLOW_AGAIN_SECONDS = 2.0
SHORTEST_REST_SECONDS = 0.03
LONGEST_REST_SECONDS = 0.3
"""A change that follows another waits for as long as that one took to load, within these bounds: many in a row are
taken in together, and half of the time is left for calls."""
FILE_PAUSE_SECONDS = 1.0
"""How long the snapshot file waits after a change: the rest is sooner done, and changes in a row are written once."""
START_SECONDS = 3.0
"""How long a start waits for the database before it takes the file."""

Follower = Callable[[Snapshot], Awaitable[None]]
"""What is done with each new snapshot, such as rendering Asterisk's files."""


class PolicySource(StrEnum):
    """Where the present snapshot comes from."""

    NONE = "none"
    DATABASE = "database"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Held:
    """One snapshot, and where and when it came from: for the file, when that was written.

    Its time zones are held with it, so that no call waits for the disk or fails for want of a file descriptor.
    """

    snapshot: Snapshot
    source: PolicySource
    loaded_at: datetime
    time_zones: frozenset[ZoneInfo] = frozenset()

    @property
    def policy(self) -> Policy:
        """The policy of this snapshot."""
        return self.snapshot.policy


class PolicyInUse(Protocol):
    """Whoever holds the present policy."""

    @property
    def held(self) -> Held | None:
        """The present snapshot, None before the first."""
        ...


class PolicyHolder:
    """Holds the present policy; `run` follows the database."""

    def __init__(
        self, store: PolicyStore, snapshot_file: SnapshotFile, followers: Mapping[str, Follower] | None = None
    ) -> None:
        self._store = store
        self._file = snapshot_file
        self._followers = dict(followers or {})
        self._changed = asyncio.Condition()
        self.held: Held | None = None
        self.database_error: str | None = "not asked yet"
        self.follower_errors: dict[str, str] = {}
        self.file_error: str | None = None
        self._on_file: Held | None = None

    async def start(self) -> None:
        """Load from the database, else from the file; with neither, calls go to the fallback until one comes."""
        if not await self._load_soon():
            snapshot = await asyncio.to_thread(self._file.read)
            self.file_error = self._file.problem
            if snapshot is None:
                what_now = "calls go by the dialplan's fallback until the database is back"
                log.error("policy_missing", snapshot_file=self.file_error, what_now=what_now)
            else:
                self._swap(snapshot, PolicySource.FILE, self._file.written_at)

    @property
    def feed(self) -> Feed:
        """How new revisions come."""
        return self._store.feed

    async def finish(self) -> None:
        """Write the snapshot file if it waits, before the process ends; what goes wrong is told in the log."""
        held = self.held
        if held is not None and held is not self._on_file:
            try:
                await self._write_file(held.snapshot)
            except OSError:
                log.exception("policy_follower_failed", follower="snapshot_file")

    async def _load_soon(self) -> bool:
        try:
            async with asyncio.timeout(START_SECONDS):
                return await self._load()
        except TimeoutError:
            self.database_error = f"no answer in {START_SECONDS} s"
            return False

    async def run(self) -> None:
        """Follow the revisions until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, follower in self._followers.items():
                group.create_task(self._follow(name, follower), name=f"follow-{name}")
            file = self._follow("snapshot_file", self._write_file, FILE_PAUSE_SECONDS)
            group.create_task(file, name="follow-snapshot-file")
            group.create_task(self._watch(), name="watch-revisions")

    async def wait_for_revision(self, revision: int) -> Held:
        """Return what is held as soon as it is of this revision or newer."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.held is not None and self.held.policy.revision >= revision)
        assert self.held is not None
        return self.held

    async def _watch(self) -> None:
        if self.held is None or self.held.source is not PolicySource.DATABASE:
            await self._load_until_it_works()
        async for revision in self._store.revisions():
            if self.held is None or self.held.policy.revision != revision:
                began = time.monotonic()
                await self._load_until_it_works()
                took = time.monotonic() - began
                await asyncio.sleep(min(LONGEST_REST_SECONDS, max(SHORTEST_REST_SECONDS, took)))

    async def _load_until_it_works(self) -> None:
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while not await self._load():  # noqa: ASYNC110 - nothing else tells when a database is back
            await asyncio.sleep(backoff.pause())

    async def _load(self) -> bool:
        try:
            snapshot = await self._store.load()
        except CallflowError as error:
            self.database_error = str(error)
            log.warning("policy_not_loaded", code=error.code, reason=str(error))
            return False
        self.database_error = None
        self._swap(snapshot, PolicySource.DATABASE)
        await self._wake()
        return True

    def _swap(self, snapshot: Snapshot, source: PolicySource, written_at: datetime | None = None) -> None:
        self.held = Held(snapshot, source, written_at or now(), time_zones(snapshot.policy))
        log.info("policy_loaded", policy_revision=snapshot.policy.revision, source=source.value)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _follow(self, name: str, follower: Follower, pause: float = 0.0) -> None:
        done: Held | None = None
        failures = Seldom()
        while True:
            await self._wait_for_other_than(done)
            await asyncio.sleep(pause)
            held = self.held
            assert held is not None
            try:
                await follower(held.snapshot)
            except Exception as error:  # noqa: BLE001 - told in the log and in health
                self.follower_errors[name] = str(error) or type(error).__name__
                failures.tell(log.exception, "policy_follower_failed", follower=name)
                await asyncio.sleep(FOLLOW_AGAIN_SECONDS)
            else:
                done = held
                self.follower_errors.pop(name, None)

    async def _wait_for_other_than(self, done: Held | None) -> None:
        async with self._changed:
            while self.held is None or self.held is done:
                await self._changed.wait()

    async def _write_file(self, snapshot: Snapshot) -> None:
        held = self.held
        if held is not None and held.source is PolicySource.DATABASE:
            await asyncio.to_thread(self._file.write, snapshot)
            if snapshot is held.snapshot:
                self._on_file = held
