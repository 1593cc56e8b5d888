"""A real Asterisk for tests: with our own configuration and dialplan, started once for each module that asks."""

import fcntl
import itertools
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callflow.asterisk.ami_connection import AmiAddress
from callflow.asterisk.ari_connection import AriAddress
from callflow.asterisk.configuration import AsteriskPaths, write_base
from callflow.config import Settings, home_folder
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.embedded.tools import Tools, prepare_tools
from tests.ports import free_port, worker_number

_applications = (f"callflow-test{number}" for number in itertools.count(1))


def shared_tools() -> Tools:
    """Return the tools of the home folder, unpacked by whichever worker comes first."""
    home = home_folder()
    home.mkdir(parents=True, exist_ok=True)
    with (home / "test-setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return prepare_tools(Settings(home=home), print)


@pytest.fixture(scope="module")
async def asterisk() -> AsyncIterator[EmbeddedAsterisk]:
    """An Asterisk with no phones, on ports of its own."""
    tools = shared_tools()
    home = Path(tempfile.mkdtemp(prefix="callflow-ast-", dir="/tmp"))
    settings = Settings(
        home=home,
        tools=tools.folder,
        sounds=home_folder() / "sounds",
        tryout=True,
        sip_port=free_port(socket.SOCK_DGRAM),
        trunk_port=free_port(socket.SOCK_DGRAM),
        rtp_first_port=23000 + 200 * worker_number(),
        rtp_last_port=23199 + 200 * worker_number(),
        http_port=free_port(),
        ami_port=free_port(),
        ari_password="ari-secret",
        ami_password="ami-secret",
    )
    write_base(settings, AsteriskPaths(modules=tools.modules_folder, data=tools.asterisk_share))
    running = EmbeddedAsterisk(settings, tools)
    await running.start()
    yield running
    await running.stop()
    shutil.rmtree(home, ignore_errors=True)


def ari_address(running: EmbeddedAsterisk) -> AriAddress:
    """Return how to reach its ARI under an application name that no other test has."""
    settings = running.settings
    return AriAddress(
        host=settings.http_host,
        port=settings.http_port,
        username=settings.ari_username,
        password=settings.ari_password.get_secret_value(),
        application=next(_applications),
    )


def ami_address(running: EmbeddedAsterisk) -> AmiAddress:
    """Return how to reach its AMI."""
    settings = running.settings
    return AmiAddress(
        host="127.0.0.1",
        port=settings.ami_port,
        username=settings.ami_username,
        password=settings.ami_password.get_secret_value(),
    )
