"""One set-up at a time in a folder."""

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path

Report = Callable[[str], None]
"""Takes one line of progress, in Swedish, for a person."""


@contextlib.contextmanager
def exclusive(target: Path, report: Report) -> Iterator[None]:
    """Hold the lock of `target`, a file beside it; wait while another process has it.

    The kernel lets go of it when the process ends, however it ends.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"Väntar på en annan start som gör i ordning {target} …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
