"""A real `callflow serve` as systemd starts it: it tells when it is ready, that it is alive, and that it stops."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.embedded.home import environment_of
from tests.asterisks import asterisk
from tests.fakes.waiting import until
from tests.integration.test_serve import settings

__all__ = ["asterisk", "settings"]

WATCHDOG_SECONDS = 2.0


class Systemd:
    """What systemd's socket hears."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.heard: list[str] = []

    def lines(self) -> list[str]:
        """Return all that was told so far."""
        while True:
            try:
                self.heard += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self.heard

    async def next(self, line: str, seconds: float) -> None:
        """Wait until this line comes once more; fail after some seconds."""
        before = self.lines().count(line)
        await until(lambda: self.lines().count(line) > before, line, seconds)

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def serving(settings: Settings, systemd: Systemd, log: Path) -> AsyncIterator[Process]:
    told = {"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1_000_000))}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "callflow", "serve",
            stdin=DEVNULL, stdout=output, stderr=output, env={**os.environ, **environment_of(settings), **told},
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        systemd.close()


async def test_frozen_service_tells_no_watchdog_and_says_where_it_stands_when_it_is_ended(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    del asterisk
    systemd = Systemd(tmp_path / "notify")
    async with serving(settings, systemd, tmp_path / "log") as process:
        await systemd.next("READY=1", 20)
        await systemd.next("WATCHDOG=1", WATCHDOG_SECONDS)
        await systemd.next("WATCHDOG=1", WATCHDOG_SECONDS)
        process.send_signal(signal.SIGSTOP)
        systemd.lines()
        with pytest.raises(AssertionError, match="WATCHDOG=1 did not come"):
            await systemd.next("WATCHDOG=1", WATCHDOG_SECONDS)
        process.send_signal(signal.SIGCONT)
        await systemd.next("WATCHDOG=1", 5)
        process.send_signal(signal.SIGABRT)
        assert await asyncio.wait_for(process.wait(), 5) == -signal.SIGABRT
    assert "most recent call first" in (tmp_path / "log").read_text()


async def test_stop_is_told_before_it_is_done(asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path) -> None:
    del asterisk
    systemd = Systemd(tmp_path / "notify")
    async with serving(settings, systemd, tmp_path / "log") as process:
        await systemd.next("READY=1", 20)
        await until(lambda: "STATUS=ok" in systemd.lines() or not process.pid, "a service that is well", 10)
        process.terminate()
        await until(lambda: "STOPPING=1" in systemd.lines(), "STOPPING=1", 5)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert systemd.heard.count("READY=1") == 1
