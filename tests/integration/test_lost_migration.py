"""The migration to lost phones and orders, and the way back from it, with rows in the tables."""

from callflow.storage.migrate import downgrade, migrate
from tests.integration.test_calls_out_migration import definitions
from tests.refusals import REGION, connect

BEFORE = "0006"


async def test_the_way_down_restores_what_was_there(database_url: str) -> None:
    await downgrade(database_url, BEFORE)
    connection = await connect(database_url)
    fresh = await definitions(connection)
    await migrate(database_url)
    assert await definitions(connection) != fresh
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute(
            "INSERT INTO feature_code (organisation_id, code, action) VALUES (1, '*29*', 'lock_lost');"
            "INSERT INTO outbox_recipient (name, webhook_url) VALUES ('Operatören', 'https://operator.example/');"
        )
    assert await connection.fetchval("SELECT policy_lock_lost(1, '0')") == "refused"
    await connection.execute("UPDATE extension SET locked = true")
    await downgrade(database_url, BEFORE)
    assert await definitions(connection) == fresh
    left = await connection.fetch("SELECT code FROM feature_code ORDER BY code")
    assert [row["code"] for row in left] == ["*21*", "*23*"]
    await connection.close()
