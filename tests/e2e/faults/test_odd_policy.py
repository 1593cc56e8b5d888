"""A policy that the service cannot make anything of: told in health, and calls go on by what it can (R23)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.faults.lost_database import fell_back, started
from tests.e2e.faults.moments import is_well_again
from tests.e2e.helpers import connected, eventually
from tests.e2e.in_the_net import service_is_killed, the_net_has
from tests.e2e.town import RINGING_LIMIT, TOLERANCE, Town

BYGGLOV = "+4690161200"
CRISIS_GROUP = """
    WITH place AS (SELECT place.id, unit_id, organisation_id
                   FROM answering_place AS place JOIN unit ON unit.id = unit_id
                   WHERE number = '+4690161200' AND position = 1),
    member AS (INSERT INTO extension
               (organisation_id, unit_id, number, name, kind, mobile_number, mobile_confirms)
               SELECT organisation_id, unit_id, '+4690161' || at, 'Vakt ' || at, 'twin', '+46701799' || at, true
               FROM place, generate_series(820, 939) AS at RETURNING id),
    crisis AS (INSERT INTO ring_group (organisation_id, name)
               SELECT organisation_id, 'Krisgruppen' FROM place RETURNING id),
    joined AS (INSERT INTO ring_group_member (ring_group_id, extension_id)
               SELECT crisis.id, member.id FROM crisis, member)
    UPDATE answering_place SET to_extension_id = NULL, to_ring_group_id = crisis.id, ring_limit = 4
    FROM crisis, place WHERE answering_place.id = place.id
"""
"""A hundred and twenty desk phones with a mobile each, which confirm: 240 legs."""
IN_THE_NET = "SELECT count(*) FROM number WHERE number = '+4690161200' AND arguments LIKE '%PJSIP/61939&Local/%'"
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


async def test_a_group_too_large_to_ring_whole_rings_four_times_and_then_there_are_words(town: Town) -> None:
    await town.sql(CRISIS_GROUP)
    call = await town.call_from_outside(BYGGLOV)
    plan = (await town.step("dial")).fields["Plan"]
    assert (plan.count("PJSIP/"), 40 < plan.count("Local/") < 120) == (120, True)
    ringing = await call.wait_for("ringing")
    answered = await call.wait_for("connected", 2 * RINGING_LIMIT)
    assert answered.at - ringing.at < RINGING_LIMIT + TOLERANCE
    assert "does-not-answer" in (await town.step("say")).fields["Plan"]
    assert town.trunk.calls
    assert not fell_back(town)


async def test_a_group_too_large_to_ring_whole_ends_in_the_net_too(town: Town) -> None:
    await town.sql(CRISIS_GROUP)
    await the_net_has(town, IN_THE_NET, 1)
    await service_is_killed(town)
    call = await town.call_from_outside(BYGGLOV)
    ringing = await call.wait_for("ringing")
    answered = await call.wait_for("connected", 2 * RINGING_LIMIT)
    assert answered.at - ringing.at < RINGING_LIMIT + TOLERANCE
    assert town.trunk.calls
    assert fell_back(town)
