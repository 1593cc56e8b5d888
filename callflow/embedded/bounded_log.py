"""A log file that is kept short: when it is full it becomes the one before, and a new one begins."""

from pathlib import Path
from typing import IO, Self

LARGEST_BYTES = 10_000_000


class BoundedLog:
    """Writes lines to `path`; what filled it before stands in `<path>.1`. Use it as a context manager.

    While the disk is full, lines are left out: who is logged must never wait for room. The next line that has room
    stands behind one that says how many.
    """

    def __init__(self, path: Path, largest: int = LARGEST_BYTES) -> None:
        self._path = path
        self._largest = largest
        self._file: IO[bytes] | None = None
        self._left_out = 0

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, line: str) -> None:
        """Write a line so that it can be read at once."""
        assert self._file is not None, "the log is not open"
        told = f"\n({self._left_out} lines are left out here: there was no room)\n" if self._left_out else ""
        data = f"{told}{line}\n".encode()
        try:
            if self._file.tell() > self._largest:
                self._begin_anew()
            written = self._file.write(data)
        except OSError:
            written = 0
        if written == len(data):
            self._left_out = 0
        else:
            self._left_out += 1

    def _begin_anew(self) -> None:
        assert self._file is not None
        if self._path.exists():
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        full = self._file
        self._open()
        full.close()

    def _open(self) -> None:
        self._file = self._path.open("ab", buffering=0)
