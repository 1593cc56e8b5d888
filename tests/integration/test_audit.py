"""Every change of the policy is recorded and told, by whatever hand."""

import asyncio
import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import make_url

from tests.refusals import REGION, connect

POLICY_TABLES = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname NOT IN (
        'audit', 'policy_revision', 'alembic_version', 'calendar_reading', 'lock_attempt', 'outbox_order',
        'voicemail_message'
    )
"""


@pytest.fixture
async def region(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    yield connection
    await connection.close()


async def revision(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT revision FROM policy_revision"))


async def last_audit(connection: asyncpg.Connection) -> asyncpg.Record:
    return await connection.fetchrow("SELECT * FROM audit ORDER BY id DESC LIMIT 1")


async def test_a_change_by_hand_is_recorded_with_who_when_and_what(region: asyncpg.Connection) -> None:
    await region.execute("UPDATE unit SET name = 'Hemtjänst söder' WHERE id = 2")
    row = await last_audit(region)
    assert (row["table_name"], row["row_id"], row["action"]) == ("unit", 2, "update")
    assert row["actor"] == await region.fetchval("SELECT session_user")
    assert (json.loads(row["old"])["name"], json.loads(row["new"])["name"]) == ("Hemtjänsten", "Hemtjänst söder")
    assert row["revision"] == await revision(region)
    assert await region.fetchval("SELECT now() - $1 < interval '1 minute'", row["at"])


async def test_the_actor_is_whom_the_session_names(region: asyncpg.Connection) -> None:
    await region.execute("SET callflow.actor = 'åsa.öberg'")
    await region.execute("DELETE FROM absence WHERE id = 1")
    row = await last_audit(region)
    assert (row["actor"], row["action"], row["new"]) == ("åsa.öberg", "delete", None)
    assert json.loads(row["old"])["person_id"] == 1


async def test_a_change_by_a_call_names_its_decision_and_one_by_hand_none(region: asyncpg.Connection) -> None:
    async with region.transaction():
        await region.execute("SELECT set_config('callflow.decision', '5f3a', true)")
        await region.execute("UPDATE unit SET name = 'Hemtjänst söder' WHERE id = 2")
    assert (await last_audit(region))["decision_id"] == "5f3a"
    await region.execute("UPDATE unit SET name = 'Hemtjänst norr' WHERE id = 2")
    assert (await last_audit(region))["decision_id"] is None


async def test_secrets_never_stand_in_the_audit(region: asyncpg.Connection) -> None:
    await region.execute("UPDATE extension SET sip_password = 'HemligtLosen12' WHERE id = 1")
    await region.execute("UPDATE mailbox SET pin = '590317' WHERE id = 1")
    assert await region.fetchval("SELECT count(*) FROM audit WHERE action = 'update' AND table_name = 'mailbox'") == 1
    everything = await region.fetchval("SELECT string_agg(concat(old, new), ' ') FROM audit")
    secrets = await region.fetch(
        "SELECT sip_password FROM extension UNION ALL SELECT pin FROM mailbox UNION ALL SELECT url FROM calendar_feed"
    )
    assert len(secrets) == 7
    assert not [row[0] for row in secrets if f'"{row[0]}"' in everything]


async def test_a_transaction_is_one_revision_however_many_rows_it_changes(region: asyncpg.Connection) -> None:
    before = await revision(region)
    async with region.transaction():
        await region.execute("UPDATE unit SET confidential = true")
        await region.execute("UPDATE person SET email = NULL")
        async with region.transaction():
            await region.execute("DELETE FROM absence")
    assert await revision(region) == before + 1


async def test_what_is_rolled_back_to_a_savepoint_takes_its_revision_with_it(region: asyncpg.Connection) -> None:
    before = await revision(region)
    async with region.transaction():
        savepoint = region.transaction()
        await savepoint.start()
        await region.execute("DELETE FROM absence")
        await savepoint.rollback()
        assert await revision(region) == before
        await region.execute("DELETE FROM absence")
    assert await revision(region) == before + 1
    assert await region.fetchval("SELECT count(*) FROM audit WHERE table_name = 'absence' AND action = 'delete'") == 1


async def test_a_statement_that_changes_nothing_is_no_revision(region: asyncpg.Connection) -> None:
    before = await revision(region)
    await region.execute("UPDATE unit SET name = name")
    await region.execute("DELETE FROM unit WHERE id = 99")
    assert await revision(region) == before


async def test_what_goes_along_with_a_deleted_row_is_recorded_too(region: asyncpg.Connection) -> None:
    await region.execute("DELETE FROM organisation WHERE id = 2")
    gone = await region.fetch("SELECT table_name FROM audit WHERE action = 'delete'")
    assert {"organisation", "unit", "extension", "mailbox", "person", "number_range"} <= {row[0] for row in gone}


async def test_every_policy_table_records_its_changes(region: asyncpg.Connection) -> None:
    tables = {row[0] for row in await region.fetch(POLICY_TABLES)}
    recorded = {row[0] for row in await region.fetch("SELECT DISTINCT table_name FROM audit WHERE action = 'insert'")}
    assert recorded == tables


async def test_listeners_hear_the_revision_once_for_a_transaction(
    region: asyncpg.Connection, database_url: str
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await connect(database_url)
    await listener.add_listener("callflow_policy", lambda *told: heard.put_nowait(str(told[-1])))
    async with region.transaction():
        await region.execute("UPDATE unit SET confidential = true")
        await region.execute("UPDATE person SET email = NULL")
    await region.execute("UPDATE unit SET confidential = false")
    now = await revision(region)
    told = [await asyncio.wait_for(heard.get(), 10) for _ in range(2)]
    await listener.close()
    assert told == [str(now - 1), str(now)]
    assert heard.empty()


async def test_one_transaction_at_a_time_changes_the_policy(region: asyncpg.Connection, database_url: str) -> None:
    other = await connect(database_url)
    await other.execute("SET lock_timeout = '200ms'")
    async with region.transaction():
        await region.execute("UPDATE unit SET number = '+4690161200' WHERE id = 2")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await other.execute("UPDATE extension SET number = '+4690161200' WHERE id = 1")
    with pytest.raises(asyncpg.UniqueViolationError, match="Hemtjänsten"):
        await other.execute("UPDATE extension SET number = '+4690161200' WHERE id = 1")
    await other.close()


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE audit SET actor = 'x'", "audit_append_only"),
        ("DELETE FROM audit", "audit_append_only"),
        ("TRUNCATE audit", "audit_append_only"),
        ("DELETE FROM policy_revision", "policy_revision_append_only"),
        ("TRUNCATE policy_revision", "policy_revision_append_only"),
        ("UPDATE policy_revision SET revision = 0", "policy_revision_grows"),
    ],
)
async def test_the_record_of_changes_only_grows(region: asyncpg.Connection, statement: str, constraint: str) -> None:
    with pytest.raises(asyncpg.PostgresError, match=r"[åäö]") as caught:
        await region.execute(statement)
    assert caught.value.constraint_name == constraint


async def test_no_policy_table_can_be_emptied_past_the_record(region: asyncpg.Connection) -> None:
    for row in await region.fetch(POLICY_TABLES):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="TRUNCATE går inte"):
            await region.execute(f"TRUNCATE {row[0]} CASCADE")


async def test_a_transaction_of_ten_thousand_rows_is_quick(region: asyncpg.Connection) -> None:
    await region.execute("SET statement_timeout = '20s'")
    async with region.transaction():
        await region.execute(
            "INSERT INTO person (organisation_id, given_name, family_name)"
            " SELECT 1, 'Anna', 'Ek ' || n FROM generate_series(1, 10000) AS n"
        )
    assert await region.fetchval("SELECT count(*) FROM audit WHERE revision = $1", await revision(region)) == 10000


async def test_an_administrator_with_rights_on_the_policy_alone_is_recorded_and_cannot_forge(
    region: asyncpg.Connection, database_url: str
) -> None:
    await region.execute("DROP ROLE IF EXISTS administrator")
    await region.execute("CREATE ROLE administrator LOGIN PASSWORD 'provlosen'")
    await region.execute(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO administrator; GRANT UPDATE ON unit TO administrator"
    )
    parts = make_url(database_url.replace("+asyncpg", "")).set(username="administrator", password="provlosen")
    administrator = await asyncpg.connect(parts.render_as_string(hide_password=False))
    await administrator.execute("UPDATE unit SET confidential = true WHERE id = 2")
    assert (await last_audit(region))["actor"] == "administrator"
    for forged in (
        "INSERT INTO audit (at, actor, table_name, action, revision) VALUES (now(), 'x', 'unit', 'update', 1)",
        "SELECT policy_revise()",
        (
            "CREATE TEMP TABLE t (id integer); CREATE TRIGGER x AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows"
            " FOR EACH STATEMENT EXECUTE FUNCTION policy_record_change()"
        ),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await administrator.execute(forged)
    await administrator.close()
    await region.execute("DROP OWNED BY administrator; DROP ROLE administrator")
