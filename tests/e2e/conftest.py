"""One region for all end-to-end tests of a worker, and a clean start for each test."""

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from callflow.config import Settings, home_folder
from callflow.embedded.tools import prepare_tools
from callflow.speech.prompts import make_prompts
from tests.e2e.evidence import evidence
from tests.e2e.region import settings_of_a_new_home, town_of
from tests.e2e.town import Town


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put beside a failure what the town's phones, Asterisk and the service say of it."""
    report = yield
    town = item.funcargs.get("town")
    if report.failed and isinstance(town, Town):
        report.sections.append(("Seen in the town", evidence(town)))
    return report


@pytest.fixture(scope="session")
def shared_home() -> Path:
    """The home whose tools and prompts all regions share: made once, by whichever worker comes first."""
    home = home_folder()
    home.mkdir(parents=True, exist_ok=True)
    chosen = Settings(home=home)
    make_prompts(chosen, prepare_tools(chosen, print), print)
    return home


@pytest.fixture(scope="session")
def region_settings(shared_home: Path) -> Iterator[Settings]:
    """Settings of this worker's region."""
    with settings_of_a_new_home(shared_home, shared=True) as chosen:
        yield chosen


@pytest.fixture
def fresh_settings(shared_home: Path) -> Iterator[Settings]:
    """Settings of a home where nothing has run yet."""
    with settings_of_a_new_home(shared_home) as chosen:
        yield chosen


@pytest.fixture(scope="session")
async def running_town(region_settings: Settings) -> AsyncIterator[Town]:
    """The region, started once for this worker."""
    async with town_of(region_settings) as town:
        yield town


@pytest.fixture
async def town(running_town: Town) -> AsyncIterator[Town]:
    """The region for one test; what the test changed is undone, and nothing may be left of its calls."""
    await running_town.begin()
    yield running_town
    await running_town.end()
