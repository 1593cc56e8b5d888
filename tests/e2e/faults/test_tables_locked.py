"""Another session holds tables of the policy for long: waits are bounded and told, and all recovers (R9, R23)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callflow.service.feature_changes import STORE_SECONDS
from tests.e2e.faults.lost_database import fell_back
from tests.e2e.faults.moments import is_well_again
from tests.e2e.helpers import connected, eventually
from tests.e2e.test_feature_codes import OTHER, OWN, dial, standing
from tests.e2e.town import TOLERANCE, Town

RECOVERED_SECONDS = 15.0
FEWER_RINGS = "UPDATE extension SET ring_limit = 1 WHERE sip_username = '61100'"


@asynccontextmanager
async def locked(town: Town, table: str) -> AsyncIterator[None]:
    """Hold a table against everybody else."""
    async with connected(town.database_url) as administrator, administrator.transaction():
        await administrator.execute(f"LOCK TABLE {table}")
        yield


async def is_decided(town: Town) -> None:
    """See that a call gets its plan from the service."""
    town.reported.clear()
    call = await town.call_from_outside("+4690161100")
    await town.step("dial", containing="61100")
    assert not fell_back(town)
    await call.hang_up()


async def test_a_reload_beside_a_lock_is_told_hurts_no_call_and_is_done_when_the_lock_is_gone(town: Town) -> None:
    async with locked(town, "holiday"):
        async with connected(town.database_url) as other:
            await other.execute(FEWER_RINGS)

        async def is_told() -> bool:
            told = (await town.health())["database"]
            return not told["ok"] and "holds a lock on one of its tables" in told["error"]

        await eventually(is_told, 10, "health never said that a table is locked")
        await is_decided(town)
    await town.until_current(RECOVERED_SECONDS)
    await is_well_again(town)
    await is_decided(town)


async def test_a_feature_code_beside_a_lock_is_told_as_not_saved_in_time_and_works_when_it_is_gone(
    town: Town,
) -> None:
    phone = await town.phone(OWN)
    async with locked(town, "extension"):
        call = await town.call(phone, f"*21*{OTHER}#")
        step = await town.step("say", containing="policy/change-not-saved")
        assert step.at - (await call.wait_for("calling")).at < STORE_SECONDS + TOLERANCE
        await call.hang_up()
        await dial(town, phone, "*#21#", "calls-all", "not-diverted")
    assert await standing(town) == []
    await dial(town, phone, f"*21*{OTHER}#", "are-diverted-to")
    assert not fell_back(town)


async def test_a_feed_beside_a_locked_revision_says_so_and_finds_what_was_changed(town: Town) -> None:
    async with locked(town, "policy_revision"):

        async def is_told() -> bool:
            return "no answer within" in ((await town.health())["database"]["error"] or "")

        await eventually(is_told, 10, "health never said that the database does not answer")
        await is_decided(town)
    await is_well_again(town)
    await town.sql(FEWER_RINGS)
    await is_decided(town)
