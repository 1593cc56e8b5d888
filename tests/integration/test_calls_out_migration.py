"""The migration to the schema of calls out: a database with rows goes up with them, and down again."""

import json
import re
from typing import Any

import asyncpg
import pytest

from callflow.policy.barrings import Category
from callflow.storage.migrate import downgrade, migrate
from callflow.storage.snapshot import read_snapshot
from tests.refusals import REGION, connect

NEWER_TABLES = re.compile("INTO (trunk|calendar_feed|outbox_recipient|unit_override|voicemail_message) ")
OLD_ROWS = """
INSERT INTO number_class (prefix, category, note) VALUES
    ('0900', 'premium', 'betalsamtal'), ('099', 'mass_call', NULL), ('118', 'directory', NULL),
    ('00', 'international', NULL), ('004', 'international', NULL),
    ('+46', 'premium', NULL), ('00881', 'satellite', NULL), ('+881', 'premium', 'kvar'),
    ('0', 'international', NULL), ('72456', 'sms_purchase', NULL);
INSERT INTO feature_code (organisation_id, code, action)
VALUES (2, '*55', 'ring_the_boss'), (2, '*21#', 'divert_all');
INSERT INTO barring (unit_id, category, reason) VALUES (2, 'mobile', 'x');
INSERT INTO diversion (extension_id, condition, to_number) VALUES (3, 'all', '+46701740605');
"""
DEFINITIONS = """
SELECT p.proname || pg_get_function_arguments(p.oid) AS name, pg_get_functiondef(p.oid) AS definition
FROM pg_proc AS p WHERE p.proname LIKE 'policy%' AND p.pronamespace = 'public'::regnamespace
UNION ALL SELECT c.conrelid::regclass || '.' || c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint AS c
WHERE c.connamespace = 'public'::regnamespace
UNION ALL SELECT t.tgrelid::regclass || '.' || t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger AS t
WHERE NOT t.tgisinternal
"""


async def definitions(connection: asyncpg.Connection) -> dict[str, str]:
    return {row["name"]: row["definition"] for row in await connection.fetch(DEFINITIONS)}


async def rows(connection: asyncpg.Connection, table: str) -> list[Any]:
    return [tuple(row) for row in await connection.fetch(f"SELECT to_jsonb(t) FROM {table} AS t ORDER BY id")]


async def at_0001(url: str) -> asyncpg.Connection:
    """Return a connection to the database, taken down to 0001 and filled as it was filled then."""
    await downgrade(url, "0001")
    connection = await connect(url)
    async with connection.transaction():
        await connection.execute("\n".join(line for line in REGION.splitlines() if not NEWER_TABLES.search(line)))
        await connection.execute(OLD_ROWS)
    return connection


async def test_prefixes_are_written_as_the_numbering_plan_writes_numbers(database_url: str) -> None:
    connection = await at_0001(database_url)
    await migrate(database_url)
    found = await connection.fetch('SELECT prefix, category, note FROM number_class ORDER BY prefix COLLATE "C"')
    assert [tuple(row) for row in found] == [
        ("+46900", "premium", "betalsamtal"),
        ("+4699", "mass_call", None),
        ("+870", "satellite", None),
        ("+881", "premium", "kvar"),
        ("118", "directory", None),
        ("72456", "sms_purchase", None),
    ]
    gone = await connection.fetch("SELECT old FROM audit WHERE table_name = 'number_class' AND action = 'delete'")
    assert {json.loads(row["old"])["prefix"] for row in gone} == {"00", "004", "+46", "0", "00881"}
    await connection.close()


async def test_all_other_rows_are_kept_and_read(database_url: str) -> None:
    connection = await at_0001(database_url)
    tables = ("unit", "extension", "barring", "exemption", "feature_code", "diversion", "person")
    before = {table: await rows(connection, table) for table in tables}
    await migrate(database_url)
    assert {table: await rows(connection, table) for table in tables} == before
    snapshot = await read_snapshot(database_url)
    assert Category.SMS_PURCHASE in snapshot.policy.classes.values()
    assert "ring_the_boss" in {code.action for code in snapshot.policy.feature_codes.values()}
    assert snapshot.trunks == ()
    await connection.close()


async def test_a_code_from_before_that_does_nothing_must_do_something_once_it_is_changed(database_url: str) -> None:
    connection = await at_0001(database_url)
    await migrate(database_url)
    with pytest.raises(asyncpg.CheckViolationError, match="ring_the_boss"):
        await connection.execute("UPDATE feature_code SET code = '*56' WHERE code = '*55'")
    await connection.execute("UPDATE feature_code SET code = '*55*', action = 'absence' WHERE code = '*55'")
    await connection.close()


async def test_the_way_down_restores_what_was_there(database_url: str) -> None:
    connection = await connect(database_url)
    await downgrade(database_url, "base")
    await migrate(database_url, revision="0001")
    fresh = await definitions(connection)
    await migrate(database_url)
    assert await definitions(connection) != fresh
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute(
            "UPDATE unit SET presents = 'hidden' WHERE id = 2;"
            "UPDATE barring SET category = 'outside_diversion';"
            "UPDATE exemption SET category = 'national';"
            "INSERT INTO number_class (prefix, category) VALUES ('+46771', 'service');"
            "UPDATE organisation SET outside_diversion_days = 30"
        )
    await downgrade(database_url, "0001")
    assert await definitions(connection) == fresh
    hidden = await connection.fetchrow("SELECT presents, confidential FROM unit WHERE id = 2")
    assert tuple(hidden) == ("own", True)
    left = {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in ("barring", "exemption")}
    assert left == {"barring": 0, "exemption": 0}
    assert await connection.fetch("SELECT prefix::text FROM number_class") == [("+870",)]
    await connection.close()
