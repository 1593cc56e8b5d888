"""Work that may never end holds up nobody: not the event loop, not other threads, not the end of the process."""

import asyncio
import subprocess
import sys
import threading

import pytest

from callflow import aside as module
from callflow.aside import Asker, aside
from tests.fakes.waiting import until

NEVER_ENDS = """
import asyncio, threading
from contextlib import suppress
from callflow.aside import aside

async def give_up():
    with suppress(TimeoutError):
        await asyncio.wait_for(aside(threading.Event().wait), 0.01)
    print("given up")

asyncio.run(give_up())
"""
MORE_THAN_THE_SHARED_THREADS = 40


async def test_it_gives_what_the_work_returns_and_raises_what_it_raises() -> None:
    def fails() -> None:
        raise OSError("bad disk")

    assert await aside(threading.get_ident) != threading.get_ident()
    with pytest.raises(OSError, match="bad disk"):
        await aside(fails)


async def test_one_thread_does_one_work_after_the_other() -> None:
    assert await aside(threading.get_ident) == await aside(threading.get_ident)


async def test_work_that_does_not_end_takes_no_thread_from_other_work() -> None:
    let_go = threading.Event()
    blocked = [asyncio.create_task(aside(let_go.wait)) for _ in range(MORE_THAN_THE_SHARED_THREADS)]
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await asyncio.to_thread(threading.get_ident)
        assert not any(task.done() for task in blocked)
    finally:
        let_go.set()
        await asyncio.gather(*blocked)


def test_process_ends_whether_the_work_does_or_not() -> None:
    done = subprocess.run([sys.executable, "-c", NEVER_ENDS], capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("given up\n", "")


async def test_who_has_owed_an_answer_for_too_long_is_silent_until_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.02)
    asker, let_go = Asker(), threading.Event()
    asking = asyncio.create_task(asker.ask(let_go.wait))
    assert not asker.silent
    await until(lambda: asker.silent)
    let_go.set()
    assert await asking
    assert not asker.silent
