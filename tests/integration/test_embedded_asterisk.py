"""The embedded Asterisk starts, speaks Swedish, ends, and never outlives what started it."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from callflow.asterisk.configuration import AsteriskPaths, write_base
from callflow.config import Settings, home_folder
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.embedded.setup_errors import AsteriskConsoleError, AsteriskStartError, PortInUseError
from callflow.speech.prompts import make_prompts
from tests.asterisks import shared_tools
from tests.ports import free_port

SAY_SWEDISH = """
[swedish]
exten => s,1,Answer()
 same => n,Set(CHANNEL(language)=se)
 same => n,Set(TIMEOUT(absolute)=60)
 same => n,{application}
 same => n,Set(GLOBAL(SAID)=yes)
 same => n,Hangup()
[listener]
exten => s,1,Answer()
 same => n,Wait(60)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path: a Unix socket's name has 107 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="callflow-ea-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(home: Path) -> Settings:
    """Settings on free ports, with Asterisk's configuration written."""
    chosen = Settings(
        home=home,
        sounds=home_folder() / "sounds",
        tools=home_folder() / "tools",
        sip_port=free_port(socket.SOCK_DGRAM),
        http_port=free_port(),
        ami_port=free_port(),
        ari_password="ari-secret",
        ami_password="ami-secret",
    )
    tools = shared_tools()
    write_base(chosen, AsteriskPaths(modules=tools.modules_folder, data=tools.asterisk_share))
    return chosen


@pytest.fixture
async def asterisk(settings: Settings) -> AsyncIterator[EmbeddedAsterisk]:
    """An Asterisk that has not started yet, and will have ended."""
    embedded = EmbeddedAsterisk(settings, shared_tools())
    yield embedded
    await embedded.stop()


async def until(holds: Callable[[], bool], limit: float = 10) -> None:
    """Wait for a condition with a limit in seconds."""
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, "the condition did not come true in time"
        await asyncio.sleep(0.05)


def is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_it_is_fully_booted_when_start_returns_and_gone_when_stop_returns(asterisk: EmbeddedAsterisk) -> None:
    await asterisk.start()
    assert "fully booted" in await asterisk.console("core waitfullybooted")
    pid = asterisk.pid
    assert pid is not None
    await asterisk.stop()
    assert not is_there(pid)
    with pytest.raises(AsteriskConsoleError, match="Does it run"):
        await asterisk.console("core show uptime")


async def test_it_starts_again_after_a_crash(asterisk: EmbeddedAsterisk) -> None:
    await asterisk.start()
    await asterisk.kill()
    assert asterisk.control_socket.exists(), "a crash leaves its socket behind"
    await asterisk.start()
    assert asterisk.running


async def test_ctrl_c_on_the_terminal_does_not_reach_it(asterisk: EmbeddedAsterisk) -> None:
    await asterisk.start()
    assert asterisk.pid is not None
    assert os.getpgid(asterisk.pid) != os.getpgid(0)


async def test_a_second_one_in_the_same_home_is_refused(asterisk: EmbeddedAsterisk) -> None:
    await asterisk.start()
    with pytest.raises(AsteriskStartError, match="Another Callflow runs in"):
        await EmbeddedAsterisk(asterisk.settings, asterisk.tools).start()
    assert asterisk.running


async def test_a_port_in_use_is_told_before_it_starts(asterisk: EmbeddedAsterisk) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((asterisk.settings.sip_host, asterisk.settings.sip_port))
        with pytest.raises(PortInUseError, match="CALLFLOW_SIP_PORT"):
            await asterisk.start()
    assert not asterisk.running


async def test_a_configuration_that_it_cannot_read_is_told_with_its_last_words(asterisk: EmbeddedAsterisk) -> None:
    (asterisk.settings.asterisk_folder / "etc" / "modules.conf").write_text(
        "[modules]\nrequire = no-such-module.so\n"
    )
    with pytest.raises(AsteriskStartError, match="ended while it started"):
        await asterisk.start()


async def test_a_home_with_a_long_path_is_refused_with_what_to_do(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / ("x" * 100))
    with pytest.raises(AsteriskStartError, match="CALLFLOW_HOME to a shorter path"):
        await EmbeddedAsterisk(settings, shared_tools()).start()


async def test_it_ends_when_its_parent_is_killed(settings: Settings) -> None:
    script = f"""
import asyncio
from pathlib import Path
from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk
from tests.asterisks import shared_tools

async def main():
    settings = Settings(home=Path({str(settings.home)!r}), sip_port={settings.sip_port},
                        http_port={settings.http_port}, ami_port={settings.ami_port})
    embedded = EmbeddedAsterisk(settings, shared_tools())
    await embedded.start()
    print(embedded.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    with parent:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert is_there(pid)
        parent.send_signal(signal.SIGKILL)
    await until(lambda: not is_there(pid))


@pytest.mark.parametrize(
    "application",
    [
        "SayNumber(-1234567)",
        "SayDigits(9*0#-1)",
        "SayUnixTime(1774736700,Europe/Stockholm,AdB 'digits/at' kM)",
        "SayAlpha(w@z-9.)",
    ],
)
async def test_numbers_dates_and_letters_are_said_in_swedish_with_no_file_missing(
    asterisk: EmbeddedAsterisk,
    application: str,
) -> None:
    make_prompts(asterisk.settings, asterisk.tools, print)
    folder = asterisk.settings.asterisk_folder
    with (folder / "etc" / "extensions.conf").open("a") as dialplan:
        dialplan.write(SAY_SWEDISH.format(application=application))
    with (folder / "etc" / "modules.conf").open("a") as modules:
        modules.write("load = res_clioriginate.so\nload = app_sayunixtime.so\n")
    await asterisk.start()
    await asterisk.console("core set verbose 3")
    await asterisk.console("channel originate Local/s@swedish extension s@listener")

    def log() -> str:
        files = (folder / "log").iterdir()
        return "".join(file.read_text(errors="replace") for file in files if file.is_file())

    async def said() -> bool:
        return "SAID=yes" in await asterisk.console("dialplan show globals")

    end = time.monotonic() + 40
    while not await said():
        assert time.monotonic() < end, log()
        await asyncio.sleep(0.2)
    assert not re.search(r"does not exist|Unable to open", log())
