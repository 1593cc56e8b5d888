"""A region that is hurt and must be whole again after each test, with nothing left behind."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.faults.leaks import footprint, nothing_leaked
from tests.e2e.faults.wires import Wires, wires_of
from tests.e2e.helpers import CONNECTIONS, until_whole
from tests.e2e.town import REPAIR_SECONDS, Town


@pytest.fixture
async def town(running_town: Town) -> AsyncIterator[Town]:
    """The region for one test; afterwards everything runs, what was changed is undone, and nothing has leaked."""
    await running_town.begin()
    await until_whole(running_town.health, CONNECTIONS, REPAIR_SECONDS)
    before = await footprint(running_town)
    yield running_town
    await running_town.end()
    await nothing_leaked(running_town, before)


@pytest.fixture(scope="module")
async def wired_service(running_town: Town) -> AsyncIterator[Wires]:
    """The region's service behind proxies, for the tests of one file."""
    async with wires_of(running_town) as found:
        yield found


@pytest.fixture
async def wires(wired_service: Wires, town: Town) -> AsyncIterator[Wires]:
    """The proxies for one test; before the town ends they pass everything again, and the service is whole."""
    assert wired_service.town is town
    yield wired_service
    wired_service.heal()
    await wired_service.until_whole()
