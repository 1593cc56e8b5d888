"""Work that may never end, as on a disk that does not answer: it holds up neither the event loop nor other work."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")

SILENT_SECONDS = 5.0
"""How long an answer may take before nobody counts on it."""


async def aside(work: Callable[[], Result]) -> Result:
    """Do it in a thread of its own; return what it returns and raise what it raises.

    Work that never ends takes none of the threads that `asyncio.to_thread` shares out, and does not keep the process
    from ending. It leaves a thread behind each time: ask again only when the answer has come.
    """
    answer: Future[Result] = Future()
    answer.set_running_or_notify_cancel()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            answer.set_exception(error)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await asyncio.wrap_future(answer)


class Asker:
    """Asks one question at a time, each aside."""

    def __init__(self) -> None:
        self._since: float | None = None

    async def ask(self, question: Callable[[], Result]) -> Result:
        """Return the answer, however long it takes, or raise what came instead."""
        self._since = time.monotonic()
        try:
            return await aside(question)
        finally:
            self._since = None

    @property
    def silent(self) -> bool:
        """Whether an answer has been owed for too long."""
        return self._since is not None and time.monotonic() - self._since > SILENT_SECONDS
