"""The migration to a history that ends, and the way back from it, with rows in the tables."""

from callflow.storage.migrate import downgrade, migrate
from tests.integration.test_calls_out_migration import definitions
from tests.refusals import REGION, connect

BEFORE = "0009"


async def test_the_way_down_restores_what_was_there(database_url: str) -> None:
    await downgrade(database_url, BEFORE)
    connection = await connect(database_url)
    fresh = await definitions(connection)
    await migrate(database_url)
    assert await definitions(connection) != fresh
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute("UPDATE organisation SET history_days = 30 WHERE id = 1")
    await downgrade(database_url, BEFORE)
    assert await definitions(connection) == fresh
    await connection.close()


async def test_organisation_from_before_keeps_what_is_over_for_a_year(database_url: str) -> None:
    await downgrade(database_url, BEFORE)
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    await migrate(database_url)
    days = await connection.fetch("SELECT history_days FROM organisation")
    assert [row["history_days"] for row in days] == [365, 365]
    await connection.close()
