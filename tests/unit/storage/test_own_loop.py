"""Work in a thread with an event loop of its own: it holds nobody up and ends when it is no longer wanted."""

import asyncio
import threading

import pytest

from callflow.storage.own_loop import in_own_loop


async def test_work_that_blocks_its_own_loop_blocks_no_other() -> None:
    blocked, released = threading.Event(), threading.Event()

    async def work() -> str:
        blocked.set()
        assert released.wait(10)
        return "done"

    task = asyncio.create_task(in_own_loop(work))
    assert await asyncio.to_thread(blocked.wait, 10)
    released.set()
    assert await task == "done"


async def test_an_error_is_the_callers() -> None:
    async def work() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await in_own_loop(work)


async def test_work_that_is_no_longer_wanted_ends() -> None:
    began, ended = threading.Event(), threading.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(in_own_loop(work))
    assert await asyncio.to_thread(began.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 10)
