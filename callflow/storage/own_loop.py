"""Work that would hold up the event loop, in a thread with an event loop of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")


async def in_own_loop(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run the coroutine that `work` makes in a thread, and return what it returns.

    Reading many rows is one long computation between two awaits: in the loop of the calls, each of them would wait.
    When this is cancelled, so is the coroutine, and the thread ends with it.
    """
    tasks: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []
    given_up = False

    async def watched() -> Result:
        task = asyncio.current_task()
        assert task is not None
        tasks.append((asyncio.get_running_loop(), task))
        if given_up:
            raise asyncio.CancelledError
        return await work()

    def run() -> Result:
        with asyncio.Runner() as runner:
            return runner.run(watched())

    try:
        return await asyncio.to_thread(run)
    except asyncio.CancelledError:
        given_up = True
        for loop, task in tasks:
            with suppress(RuntimeError):  # it has ended meanwhile, and its loop is closed
                loop.call_soon_threadsafe(task.cancel)
        raise
