"""The migration to duty taken over and units forced, and the way back from it, with rows in the tables."""

from callflow.storage.migrate import downgrade, migrate
from tests.integration.test_calls_out_migration import definitions
from tests.refusals import REGION, connect

BEFORE = "0007"
ROWS = """
INSERT INTO feature_code (organisation_id, code, action)
VALUES (1, '*27*', 'duty_take'), (1, '#28*', 'unit_hours_cancel_elsewhere'), (1, '*28*', 'unit_hours');
INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, taken_over, to_extension_id)
VALUES (1, 1, '2026-01-02Z', '2026-01-03Z', true, 2);
INSERT INTO unit_override (unit_id, is_open, starts_at, ends_at) VALUES (1, false, '2026-01-02Z', '2026-01-03Z');
"""


async def test_the_way_down_restores_what_was_there(database_url: str) -> None:
    await downgrade(database_url, BEFORE)
    connection = await connect(database_url)
    fresh = await definitions(connection)
    await migrate(database_url)
    assert await definitions(connection) != fresh
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute(ROWS)
    await downgrade(database_url, BEFORE)
    assert await definitions(connection) == fresh
    codes = await connection.fetch("SELECT code FROM feature_code ORDER BY code")
    assert [row["code"] for row in codes] == ["*21*", "*23*"]
    assert await connection.fetchval("SELECT count(*) FROM duty_shift") == 1
    await connection.close()


async def test_who_forced_a_unit_stands_in_the_row(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute("SET LOCAL callflow.actor = 'phone:+4690161001'")
        await connection.execute(ROWS)
    assert await connection.fetchval("SELECT set_by FROM unit_override WHERE unit_id = 1") == "phone:+4690161001"
    await connection.execute("DELETE FROM unit_override")
    await connection.execute(ROWS.splitlines()[-1])
    assert await connection.fetchval("SELECT set_by = session_user FROM unit_override")
    await connection.close()
