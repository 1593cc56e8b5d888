"""The feed of revisions: by notification at once, by asking when a notification or the connection is lost."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from callflow.embedded.postgres import EmbeddedPostgres
from callflow.service.ports import Feed
from callflow.storage.changes import revisions
from callflow.storage.connection import connected
from callflow.storage.migrate import migrate
from tests.fakes.waiting import until

POLL = 2.0
SLOW_POLL = 60.0
FEED = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%policy_revision%' AND pid <> pg_backend_pid()"


async def run(url: str, sql: str) -> list[Any]:
    async with connected(url) as connection:
        rows: list[Any] = await connection.fetch(sql)
        return rows


async def change(url: str) -> int:
    async with connected(url) as connection:
        await connection.execute(
            "INSERT INTO number_class (prefix, category) SELECT '+46900' || count(*), 'premium' FROM number_class"
        )
        revision: int = await connection.fetchval("SELECT revision FROM policy_revision")
        return revision


async def change_without_a_word(url: str) -> int:
    rows = await run(url, "UPDATE policy_revision SET revision = revision + 1 RETURNING revision")
    revision: int = rows[0]["revision"]
    return revision


@asynccontextmanager
async def following(url: str, poll_seconds: float, state: Feed | None = None) -> AsyncIterator[AsyncIterator[int]]:
    followed = revisions(url, state or Feed(poll_seconds=poll_seconds))
    async with aclosing(followed) as feed:  # type: ignore[type-var]
        yield feed


async def next_within(feed: AsyncIterator[int], seconds: float) -> int:
    async with asyncio.timeout(seconds):
        return await anext(feed)


async def backend(url: str) -> int:
    pid: int = (await run(url, FEED))[0]["pid"]
    return pid


async def test_change_by_plain_sql_is_told_at_once(database_url: str) -> None:
    async with following(database_url, SLOW_POLL) as feed:
        await next_within(feed, 5)
        revision = await change(database_url)
        assert await next_within(feed, 2) == revision


async def test_transaction_of_many_changes_is_one_revision(database_url: str) -> None:
    async with following(database_url, SLOW_POLL) as feed:
        before = await next_within(feed, 5)
        await run(database_url, "INSERT INTO holiday_calendar (name) VALUES ('ett'), ('två')")
        assert await next_within(feed, 2) == before + 1


async def test_change_whose_notification_is_lost_is_seen_by_asking(database_url: str) -> None:
    async with following(database_url, POLL) as feed:
        await next_within(feed, 5)
        revision = await change_without_a_word(database_url)
        assert await next_within(feed, POLL) == revision


async def test_feed_tells_what_the_database_has_and_whether_a_notification_told_it(database_url: str) -> None:
    state = Feed(poll_seconds=POLL)
    async with following(database_url, POLL, state) as feed:
        first = await next_within(feed, 5)
        assert (state.error, state.revision, state.told) == (None, first, True)
        asyncio.get_running_loop().call_soon(asyncio.ensure_future, change(database_url))
        await next_within(feed, POLL)
        assert (state.revision, state.told) == (first + 1, True)
        await change_without_a_word(database_url)
        await next_within(feed, POLL)
        assert (state.revision, state.told) == (first + 2, False)
        assert state.asked_at is not None
        assert time.monotonic() - state.asked_at < POLL


async def test_killed_connection_is_noticed_and_made_again(database_url: str) -> None:
    async with following(database_url, SLOW_POLL) as feed:
        await next_within(feed, 5)
        await run(database_url, f"SELECT pg_terminate_backend(pid) FROM ({FEED}) AS feed")
        revision = await change(database_url)
        assert await next_within(feed, 5) == revision


async def test_connection_that_hangs_silently_costs_at_most_the_polling_interval(database_url: str) -> None:
    async with following(database_url, POLL) as feed:
        await next_within(feed, 5)
        pid = await backend(database_url)
        os.kill(pid, signal.SIGSTOP)
        try:
            revision = await change(database_url)
            assert await next_within(feed, POLL) == revision
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server that the test may stop and start."""
    with tempfile.TemporaryDirectory(prefix="callflow-test-", dir="/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        with EmbeddedPostgres(Path(name) / "pg", options={"fsync": "off"}) as server:
            yield server


async def test_lost_database_is_waited_for_and_told_once(own_server: EmbeddedPostgres) -> None:
    await migrate(own_server.url)
    state = Feed(poll_seconds=POLL)
    with capture_logs() as logs:
        async with following(own_server.url, POLL, state) as feed:
            await next_within(feed, 5)
            waiting = asyncio.ensure_future(anext(feed))
            own_server.stop()
            await until(lambda: any(line["event"] == "policy_feed_lost" for line in logs))
            assert state.error is not None
            own_server.start()
            await until(lambda: state.error is None, "a feed that is well", 10)
            revision = await change(own_server.url)
            assert await asyncio.wait_for(waiting, 10) == revision
    events = [line["event"] for line in logs if line["event"].startswith("policy_feed")]
    assert events == ["policy_feed_lost", "policy_feed_restored"]


async def test_closing_the_feed_leaves_neither_connection_nor_task(database_url: str) -> None:
    before = asyncio.all_tasks()
    async with following(database_url, SLOW_POLL) as feed:
        await next_within(feed, 5)
    limit = time.monotonic() + 5
    while await run(database_url, FEED):
        assert time.monotonic() < limit, "the feed's connection is still there"
    assert asyncio.all_tasks() <= before


@pytest.mark.parametrize("when", ["waiting", "connecting"])
async def test_cancelled_reader_ends_at_once(database_url: str, when: str) -> None:
    url = database_url if when == "waiting" else database_url.replace("host=", "host=/nowhere")
    seen = asyncio.Event()

    async def read() -> None:
        async with following(url, SLOW_POLL) as feed:
            seen.set()
            async for _ in feed:
                seen.set()

    task = asyncio.create_task(read())
    await seen.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 2)
