"""Keeps the parts of a running service going, and ends them in good order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 1.0


async def keep_running(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """Run a part until cancelled; when it fails, tell with the traceback and start it again after a second."""
    while True:
        try:
            await part()
            log.error("part_ended", part=name)
        except Exception:
            log.exception("part_failed", part=name)
        await asyncio.sleep(AGAIN_SECONDS)


async def stop_asked() -> None:
    """Return when the process is asked to end (SIGTERM, or Ctrl-C)."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    try:
        await asked.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
