"""Keeps Asterisk's log files short and open: it begins no new one by itself, and gives up one that has no room."""

import asyncio
import os
import shutil
from pathlib import Path

import structlog

from callflow.asterisk.ami import Ami
from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0
LARGEST_BYTES = 10_000_000
AGAIN_SECONDS = 5.0
ROOM_BYTES = 1_000_000
"""With so much room a log that was given up is opened again."""
KEPT_FILES = 5
"""How many files are kept beside the one that is written: `messages.log.0` is the youngest of them."""
CONSOLE = "console.log"
"""What an embedded Asterisk says on its terminal: ours, so that Asterisk cannot begin a new one."""


class LogFiles:
    """Watches the log files in a folder of Asterisk's."""

    def __init__(self, folder: Path, ami: Ami) -> None:
        self._folder = folder
        self._ami = ami
        self._given_up = asyncio.Event()
        self._given_up.set()  # nobody knows what was before we came

    async def run(self) -> None:
        """Look each minute, and open what was given up, until cancelled; an Asterisk that is away is asked later."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_short(), name="logs-short")
            group.create_task(self._note_given_up(), name="logs-given-up")
            group.create_task(self._open_again(), name="logs-open")

    async def _note_given_up(self) -> None:
        async for name in self._ami.logs_given_up():
            log.warning("asterisk_log_given_up", file=name)
            self._given_up.set()

    async def _open_again(self) -> None:
        while True:
            await self._given_up.wait()
            try:
                if shutil.disk_usage(self._folder).free >= ROOM_BYTES:
                    self._given_up.clear()
                    await self._ami.reload("logger")
            except (CallflowError, OSError) as error:
                self._given_up.set()
                log.debug("asterisk_logs_not_opened", reason=str(error))
            await asyncio.sleep(AGAIN_SECONDS)

    async def _keep_short(self) -> None:
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
        console = self._folder / CONSOLE
        if _size(console) > LARGEST_BYTES:
            os.truncate(console, 0)
        logs = [path for path in self._folder.glob("*.log") if path != console]
        if any(_size(path) > LARGEST_BYTES for path in logs):
            await self._ami.rotate_logs()
            log.info("asterisk_logs_rotated", files=" ".join(sorted(path.name for path in logs)))
        for path in self._folder.glob("*.log.*"):
            if path.suffix[1:].isdecimal() and int(path.suffix[1:]) >= KEPT_FILES:
                path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
