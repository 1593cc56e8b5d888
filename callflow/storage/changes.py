"""Which revision the policy has now: told by NOTIFY, and asked for in between since a notification can be lost.

The database tells `callflow_policy` at the end of each transaction that changed the policy.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from callflow.service.metrics import FEED_LOSSES, FOUND_BY_ASKING
from callflow.service.ports import Feed
from callflow.storage.connection import FAILED, Connection, connected

CHANNEL = "callflow_policy"
FIRST_PAUSE = 0.1
"""Seconds before the first new attempt after a loss; each pause is twice the last, up to the polling interval."""

_log = structlog.get_logger(__name__)


async def revisions(url: str, feed: Feed) -> AsyncIterator[int]:
    """Yield the present revision of the database at `url`, then each new one, for ever; `feed` tells how it goes.

    INVARIANT: while the database answers, a revision is seen within the feed's `poll_seconds` (2 s or more) of its
    commit, also when its notification or the connection was lost without a word: half of it is the wait, a quarter
    the patience. A database that is away is waited for, and says so once in the log. Close the iterator to end it.
    """
    last: int | None = None
    pause, lost = FIRST_PAUSE, False
    patience = max(feed.poll_seconds / 4, 0.5)
    while True:
        try:
            async with _listening(url, patience) as (connection, told):
                while True:
                    was_told = told.is_set()
                    told.clear()
                    revision = await _present(connection, patience)
                    if lost:
                        _log.info("policy_feed_restored", policy_revision=revision)
                    _note(feed, revision, by_asking=not (was_told or lost))
                    pause, lost = FIRST_PAUSE, False
                    if revision not in (None, last):
                        last = revision
                        yield revision
                    await _set_within(told, feed.poll_seconds / 2)
        except FAILED as error:
            feed.error = f"{type(error).__name__}: {error}" if str(error) else f"no answer within {patience:g} s"
            if not lost:
                FEED_LOSSES.inc()
                _log.warning("policy_feed_lost", error=feed.error)
            lost = True
        await asyncio.sleep(min(pause, feed.poll_seconds))
        pause *= 2


def _note(feed: Feed, revision: int | None, *, by_asking: bool) -> None:
    """Keep what the database has told just now."""
    feed.error, feed.asked_at = None, time.monotonic()
    if revision == feed.revision:
        return
    if feed.revision is not None:
        feed.told = not by_asking
        FOUND_BY_ASKING.inc(by_asking)
    feed.revision, feed.revised_at = revision, feed.asked_at


@asynccontextmanager
async def _listening(url: str, patience: float) -> AsyncIterator[tuple[Connection, asyncio.Event]]:
    """Give a connection of its own that listens, and the event that a notification or the connection's end sets."""
    told = asyncio.Event()
    async with connected(url, seconds=patience) as connection:
        connection.add_termination_listener(lambda *_: told.set())
        async with asyncio.timeout(patience):
            await connection.add_listener(CHANNEL, lambda *_: told.set())
        yield connection, told


async def _present(connection: Connection, patience: float) -> int | None:
    async with asyncio.timeout(patience):
        revision: int | None = await connection.fetchval("SELECT revision FROM policy_revision")
        return revision


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
