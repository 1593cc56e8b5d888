"""A disk that answers with an error, or does not answer at all."""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.waiting import until

LOOKS = ("stat", "lstat", "statvfs", "listdir", "scandir", "open", "mkdir", "rename", "unlink")
LONGEST_SECONDS = 20.0
"""How long a look that nobody lets go waits, so that a loop which waits with it fails its test and ends."""


@contextmanager
def failing_disk(folder: Path, number: int = errno.ESTALE) -> Iterator[list[str]]:
    """Every look at a folder, and at what lies in it, fails by this error; the list that is given tells of each."""
    looks: list[str] = []

    def fail() -> None:
        looks.append(os.strerror(number))
        raise OSError(number, os.strerror(number), str(folder))

    with _hurt(folder, fail):
        yield looks


@contextmanager
def silent_disk(folder: Path) -> Iterator[threading.Event]:
    """Every look there waits until the end of this; the event that is given is set when one does."""
    asked, answers = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        answers.wait(LONGEST_SECONDS)

    with _hurt(folder, wait):
        try:
            yield asked
        finally:
            answers.set()


async def until_asked(asked: threading.Event) -> None:
    """Return when a silent disk has been asked; fail if the event loop waited with whoever asks."""
    began = time.monotonic()
    await until(asked.is_set, "a question to the disk", LONGEST_SECONDS)
    assert time.monotonic() - began < LONGEST_SECONDS / 2, "the event loop waited for the disk"


@contextmanager
def _hurt(folder: Path, hurt: Callable[[], None]) -> Iterator[None]:
    def hurting(look: Callable[..., Any]) -> Callable[..., Any]:
        def hurts(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if not isinstance(path, int) and Path(os.fsdecode(path)).is_relative_to(folder):
                hurt()
            return look(path, *arguments, **options)

        return hurts

    with pytest.MonkeyPatch.context() as patch:
        for name in LOOKS:
            patch.setattr(os, name, hurting(getattr(os, name)))
        yield
