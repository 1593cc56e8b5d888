"""Generated regions in a real database, all guards on."""

import pytest

from callflow.storage.connection import DatabaseUnavailableError, connected
from callflow.storage.generated_region import RegionError
from callflow.storage.generator import generate_region
from callflow.storage.snapshot import read_snapshot
from tests.databases import shared_server


async def test_region_of_a_thousand_passes_all_guards(database_url: str) -> None:
    await generate_region(database_url, 1000)
    snapshot = await read_snapshot(database_url)
    phones = [row for row in snapshot.policy.extensions.values() if row.sip_username]
    assert len(snapshot.policy.extensions) == 1000
    assert len(snapshot.phones) == len(phones)
    assert len({phone.password for phone in snapshot.phones}) == len(phones)
    assert snapshot.policy.revision == 1


async def test_rows_added_later_get_ids_of_their_own(database_url: str) -> None:
    await generate_region(database_url, 60)
    async with connected(database_url) as connection:
        added = await connection.fetchval(
            "INSERT INTO person (organisation_id, given_name, family_name) VALUES (1, 'Ny', 'Ny') RETURNING id"
        )
        assert added == await connection.fetchval("SELECT count(*) FROM person")


async def test_region_is_not_mixed_with_another(sample_database_url: str) -> None:
    with pytest.raises(RegionError, match="empty"):
        await generate_region(sample_database_url, 60)


async def test_database_that_was_not_migrated_is_told() -> None:
    with pytest.raises(DatabaseUnavailableError):
        await generate_region(shared_server().url, 60)
