"""What the policy database refuses of voice messages and their reminders, and what it fills in (R11)."""

import pytest

from tests.refusals import REGION, Refusal, assert_refused, assert_refused_without_triggers, cases, connect

MESSAGE = "INSERT INTO voicemail_message (mailbox_id, spool, key, left_at, seconds, state) VALUES "

REFUSALS = [
    *(
        Refusal(
            f"UPDATE organisation SET {column} = {hours}", f"organisation_{column}_range", "öppna timmar", net=True
        )
        for column in ("message_owner_hours", "message_contact_hours")
        for hours in (0, 101)
    ),
    Refusal(
        f"{MESSAGE}(1, 's', 'b', '2026-03-01Z', 20, 'lost')", "voicemail_message_state_known", "unheard", net=True
    ),
    Refusal("UPDATE voicemail_message SET state = 'lost'", "voicemail_message_state_known", "unheard", net=True),
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)


async def test_whoever_closes_a_message_by_sql_need_only_say_so(database_url: str) -> None:
    connection = await connect(database_url)
    await connection.execute(f"BEGIN; {REGION} COMMIT")
    async with connection.transaction():
        await connection.execute("SET LOCAL callflow.actor = 'åsa.öberg'")
        await connection.execute("UPDATE voicemail_message SET state = 'closed'")
    ended = await connection.fetchrow("SELECT ended_by, ended_at IS NOT NULL AS has_time FROM voicemail_message")
    assert tuple(ended) == ("åsa.öberg", True)
    await connection.execute("UPDATE voicemail_message SET state = 'heard'")
    again = await connection.fetchrow("SELECT ended_by, ended_at, heard_at IS NOT NULL FROM voicemail_message")
    assert tuple(again) == (None, None, True)
    await connection.close()


async def test_what_becomes_of_messages_is_no_revision_of_the_policy(database_url: str) -> None:
    connection = await connect(database_url)
    await connection.execute(f"BEGIN; {REGION} COMMIT")
    before = await connection.fetchval("SELECT revision FROM policy_revision")
    await connection.execute("UPDATE voicemail_message SET state = 'heard'; DELETE FROM voicemail_message")
    assert await connection.fetchval("SELECT revision FROM policy_revision") == before
    await connection.close()
