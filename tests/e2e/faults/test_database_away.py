"""PostgreSQL killed in the middle of calls, and brought back: no call notices, and changes count again (R23)."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.e2e.faults.lost_database import (
    bring_back,
    durable_database,
    fell_back,
    kill_database,
    stop_database_at_once,
)
from tests.e2e.faults.moments import (
    Moment,
    before_the_call,
    is_well_again,
    while_a_message_is_recorded,
    while_a_phone_rings,
    while_the_caller_may_choose,
    while_two_talk,
)
from tests.e2e.faults.telling import told_everywhere
from tests.e2e.town import Town

MOMENTS = (
    before_the_call,
    while_a_phone_rings,
    while_the_caller_may_choose,
    while_a_message_is_recorded,
    while_two_talk,
)
DIVERTED = """
    INSERT INTO diversion (extension_id, condition, to_extension_id)
    SELECT a.id, 'all', b.id FROM extension AS a, extension AS b
    WHERE a.sip_username = '61100' AND b.sip_username = '61104'
"""
Loss = Callable[[Town], Awaitable[None]]


@pytest.fixture(scope="module", autouse=True)
async def durable(running_town: Town) -> AsyncIterator[None]:
    """A database that keeps what it has committed, for the tests of this file."""
    async with durable_database(running_town):
        yield


@pytest.mark.parametrize("lose", [kill_database, stop_database_at_once], ids=["killed", "stopped_at_once"])
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_no_call_notices_that_the_database_is_gone_or_back(town: Town, moment: Moment, lose: Loss) -> None:
    undisturbed = await moment(town, lambda: lose(town))
    assert not fell_back(town)
    await told_everywhere(town, ready=True, source="database", policy=True, database=False)
    await bring_back(town)
    await is_well_again(town)
    await undisturbed()
    assert not fell_back(town)


async def test_a_change_counts_as_soon_as_the_database_that_was_killed_is_back(town: Town) -> None:
    other = await town.phone("61104")
    await kill_database(town)
    await bring_back(town)
    await town.sql(DIVERTED)
    await town.call_from_outside("+4690161100")
    await other.incoming()
    assert not fell_back(town)
