"""The process that works out events: bounded in what one calendar may take, and there again for the next."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest

from callflow.calendars.event_process import EventProcess, EventProcessError
from callflow.service.calendar_problems import CalendarProblemError
from tests.calendars import calendar, event
from tests.fakes.waiting import until

FIRST = datetime(2026, 10, 19, tzinfo=UTC)
ONE = calendar(event("DTSTART:20261102T090000", "DTEND:20261102T100000", "CATEGORIES:Lunch"))
EACH_SECOND = calendar(event("DTSTART:20200101T000000", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"))


@pytest.fixture
async def process() -> AsyncIterator[EventProcess]:
    process = EventProcess(cpu_seconds=1, wait_seconds=30)
    yield process
    await process.close()


async def asked(process: EventProcess, body: bytes) -> Any:
    return await process.events(
        body, starts_at=FIRST, ends_at=FIRST + timedelta(days=30), zone="Europe/Stockholm", email=None
    )


def children() -> list[psutil.Process]:
    """Return what was started, until nothing is left of it."""
    return [it for it in psutil.Process().children() if _is_ours(it)]


def _is_ours(process: psutil.Process) -> bool:
    try:
        return "callflow.calendars.child" in process.cmdline()
    except psutil.ZombieProcess:
        return True
    except psutil.NoSuchProcess:
        return False


async def test_events_come_back_whole(process: EventProcess) -> None:
    (found,), unreadable = await asked(process, ONE)
    assert (found.starts_at, found.ends_at) == (
        datetime(2026, 11, 2, 8, tzinfo=UTC),
        datetime(2026, 11, 2, 9, tzinfo=UTC),
    )
    assert (found.categories, unreadable) == (("Lunch",), 0)


async def test_one_process_serves_all_gives_way_to_others_and_ends(process: EventProcess) -> None:
    await asyncio.gather(*(asked(process, ONE) for _ in range(5)))
    (child,) = children()
    assert child.nice() >= 10
    await process.close()
    assert not children()
    await process.close()


async def test_event_of_every_second_costs_no_more_than_it_may(process: EventProcess) -> None:
    with pytest.raises(CalendarProblemError) as caught:
        await asked(process, EACH_SECOND)
    assert caught.value.problem == "too_much"
    assert len((await asked(process, ONE))[0]) == 1


async def test_process_that_stands_still_is_ended_and_another_takes_over(process: EventProcess) -> None:
    await asked(process, ONE)
    (child,) = children()
    os.kill(child.pid, signal.SIGSTOP)
    process._wait_seconds = 0.2
    with pytest.raises(CalendarProblemError, match="takes too much"):
        await asked(process, ONE)
    await until(lambda: not children(), "its end")
    process._wait_seconds = 30
    assert len((await asked(process, ONE))[0]) == 1


async def test_process_that_ends_by_itself_is_an_error_of_ours(process: EventProcess) -> None:
    with pytest.raises(EventProcessError, match="ended with 1"):
        await process.events(ONE, starts_at=FIRST, ends_at=FIRST, zone="Ingenstans/Alls", email=None)
    assert len((await asked(process, ONE))[0]) == 1


async def test_asking_that_is_cancelled_ends_the_process(process: EventProcess) -> None:
    task = asyncio.create_task(asked(process, EACH_SECOND))
    await until(children, "the process")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: not children(), "its end")
    assert len((await asked(process, ONE))[0]) == 1
