"""A folder in which Asterisk's scripts leave one file for each thing to do; the file goes only when that is done.

A file is written under a hidden name and renamed into place, so that nobody reads half of one. A lock on it keeps two
instances from doing the same.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callflow.backoff import Backoff


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


def waiting(folder: Path) -> list[Path]:
    """Return the whole files of a folder by name."""
    return [path for path in sorted(folder.iterdir()) if path.is_file() and _is_whole(path)]


@contextmanager
def locked(path: Path) -> Iterator[bytes | None]:
    """Give what a file holds, or None when another instance is at it or has done it."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file.read() if os.fstat(file.fileno()).st_nlink else None


def _is_whole(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix not in (".tmp", ".part")
