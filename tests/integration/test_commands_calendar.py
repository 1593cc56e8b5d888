"""`callflow calendar` on the sample region (R10)."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.storage.connection import connected
from tests.calendars import CalendarServer, between, calendar, calendar_server
from tests.command_line import CommandLine

ANNA, NAME = "61100", "Anna Lindgren"
STARTS = datetime.now(ZoneInfo("Europe/Stockholm")).replace(second=0, microsecond=0) + timedelta(days=2)
ENDS = STARTS + timedelta(hours=1)
SECRET = "hemlig-4711"


@pytest.fixture
async def server() -> AsyncIterator[CalendarServer]:
    async with calendar_server() as server:
        server.texts[f"/{SECRET}/k.ics"] = calendar(between(STARTS, ENDS))
        yield server


async def shows(callflow: CommandLine, *arguments: str) -> str:
    """Run the command beside the server."""
    return await asyncio.to_thread(callflow.shows, "calendar", *arguments)


async def refuses(callflow: CommandLine, *arguments: str, code: int = 1) -> str:
    return await asyncio.to_thread(lambda: callflow.refuses("calendar", *arguments, code=code))


async def test_calendar_is_set_shown_read_and_removed(callflow: CommandLine, server: CalendarServer) -> None:
    callflow.environment["CALLFLOW_CALENDAR_LOCAL"] = "true"
    assert await shows(callflow) == "Ingen kalender läses.\n"
    told = await shows(callflow, ANNA, "--set", server.address(f"/{SECRET}/k.ics"), "--reason", "1")
    assert told == f"1: {NAME}, http://127.0.0.1/…, är på sammanträde, inte läst än\n"
    told = await shows(callflow, ANNA, "--read")
    absence, feed = told.splitlines()
    assert (
        absence == f"{NAME} är på sammanträde, från {STARTS:%Y-%m-%d %H:%M} till {ENDS:%Y-%m-%d %H:%M}, ur kalendern"
    )
    assert feed.startswith(f"1: {NAME}, http://127.0.0.1/…, är på sammanträde, läst {datetime.now():%Y}")  # noqa: DTZ005
    assert await shows(callflow) == f"{feed}\n"
    assert "är på lunch" in await shows(callflow, ANNA, "--set", server.address("/annan"), "--reason", "2")
    assert await shows(callflow, ANNA, "--remove") == f"{NAME}: kalendern läses inte längre.\n"
    assert "ingen frånvaro" in await asyncio.to_thread(callflow.shows, "absence", ANNA)


async def test_calendar_that_cannot_be_read_is_told_in_words(callflow: CommandLine, server: CalendarServer) -> None:
    await shows(callflow, ANNA, "--set", server.address(f"/{SECRET}/finns-inte"), "--reason", "1")
    assert "CALLFLOW_CALENDAR_LOCAL" in await refuses(callflow, ANNA, "--read")
    callflow.environment["CALLFLOW_CALENDAR_LOCAL"] = "true"
    assert await refuses(callflow, ANNA, "--read") == f"{NAME}: servern svarade 404\n"
    assert (await shows(callflow)).endswith("inte läst än; 2 misslyckade försök: servern svarade 404\n")
    callflow.environment["CALLFLOW_LANGUAGE"] = "en"
    told = await shows(callflow, ANNA)
    assert told.endswith("not read yet; 2 failed attempts: the server answered 404\n")
    assert SECRET not in told


async def test_address_may_come_by_stdin_and_in_the_form_of_calendars(
    callflow: CommandLine, sample_database_url: str
) -> None:
    command = [sys.executable, "-m", "callflow", "calendar", ANNA, "--set", "-", "--reason", "1"]
    given = f"webcal://x.example/{SECRET}\n"
    done = await asyncio.to_thread(
        subprocess.run, command, input=given, text=True, capture_output=True, check=True, env=callflow.environment
    )
    assert SECRET not in done.stdout
    async with connected(sample_database_url) as connection:
        assert await connection.fetchval("SELECT url FROM calendar_feed") == f"https://x.example/{SECRET}"
        assert (await connection.fetchval("SELECT actor FROM audit ORDER BY id DESC LIMIT 1")).startswith("cli:")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((ANNA, "--read"), f"{NAME} har ingen kalender som läses."),
        ((ANNA, "--remove"), f"{NAME} har ingen kalender som läses."),
        ((ANNA, "--set", "kalender", "--reason", "1"), "calendar_feed.url måste vara en adress"),
        ((ANNA, "--set", "https://x.example", "--reason", "0"), "Ingen orsak har siffran ”0”"),
        (("99999", "--read"), "är ingen anknytning"),
    ],
)
def test_what_cannot_be_is_refused(callflow: CommandLine, arguments: tuple[str, ...], says: str) -> None:
    assert says in callflow.refuses("calendar", *arguments)
    assert callflow.shows("calendar") == "Ingen kalender läses.\n"
    assert callflow.shows("calendar", ANNA) == f"{NAME} har ingen kalender som läses.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--read",), ("--remove",), (ANNA, "--read", "--remove"), (ANNA, "--set", "https://x.example"),
        (ANNA, "--reason", "1"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(callflow: CommandLine, arguments: tuple[str, ...]) -> None:
    callflow.refuses("calendar", *arguments, code=2)
