"""The policy at 100,000 extensions: how long it loads, what it takes, and how soon a change counts."""

import asyncio
import gc
import re
import sqlite3
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from callflow.asterisk.policy_files import replica_path
from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.service.pauses import keep_pauses_short
from callflow.storage.generator import generate_region
from callflow.storage.store import PostgresPolicyStore
from tests.asterisks import asterisk
from tests.fakes.waiting import until_told
from tests.integration.test_serve import Serve
from tests.ports import free_port

__all__ = ["asterisk"]

EXTENSIONS = 100_000
LOADS = 3
SINGLE_TURNS = 12
MANY_TURNS = 4
MANY = 1_000
AIM_LOAD_SECONDS = 5.0
AIM_MEGABYTES = 1_000.0
AIM_CHANGE_MS = 100.0
LOOK_SECONDS = 0.002


@pytest.fixture
async def settings(asterisk: EmbeddedAsterisk, database_url: str) -> Settings:
    await generate_region(database_url, EXTENSIONS)
    update = {"service_port": free_port(), "database_url": database_url}
    return Settings.model_validate(asterisk.settings.model_dump() | update)


class Watcher:
    """Sees what the service decides by and what Asterisk reads, as soon as it is so."""

    def __init__(self, settings: Settings, connection: asyncpg.Connection, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._connection = connection
        self._session = session

    async def revision(self) -> int:
        """Return the revision of the policy that the service decides by."""
        url = f"http://{self._settings.service_host}:{self._settings.service_port}/health"
        async with self._session.get(url) as answer:
            revision: int = (await answer.json())["policy_revision"]
            return revision

    async def quiet(self) -> None:
        """Wait until all that follows a change is done: its snapshot file is written last."""
        path = self._settings.home / "snapshot.json"
        last, since = None, time.monotonic()
        while time.monotonic() - since < 2.0:
            stamp = path.stat().st_mtime_ns if path.exists() else None
            if stamp != last:
                last, since = stamp, time.monotonic()
            await asyncio.sleep(0.1)

    async def change(self, ids: list[int], locked: bool) -> tuple[float, float]:
        """Lock or unlock phones in one transaction; return ms from COMMIT to the decision and to Asterisk's file."""
        await self.quiet()
        async with self._connection.transaction():
            await self._connection.execute("UPDATE extension SET locked = $1 WHERE id = ANY($2)", locked, ids)
            revision = await self._connection.fetchval("SELECT revision FROM policy_revision")
            account = await self._connection.fetchval("SELECT sip_username FROM extension WHERE id = $1", ids[-1])
        began = time.perf_counter()
        decided, written = await asyncio.gather(
            ms_until(began, lambda: self._decides_by(revision)),
            ms_until(began, lambda: self._replica_has(account, locked)),
        )
        return decided, written

    async def _decides_by(self, revision: int) -> bool:
        return await self.revision() >= revision

    async def _replica_has(self, account: str, locked: bool) -> bool:
        with closing(sqlite3.connect(replica_path(self._settings))) as connection:
            row = connection.execute("SELECT locked FROM phone WHERE username = ?", (account,)).fetchone()
        return row is not None and bool(row[0]) is locked


async def ms_until(began: float, condition: Callable[[], Awaitable[bool]]) -> float:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - nobody tells what is watched from outside
            await asyncio.sleep(LOOK_SECONDS)
    return (time.perf_counter() - began) * 1000


def told(what: str, took: list[float], unit: str, aim: float | None) -> None:
    """Print median and worst beside the aim."""
    beside = f"aim {aim:,.0f} {unit}" if aim is not None else "no aim"
    print(f"{what:<56} {statistics.median(took):8,.1f} {unit}   worst {max(took):8,.1f} {unit}   {beside}")


def megabytes(process: int, what: str) -> float:
    """Return a figure of a process's memory: `VmRSS` now, `VmHWM` the most there was."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(rf"^{what}:\s+([0-9]+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1000


async def test_what_the_policy_of_a_large_region_takes(settings: Settings, tmp_path: Path) -> None:
    url = settings.database_url.get_secret_value()
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    keep_pauses_short()
    loads = []
    for _ in range(LOADS):
        store = PostgresPolicyStore(url)
        began = time.perf_counter()
        snapshot = await store.load()
        loads.append(time.perf_counter() - began)
    assert len(snapshot.policy.extensions) == EXTENSIONS
    del snapshot, store
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    rows = await connection.fetch(
        "SELECT id FROM extension WHERE sip_username IS NOT NULL ORDER BY id LIMIT $1", MANY
    )
    ids = [row["id"] for row in rows]
    async with Serve(settings).running(tmp_path / "log") as serve, aiohttp.ClientSession() as session:
        watcher = Watcher(settings, connection, session)
        await until_told(lambda: asyncio.to_thread(replica_path(settings).exists), "Asterisk's file", 60)
        await watcher.quiet()
        loaded = megabytes(serve.process_id, "VmRSS")
        single = [await watcher.change([ids[turn // 2]], locked=turn % 2 == 0) for turn in range(SINGLE_TURNS)]
        many = [await watcher.change(ids, locked=turn % 2 == 0) for turn in range(MANY_TURNS)]
        await watcher.quiet()
        after, most = (megabytes(serve.process_id, what) for what in ("VmRSS", "VmHWM"))
    await connection.close()
    print(
        f"\n{EXTENSIONS} extensions, {LOADS} loads, {SINGLE_TURNS} single changes, {MANY_TURNS} times {MANY} changes:"
    )
    told("snapshot loaded whole from PostgreSQL", loads, "s ", AIM_LOAD_SECONDS)
    told("memory of the service, loaded", [loaded], "MB", AIM_MEGABYTES)
    told("memory of the service, after all the changes", [after], "MB", AIM_MEGABYTES)
    told("memory of the service, the most it ever had", [most], "MB", None)
    told("one change counts in the decision", [decided for decided, _ in single], "ms", AIM_CHANGE_MS)
    told("one change counts in Asterisk's file", [written for _, written in single], "ms", None)
    told(f"{MANY} changes count in the decision", [decided for decided, _ in many], "ms", AIM_CHANGE_MS)
    told(f"{MANY} changes count in Asterisk's file", [written for _, written in many], "ms", None)
