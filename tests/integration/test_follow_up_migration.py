"""The migration to messages that are followed up, and the way back from it, with rows in the tables."""

from callflow.storage.migrate import downgrade, migrate
from tests.integration.test_calls_out_migration import definitions
from tests.refusals import REGION, connect

BEFORE = "0008"


async def test_the_way_down_restores_what_was_there(database_url: str) -> None:
    await downgrade(database_url, BEFORE)
    connection = await connect(database_url)
    fresh = await definitions(connection)
    await migrate(database_url)
    assert await definitions(connection) != fresh
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute("UPDATE organisation SET message_owner_hours = 2, message_contact_hours = NULL")
    await downgrade(database_url, BEFORE)
    assert await definitions(connection) == fresh
    assert await connection.fetchval("SELECT count(*) FROM mailbox") == 3
    await connection.close()
