"""Deletions that the policy database refuses, and what it lets go together."""

import asyncpg
import pytest

from tests.refusals import REGION, Refusal, assert_refused, cases, connect

REFUSALS = [
    Refusal("DELETE FROM unit WHERE id = 2", "unit_in_use", "används av answering_place 1 (kolumnen to_unit_id)"),
    Refusal("DELETE FROM unit WHERE id = 3", "unit_in_use", "används av extension 3 (kolumnen unit_id)"),
    Refusal("DELETE FROM person WHERE id = 1", "person_in_use", "används av exemption 1 (kolumnen approver_id)"),
    Refusal("DELETE FROM extension WHERE id = 2", "extension_in_use", "används av diversion 1"),
    Refusal("DELETE FROM mailbox WHERE id = 1", "mailbox_in_use", "används av duty_roster 1"),
    Refusal("DELETE FROM schedule WHERE id = 1", "schedule_in_use", "Kontorstid): den används av organisation 1"),
    Refusal("DELETE FROM ring_group WHERE id = 1", "ring_group_in_use", "används av organisation 1"),
    Refusal(
        "DELETE FROM duty_roster WHERE id = 1", "duty_roster_in_use", "Socialjouren): den används av organisation"
    ),
    Refusal("DELETE FROM holiday_calendar WHERE id = 1", "holiday_calendar_in_use", "Sverige"),
    Refusal("DELETE FROM absence_reason WHERE id = 1", "absence_reason_in_use", "används av absence 1"),
    Refusal(
        "UPDATE unit SET duty_phone_extension_id = 3 WHERE id = 1; SET CONSTRAINTS ALL IMMEDIATE;"
        "DELETE FROM organisation WHERE id = 2",
        "extension_in_use",
        "+46935141001): den används av unit 1",
    ),
    Refusal("TRUNCATE absence", "policy_no_truncate", "Använd DELETE"),
    Refusal("TRUNCATE organisation CASCADE", "policy_no_truncate", "Använd DELETE"),
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_the_deletion(refusal: Refusal) -> None:
    await assert_refused(refusal)


async def test_an_organisation_goes_with_all_that_is_its_own(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    await connection.execute("DELETE FROM organisation WHERE id = 1")
    assert await connection.fetchval("SELECT array_agg(name) FROM unit") == ["Skolan"]
    assert await connection.fetchval("SELECT count(*) FROM exemption") == 0
    await connection.close()


async def test_what_refers_to_a_row_may_be_deleted_after_it_in_the_same_transaction(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    async with connection.transaction():
        await connection.execute("DELETE FROM extension WHERE id = 2")
        await connection.execute("DELETE FROM diversion")
    assert await connection.fetchval("SELECT count(*) FROM extension") == 2
    await connection.close()


async def test_a_reference_to_nothing_is_refused_even_without_our_triggers(database_url: str) -> None:
    connection = await connect(database_url)
    await connection.execute("ALTER TABLE holiday DISABLE TRIGGER USER")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await connection.execute(
            "INSERT INTO holiday (holiday_calendar_id, date, name) VALUES (9, '2026-01-01', 'x')"
        )
    await connection.close()
