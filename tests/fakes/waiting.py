"""Waiting for a condition, with a limit."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], object], what: str = "the condition", seconds: float = 5.0) -> None:
    """Return as soon as the condition holds; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        await asyncio.sleep(0.005)


async def until_told(condition: Callable[[], Awaitable[object]], what: str, seconds: float = 5.0) -> None:
    """Return as soon as the condition, which has to be asked for, holds; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        await asyncio.sleep(0.02)
