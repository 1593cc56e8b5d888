"""Calendars become absences (R10): a real server of calendars, a real database, the reading of `callflow serve`."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from callflow.calendars.fetching import Limits
from callflow.calendars.source import WebCalendars
from callflow.policy.absences import absence_at, back_at
from callflow.service import calendars
from callflow.service.calendars import CalendarReader
from callflow.service.clock import now
from callflow.service.health_parts import calendars_facts
from callflow.storage.absences import put_absence
from callflow.storage.calendar_feeds import PostgresCalendars
from callflow.storage.snapshot import read_snapshot
from tests.calendars import CalendarServer, between, calendar, calendar_server, event, fifty_megabytes, hangs
from tests.fakes.running import running
from tests.fakes.waiting import until, until_told
from tests.refusals import connect

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ANNA, EVA, KARL = "61100", "61104", "61103"
MEETING, LUNCH, HOLIDAY = "1", "2", "4"
LIMITS = Limits(seconds=2.0, connect_seconds=1.0, piece_seconds=1.0, cpu_seconds=2)
SECRET = "hemlig-4711"
ODD = 'Möte & "fika" <b>’alla’</b> 🗓️ ' + "x" * 4000
SOON = datetime.now(STOCKHOLM).replace(microsecond=0) + timedelta(days=1)
LATER = SOON + timedelta(hours=1)
NOW_ON = datetime.now(STOCKHOLM).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "LOOK_SECONDS", 0.05)


@dataclass(slots=True)
class Office:
    """The sample region's database, a server of calendars, and readers over them."""

    url: str
    server: CalendarServer
    connection: asyncpg.Connection
    readers: list[CalendarReader] = field(default_factory=list)

    async def feed(self, account: str, path: str, reason: str = MEETING) -> int:
        """Give the person of an extension a calendar, by plain SQL; return the feed's id."""
        found: int = await self.connection.fetchval(
            """
            INSERT INTO calendar_feed (person_id, url, reason_id)
            SELECT e.person_id, $2, r.id FROM extension AS e JOIN absence_reason AS r USING (organisation_id)
            WHERE e.sip_username = $1 AND r.digit = $3 RETURNING id
            """,
            account,
            self.server.address(path),
            reason,
        )
        return found

    async def absences(self, account: str) -> list[tuple[datetime, datetime | None, str]]:
        """Return the calendar's absences of the person: from, to, and the reason's digit."""
        rows = await self.connection.fetch(
            """
            SELECT a.starts_at, a.returns_at, r.digit FROM absence AS a JOIN absence_reason AS r ON r.id = a.reason_id
            JOIN extension AS e ON e.person_id = a.person_id
            WHERE e.sip_username = $1 AND a.calendar_event IS NOT NULL ORDER BY a.starts_at, a.returns_at
            """,
            account,
        )
        return [tuple(row) for row in rows]

    async def has(self, account: str, *expected: tuple[datetime, datetime, str]) -> None:
        """Wait until these are the person's absences by the calendar."""

        async def same() -> bool:
            return await self.absences(account) == list(expected)

        try:
            await until_told(same, "the absences", 15)
        except AssertionError:
            assert await self.absences(account) == list(expected)

    async def reading_of(self, feed: int) -> asyncpg.Record:
        """Return how the reading of a feed stands."""
        return await self.connection.fetchrow("SELECT * FROM calendar_reading WHERE feed_id = $1", feed)

    async def has_problem(self, feed: int, problem: str | None) -> None:
        """Wait until a feed has been read, with this problem."""

        async def so() -> bool:
            row = await self.reading_of(feed)
            return (row["read_at"] is not None or row["problem"] is not None) and row["problem"] == problem

        await until_told(so, f"{problem}; it is {(await self.reading_of(feed))['problem']}", 30)

    async def read_again(self, *feeds: int) -> None:
        """Make feeds due, and wait until each has been read, with nothing wrong."""
        await self.connection.execute(
            "UPDATE calendar_reading SET due_at = now(), read_at = NULL, problem = NULL WHERE feed_id = ANY ($1)",
            feeds,
        )
        for feed in feeds:

            async def is_read(one: int = feed) -> object:
                row = await self.reading_of(one)
                return row["read_at"] or row["problem"]

            await until_told(is_read, "the reading", 15)
            assert (await self.reading_of(feed))["problem"] is None

    async def revision(self) -> int:
        """Return the policy's revision."""
        found: int = await self.connection.fetchval("SELECT revision FROM policy_revision")
        return found

    async def health(self, reader: CalendarReader) -> dict[str, Any]:
        """Return what health says, once it has looked."""
        before = reader.state
        await until(lambda: reader.state is not before, "another look")
        return calendars_facts(reader)


@pytest.fixture
async def office(sample_database_url: str) -> AsyncIterator[Office]:
    connection = await connect(sample_database_url)
    async with calendar_server() as server:
        yield Office(sample_database_url, server, connection)
    await connection.close()


@asynccontextmanager
async def reading(office: Office, *, every_seconds: float = 300.0) -> AsyncIterator[CalendarReader]:
    """Read in the background as `callflow serve` does."""
    store = PostgresCalendars(office.url)
    reader = CalendarReader(store, WebCalendars(local=True, limits=LIMITS), every_seconds)
    async with running(reader.run()):
        yield reader
    store.close()


async def test_events_become_absences_with_their_reasons(office: Office) -> None:
    office.server.texts["/k"] = calendar(
        between(SOON, LATER, uid="a"),
        between(LATER, LATER + timedelta(hours=1), "CATEGORIES:Lunch", uid="b"),
        between(SOON, LATER, "TRANSP:TRANSPARENT", uid="c"),
        event("DTSTART;VALUE=DATE:20200101", "RRULE:FREQ=YEARLY", uid="d"),
    )
    feed = await office.feed(ANNA, "/k")
    async with reading(office) as reader:
        new_year = datetime(SOON.year + 1, 1, 1, tzinfo=STOCKHOLM)
        expected = [(SOON, LATER, MEETING), (LATER, LATER + timedelta(hours=1), LUNCH)]
        if new_year - now() < timedelta(days=14):
            expected.append((new_year, new_year + timedelta(days=1), MEETING))
        await office.has(ANNA, *expected)
        await office.has_problem(feed, None)
        facts = await office.health(reader)
        assert (facts["ok"], facts["feeds"], facts["failing"]) == (True, 1, 0)
    audit = await office.connection.fetch(
        "SELECT actor, new FROM audit WHERE table_name = 'absence' ORDER BY id DESC"
    )
    assert audit[0]["actor"] == "calendar"


async def test_an_absence_by_the_calendar_is_told_as_any_other_and_one_reported_later_wins(office: Office) -> None:
    ends = NOW_ON + timedelta(hours=8)
    office.server.texts["/k"] = calendar(between(NOW_ON, ends))
    feed = await office.feed(ANNA, "/k")
    async with reading(office):
        await office.has(ANNA, (NOW_ON, ends, MEETING))
        policy = (await read_snapshot(office.url)).policy
        (person,) = (row for row in policy.people.values() if any(a.calendar_event for a in row.absences))
        absence = absence_at(person, now())
        assert absence is not None
        assert back_at(policy, person, absence) == ends
        lunch = await office.connection.fetchval(
            "INSERT INTO absence (person_id, reason_id, starts_at, returns_at) "
            "SELECT $1, id, now(), now() + interval '30 minutes' FROM absence_reason "
            "WHERE digit = '2' AND organisation_id = $2 RETURNING id",
            person.id,
            person.organisation_id,
        )
        await office.read_again(feed)
        policy = (await read_snapshot(office.url)).policy
        absence = absence_at(policy.people[person.id], now())
        assert absence is not None
        assert absence.id == lunch


async def test_reading_that_finds_nothing_new_makes_no_revision(office: Office) -> None:
    office.server.texts["/k"] = calendar(between(SOON, LATER))
    feed = await office.feed(ANNA, "/k")
    async with reading(office):
        await office.has(ANNA, (SOON, LATER, MEETING))
        before = await office.revision()
        await office.read_again(feed)
        assert office.server.asked[-1] == ("/k", 304)
        office.server.texts["/k"] = calendar(between(SOON, LATER, "SUMMARY:Annan rubrik"))
        await office.read_again(feed)
        assert office.server.asked[-1] == ("/k", 200)
        assert await office.revision() == before


async def test_what_was_read_long_ago_is_read_whole_for_times_have_come_near(office: Office) -> None:
    office.server.texts["/k"] = calendar(between(SOON, LATER))
    feed = await office.feed(ANNA, "/k")
    async with reading(office):
        await office.has_problem(feed, None)
        await office.connection.execute("UPDATE calendar_reading SET whole_at = now() - interval '25 hours'")
        await office.read_again(feed)
        assert office.server.asked[-1] == ("/k", 200)


async def test_events_that_are_moved_removed_or_given_another_reason_change_the_absences(office: Office) -> None:
    office.server.texts["/k"] = calendar(between(SOON, LATER, uid="a"), between(SOON, LATER, uid="b"))
    feed = await office.feed(ANNA, "/k")
    async with reading(office):
        await office.has(ANNA, (SOON, LATER, MEETING), (SOON, LATER, MEETING))
        office.server.texts["/k"] = calendar(between(SOON, LATER + timedelta(hours=1), "CATEGORIES:Lunch", uid="a"))
        await office.read_again(feed)
        assert await office.absences(ANNA) == [(SOON, LATER + timedelta(hours=1), LUNCH)]
        before = await office.revision()
        office.server.texts["/k"] = calendar(between(SOON, LATER + timedelta(hours=1), uid="a"))
        await office.read_again(feed)
        assert await office.absences(ANNA) == [(SOON, LATER + timedelta(hours=1), MEETING)]
        assert await office.revision() == before + 1


async def test_absence_that_its_person_has_ended_stays_ended_until_the_event_is_moved(office: Office) -> None:
    ends = NOW_ON + timedelta(hours=8)
    office.server.texts["/k"] = calendar(between(NOW_ON, ends))
    feed = await office.feed(ANNA, "/k")
    async with reading(office):
        await office.has(ANNA, (NOW_ON, ends, MEETING))
        async with office.connection.transaction():
            person = await office.connection.fetchval("SELECT person_id FROM extension WHERE sip_username = $1", ANNA)
            await put_absence(office.connection, person, now(), None)
        (ended,) = await office.absences(ANNA)
        before = await office.revision()
        office.server.texts["/k"] = calendar(between(NOW_ON, ends, "SUMMARY:Annan rubrik"))
        await office.read_again(feed)
        assert await office.absences(ANNA) == [ended]
        assert await office.revision() == before
        office.server.texts["/k"] = calendar(between(NOW_ON, ends + timedelta(hours=1)))
        await office.read_again(feed)
        assert await office.absences(ANNA) == [ended, (NOW_ON, ends + timedelta(hours=1), MEETING)]


async def test_what_a_person_reported_is_never_touched(office: Office) -> None:
    others = "SELECT id, to_jsonb(a) AS row FROM absence AS a WHERE calendar_event IS NULL ORDER BY id"
    office.server.texts["/k"] = calendar(between(SOON, LATER))
    feed = await office.feed("61113", "/k")
    before = await office.connection.fetch(others)
    assert before
    async with reading(office):
        await office.has("61113", (SOON, LATER, MEETING))
        office.server.texts["/k"] = calendar()
        await office.read_again(feed)
        assert await office.absences("61113") == []
    assert await office.connection.fetch(others) == before


async def garbage(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=os.urandom(100_000))


async def each_second(_request: web.Request) -> web.StreamResponse:
    lines = ("DTSTART:20260101T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")
    return web.Response(body=calendar(*(event(*lines, uid=str(number)) for number in range(100))))


@pytest.mark.parametrize(
    ("trouble", "problem", "words"),
    [
        (hangs, "too_slow", "the server did not answer in time"),
        (fifty_megabytes, "too_large:2", "the calendar is larger than 2 MB"),
        (garbage, "no_calendar", "the answer is no whole calendar"),
        (each_second, "too_much", "the calendar takes too much to work out"),
    ],
)
async def test_calendar_in_trouble_is_told_keeps_what_is_known_and_holds_up_no_other(
    office: Office, trouble: Any, problem: str, words: str
) -> None:
    path = f"/{SECRET}/k.ics"
    office.server.texts[path] = calendar(between(SOON, LATER))
    office.server.texts["/eva"] = calendar(between(SOON, LATER, "CATEGORIES:Semester"))
    bad = await office.feed(ANNA, path)
    with capture_logs() as logs:
        async with reading(office) as reader:
            await office.has(ANNA, (SOON, LATER, MEETING))
            office.server.answers[path] = trouble
            await office.connection.execute("UPDATE calendar_reading SET due_at = now()")
            await until(lambda: office.server.count(path) > 1 or trouble is hangs, "the bad answer", 10)
            good = await office.feed(EVA, "/eva")
            await office.has(EVA, (SOON, LATER, HOLIDAY))
            await office.has_problem(bad, problem)
            facts = await office.health(reader)
            assert (facts["ok"], facts["feeds"], facts["failing"]) == (False, 2, 1)
            assert facts["error"] == f"feed {bad}: {words}"
            assert await office.absences(ANNA) == [(SOON, LATER, MEETING)]
            await office.connection.execute("UPDATE calendar_reading SET due_at = now() WHERE feed_id = $1", bad)

            async def is_tried_again() -> object:
                return (await office.reading_of(bad))["failures"] == 2

            await until_told(is_tried_again, "another attempt", 40)
            assert await office.connection.fetchval(
                "SELECT due_at - now() BETWEEN '15 min' AND '25 min' FROM calendar_reading WHERE feed_id = $1", bad
            )
            del office.server.answers[path]
            await office.connection.execute("UPDATE calendar_reading SET due_at = now() WHERE feed_id = $1", bad)
            await office.has_problem(bad, None)
            assert (await office.health(reader))["ok"]
            assert (await office.reading_of(good))["problem"] is None
    told = [(line["event"], line["feed_id"]) for line in logs if line["event"].startswith("calendar")]
    assert told == [("calendar_unreadable", bad), ("calendar_readable", bad)]
    assert SECRET not in str(logs)
    assert SECRET not in str(await office.connection.fetch("SELECT * FROM calendar_reading"))


async def test_odd_text_is_no_trouble_and_is_nowhere_kept(office: Office) -> None:
    escaped = ODD.replace(",", "\\,")
    lines = (f"SUMMARY:{escaped}", f"DESCRIPTION:{escaped}", f"LOCATION:{escaped}", f"CATEGORIES:{escaped},Lunch")
    office.server.texts["/k"] = calendar(between(SOON, LATER, *lines, uid=ODD))
    feed = await office.feed(ANNA, "/k?å=&quot;\"'🗓️" + "x" * 3500)
    async with reading(office) as reader:
        await office.has(ANNA, (SOON, LATER, LUNCH))
        await office.has_problem(feed, None)
        assert (await office.health(reader))["ok"]
    everything = await office.connection.fetchval("SELECT string_agg(concat(old, new), ' ') FROM audit")
    assert "fika" not in everything
    assert "xxxx" not in everything


async def test_events_that_nobody_understands_are_told_and_the_rest_counts(office: Office) -> None:
    office.server.texts["/k"] = calendar(between(SOON, LATER), event("DTSTART:aldrig", uid="b"))
    feed = await office.feed(ANNA, "/k")
    async with reading(office) as reader:
        await office.has(ANNA, (SOON, LATER, MEETING))
        await office.has_problem(feed, "unreadable_events:1")
        assert (await office.health(reader))["error"].endswith(
            "1 events of the calendar cannot be read, the rest counts"
        )
        assert (await office.reading_of(feed))["failures"] == 0


async def test_several_services_share_the_work(office: Office) -> None:
    paths = [f"/{number}" for number in range(12)]
    accounts = await office.connection.fetch(
        "SELECT DISTINCT ON (person_id) sip_username FROM extension WHERE person_id IS NOT NULL "
        "AND sip_username IS NOT NULL AND organisation_id = 1 ORDER BY person_id LIMIT 12"
    )
    async with reading(office), reading(office), reading(office):
        async with office.connection.transaction():
            for path, row in zip(paths, accounts, strict=True):
                office.server.texts[path] = calendar(between(SOON, LATER))
                await office.feed(row["sip_username"], path)
        for row in accounts:
            await office.has(row["sip_username"], (SOON, LATER, MEETING))
    assert sorted(path for path, _ in office.server.asked) == sorted(paths)


async def test_feed_that_is_changed_or_removed_while_it_is_read_leaves_nothing(office: Office) -> None:
    asked, go_on = [], asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        await go_on.wait()
        return web.Response(body=calendar(between(SOON, LATER)))

    office.server.answers["/k"] = slow
    office.server.texts["/new"] = calendar(between(LATER, LATER + timedelta(hours=1)))
    changed, removed = await office.feed(ANNA, "/k"), await office.feed(EVA, "/k")
    new = office.server.address("/new")
    async with reading(office):
        await until(lambda: len(asked) == 2, "both", 10)
        await office.connection.execute("UPDATE calendar_feed SET url = $2 WHERE id = $1", changed, new)
        await office.connection.execute("DELETE FROM calendar_feed WHERE id = $1", removed)
        go_on.set()
        await until(lambda: office.server.count("/k") == 2, "both answers", 10)
        await office.has(ANNA, (LATER, LATER + timedelta(hours=1), MEETING))
        assert await office.absences(EVA) == []


async def test_what_is_to_come_goes_with_the_feed_and_what_is_past_stays(office: Office) -> None:
    office.server.texts["/k"] = calendar(between(NOW_ON, LATER, uid="a"), between(SOON, LATER, uid="b"))
    await office.feed(ANNA, "/k")
    async with reading(office):
        await office.has(ANNA, (NOW_ON, LATER, MEETING), (SOON, LATER, MEETING))
    ended = now()
    await office.connection.execute("UPDATE absence SET returns_at = $1 WHERE starts_at = $2", ended, NOW_ON)
    await office.connection.execute("DELETE FROM calendar_feed")
    assert await office.absences(ANNA) == [(NOW_ON, ended, MEETING)]


async def test_long_event_whose_absence_was_ended_long_ago_makes_none_anew(office: Office) -> None:
    long = between(SOON - timedelta(days=60), LATER)
    feed = await office.feed(ANNA, "/k")
    office.server.texts["/k"] = calendar(long)
    async with reading(office):
        await office.has_problem(feed, None)
        await office.connection.execute(
            "UPDATE absence SET returns_at = now() - interval '32 days' WHERE calendar_event IS NOT NULL"
        )
        await office.connection.execute("UPDATE organisation SET history_days = 30")
        assert await office.connection.fetchval("SELECT policy_forget(9)") == 0
        office.server.texts["/k"] = calendar(long, between(LATER, LATER + timedelta(hours=1), uid="b"))
        await office.read_again(feed)
    assert (
        await office.connection.fetchval(
            "SELECT count(*) FROM absence WHERE calendar_event IS NOT NULL AND returns_at > now()"
        )
        == 1
    )


async def test_feed_whose_reader_died_is_taken_by_another(office: Office) -> None:
    feed = await office.feed(ANNA, "/k")
    office.server.texts["/k"] = calendar(between(SOON, LATER))
    store = PostgresCalendars(office.url)
    (taken,) = await store.take_due(5)
    assert taken.id == feed
    assert not await store.take_due(5)
    await office.connection.execute("UPDATE calendar_reading SET due_at = due_at - interval '15 minutes'")
    (again,) = await store.take_due(5)
    assert again.mark != taken.mark
    await store.note_problem(taken, "too_slow", 300.0)
    assert (await office.reading_of(feed))["problem"] is None
    store.close()


async def test_database_that_is_away_costs_the_reader_nothing_but_time(office: Office) -> None:
    office.server.texts["/k"] = calendar(between(SOON, LATER))
    await office.feed(ANNA, "/k")
    async with reading(office):
        await office.has(ANNA, (SOON, LATER, MEETING))
        await office.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'callflow calendars'"
        )
        office.server.texts["/k"] = calendar()
        await office.connection.execute("UPDATE calendar_reading SET due_at = now()")
        await office.has(ANNA)
