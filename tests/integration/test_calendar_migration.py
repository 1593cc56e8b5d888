"""The migration to absence from calendars, and the way back from it, with rows in the tables."""

from callflow.storage.migrate import downgrade, migrate
from tests.integration.test_calls_out_migration import definitions
from tests.refusals import REGION, connect

BEFORE = "0005"


async def test_the_way_down_restores_what_was_there(database_url: str) -> None:
    await downgrade(database_url, BEFORE)
    connection = await connect(database_url)
    fresh = await definitions(connection)
    await migrate(database_url)
    assert await definitions(connection) != fresh
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute(
            "INSERT INTO absence (person_id, reason_id, starts_at, returns_at, calendar_event) VALUES"
            " (1, 1, now() - interval '2 h', now() - interval '1 h', repeat('a', 32)),"
            " (1, 1, now() - interval '2 h', now() + interval '1 h', repeat('b', 32))"
        )
    await downgrade(database_url, BEFORE)
    assert await definitions(connection) == fresh
    assert await connection.fetchval("SELECT count(*) FROM absence WHERE returns_at < now()") == 1
    assert await connection.fetchval("SELECT count(*) FROM absence") == 2
    await connection.close()
