"""What systemd is told, by a real datagram socket in its place."""

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from callflow.service import systemd
from callflow.service.health import Health
from callflow.service.systemd import Systemd
from tests.fakes.running import running
from tests.fakes.waiting import until

WELL: dict[str, Any] = {"ok": True, "error": None, "revision": 1}


class Listener:
    """systemd's end of the socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)
        self.lines: list[str] = []

    def heard(self, line: str) -> bool:
        """Tell whether this line has come."""
        while True:
            try:
                self.lines += self.socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return line in self.lines


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    made = Listener(str(tmp_path / "notify"))
    yield made
    made.socket.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "LOOK_SECONDS", 0.01)


def health(ari: dict[str, Any]) -> Health:
    return Health({"ari": lambda: ari, "policy": lambda: WELL}, application="callflow-1")


def telling(address: object, ari: dict[str, Any], **environment: str) -> Systemd:
    return Systemd.from_environment(health(ari), lambda: True, {"NOTIFY_SOCKET": str(address), **environment})


async def test_it_is_ready_when_calls_are_taken(tmp_path: Path, listener: Listener) -> None:
    ari = {"ok": False, "error": "refused (401)"}
    async with running(telling(tmp_path / "notify", ari).run()):
        await until(lambda: listener.heard("STATUS=degraded: ari (refused (401))"))
        assert "READY=1" not in listener.lines
        ari.update(WELL)
        await until(lambda: listener.heard("READY=1"))
        await until(lambda: listener.heard("STATUS=ok"))
    assert listener.lines.count("READY=1") == 1
    assert "WATCHDOG=1" not in listener.lines


async def test_it_stands_after_a_while_also_without_asterisk(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "READY_SECONDS", 0.05)
    async with running(telling(tmp_path / "notify", {"ok": False, "error": "away"}).run()):
        await until(lambda: listener.heard("READY=1"))
    assert listener.lines[0] == "STATUS=degraded: ari (away)"


async def test_watchdog_is_told_only_while_every_part_is_alive(tmp_path: Path, listener: Listener) -> None:
    alive, ari = [True], dict(WELL)
    told = Systemd.from_environment(
        health(ari), lambda: alive[0], {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
    )
    async with running(told.run()):
        await until(lambda: listener.heard("WATCHDOG=1") and listener.lines.count("WATCHDOG=1") > 2)
        alive[0] = False
        ari["ok"] = False
        await until(lambda: listener.heard("STATUS=degraded: ari (None)"))
        dead = listener.lines.index("STATUS=degraded: ari (None)")
        ari["ok"] = True
        await until(lambda: listener.heard("STATUS=ok") and "STATUS=ok" in listener.lines[dead:])
    assert "WATCHDOG=1" not in listener.lines[dead:]


async def test_part_of_health_that_cannot_be_asked_keeps_neither_readiness_nor_the_watchdog_from_being_told(
    tmp_path: Path, listener: Listener
) -> None:
    def fails() -> dict[str, Any]:
        raise OSError(errno.ESTALE, "Stale file handle")

    parts = {"ari": lambda: WELL, "policy": lambda: WELL, "disk": fails}
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
    async with running(
        Systemd.from_environment(Health(parts, application="callflow-1"), lambda: True, environment).run()
    ):
        await until(lambda: listener.heard("READY=1"))
        await until(lambda: listener.heard("WATCHDOG=1") and listener.lines.count("WATCHDOG=1") > 2)
    assert "STATUS=degraded: disk (it cannot be told: [Errno 116] Stale file handle)" in listener.lines


async def test_folder_whose_name_is_no_text_is_told_too(tmp_path: Path, listener: Listener) -> None:
    odd = os.fsdecode(b"sp\xf6ol: it does not answer")
    async with running(telling(tmp_path / "notify", {"ok": False, "error": odd}).run()):
        await until(lambda: listener.heard("STATUS=degraded: ari (sp\\udcf6ol: it does not answer)"))


async def test_watchdog_of_another_process_is_not_ours(tmp_path: Path, listener: Listener) -> None:
    environment = {"WATCHDOG_USEC": "100000", "WATCHDOG_PID": str(os.getpid() + 1)}
    async with running(telling(tmp_path / "notify", WELL, **environment).run()):
        await until(lambda: listener.heard("READY=1"))
    assert "WATCHDOG=1" not in listener.lines


async def test_socket_without_a_file_is_told_too() -> None:
    name = f"callflow-test-{os.getpid()}"
    listener = Listener(f"\0{name}")
    async with running(telling(f"@{name}", WELL).run()):
        await until(lambda: listener.heard("READY=1"))
    listener.socket.close()


def test_without_systemd_nothing_is_told() -> None:
    with capture_logs() as logs:
        telling("", WELL).tell("STOPPING=1")
    assert logs == []


def test_systemd_that_does_not_listen_is_no_reason_to_stop(tmp_path: Path) -> None:
    with capture_logs() as logs:
        telling(tmp_path / "nobody", WELL).tell("STOPPING=1")
    assert [line["event"] for line in logs] == ["systemd_not_told"]
