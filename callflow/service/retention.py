"""Has what is over forgotten when its organisation keeps it no longer: at start, and then every hour (R12).

What is forgotten, and when, the database knows; no call waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3600.0
AGAIN_SECONDS = 60.0
"""How soon it is tried again on a database that failed."""
BETWEEN_SECONDS = 0.2
"""How long others have the database between two pieces of the work."""

Forget = Callable[[], Awaitable[int]]
"""Forget a bounded number of rows, and return how many there were; raise `CallflowError` when the database fails."""


class Retention:
    """Forgets piece by piece until nothing is left to forget."""

    def __init__(self, forget: Forget) -> None:
        self._forget = forget
        self._is_failing = False

    async def run(self) -> None:
        """Forget until cancelled."""
        while True:
            try:
                await self._forget_all()
                self._is_failing = False
                pause = EVERY_SECONDS
            except CallflowError as error:
                if not self._is_failing:
                    log.warning("history_not_forgotten", rule="R12", code=error.code, reason=str(error))
                self._is_failing = True
                pause = AGAIN_SECONDS
            await asyncio.sleep(pause)

    async def _forget_all(self) -> None:
        forgotten = 0
        try:
            while rows := await self._forget():
                forgotten += rows
                await asyncio.sleep(BETWEEN_SECONDS)
        finally:
            if forgotten:
                log.info("history_forgotten", rule="R12", rows=forgotten)
