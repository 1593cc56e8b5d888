"""What is over is forgotten when its organisation keeps it no longer, and nothing else is (R12)."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url
from structlog.testing import capture_logs

from callflow.commands import serve_parts
from callflow.config import Settings
from callflow.storage import retention
from callflow.storage.connection import DatabaseUnavailableError
from callflow.storage.retention import forget_in
from callflow.storage.snapshot_changes import read_current
from tests.fakes.running import running
from tests.fakes.waiting import until_told
from tests.refusals import REGION, connect

ANNA, BO = 2, 3
"""People of the two organisations, which keep what is over for 365 days and for 30."""
DAY, HOUR = 24, 1
KEPT = {ANNA: 365 * DAY, BO: 30 * DAY}
ABSENCE = """
    INSERT INTO absence (person_id, reason_id, starts_at, returns_at, calendar_event)
    SELECT p.id, r.id, now() - interval '5 years', now() - $2 * interval '1 hour',
        CASE WHEN $3 THEN md5(random()::text) END
    FROM person AS p JOIN absence_reason AS r USING (organisation_id) WHERE p.id = $1 RETURNING id
"""
ORDER = """
    INSERT INTO outbox_order (kind, organisation_id, extension_id, data, state, created_at, delivered_at)
    VALUES ($1, $2, $3, '{}', $4, now() - interval '5 years', now() - $5 * interval '1 hour') RETURNING id
"""
ABOUT = "SELECT row_id, action FROM audit WHERE table_name = 'absence' ORDER BY id"


@dataclass(frozen=True, slots=True)
class Office:
    """A database with a region of two organisations."""

    url: str
    connection: asyncpg.Connection

    async def absence(self, person: int, hours: float, *, calendar: bool = True) -> int:
        """Add an absence that ended so many hours ago, by a calendar or by the person; return its id."""
        return int(await self.connection.fetchval(ABSENCE, person, hours, calendar))

    async def order(self, state: str, hours: float, *, about: int = 1, kind: str = "theft_report") -> int:
        """Add an order about an extension of that number, in a state since so many hours; return its id."""
        organisation = 2 if about == BO else 1
        return int(await self.connection.fetchval(ORDER, kind, organisation, about, state, hours))

    async def ids(self, table: str) -> list[int]:
        return [row["id"] for row in await self.connection.fetch(f"SELECT id FROM {table} ORDER BY id")]

    async def about(self) -> list[tuple[int, str]]:
        """Return what the audit tells of absences: which, and what was done."""
        return [tuple(row) for row in await self.connection.fetch(ABOUT)]

    async def grows_old(self, what: str, hours: float) -> None:
        """Make rows of the audit so many hours older, past its guards."""
        async with self.connection.transaction():
            await self.connection.execute("SET LOCAL session_replication_role = replica")
            await self.connection.execute(f"UPDATE audit SET at = at - {hours} * interval '1 hour' WHERE {what}")

    async def forget(self, most: int = 1000) -> list[int]:
        """Forget until nothing is left; return how many rows each time."""
        pieces, forget = [], forget_in(self.url, most)
        while piece := await forget():
            pieces.append(piece)
        return pieces

    async def state(self) -> tuple[int, int]:
        """Return the policy's revision, and how many rows the audit has."""
        sql = "SELECT revision, (SELECT count(*) FROM audit) AS rows FROM policy_revision"
        row = await self.connection.fetchrow(sql)
        return row["revision"], row["rows"]


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute("UPDATE organisation SET history_days = 30 WHERE id = 2")
        await connection.execute("DELETE FROM absence")
    yield Office(database_url, connection)
    await connection.close()


async def test_absence_of_a_calendar_is_kept_for_the_days_of_its_organisation(office: Office) -> None:
    kept = [await office.absence(person, hours - HOUR / 60) for person, hours in KEPT.items()]
    kept.append(await office.absence(ANNA, -HOUR))
    for person, hours in KEPT.items():
        await office.absence(person, hours + HOUR / 60)
    before = await office.state()
    assert await office.forget() == [2]
    assert await office.ids("absence") == kept
    assert await office.state() == before


async def test_absence_that_a_person_reported_is_never_forgotten(office: Office) -> None:
    kept = [await office.absence(person, 4 * 365 * DAY, calendar=False) for person in KEPT]
    await office.grows_old("true", 4 * 365 * DAY)
    before = await office.state()
    assert await office.forget() == []
    assert await office.ids("absence") == kept
    assert await office.state() == before


async def test_absence_that_its_person_ended_is_kept_as_long_as_its_event_goes_on(office: Office) -> None:
    goes_on, is_over = await office.absence(BO, -HOUR), await office.absence(BO, HOUR)
    await office.connection.execute("UPDATE absence SET returns_at = now() - interval '31 days'")
    await office.grows_old("table_name = 'absence'", 31 * DAY)
    assert await office.forget() == [1, 2]
    assert await office.ids("absence") == [goes_on]
    assert [row for row, _ in await office.about() if row in {goes_on, is_over}] == [goes_on, goes_on]


async def test_audit_of_a_calendars_absences_is_kept_for_as_long(office: Office) -> None:
    own = await office.absence(ANNA, HOUR, calendar=False)
    gone = {person: [await office.absence(person, -HOUR), await office.absence(person, -HOUR)] for person in KEPT}
    there = await office.absence(ANNA, -HOUR)
    await office.connection.execute("DELETE FROM absence WHERE id <> $1", there)
    for person, hours in KEPT.items():
        await office.grows_old(f"row_id = {gone[person][0]} AND table_name = 'absence'", hours + HOUR)
        await office.grows_old(f"row_id = {gone[person][1]} AND table_name = 'absence'", hours - HOUR)
    await office.grows_old(f"row_id IN ({own}, {there}) OR table_name <> 'absence'", 5 * 365 * DAY)
    revision, rows = await office.state()
    assert await office.forget() == [4]
    assert await office.state() == (revision, rows - 4)
    assert [row for row, _ in await office.about() if row >= own] == [
        own, gone[ANNA][1], gone[BO][1], there, own, gone[ANNA][1], gone[BO][1]
    ]  # fmt: skip


async def test_audit_of_whom_there_is_no_more_goes_by_the_organisation_where_that_was(office: Office) -> None:
    for person, organisation in ((11, 1), (12, 2)):
        await office.connection.execute(
            "INSERT INTO person (id, organisation_id, given_name, family_name) VALUES ($1, $2, 'Eva', 'Lind')",
            person,
            organisation,
        )
        await office.absence(person, -HOUR)
    await office.connection.execute("DELETE FROM person WHERE id > 10")
    await office.grows_old("table_name = 'absence'", 31 * DAY)
    assert await office.forget() == [2]
    assert {row for row, action in await office.about() if action == "delete"} == {1, 2}


async def test_audit_of_an_organisation_that_is_gone_is_kept_for_a_year(office: Office) -> None:
    gone = await office.absence(BO, -HOUR)
    await office.connection.execute("DELETE FROM organisation WHERE id = 2")
    await office.grows_old(f"table_name = 'absence' AND row_id = {gone}", 364 * DAY)
    assert await office.forget() == []
    await office.grows_old(f"table_name = 'absence' AND row_id = {gone}", 2 * DAY)
    assert await office.forget() == [2]


async def test_order_that_was_carried_out_is_kept_for_the_days_of_its_organisation(office: Office) -> None:
    kept = []
    for about, hours in KEPT.items():
        for state in ("delivered", "handed_over"):
            kept.append(await office.order(state, hours - HOUR, about=about))
            await office.order(state, hours + HOUR, about=about)
        kept += [await office.order(state, 4 * 365 * DAY, about=about) for state in ("waiting", "refused")]
    before = await office.state()
    assert await office.forget() == [4]
    assert await office.ids("outbox_order") == sorted(kept)
    assert await office.state() == before


async def test_order_is_kept_as_long_as_an_earlier_one_could_be_sent_again(office: Office) -> None:
    long_ago = 4 * 365 * DAY
    lock = await office.order("refused", long_ago, kind="lock_subscription")
    unlock = await office.order("delivered", long_ago, kind="unlock_subscription")
    await office.order("delivered", long_ago, kind="unlock_subscription", about=2)
    assert await office.forget() == [1]
    assert await office.ids("outbox_order") == [lock, unlock]
    await office.connection.execute("UPDATE outbox_order SET state = 'handed_over'")
    assert await office.forget() == [1, 1]
    assert await office.ids("outbox_order") == []


async def test_wrong_tries_to_lock_a_phone_are_kept_for_thirty_days(office: Office) -> None:
    sql = "INSERT INTO lock_attempt (extension_id, actor, at) VALUES (1, 'phone:x', now() - $1 * interval '1 hour')"
    for hours in (30 * DAY - HOUR, 30 * DAY + HOUR):
        await office.connection.execute(sql, hours)
    assert await office.forget() == [1]
    assert await office.ids("lock_attempt") == [1]


async def test_pieces_are_as_small_as_they_are_asked_to_be(office: Office) -> None:
    for _ in range(5):
        await office.absence(BO, 31 * DAY)
    await office.grows_old("table_name = 'absence'", 31 * DAY)
    assert await office.forget(2) == [2, 4, 3, 1]
    assert await office.forget(2) == []


async def test_one_session_at_a_time_forgets(office: Office) -> None:
    await office.absence(BO, 31 * DAY)
    async with office.connection.transaction():
        assert await office.connection.fetchval("SELECT policy_forget(9)") == 1
        assert await office.forget() == []


async def test_turn_to_change_the_policy_is_waited_for_only_where_something_is_to_go_and_not_for_ever(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_PATIENCE", "SET statement_timeout = '300ms'")
    await office.order("delivered", 366 * DAY)
    other = await connect(office.url)
    async with other.transaction():
        await other.execute("SELECT FROM policy_revision FOR UPDATE")
        assert await office.forget() == [1]
    await office.absence(BO, 31 * DAY)
    async with other.transaction():
        await other.execute("SELECT FROM policy_revision FOR UPDATE")
        with pytest.raises(DatabaseUnavailableError, match="statement timeout"):
            await office.forget()
    await other.close()
    assert await office.forget() == [1]


async def test_database_that_says_nothing_is_given_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ANSWER_SECONDS", 0.3)
    await office.absence(BO, 31 * DAY)
    other = await connect(office.url)
    async with other.transaction():
        await other.execute("SELECT FROM policy_revision FOR UPDATE")
        async with asyncio.timeout(10):
            with pytest.raises(DatabaseUnavailableError, match="TimeoutError"):
                await office.forget()
    await other.close()


async def test_what_no_snapshot_has_any_more_goes_without_a_trace_by_whatever_hand(office: Office) -> None:
    await office.absence(ANNA, DAY + HOUR)
    before = await office.state()
    await office.connection.execute("DELETE FROM absence")
    assert await office.state() == before
    recent, old, own = (
        await office.absence(ANNA, DAY - HOUR),
        await office.absence(ANNA, DAY + HOUR),
        await office.absence(ANNA, DAY + HOUR, calendar=False),
    )
    revision, _ = await office.state()
    await office.connection.execute("DELETE FROM absence")
    assert (await office.state())[0] == revision + 1
    deleted = [row for row, action in await office.about() if action == "delete"]
    assert deleted[1:] == [recent, own]
    assert old not in deleted


async def test_services_that_follow_the_policy_do_not_notice(office: Office) -> None:
    await office.absence(ANNA, 366 * DAY)
    await office.grows_old("table_name = 'absence'", 366 * DAY)
    loaded = await read_current(office.url, None)
    listener, heard = await connect(office.url), []
    await listener.add_listener("callflow_policy", lambda *told: heard.append(told[-1]))
    assert await office.forget() == [1, 1]
    assert (await read_current(office.url, loaded)).snapshot == loaded.snapshot
    await office.connection.execute("UPDATE person SET given_name = 'Annika' WHERE id = 2")
    current = await read_current(office.url, loaded)
    assert current.snapshot == (await read_current(office.url, None)).snapshot

    async def is_told() -> bool:
        return bool(heard)

    await until_told(is_told, "the revision")
    await listener.close()
    assert [json.loads(told) for told in heard] == [current.mark.revision]


async def test_everything_else_of_the_audit_stays_refused(office: Office) -> None:
    own, recent = await office.absence(ANNA, HOUR, calendar=False), await office.absence(ANNA, HOUR)
    about = "table_name = 'absence' AND row_id = {}"
    await office.grows_old(f"NOT ({about.format(recent)})", 5 * 365 * DAY)
    await office.grows_old(about.format(recent), DAY - HOUR)
    for what in ("table_name = 'unit'", about.format(own), about.format(recent)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="kan inte ändras eller raderas"):
            await office.connection.execute(f"DELETE FROM audit WHERE {what}")
    await office.grows_old(about.format(recent), 2 * HOUR)
    assert await office.connection.execute(f"DELETE FROM audit WHERE {about.format(recent)}") == "DELETE 1"


async def test_who_may_change_the_policy_may_not_forget_it(office: Office) -> None:
    await office.connection.execute("DROP ROLE IF EXISTS forgetful")
    await office.connection.execute("CREATE ROLE forgetful LOGIN PASSWORD 'provlosen'")
    url = make_url(office.url.replace("+asyncpg", "")).set(username="forgetful", password="provlosen")
    other = await asyncpg.connect(url.render_as_string(hide_password=False))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="policy_forget"):
        await other.execute("SELECT policy_forget(1)")
    await other.close()
    await office.connection.execute("DROP ROLE forgetful")


async def test_service_forgets_from_its_start_on(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.absence(BO, 31 * DAY)
    monkeypatch.setattr(serve_parts, "database_url", lambda: office.url)
    service = serve_parts.compose(Settings(home=tmp_path, ari_password="x", ami_password="x"))

    async def part() -> None:
        await service.parts._parts["retention"]()

    async def is_forgotten() -> bool:
        return not await office.ids("absence")

    with capture_logs() as logs:
        async with running(part()):
            await until_told(is_forgotten, "the absence is forgotten", seconds=30)
    assert "history_not_forgotten" not in [line["event"] for line in logs]


MESSAGE = """
    INSERT INTO voicemail_message (mailbox_id, spool, key, caller_number, left_at, seconds, state, ended_at, gone_at)
    VALUES ($1, 's', md5(random()::text), '+46701740605', now() - interval '5 years', 9, $2,
        now() - $3 * interval '1 hour', now() - $4 * interval '1 hour') RETURNING id
"""
ANNAS, BOS = 1, 3
"""Mailboxes of the two organisations."""


async def message(office: Office, mailbox: int, state: str, ended: float | None, gone: float | None) -> int:
    """Add a voice message that ended and was deleted so many hours ago; return its id."""
    return int(await office.connection.fetchval(MESSAGE, mailbox, state, ended, gone))


@pytest.mark.parametrize(("mailbox", "days"), [(ANNAS, 365), (BOS, 30)])
async def test_answered_message_is_forgotten_when_its_recording_is_gone_for_long(
    office: Office, mailbox: int, days: int
) -> None:
    border = days * DAY
    await office.connection.execute("DELETE FROM voicemail_message")
    await message(office, mailbox, "answered", border + HOUR, border + HOUR)
    await message(office, mailbox, "closed", border + HOUR, border + HOUR)
    kept = [
        await message(office, mailbox, "answered", border - HOUR, border - HOUR),
        await message(office, mailbox, "closed", border + HOUR, border - HOUR),
        await message(office, mailbox, "unheard", None, None),
    ]
    assert await office.forget() == [2]
    assert await office.ids("voicemail_message") == kept


async def test_caller_of_an_answered_message_that_still_lies_in_the_mailbox_is_forgotten_but_not_the_message(
    office: Office,
) -> None:
    await office.connection.execute("DELETE FROM voicemail_message")
    old = await message(office, BOS, "answered", 31 * DAY, None)
    for state, ended in (("answered", 29 * DAY), ("heard", None)):
        await message(office, BOS, state, ended, None)
    before = await office.state()
    assert await office.forget() == [1]
    without = await office.connection.fetch("SELECT id FROM voicemail_message WHERE caller_number IS NULL")
    assert [row["id"] for row in without] == [old]
    assert len(await office.ids("voicemail_message")) == 3
    assert await office.state() == before
