"""A region of its own for a worker's tests, or for one file's: a new home on free ports, and all that runs in it."""

import asyncio
import itertools
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from callflow.asterisk.ami_connection import AmiConnection
from callflow.config import Settings
from callflow.embedded.region import Region, Told
from callflow.phone.trunk_peer import TrunkPeer
from tests.e2e.helpers import ami_address
from tests.e2e.town import PAUSE_MS, TONE_MS, Town
from tests.ports import free_port, worker_number

FAST_POSTGRES = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
TRUNK_HOST = "127.0.0.2"
FIRST_MEDIA_PORT = 20_000
SHARED_MEDIA_PORTS, OWN_MEDIA_PORTS, OWN_REGIONS = 1_000, 200, 10
"""Media for hundreds of calls in the region that a worker's tests share, and for some in each of the others."""
MEDIA_PORTS_A_WORKER = SHARED_MEDIA_PORTS + OWN_REGIONS * OWN_MEDIA_PORTS

_regions = itertools.count()


@contextmanager
def settings_of_a_new_home(shared_home: Path, *, shared: bool = False) -> Iterator[Settings]:
    """Give settings on free ports, in a folder that is removed afterwards, with the shared tools and prompts."""
    home = Path(tempfile.mkdtemp(prefix="callflow-e2e-", dir="/tmp"))
    home.chmod(0o711)
    first, media_ports = FIRST_MEDIA_PORT + MEDIA_PORTS_A_WORKER * worker_number(), SHARED_MEDIA_PORTS
    if not shared:
        first += SHARED_MEDIA_PORTS + OWN_MEDIA_PORTS * (next(_regions) % OWN_REGIONS)
        media_ports = OWN_MEDIA_PORTS
    yield Settings(
        home=home,
        tools=shared_home / "tools",
        sounds=shared_home / "sounds",
        tryout=True,
        sip_port=free_port(socket.SOCK_DGRAM),
        trunk_host=TRUNK_HOST,
        trunk_port=free_port(socket.SOCK_DGRAM, TRUNK_HOST),
        rtp_first_port=first,
        rtp_last_port=first + media_ports - 1,
        http_port=free_port(),
        ami_port=free_port(),
        service_port=free_port(),
        poll_seconds=1.0,
        calendar_local=True,
    )
    shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def town_of(settings: Settings) -> AsyncIterator[Town]:
    """Start a region with short rings and its trunk's peer, and end it afterwards."""
    async with Region(settings, Told(progress=print), trunk_peer=False, postgres_options=FAST_POSTGRES) as region:
        host, port = region.settings.trunk_host, region.settings.trunk_port
        trunk = await TrunkPeer.start(host, port, log=region.settings.home / "trunk.log")
        connection = AmiConnection(ami_address(region))
        town = Town(region, trunk, connection)
        tasks = [asyncio.create_task(connection.run()), asyncio.create_task(town.follow())]
        try:
            await town.sql("UPDATE organisation SET ring_tone_ms = $1, ring_pause_ms = $2", TONE_MS, PAUSE_MS)
            yield town
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(OSError):
                await trunk.stop()
