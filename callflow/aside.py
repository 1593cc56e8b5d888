"""Work that may never end, as on a disk that does not answer: it holds up neither the event loop nor other work."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, ClassVar, TypeVar

Result = TypeVar("Result")

SILENT_SECONDS = 5.0
"""How long an answer may take before nobody counts on it."""


class _Worker(threading.Thread):
    """Does one work after the other; between them it is among the idle, so that few threads are ever begun."""

    idle: ClassVar[deque["_Worker"]] = deque()

    def __init__(self) -> None:
        super().__init__(name="aside", daemon=True)
        self._given: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()

    def give(self, work: Callable[[], Any], answer: "Future[Any]") -> None:
        self._given.put((work, answer))

    def run(self) -> None:
        while True:
            self._do(*self._given.get())

    def _do(self, work: Callable[[], Any], answer: "Future[Any]") -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            self.idle.append(self)
            answer.set_exception(error)
        else:
            self.idle.append(self)
            answer.set_result(result)


async def aside(work: Callable[[], Result]) -> Result:
    """Do it in a thread that has nothing else to do; return what it returns and raise what it raises.

    Work that never ends takes none of the threads that `asyncio.to_thread` shares out, and does not keep the process
    from ending. It keeps its thread each time: ask again only when the answer has come.
    """
    answer: Future[Result] = Future()
    answer.set_running_or_notify_cancel()
    try:
        worker = _Worker.idle.pop()
    except IndexError:
        worker = _Worker()
        worker.start()
    worker.give(work, answer)
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
