"""The migration to feature codes for another, and the way back from it, with rows in the tables."""

from callflow.storage.migrate import downgrade, migrate
from tests.integration.test_calls_out_migration import definitions
from tests.refusals import REGION, connect


async def test_the_way_down_restores_what_was_there(database_url: str) -> None:
    await downgrade(database_url, "0004")
    connection = await connect(database_url)
    fresh = await definitions(connection)
    await migrate(database_url)
    assert await definitions(connection) != fresh
    async with connection.transaction():
        await connection.execute(REGION)
        await connection.execute(
            "INSERT INTO feature_code (organisation_id, code, action) VALUES"
            " (1, '*230*', 'absence_for_another'), (1, '*#230*', 'absence_for_another_ask'),"
            " (1, '#210*', 'divert_all_for_another_cancel'), (1, '*610*', 'divert_no_answer_for_another'),"
            " (1, '*98#', 'voicemail'), (1, '*98*', 'voicemail_of_another')"
        )
    await downgrade(database_url, "0004")
    assert await definitions(connection) == fresh
    left = await connection.fetch("SELECT code FROM feature_code ORDER BY code")
    assert [row["code"] for row in left] == ["*21*", "*23*", "*230*"]
    await connection.close()
