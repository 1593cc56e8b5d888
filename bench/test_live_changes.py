"""How soon a change of the policy counts in Asterisk at 15,000 extensions, and whom it holds up meanwhile."""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from callflow.asterisk.policy_files import replica_path
from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.storage.generator import generate_region
from tests.asterisks import asterisk
from tests.integration.test_serve import Serve, knows
from tests.ports import free_port

__all__ = ["asterisk"]

EXTENSIONS = 15_000
TURNS = 20
AIM_SECONDS = 1.0
AIM_ANSWER_SECONDS = 0.25
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


async def answers_of(serve: Serve, until: asyncio.Event) -> list[float]:
    """Ask for the service's health again and again; return how long each answer took."""
    took = []
    while not until.is_set():
        began = time.perf_counter()
        await serve.health()
        took.append(time.perf_counter() - began)
    return took


def told(what: str, took: list[float], aim: float) -> float:
    """Print median and worst beside the aim; return the median."""
    median = statistics.median(took)
    print(f"{what:<46} {median * 1000:7.0f} ms   worst {max(took) * 1000:7.0f} ms   aim {aim * 1000:.0f} ms")
    return median


async def is_gone(asterisk: EmbeddedAsterisk, account: str) -> bool:
    """Return whether nobody can call or register as the account; Asterisk itself keeps what it is for a second."""
    return "Unable to find" in await asterisk.console(f"pjsip show auth {account}")


async def turned(replica: Path, account: str, before: int) -> bool:
    return lock_of(replica, account) != before


def lock_of(replica: Path, account: str) -> int:
    with closing(sqlite3.connect(replica)) as connection:
        found: int = connection.execute("SELECT locked FROM phone WHERE username = ?", (account,)).fetchone()[0]
        return found


async def test_changes_count_within_a_second_and_hold_nobody_up(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(settings.database_url.get_secret_value().replace("+asyncpg", ""))
    rows = await connection.fetch("SELECT sip_username FROM extension WHERE sip_username IS NOT NULL LIMIT $1", TURNS)
    accounts = [row["sip_username"] for row in rows]

    async def shows(what: str, expected: str) -> bool:
        return expected in await asterisk.console(f"pjsip show {what}")

    async with Serve(settings).running(tmp_path / "log") as serve:
        await seconds_until(lambda: knows(asterisk, accounts[-1]))
        done, replica = asyncio.Event(), replica_path(settings)
        answers = asyncio.create_task(answers_of(serve, done))
        changed, locked, removed = [], [], []
        for account in accounts:
            password = f"losenord-{account}"
            await connection.execute(
                "UPDATE extension SET sip_password = $1 WHERE sip_username = $2", password, account
            )
            changed.append(await seconds_until(lambda: shows(f"auth {account}", password)))  # noqa: B023
            before = lock_of(replica, account)
            await connection.execute("UPDATE extension SET locked = NOT locked WHERE sip_username = $1", account)
            locked.append(await seconds_until(lambda: turned(replica, account, before)))  # noqa: B023
        for account in accounts:
            await connection.execute(
                "UPDATE extension SET sip_username = $1 WHERE sip_username = $2", f"x{account}", account
            )
            removed.append(await seconds_until(lambda: is_gone(asterisk, account)))  # noqa: B023
        done.set()
        print(f"\n{EXTENSIONS} extensions, {TURNS} changes of each kind, from COMMIT on:")
        medians = [
            told("a password is another", changed, AIM_SECONDS),
            told("a phone is locked or unlocked", locked, AIM_SECONDS),
            told("an account is gone", removed, AIM_SECONDS),
        ]
        told("the service's answer meanwhile", await answers, AIM_ANSWER_SECONDS)
        assert max(medians) < AIM_SECONDS
    await connection.close()
