"""Reading the policy beside sessions that lock or rewrite its tables, and a policy that is not understood."""

import asyncio

import pytest

from callflow.storage import reading
from callflow.storage.connection import DatabaseUnavailableError, connected
from callflow.storage.reading import TABLES, PolicyUnreadableError
from callflow.storage.snapshot import read_snapshot
from callflow.storage.snapshot_changes import read_current
from callflow.storage.tables import metadata
from tests.databases import database_url, sample_database_url

__all__ = ["database_url", "sample_database_url"]

REWRITE = "ALTER TABLE {} ADD COLUMN made_anew uuid DEFAULT gen_random_uuid()"


def test_every_table_is_locked_of_which_a_snapshot_has_anything() -> None:
    assert set(metadata.tables) - set(TABLES) == {"calendar_feed", "calendar_reading", "voicemail_message"}
    assert set(TABLES) <= set(metadata.tables)


@pytest.mark.parametrize("table", ["extension", "unit", "audit"])
async def test_table_that_is_rewritten_meanwhile_is_never_read_as_empty(sample_database_url: str, table: str) -> None:
    before = await read_snapshot(sample_database_url)
    async with connected(sample_database_url) as administrator:
        transaction = administrator.transaction()
        await transaction.start()
        await administrator.execute(REWRITE.format(table))
        load = asyncio.create_task(read_current(sample_database_url, None))
        done, _ = await asyncio.wait({load}, timeout=0.3)
        assert not done
        await transaction.commit()
    assert (await load).snapshot == before


async def test_table_that_stays_locked_is_told_and_is_not_waited_for_long(
    sample_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LOCK_SECONDS", 0.2)
    async with connected(sample_database_url) as administrator, administrator.transaction():
        await administrator.execute("LOCK TABLE extension")
        async with asyncio.timeout(2):
            with pytest.raises(DatabaseUnavailableError, match="holds a lock on one of its tables"):
                await read_snapshot(sample_database_url)


async def test_who_waits_for_a_table_never_has_another_that_its_holder_needs(sample_database_url: str) -> None:
    async with connected(sample_database_url) as administrator, administrator.transaction():
        await administrator.execute("LOCK TABLE person")
        load = asyncio.create_task(read_snapshot(sample_database_url))
        async with asyncio.timeout(2):
            await administrator.execute("LOCK TABLE absence")
            await administrator.execute("LOCK TABLE extension")
    assert (await load).policy.extensions


async def test_policy_that_is_not_understood_says_what_it_is(sample_database_url: str) -> None:
    async with connected(sample_database_url) as administrator:
        await administrator.execute("""
            ALTER TABLE barring DROP CONSTRAINT barring_category_known;
            SET session_replication_role = replica;
            UPDATE barring SET category = 'of_a_later_version'
        """)
    with pytest.raises(PolicyUnreadableError, match="of_a_later_version"):
        await read_snapshot(sample_database_url)
