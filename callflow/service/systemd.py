"""Tells systemd how the service is (sd_notify(3)): that it is ready, what its state is, and that it is alive.

A frozen event loop tells nothing, so that systemd's watchdog ends the process and starts it again. Without systemd
there is no socket and nothing is told.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Self

import structlog

from callflow.service.health import Health

log = structlog.get_logger(__name__)

READY_SECONDS = 10.0
"""How long a start waits for Asterisk and the policy; then it says that it stands, and its status what is missing."""
LOOK_SECONDS = 0.5
_MICROSECONDS = 1_000_000


class Systemd:
    """What tells systemd; `run` goes on until cancelled."""

    def __init__(
        self, address: str, watchdog_seconds: float | None, health: Health, alive: Callable[[], bool]
    ) -> None:
        """`address` is `NOTIFY_SOCKET`, empty where nobody listens; `alive` tells whether every part runs."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._look_seconds = min(LOOK_SECONDS, watchdog_seconds / 4) if watchdog_seconds else LOOK_SECONDS
        self._watched = watchdog_seconds is not None
        self._health = health
        self._alive = alive
        self._ready = False
        self._status = ""

    @classmethod
    def from_environment(
        cls, health: Health, alive: Callable[[], bool], environment: Mapping[str, str] = os.environ
    ) -> Self:
        """Return what tells whoever started this process; a watchdog counts only when it is meant for this one."""
        microseconds = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        seconds = int(microseconds) / _MICROSECONDS if ours and microseconds.isdecimal() else None
        return cls(environment.get("NOTIFY_SOCKET", ""), seconds, health, alive)

    async def run(self) -> None:
        """Tell what changes and, as often as the watchdog wants it, that every part is alive."""
        began = time.monotonic()
        while True:
            lines = self._news(time.monotonic() - began)
            if self._watched and self._alive():
                lines.append("WATCHDOG=1")
            if lines:
                self.tell(*lines)
            await asyncio.sleep(self._look_seconds)

    def tell(self, *lines: str) -> None:
        """Send these lines; a systemd that does not take them is no reason to stop."""
        if not self._address:
            return
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sender:
            sender.setblocking(False)
            try:
                sender.sendto("\n".join(lines).encode(errors="backslashreplace"), self._address)
            except OSError as error:
                log.warning("systemd_not_told", reason=str(error))

    def _news(self, seconds: float) -> list[str]:
        lines, wrong = [], self._health.wrong()
        if not self._ready and (self._health.ready() or seconds > READY_SECONDS):
            self._ready = True
            lines.append("READY=1")
        status = f"degraded: {', '.join(wrong)}" if wrong else "ok"
        if wrong:
            first = next(iter(wrong))
            status = f"{status} ({wrong[first]})"
        if status != self._status:
            self._status = status
            lines.append(f"STATUS={status.splitlines()[0]}")
        return lines
