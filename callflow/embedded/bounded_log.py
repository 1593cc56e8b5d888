"""A log file that is kept short: when it is full it becomes the one before, and a new one begins."""

from pathlib import Path
from typing import IO, Self

LARGEST_BYTES = 10_000_000


class BoundedLog:
    """Writes lines to `path`; what filled it before stands in `<path>.1`. Use it as a context manager."""

    def __init__(self, path: Path, largest: int = LARGEST_BYTES) -> None:
        self._path = path
        self._largest = largest
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, line: str) -> None:
        """Write a line so that it can be read at once."""
        assert self._file is not None, "the log is not open"
        if self._file.tell() > self._largest:
            self._file.close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._file = self._path.open("a", encoding="utf-8")
        self._file.write(f"{line}\n")
        self._file.flush()
