"""Reads people's calendars in the background, each every few minutes, and keeps their absences by them (R10).

No call waits for any of it. Several services beside one database share the work: the store gives what is due to one
of them. A calendar that cannot be read is tried ever more seldom, keeps the absences that are known, and is told:
once in the log, and in health as long as it lasts.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from callflow.errors import CallflowError
from callflow.policy.calendar_absences import CalendarEvent
from callflow.service.calendar_problems import CalendarProblemError, problem_words
from callflow.service.metrics import CALENDAR_READINGS

log = structlog.get_logger(__name__)

LOOK_SECONDS = 3.0
"""How often it is asked what is due."""
AT_ONCE = 8
LONGEST_PAUSE_SECONDS = 3600.0
"""How seldom a calendar is tried that cannot be read, at most, unless it is read more seldom anyhow."""
JITTER = 0.1
"""By which share a pause is shorter or longer, so that calendars do not all come due together."""
MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFeed:
    """A calendar that is due: whose, where, and what is known of its last reading.

    `mark` tells the store whether the feed is still the one that was taken. `problem` and `failures` are of the last
    reading; `etag` and `modified` are there only when that was well and all was read not long ago. `time_zone` is
    where the person is, `email` the address by which others invite them.
    """

    id: int
    person_id: int
    address: str = field(repr=False)
    reason_id: int
    time_zone: str
    mark: object
    email: str | None = field(default=None, repr=False)
    problem: str | None = None
    failures: int = 0
    etag: str | None = field(default=None, repr=False)
    modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarContent:
    """What a calendar holds; `unreadable` is the number of events that nobody can understand."""

    events: tuple[CalendarEvent, ...] = field(repr=False)
    unreadable: int = 0
    etag: str | None = field(default=None, repr=False)
    modified: str | None = None

    @property
    def problem(self) -> str | None:
        """What is wrong with it, though the rest counts."""
        return f"unreadable_events:{self.unreadable}" if self.unreadable else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarsState:
    """How all feeds stand: the first of the problems by feed, and how long the one most overdue has waited."""

    feeds: int = 0
    failing: int = 0
    problems: tuple[tuple[int, str], ...] = ()
    late_seconds: float = 0.0


class CalendarStore(Protocol):
    """The feeds in the policy database. Each method raises `CallflowError` when the database cannot be used."""

    async def take_due(self, most: int) -> Sequence[CalendarFeed]:
        """Return feeds that are due, so that nobody else gets them for some minutes."""
        ...

    async def keep(self, feed: CalendarFeed, content: CalendarContent | None, due_seconds: float) -> bool:
        """Make the person's absences those of the calendar (None: it has not changed); tell whether any changed."""
        ...

    async def note_problem(self, feed: CalendarFeed, problem: str, due_seconds: float) -> None:
        """Note that a feed could not be read; what is known of it stays."""
        ...

    async def state(self) -> CalendarsState:
        """Return how the feeds stand."""
        ...


class CalendarSource(Protocol):
    """Where calendars are."""

    async def read(self, feed: CalendarFeed) -> CalendarContent | None:
        """Return what a calendar holds, None where it has not changed; raise `CalendarProblemError`."""
        ...

    async def rest(self) -> None:
        """Let go of what is only needed while there is something to read."""
        ...


class CalendarReader:
    """Reads what is due; `state` is what the store told last."""

    def __init__(self, store: CalendarStore, source: CalendarSource, every_seconds: float) -> None:
        """Take how often each calendar is read."""
        self._store = store
        self._source = source
        self._every_seconds = every_seconds
        self.state = CalendarsState()

    async def run(self) -> None:
        """Read until cancelled."""
        reading: set[asyncio.Task[None]] = set()
        try:
            while True:
                reading |= {asyncio.create_task(self._read_safely(feed)) for feed in await self._due(len(reading))}
                if not reading:
                    await self._source.rest()
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                _, reading = await asyncio.wait(reading, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
            await self._source.rest()

    async def read(self, feed: CalendarFeed) -> str | None:
        """Read one feed and keep what it holds; return what is wrong with it, None when nothing is."""
        try:
            content = await self._source.read(feed)
        except CalendarProblemError as error:
            return await self._failed(feed, error.problem)
        has_changed = await self._store.keep(feed, content, self._pause(0))
        CALENDAR_READINGS.labels(outcome="changed" if has_changed else "unchanged").inc()
        problem = content.problem if content is not None else None
        if problem is not None:
            self._tell(feed, problem)
        elif feed.problem is not None:
            log.info("calendar_readable", feed_id=feed.id)
        return problem

    async def _due(self, in_hand: int) -> Sequence[CalendarFeed]:
        try:
            self.state = await self._store.state()
            return await self._store.take_due(AT_ONCE - in_hand) if in_hand < AT_ONCE else ()
        except CallflowError as error:  # the part `database` of health tells
            log.debug("calendars_not_asked_for", code=error.code, reason=str(error))
            return ()

    async def _read_safely(self, feed: CalendarFeed) -> None:
        try:
            await self.read(feed)
        except CallflowError as error:
            log.warning("calendar_not_kept", feed_id=feed.id, code=error.code, reason=str(error))
        except Exception:
            log.exception("calendar_failed", feed_id=feed.id)
            with suppress(CallflowError):
                await self._failed(feed, "ours")

    async def _failed(self, feed: CalendarFeed, problem: str) -> str:
        CALENDAR_READINGS.labels(outcome="failed").inc()
        await self._store.note_problem(feed, problem, self._pause(feed.failures + 1))
        self._tell(feed, problem)
        return problem

    def _tell(self, feed: CalendarFeed, problem: str) -> None:
        if problem != feed.problem:
            log.warning("calendar_unreadable", feed_id=feed.id, reason=problem_words(problem, "en"))

    def _pause(self, failures: int) -> float:
        """Return in how many seconds a feed is due again after so many failures in a row."""
        longest = max(LONGEST_PAUSE_SECONDS, self._every_seconds)
        seconds = min(self._every_seconds * 2.0 ** min(failures, MOST_DOUBLINGS), longest)
        return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret
