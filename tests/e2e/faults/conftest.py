"""A region that is hurt and must be whole again after each test, with nothing left behind."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.faults.leaks import footprint, nothing_leaked
from tests.e2e.town import Town


@pytest.fixture
async def town(running_town: Town) -> AsyncIterator[Town]:
    """The region for one test; afterwards everything runs, what was changed is undone, and nothing has leaked."""
    await running_town.begin()
    before = await footprint(running_town)
    yield running_town
    await running_town.end()
    await nothing_leaked(running_town, before)
