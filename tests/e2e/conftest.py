"""One region for all end-to-end tests of a worker, and a clean start for each test."""

import asyncio
import contextlib
import itertools
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from callflow.asterisk.ami_connection import AmiConnection
from callflow.config import Settings, home_folder
from callflow.embedded.region import Region, Told
from callflow.embedded.tools import prepare_tools
from callflow.phone.trunk_peer import TrunkPeer
from callflow.speech.prompts import make_prompts
from tests.e2e.evidence import evidence
from tests.e2e.helpers import ami_address
from tests.e2e.town import PAUSE_MS, TONE_MS, Town
from tests.ports import free_port, worker_number

FAST_POSTGRES = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
TRUNK_HOST = "127.0.0.2"
_regions = itertools.count()


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


@contextlib.contextmanager
def settings_of_a_new_home(shared_home: Path) -> Iterator[Settings]:
    """Give settings on free ports, in a folder that is removed afterwards, with the shared tools and prompts."""
    home = Path(tempfile.mkdtemp(prefix="callflow-e2e-", dir="/tmp"))
    home.chmod(0o711)
    rtp = 21000 + 200 * next(_regions) + 2000 * worker_number()
    yield Settings(
        home=home,
        tools=shared_home / "tools",
        sounds=shared_home / "sounds",
        tryout=True,
        sip_port=free_port(socket.SOCK_DGRAM),
        trunk_host=TRUNK_HOST,
        trunk_port=free_port(socket.SOCK_DGRAM, TRUNK_HOST),
        rtp_first_port=rtp,
        rtp_last_port=rtp + 199,
        http_port=free_port(),
        ami_port=free_port(),
        service_port=free_port(),
        poll_seconds=1.0,
    )
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def region_settings(shared_home: Path) -> Iterator[Settings]:
    """Settings of this worker's own region, with media for hundreds of calls at once."""
    first = 26_000 + 1_000 * worker_number()
    media = {"rtp_first_port": first, "rtp_last_port": first + 999}
    with settings_of_a_new_home(shared_home) as chosen:
        yield chosen.model_copy(update=media)


@pytest.fixture
def fresh_settings(shared_home: Path) -> Iterator[Settings]:
    """Settings of a home where nothing has run yet."""
    with settings_of_a_new_home(shared_home) as chosen:
        yield chosen


@pytest.fixture(scope="session")
async def running_town(region_settings: Settings) -> AsyncIterator[Town]:
    """The region, started once for this worker."""
    region = Region(region_settings, Told(progress=print), trunk_peer=False, postgres_options=FAST_POSTGRES)
    async with region:
        log = region.settings.home / "trunk.log"
        trunk = await TrunkPeer.start(region.settings.trunk_host, region.settings.trunk_port, log=log)
        connection = AmiConnection(ami_address(region))
        town = Town(region, trunk, connection)
        tasks = [asyncio.create_task(connection.run()), asyncio.create_task(town.follow())]
        await town.sql("UPDATE organisation SET ring_tone_ms = $1, ring_pause_ms = $2", TONE_MS, PAUSE_MS)
        yield town
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await trunk.stop()


@pytest.fixture
async def town(running_town: Town) -> AsyncIterator[Town]:
    """The region for one test; what the test changed is undone, and nothing may be left of its calls."""
    await running_town.begin()
    yield running_town
    await running_town.end()
