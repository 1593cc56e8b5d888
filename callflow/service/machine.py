"""Watches what the service has of the machine: time of its own, file descriptors, and the clock."""

import asyncio
import errno
import os
import resource
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

from callflow.service.metrics import CLOCK_JUMPS, LOOP_LAG_SECONDS

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
REMEMBERED_LOOKS = 20
"""How many looks the longest lag is told of: ten seconds."""
LONGEST_LAG_SECONDS = 0.25
"""A call whose plan is later than this is near the half second after which it goes on by itself."""
LEAST_FILES_LEFT = 32
JUMP_SECONDS = 1.0
"""How far the clock must move from the time that has passed to have been set."""
MOST_BACK_SECONDS = 6.0
"""How far it may be set back with nothing to be done about what rings: one ring."""


class Machine:
    """What was seen last; `run` looks twice a second."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque([0.0], REMEMBERED_LOOKS)
        self._ahead = time.time() - time.monotonic()
        self.jumps = 0
        self.set_back = 0
        self.last_jump_seconds: float | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)
            self.note_lag(max(time.monotonic() - before - LOOK_SECONDS, 0.0))
            self.note_clock(time.time(), time.monotonic())

    def note_lag(self, seconds: float) -> None:
        """Keep how late a look was."""
        self._lags.append(seconds)
        LOOP_LAG_SECONDS.observe(seconds)

    def note_clock(self, wall: float, passed: float) -> None:
        """Compare the clock with the time that has passed since some moment, both in seconds."""
        jump, self._ahead = wall - passed - self._ahead, wall - passed
        if abs(jump) > JUMP_SECONDS:
            self.jumps += 1
            self.set_back += jump < -MOST_BACK_SECONDS
            self.last_jump_seconds = round(jump, 3)
            CLOCK_JUMPS.inc()
            log.warning("clock_jumped", seconds=self.last_jump_seconds)

    def facts(self) -> dict[str, Callable[[], dict[str, Any]]]:
        """Return what tells of each, by its name in health."""
        return {"loop": self.loop, "files": self.files, "clock": self.clock}

    def loop(self) -> dict[str, Any]:
        """Tell the longest lag of the event loop in the last ten seconds."""
        lag = max(self._lags)
        error = f"calls wait: the event loop was {lag:.2f} s late" if lag > LONGEST_LAG_SECONDS else None
        return {"ok": error is None, "error": error, "lag_seconds": round(lag, 4)}

    def files(self) -> dict[str, Any]:
        """Tell how many file descriptors are open, and how many may be."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        opened = _open_files(limit)
        few = f"{opened} of {limit} file descriptors are open" if limit - opened < LEAST_FILES_LEFT else None
        return {"ok": few is None, "error": few, "open": opened, "limit": limit}

    def clock(self) -> dict[str, Any]:
        """Tell whether the clock was set while we ran; that is past, and so it is never wrong now."""
        return {"ok": True, "error": None, "jumps": self.jumps, "last_jump_seconds": self.last_jump_seconds}


def _open_files(limit: int) -> int:
    try:
        return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208 - one system call
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return limit
        raise
