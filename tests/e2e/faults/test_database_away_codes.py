"""PostgreSQL lost before, in the middle of and after the commit of a feature code: what is heard is so (R9, R23)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import asyncpg
import pytest

from callflow.phone.client import PhoneCall
from callflow.service.feature_changes import STORE_SECONDS
from tests.e2e.faults.lost_database import (
    bring_back,
    durable_database,
    fell_back,
    kill_database,
    stop_database_at_once,
)
from tests.e2e.helpers import connected, eventually
from tests.e2e.test_absence import DURING, next_tuesday
from tests.e2e.test_feature_codes import OTHER, OWN, dial, standing
from tests.e2e.test_feature_codes_in_trouble import CHANGES, LATER, Changing, kept
from tests.e2e.town import TOLERANCE, Town

LOSSES = pytest.mark.parametrize("lose", [kill_database, stop_database_at_once], ids=["killed", "stopped_at_once"])
WAITING = "SELECT pid FROM pg_stat_activity WHERE application_name = 'callflow feature codes' AND wait_event{}"
FOR_A_COMMIT = WAITING.format(" = 'SyncRep'")
FOR_ITS_TURN = WAITING.format("_type = 'Lock'")
NEVER_CONFIRMED = ("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
CONFIRMED = ("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
AFTERWARDS = next_tuesday(11, 5).isoformat()
Loss = Callable[[Town], Awaitable[None]]


@pytest.fixture(scope="module", autouse=True)
async def durable(running_town: Town) -> AsyncIterator[None]:
    """A database that keeps what it has committed, for the tests of this file."""
    async with durable_database(running_town):
        yield


async def until_waits(town: Town, query: str) -> int:
    """Wait until a feature code's transaction waits for this; return its process."""
    await eventually(lambda: town.value(query), 5, "no feature code was being stored")
    return int(await town.value(query))


async def hears(town: Town, call: PhoneCall, *words: str) -> None:
    """See that the first thing said holds these prompts, in the time that a caller may wait."""
    step = await town.step("say")
    assert step.at - (await call.wait_for("calling")).at < STORE_SECONDS + TOLERANCE
    for word in words:
        assert f"policy/{word}" in step.fields["Plan"], step.fields["Plan"]
    assert not fell_back(town)
    await call.hang_up()


@LOSSES
async def test_before_the_commit_the_caller_hears_that_nothing_is_changed_and_nothing_is(
    town: Town, lose: Loss
) -> None:
    phone = await town.phone(OWN)
    await dial(town, phone, f"*67*{OTHER}#", "are-diverted-to")
    await dial(town, phone, "*62#", "are-diverted-to")
    before = await standing(town)
    town.reported.clear()
    async with AsyncExitStack() as stack:
        stack.enter_context(suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError))
        administrator = await stack.enter_async_context(connected(town.database_url))
        await administrator.execute("BEGIN; UPDATE organisation SET name = name WHERE key = 'umea'")
        call = await town.call(phone, "##002#")
        await until_waits(town, FOR_ITS_TURN)
        await lose(town)
    await hears(town, call, "change-not-saved")
    await dial(town, phone, f"*21*{OTHER}#", "change-not-saved")
    await bring_back(town)
    assert await standing(town) == before
    assert len(before) == 2
    await dial(town, phone, "##002#", "all-diversions-cancelled")
    assert await standing(town) == []


@CHANGES
async def test_before_the_commit_for_a_unit_another_or_an_absence_nothing_is_changed(
    town: Town, change: Changing
) -> None:
    phone = await town.phone(change.account)
    await dial(town, phone, *change.before, at=DURING)
    before, heard = await kept(town), await dial(town, phone, change.asks[0], at=LATER)
    town.reported.clear()
    async with AsyncExitStack() as stack:
        stack.enter_context(suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError))
        administrator = await stack.enter_async_context(connected(town.database_url))
        await administrator.execute("BEGIN; UPDATE organisation SET name = name WHERE key = 'umea'")
        call = await town.call(phone, change.code[0], at=LATER)
        await until_waits(town, FOR_ITS_TURN)
        await kill_database(town)
    await hears(town, call, "change-not-saved")
    assert await dial(town, phone, change.asks[0], at=LATER) == heard
    await bring_back(town)
    assert await kept(town) == before


@CHANGES
async def test_in_the_middle_of_the_commit_for_a_unit_another_or_an_absence_it_is_whole(
    town: Town, change: Changing
) -> None:
    phone = await town.phone(change.account)
    await dial(town, phone, *change.before, at=DURING)
    before = await dial(town, phone, change.asks[0], at=LATER)
    await told(town, *NEVER_CONFIRMED)
    town.reported.clear()
    call = await town.call(phone, change.code[0], at=LATER)
    await until_waits(town, FOR_A_COMMIT)
    await told(town, CONFIRMED[0])
    await kill_database(town)
    await hears(town, call, "change-not-known")
    await bring_back(town)
    await town.until_current(15)
    assert await dial(town, phone, *change.asks, at=AFTERWARDS) != before


@LOSSES
async def test_in_the_middle_of_the_commit_the_caller_hears_that_it_is_unclear_and_it_is_whole(
    town: Town, lose: Loss
) -> None:
    phone, other = await town.phone(OWN), await town.phone(OTHER)
    await dial(town, phone, f"*67*{OTHER}#", "are-diverted-to")
    await told(town, *NEVER_CONFIRMED)
    town.reported.clear()
    call = await town.call(phone, f"*21*{OTHER}#")
    await until_waits(town, FOR_A_COMMIT)
    await told(town, CONFIRMED[0])
    await lose(town)
    await hears(town, call, "change-not-known")
    await bring_back(town)
    assert await standing(town) == [("all", OTHER, None), ("busy", OTHER, None)]
    await town.until_current()
    await town.call_from_outside("+4690161100")
    await other.incoming()


async def test_a_commit_whose_answer_is_lost_is_heard_as_stored_when_the_database_says_so(town: Town) -> None:
    phone = await town.phone(OWN)
    await told(town, *NEVER_CONFIRMED)
    try:
        call = await town.call(phone, f"*21*{OTHER}#")
        await town.value("SELECT pg_terminate_backend($1)", await until_waits(town, FOR_A_COMMIT))
        await hears(town, call, "are-diverted-to")
    finally:
        await told(town, *CONFIRMED)
    assert await standing(town) == [("all", OTHER, None)]


@LOSSES
async def test_after_the_commit_it_is_stored_and_calls_go_by_it_with_the_database_gone(
    town: Town, lose: Loss
) -> None:
    phone, other = await town.phone(OWN), await town.phone(OTHER)
    await dial(town, phone, f"*21*{OTHER}#", "are-diverted-to")
    await lose(town)
    await town.call_from_outside("+4690161100")
    await other.incoming()
    await dial(town, phone, "*#21#", "calls-all", "are-diverted-to")
    await bring_back(town)
    assert await standing(town) == [("all", OTHER, None)]
    assert not fell_back(town)


async def told(town: Town, *commands: str) -> None:
    """Tell PostgreSQL as its administrator."""
    async with connected(town.database_url) as administrator:
        for command in commands:
            await administrator.execute(command)
        if commands == NEVER_CONFIRMED:
            await eventually(
                lambda: administrator.fetchval("SELECT current_setting('synchronous_standby_names') = 'nobody'"),
                5, "commits never waited",
            )  # fmt: skip
