"""Keeps Asterisk's log files short: it never begins a new one by itself."""

import asyncio
import os
from functools import partial
from pathlib import Path

import structlog

from callflow.aside import aside
from callflow.asterisk.ami import Ami
from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0
LARGEST_BYTES = 10_000_000
KEPT_FILES = 5
"""How many files are kept beside the one that is written: `messages.log.0` is the youngest of them."""
CONSOLE = "console.log"
"""What an embedded Asterisk says on its terminal: ours, so that Asterisk cannot begin a new one."""


class LogFiles:
    """Watches the log files in a folder of Asterisk's."""

    def __init__(self, folder: Path, ami: Ami) -> None:
        self._folder = folder
        self._ami = ami

    async def run(self) -> None:
        """Look each minute until cancelled; an Asterisk that is away is asked the next time."""
        while True:
            try:
                await self.shorten()
            except (CallflowError, OSError) as error:
                log.warning("logs_not_shortened", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def shorten(self) -> None:
        """Have Asterisk begin new files when one is too large, and delete the oldest.

        Raises:
            CallflowError: Asterisk is away.
            OSError: a file cannot be deleted.
        """
        if logs := await aside(partial(_grown, self._folder)):
            await self._ami.rotate_logs()
            log.info("asterisk_logs_rotated", files=" ".join(sorted(path.name for path in logs)))
        await aside(partial(_delete_oldest, self._folder))


def _grown(folder: Path) -> list[Path]:
    """Return the log files if one of them is too large; what Asterisk says on its terminal is cut at once."""
    console = folder / CONSOLE
    if _size(console) > LARGEST_BYTES:
        os.truncate(console, 0)
    logs = [path for path in folder.glob("*.log") if path != console]
    return logs if any(_size(path) > LARGEST_BYTES for path in logs) else []


def _delete_oldest(folder: Path) -> None:
    for path in folder.glob("*.log.*"):
        if path.suffix[1:].isdecimal() and int(path.suffix[1:]) >= KEPT_FILES:
            path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
