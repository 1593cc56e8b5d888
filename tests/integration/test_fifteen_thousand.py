"""A region of 15,000 extensions: a change is known to Asterisk within a second, and holds nobody up meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.storage.generator import generate_region
from tests.asterisks import asterisk, free_port
from tests.integration.test_serve import Serve, knows

__all__ = ["asterisk"]

EXTENSIONS = 15_000
WITHIN_SECONDS = 1.0
LONGEST_ANSWER_SECONDS = 0.25
"""How long the service may take to answer while it takes changes in; half of what a call waits to be claimed."""


@pytest.fixture
async def settings(asterisk: EmbeddedAsterisk, database_url: str) -> Settings:
    await generate_region(database_url, EXTENSIONS)
    update = {"service_port": free_port(), "database_url": database_url, "poll_seconds": 1.0}
    return Settings.model_validate(asterisk.settings.model_dump() | update)


async def seconds_until(condition: Callable[[], Awaitable[bool]]) -> float:
    began = time.perf_counter()
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - Asterisk tells nobody that it could answer now
            await asyncio.sleep(0.01)
    return time.perf_counter() - began


async def slowest_answer(serve: Serve, until: asyncio.Event) -> float:
    """Ask for the service's health again and again; return the longest that it took."""
    longest = 0.0
    while not until.is_set():
        began = time.perf_counter()
        await serve.health()
        longest = max(longest, time.perf_counter() - began)
    return longest


async def test_a_change_is_known_within_a_second_and_holds_nobody_up(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(settings.database_url.get_secret_value().replace("+asyncpg", ""))
    first = await connection.fetchval("SELECT sip_username FROM extension WHERE sip_username IS NOT NULL LIMIT 1")

    async def shows(what: str, expected: str) -> bool:
        return expected in await asterisk.console(f"pjsip show {what}")

    async with Serve(settings).running(tmp_path / "log") as serve:
        await seconds_until(lambda: knows(asterisk, first))
        done = asyncio.Event()
        answers = asyncio.create_task(slowest_answer(serve, done))
        took = []
        for turn in range(5):
            password = f"losenord-{turn}"
            await connection.execute(
                "UPDATE extension SET sip_password = $1, locked = NOT locked WHERE sip_username = $2", password, first
            )
            took.append(await seconds_until(lambda: shows(f"auth {first}", password)))  # noqa: B023 - awaited here
        done.set()
        assert sorted(took)[2] < WITHIN_SECONDS, took
        assert await answers < LONGEST_ANSWER_SECONDS
    await connection.close()
