"""A policy that the service cannot make anything of: told in health, and calls go on by what it can (R23)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.faults.lost_database import fell_back, started
from tests.e2e.faults.moments import is_well_again
from tests.e2e.helpers import connected, eventually
from tests.e2e.town import Town

ANY_ADDRESS = """
    CREATE OR REPLACE FUNCTION policy_is_email(value text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql
    AS 'SELECT true'
"""
ADDRESS = "UPDATE mailbox SET email = $1 WHERE number = '61104'"
CATEGORY = "number_class_category_known"
GUARD = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1"
CLASS = "SELECT id, category FROM number_class ORDER BY id LIMIT 1"
PUT = "UPDATE number_class SET category = $2 WHERE id = $1"
AN_HONEST_CHANGE = "UPDATE organisation SET name = name || ' med mera' WHERE key = 'umea'"


async def until_wrong(town: Town, part: str, words: str) -> None:
    async def is_wrong() -> bool:
        told = (await town.health())[part]
        return not told["ok"] and words in told["error"]

    await eventually(is_wrong, 10, f"health never said {words!r} of {part}")


async def is_decided(town: Town) -> None:
    """See that a call gets its plan from the service."""
    town.reported.clear()
    call = await town.call_from_outside("+4690161100")
    await town.step("dial", containing="61100")
    assert not fell_back(town)
    await call.hang_up()


@asynccontextmanager
async def unreadable_policy(town: Town) -> AsyncIterator[None]:
    """Hold in the database a category that no guard of this version would let in."""
    async with connected(town.database_url) as administrator:
        guard, (row, category) = await administrator.fetchval(GUARD, CATEGORY), await administrator.fetchrow(CLASS)
        await administrator.execute(f"ALTER TABLE number_class DROP CONSTRAINT {CATEGORY}")
        await administrator.execute("SET session_replication_role = replica")
        await administrator.execute(PUT, row, "of_a_later_version")
        await administrator.execute("SET session_replication_role = origin")
        await administrator.execute(AN_HONEST_CHANGE)
        yield
        await administrator.execute("SET session_replication_role = replica")
        await administrator.execute(PUT, row, category)
        await administrator.execute(f"ALTER TABLE number_class ADD CONSTRAINT {CATEGORY} {guard}")


async def test_a_row_that_asterisk_cannot_have_is_left_out_and_told(town: Town) -> None:
    async with connected(town.database_url) as administrator:
        guard = await administrator.fetchval("SELECT pg_get_functiondef('policy_is_email(text)'::regprocedure)")
        address = await administrator.fetchval("SELECT email FROM mailbox WHERE number = '61104'")
        await administrator.execute(ANY_ADDRESS)
        await administrator.execute(ADDRESS, "två ord")
        await until_wrong(town, "rows", "två ord")
        await is_decided(town)
        assert (await town.health())["rows"]["left_out"] == 1
        await administrator.execute(ADDRESS, address)
        await administrator.execute(guard)
    await town.until_current()
    await is_well_again(town)
    await town.begin()


async def test_a_policy_of_a_later_version_is_told_and_calls_go_by_the_one_before(town: Town) -> None:
    async with unreadable_policy(town):
        await until_wrong(town, "database", "of_a_later_version")
        await is_decided(town)
        assert (await town.health())["policy"]["source"] == "database"
    await is_well_again(town)
    await town.until_current()


async def test_a_start_beside_a_policy_of_a_later_version_is_by_the_snapshot_file(town: Town) -> None:
    await town.region.stop_service()
    async with unreadable_policy(town):
        async with started(town) as health:
            assert health["policy"]["source"] == "file"
            assert "of_a_later_version" in health["database"]["error"]
        await is_decided(town)
    await is_well_again(town)
    assert (await town.health())["policy"]["source"] == "database"
