"""Keeps the parts of a running service going, and ends them in good order."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from callflow.service.metrics import PART_FAILURES

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 1.0
STEADY_SECONDS = 10.0
"""A part that failed counts as failing until it has run so long."""

Part = Callable[[], Awaitable[None]]


class Parts:
    """Parts that run side by side, each started again when it fails."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        """Take the parts by their names; nothing runs before `start`."""
        self._parts = dict(parts)
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: dict[str, tuple[float, str]] = {}

    def add(self, name: str, part: Part) -> None:
        """Take one more part, before `start`."""
        self._parts[name] = part

    def start(self) -> None:
        """Start each part in a task of its own."""
        self._tasks = [asyncio.create_task(self._keep(name, part), name=name) for name, part in self._parts.items()]

    async def stop(self) -> None:
        """End them all, whatever they are doing."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def alive(self) -> bool:
        """Tell whether each part still has its task; a part that failed and waits to be started again has."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def failing(self) -> dict[str, str]:
        """Return the parts that failed a moment ago, and why."""
        since = time.monotonic() - STEADY_SECONDS
        return {name: reason for name, (at, reason) in self._failed.items() if at > since}

    async def _keep(self, name: str, part: Part) -> None:
        while True:
            await self._run_once(name, part)
            PART_FAILURES.labels(part=name).inc()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _run_once(self, name: str, part: Part) -> None:
        try:
            await part()
            log.error("part_ended", part=name)
            self._failed[name] = time.monotonic(), "it ended by itself"
        except Exception as error:
            log.exception("part_failed", part=name)
            self._failed[name] = time.monotonic(), str(error) or type(error).__name__


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
