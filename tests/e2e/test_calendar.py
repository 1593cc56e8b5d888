"""Absence from a calendar, as a caller hears it (R10): a real calendar on a real server, a real call."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from tests.calendars import Answer, CalendarServer, calendar, calendar_server, event, fifty_megabytes, hangs
from tests.e2e.helpers import eventually
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.talking import answered
from tests.e2e.test_absence import AWAY, NAME, NUMBER
from tests.e2e.town import Town

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MEETING, LUNCH = ("1", "är på sammanträde"), ("2", "är på lunch")
DAY = datetime.now(STOCKHOLM).date() + timedelta(days=2)
NEXT_DAY = DAY + timedelta(days=1)
EVERY_DAY = event(
    "DTSTART;TZID=Europe/London:20260105T080000",
    "DTEND;TZID=Europe/London:20260105T093000",
    "RRULE:FREQ=DAILY",
    f"EXDATE;TZID=Europe/London:{NEXT_DAY:%Y%m%d}T080000",
    'SUMMARY:Hemligt & "viktigt" 🗓️',
)
"""From nine to half past ten where the person is."""
EVERY_LUNCH = event(
    "DTSTART:20260105T120000", "DURATION:PT1H", "RRULE:FREQ=DAILY", "CATEGORIES:Lunch", uid="b@exempel"
)

KNOWN = """
    SELECT string_agg(concat_ws(' ', id, starts_at, returns_at), ', ' ORDER BY id) FROM absence
    WHERE calendar_event IS NOT NULL
"""
"""Every absence by a calendar, told as one text."""


def at(hour: int, minute: int = 0, *, day: int = 0) -> str:
    """Return a time on the day of the calls, or so many days later, as a call carries it."""
    return (datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=STOCKHOLM) + timedelta(days=day)).isoformat()


@pytest.fixture
async def server() -> AsyncIterator[CalendarServer]:
    async with calendar_server() as server:
        yield server


async def has_calendar(town: Town, address: str) -> None:
    """Have a calendar read for Anna Lindgren, whose events are meetings where they say nothing else."""
    await town.sql(
        """
        INSERT INTO calendar_feed (person_id, url, reason_id)
        SELECT e.person_id, $2, r.id FROM extension AS e JOIN absence_reason AS r USING (organisation_id)
        WHERE e.sip_username = $1 AND r.digit = $3
        """,
        AWAY,
        address,
        MEETING[0],
    )


async def has_absences(town: Town, *, some: bool) -> None:
    """Wait until the calendar has made absences, or has none left, and calls go by that."""

    async def so() -> bool:
        count: int = await town.value("SELECT count(*) FROM absence WHERE calendar_event IS NOT NULL")
        return (count > 0) is some

    await eventually(so, 20, "the calendar was not read")
    await town.until_current()
    for text in (NAME, MEETING[1], LUNCH[1]):
        await speech_is_made(town, text)


async def test_caller_hears_of_a_meeting_that_stands_in_the_calendar(town: Town, server: CalendarServer) -> None:
    server.texts["/anna.ics"] = calendar(EVERY_DAY, EVERY_LUNCH)
    await has_calendar(town, server.address("/anna.ics"))
    await has_absences(town, some=True)
    phone = await town.phone(AWAY)
    await town.call_from_outside(NUMBER, at=at(9, 15))
    told = f"{sound_of(town, NAME)}&{sound_of(town, MEETING[1])}&policy/and-is-back"
    await town.step("menu", containing=told)
    assert not phone.calls


async def test_category_tells_the_reason_and_an_exception_lets_the_phone_ring(
    town: Town, server: CalendarServer
) -> None:
    server.texts["/anna.ics"] = calendar(EVERY_DAY, EVERY_LUNCH)
    await has_calendar(town, server.address("/anna.ics"))
    await has_absences(town, some=True)
    await town.call_from_outside(NUMBER, at=at(12, 15))
    await town.step("menu", containing=f"{sound_of(town, NAME)}&{sound_of(town, LUNCH[1])}&policy/and-is-back")
    phone = await town.phone(AWAY)
    call = await town.call_from_outside(NUMBER, at=at(9, 15, day=1))
    await answered(phone, call)


async def test_event_that_is_taken_away_lets_the_phone_ring(town: Town, server: CalendarServer) -> None:
    server.texts["/anna.ics"] = calendar(EVERY_DAY)
    await has_calendar(town, server.address("/anna.ics"))
    await has_absences(town, some=True)
    server.texts["/anna.ics"] = calendar()
    await town.sql("UPDATE calendar_reading SET due_at = now()")
    await has_absences(town, some=False)
    phone = await town.phone(AWAY)
    call = await town.call_from_outside(NUMBER, at=at(9, 15))
    await answered(phone, call)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(hangs, "the server did not answer in time"), (fifty_megabytes, "the calendar is larger than 2 MB")],
)
async def test_calendar_server_in_trouble_holds_up_no_call_is_told_and_what_is_known_stays(
    town: Town, server: CalendarServer, trouble: Answer, words: str
) -> None:
    path, asked = "/hemlig/anna.ics", asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.set()
        return await trouble(request)

    server.texts[path] = calendar(EVERY_DAY)
    await has_calendar(town, server.address(path))
    await has_absences(town, some=True)
    known = await town.value(KNOWN)
    server.answers[path] = answer
    await town.sql("UPDATE calendar_reading SET due_at = now()")
    async with asyncio.timeout(10):
        await asked.wait()
    phone = await town.phone(AWAY)
    call = await town.call_from_outside(NUMBER, at=at(11))
    await (await answered(phone, call)).hang_up()

    async def is_told() -> bool:
        return words in str((await town.health())["calendars"]["error"])

    await eventually(is_told, 40, "health never told of the calendar")
    assert await town.value(KNOWN) == known
    await town.call_from_outside(NUMBER, at=at(9, 15))
    await town.step("menu", containing=f"{sound_of(town, NAME)}&{sound_of(town, MEETING[1])}&policy/and-is-back")
    assert len(phone.calls) == 1
    log = (town.region.settings.home / "log" / "serve.log").read_text(encoding="utf-8", errors="replace")
    assert "event=calendar_unreadable" in log
    assert "hemlig/" not in log
