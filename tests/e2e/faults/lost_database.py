"""The region's PostgreSQL lost as in a crash, and found again; the service started while it is away."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import psutil

from tests.e2e.faults.moments import is_well_again
from tests.e2e.helpers import eventually
from tests.e2e.town import Town

ENDED_SECONDS = 15.0
DURABLE = {"synchronous_commit": "on", "full_page_writes": "on"}
"""As in earnest: what was committed is there after a crash."""


async def kill_database(town: Town) -> None:
    """Kill the postmaster; its children see that it is gone and end."""
    await _end(town, signal.SIGKILL)


async def stop_database_at_once(town: Town) -> None:
    """Stop PostgreSQL in its mode `immediate`: nothing is finished, the next start recovers."""
    await _end(town, signal.SIGQUIT)


async def _end(town: Town, how: signal.Signals) -> None:
    postgres = town.region.postgres
    assert postgres.process is not None, "the database does not run"
    family = [psutil.Process(postgres.process.pid)]
    family += family[0].children(recursive=True)
    postgres.process.send_signal(how)
    await asyncio.to_thread(postgres.process.wait, ENDED_SECONDS)
    _, left = await asyncio.to_thread(psutil.wait_procs, family, ENDED_SECONDS)
    assert not left, f"PostgreSQL left {left}"
    postgres.stop()


async def bring_back(town: Town) -> None:
    """Start PostgreSQL anew; it recovers what it had committed."""
    await asyncio.to_thread(town.region.postgres.start)


@asynccontextmanager
async def durable_database(town: Town) -> AsyncIterator[None]:
    """Run PostgreSQL so that a crash loses nothing; afterwards the next start is as before."""
    postgres = town.region.postgres
    before = dict(postgres.options)
    postgres.options.update(DURABLE)
    await town.stop_database()
    await bring_back(town)
    await is_well_again(town)
    yield
    postgres.options.clear()
    postgres.options.update(before)


async def health(town: Town) -> dict[str, Any] | None:
    """Return what the service says of itself, None when it does not answer."""
    try:
        return await town.health()
    except aiohttp.ClientError:
        return None


@asynccontextmanager
async def started(town: Town, seconds: float = 15.0) -> AsyncIterator[dict[str, Any]]:
    """Start the service, ready or not; give its health when it has come to Asterisk. It runs on afterwards."""
    starting = asyncio.create_task(town.region.start_service())

    async def is_connected() -> bool:
        told = await health(town)
        return told is not None and bool(told["ari"]["ok"])

    try:
        await eventually(is_connected, seconds, "the service never came to Asterisk")
        yield await town.health()
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


def fell_back(town: Town) -> bool:
    """Tell whether a call of this test went by the net."""
    return any(it.name == "CallflowFallback" for it in town.reported)


async def until_on_disk(town: Town) -> None:
    """Wait until the snapshot file is of the database's present policy."""
    revision = await town.value("SELECT revision FROM policy_revision")

    async def is_on_disk() -> bool:
        with suppress(OSError, ValueError):
            body = town.region.settings.snapshot_path.read_bytes().partition(b"\n")[2]
            return bool(json.loads(body)["policy"]["revision"] == revision)
        return False

    await eventually(is_on_disk, 15, "the snapshot file never was of the present policy")
