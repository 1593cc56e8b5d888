"""Reading the policy database whole."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callflow.policy.barrings import Barring, Category
from callflow.policy.model import DutyShift, Hours, TargetKind, UnitOverride
from callflow.service.ports import Snapshot, Trunk
from callflow.storage.connection import DatabaseUnavailableError, connected
from callflow.storage.generated_region import generated_policy
from callflow.storage.reading import one_state
from callflow.storage.snapshot import read_all, read_snapshot
from callflow.storage.writer import write_snapshot
from tests.databases import shared_server


async def run(url: str, sql: str) -> None:
    async with connected(url) as connection:
        await connection.execute(sql)


class ChangesInBetween:
    """A connection that lets somebody else change the policy after its first read."""

    def __init__(self, connection: Any, url: str) -> None:
        self._connection = connection
        self._url = url
        self._changed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetch(self, sql: str) -> Any:
        rows = await self._connection.fetch(sql)
        if not self._changed:
            self._changed = True
            await run(self._url, "UPDATE person SET given_name = 'Ändrad'")
        return rows


async def test_generated_region_is_read_as_it_was_written(database_url: str) -> None:
    policy = generated_policy(300, monday=date(2035, 1, 1))
    async with connected(database_url) as connection:
        await write_snapshot(connection, Snapshot(policy=policy))
    loaded = (await read_snapshot(database_url)).policy
    assert replace(loaded, revision=policy.revision) == policy


async def test_what_calls_out_go_by_is_read_as_it_was_written(database_url: str) -> None:
    policy = generated_policy(300, monday=date(2035, 1, 1))
    limited = {
        row.id: replace(
            row,
            outside_diversion_days=row.id,
            absence_date_order="DDMM",
            message_owner_hours=row.id,
            message_contact_hours=None,
        )
        for row in policy.organisations.values()
    }
    dated = {row.id: replace(row, returns_by_date=row.id % 2 == 0) for row in policy.absence_reasons.values()}
    starts = datetime(2035, 1, 1, 12, tzinfo=UTC)
    override = UnitOverride(is_open=False, starts_at=starts, ends_at=starts + timedelta(hours=2), set_by="cli:eva")
    again = replace(override, starts_at=override.ends_at, ends_at=starts + timedelta(days=1), is_open=True)
    hidden = {row.id: replace(row, presents="hidden", overrides=(override, again)) for row in policy.units.values()}
    taken = {row.id: replace(row, shifts=with_a_taken_one(row.shifts)) for row in policy.duty_rosters.values()}
    barring = Barring(id=900, category=Category.OUTSIDE_DIVERSION, extension_id=7)
    bars = {**policy.barrings, 900: barring, 901: replace(barring, id=901, extension_id=None, organisation_id=2)}
    policy = replace(
        policy, organisations=limited, units=hidden, barrings=bars, absence_reasons=dated, duty_rosters=taken
    )
    trunks = (Trunk(position=2, host="sbc.example"), Trunk(position=1, host="2001:db8::7", port=5061))
    async with connected(database_url) as connection:
        await write_snapshot(connection, Snapshot(policy=policy, trunks=trunks))
    loaded = await read_snapshot(database_url)
    tables = "organisations units absence_reasons number_classes barrings exemptions feature_codes duty_rosters"
    for table in tables.split():
        assert getattr(loaded.policy, table) == getattr(policy, table), table
    assert loaded.policy.barred["extension/7"] == {Category.OUTSIDE_DIVERSION}
    assert [trunk.position for trunk in loaded.trunks] == [1, 2]
    assert set(loaded.trunks) == set(trunks)


def with_a_taken_one(shifts: tuple[DutyShift, ...]) -> tuple[DutyShift, ...]:
    """Return the shifts with the first of them taken over by its own target."""
    return (shifts[0], replace(shifts[0], taken_over=True), *shifts[1:]) if shifts else ()


async def test_absences_of_calendars_are_read_as_they_were_written(database_url: str) -> None:
    policy = generated_policy(300, monday=date(2035, 1, 1))
    people = {
        row.id: replace(row, absences=tuple(replace(it, calendar_event=f"{it.id:032x}") for it in row.absences))
        for row in policy.people.values()
        if all(it.returns_at is not None for it in row.absences)
    }
    assert any(row.absences for row in people.values())
    policy = replace(policy, people={**policy.people, **people})
    async with connected(database_url) as connection:
        await write_snapshot(connection, Snapshot(policy=policy))
    assert (await read_snapshot(database_url)).policy.people == policy.people


async def test_snapshot_sees_one_state_though_others_change_it(sample_database_url: str) -> None:
    before = await read_snapshot(sample_database_url)
    async with connected(sample_database_url) as connection, one_state(connection):
        during = await read_all(ChangesInBetween(connection, sample_database_url))
    after = await read_snapshot(sample_database_url)
    assert during == before
    assert {person.given_name for person in after.policy.people.values()} == {"Ändrad"}
    assert after.policy.revision == before.policy.revision + 1


async def test_order_of_rows_on_disk_changes_nothing(sample_database_url: str) -> None:
    before = (await read_snapshot(sample_database_url)).policy
    async with connected(sample_database_url) as connection, connection.transaction():
        for table in ("answering_place", "duty_level", "duty_shift", "diversion", "ring_group_member"):
            rows = [dict(row) for row in await connection.fetch(f"DELETE FROM {table} RETURNING *")]
            columns = [name for name in rows[0] if name != "id"]
            records = [tuple(row[name] for name in columns) for row in reversed(rows)]
            await connection.copy_records_to_table(table, records=records, columns=columns)
    after = (await read_snapshot(sample_database_url)).policy
    assert after.units == before.units
    assert after.extensions == before.extensions
    assert after.duty_rosters == before.duty_rosters
    assert after.ring_groups == before.ring_groups


async def test_day_may_end_at_24_hours(sample_database_url: str) -> None:
    policy = (await read_snapshot(sample_database_url)).policy
    always = next(row for row in policy.schedules.values() if row.name == "Dygnet runt")
    assert {(row.opens, row.closes) for row in always.hours} == {(0, 1440)}
    assert always.half_day_closes is None


async def test_exception_brings_its_own_hours(sample_database_url: str) -> None:
    policy = (await read_snapshot(sample_database_url)).policy
    school = next(row for row in policy.schedules.values() if row.name == "Skola")
    summer = next(row for row in school.exceptions if row.name == "Sommarlov")
    assert summer.hours == (Hours(opens=9 * 60, closes=11 * 60),)
    assert next(row for row in school.exceptions if row.name == "Semesterstängt").hours == ()


async def test_secrets_stay_out_of_the_policy(sample_database_url: str) -> None:
    snapshot = await read_snapshot(sample_database_url)
    assert snapshot.phones
    assert all(phone.password not in repr(snapshot.policy) for phone in snapshot.phones)
    assert len(snapshot.mailboxes) == len(snapshot.policy.mailboxes)


async def test_targets_of_each_kind_are_read(sample_database_url: str) -> None:
    policy = (await read_snapshot(sample_database_url)).policy
    targets = [row.target for extension in policy.extensions.values() for row in extension.diversions]
    targets += [place.target for unit in policy.units.values() for place in unit.answering_places]
    kinds = {target.kind for target in targets}
    assert kinds >= {TargetKind.EXTENSION, TargetKind.UNIT, TargetKind.NUMBER, TargetKind.RING_GROUP}
    assert all((target.id is None) == (target.kind is TargetKind.NUMBER) for target in targets)


async def test_duty_long_past_is_left_behind(sample_database_url: str) -> None:
    await run(
        sample_database_url,
        "INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, to_extension_id) "
        "SELECT duty_roster_id, level, '2020-01-01', '2020-01-08', to_extension_id FROM duty_shift LIMIT 1",
    )
    policy = (await read_snapshot(sample_database_url)).policy
    assert all(shift.starts_at.year > 2020 for roster in policy.duty_rosters.values() for shift in roster.shifts)


async def test_what_a_calendar_said_of_past_days_is_left_behind(sample_database_url: str) -> None:
    await run(
        sample_database_url,
        """
        INSERT INTO absence (person_id, reason_id, starts_at, returns_at, calendar_event)
        SELECT e.person_id, r.id, now() - interval '40 days', now() - past.ended, past.event
        FROM extension AS e JOIN absence_reason AS r USING (organisation_id),
            (VALUES (interval '25 hours', repeat('a', 32)), (interval '23 hours', repeat('b', 32)),
                (interval '-1 hour', repeat('c', 32)), (interval '30 days', NULL), (interval '32 days', NULL)
            ) AS past (ended, event)
        WHERE e.sip_username = '61100' AND r.digit = '1'
        """,
    )
    people = (await read_snapshot(sample_database_url)).policy.people.values()
    recent = [it for row in people for it in row.absences if it.starts_at < datetime.now(UTC) - timedelta(days=39)]
    assert sorted((it.calendar_event or "own")[:1] for it in recent) == ["b", "c", "o"]


async def test_database_that_was_not_migrated_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailableError, match="policy_revision"):
        await read_snapshot(shared_server().url)


async def test_database_that_does_not_answer_is_given_up(database_url: str) -> None:
    async with connected(database_url) as connection, connection.transaction():
        await connection.execute("LOCK TABLE person")
        with pytest.raises(DatabaseUnavailableError):
            await read_snapshot(database_url, seconds=0.5)


async def test_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="CALLFLOW_DATABASE_URL"):
        await read_snapshot(f"postgresql+asyncpg://nobody:nothing@/none?host={tmp_path}")


async def test_reading_makes_no_revision(sample_database_url: str) -> None:
    first, second = await read_snapshot(sample_database_url), await read_snapshot(sample_database_url)
    assert first.policy.revision == second.policy.revision > 0
