"""A folder in which Asterisk's scripts leave one file for each thing to do; the file goes only when that is done.

A file is written under a hidden name and renamed into place, so that nobody reads half of one. A lock on it keeps two
instances from doing the same. The disk is asked beside the event loop: it may be one that does not answer.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from pathlib import Path

import structlog

from callflow.aside import aside
from callflow.backoff import Backoff

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Retry:
    """How often a thing to do has failed, and when its time comes again, in the seconds of its keeper's clock."""

    backoff: Backoff
    attempts: int = 0
    not_before: float = 0.0

    def failed(self, now: float) -> None:
        """Count a failure; the next attempt comes after a pause that grows."""
        self.attempts += 1
        self.not_before = now + self.backoff.pause()


class SpoolWatch:
    """Looks at a folder again and again; `error` is why it cannot be read now."""

    def __init__(self, unreadable: str) -> None:
        """`unreadable` is the log's word for that."""
        self._unreadable = unreadable
        self.error: str | None = None

    async def run(self, look: Callable[[], Awaitable[None]], pause: float) -> None:
        """Call `look` until cancelled, with so many seconds in between; an OSError of its own is the folder's."""
        while True:
            try:
                await look()
                self.error = None
            except OSError as error:
                if self.error is None:
                    log.warning(self._unreadable, reason=str(error))
                self.error = str(error)
            await asyncio.sleep(pause)


async def waiting(*folders: Path) -> list[list[Path]]:
    """Return the whole files of each folder by name; a folder that is not there is made, for its owner alone."""
    return await aside(lambda: [_waiting(folder) for folder in folders])


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[bytes | None]:
    """Give what a file holds, or None when another instance is at it or has done it."""
    file, data = await aside(partial(_locked, path))
    try:
        yield data
    finally:
        if file is not None:
            file.close()


def _waiting(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [path for path in sorted(folder.iterdir()) if path.is_file() and _is_whole(path)]


def _locked(path: Path) -> tuple[BufferedReader | None, bytes | None]:
    """Return the file, open and locked, with what it holds; the lock goes when the file is closed."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None, None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file, file.read() if os.fstat(file.fileno()).st_nlink else None
    except BlockingIOError:
        file.close()
        return None, None
    except BaseException:
        file.close()
        raise


def _is_whole(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix not in (".tmp", ".part")
