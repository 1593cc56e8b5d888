"""What looks after each test whether something leaked or crashed: it must see what it is there for."""

import asyncio
import os
import signal

import pytest

from tests.e2e.faults.leaks import NOW_AND_THEN, footprint, nothing_leaked
from tests.e2e.helpers import connected, eventually
from tests.e2e.town import WORKING_HOURS, Town


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what leaked be told at once."""
    monkeypatch.setattr("tests.e2e.faults.leaks.SETTLED_SECONDS", 0.5)


@pytest.mark.usefixtures("soon")
async def test_call_in_progress_is_seen_as_left_behind(town: Town) -> None:
    before = await footprint(town)
    await town.call_from_outside("+4690161103", at=WORKING_HOURS)
    await town.step("dial")
    with pytest.raises(AssertionError, match=r"channels 0 -> [1-9]"):
        await nothing_leaked(town, before)


@pytest.mark.usefixtures("soon")
async def test_connection_to_the_service_is_seen_as_left_behind(town: Town) -> None:
    before, settings = await footprint(town), town.region.settings
    _, writer = await asyncio.open_connection(settings.service_host, settings.service_port)
    with pytest.raises(AssertionError, match=r"service_files [0-9]+ -> [0-9]+"):
        await nothing_leaked(town, before)
    writer.close()


@pytest.mark.usefixtures("soon")
async def test_connection_to_the_database_is_seen_as_left_behind(town: Town) -> None:
    before = await footprint(town)
    async with connected(town.database_url):
        with pytest.raises(AssertionError, match=r"database_connections [0-9]+ -> [0-9]+"):
            await nothing_leaked(town, before)


@pytest.mark.usefixtures("soon")
async def test_transaction_of_a_feature_code_that_is_left_open_is_seen(town: Town) -> None:
    before = await footprint(town)
    async with connected(town.database_url) as connection, connection.transaction():
        await connection.execute(f"SET application_name = '{NOW_AND_THEN}'")
        with pytest.raises(AssertionError, match="transactions_left_open 0 -> 1"):
            await nothing_leaked(town, before)


async def test_service_that_ended_by_itself_is_told(town: Town) -> None:
    pid = town.region.service.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: _ended(town), 5, "the service did not end")
    with pytest.raises(AssertionError, match="callflow serve ended by itself"):
        await town.end()


async def _ended(town: Town) -> bool:
    return not town.region.service.running


async def test_part_of_the_service_that_failed_is_told(town: Town) -> None:
    with town.region.service.log.open("a") as log:
        log.write("level=error event=part_failed part=guard\n")
    with pytest.raises(AssertionError, match="event=part_failed"):
        await town.end()
    await town.begin()
