"""What Asterisk keeps of its lookups for a second (sorcery.conf), by a clock that may be set."""

import asyncio
from collections.abc import Callable

import structlog

from callflow.asterisk.ami import Ami
from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5


class Lookups:
    """Has Asterisk look all up anew when the clock was set: set back an hour, it would keep it so much longer."""

    def __init__(self, ami: Ami, jumps: Callable[[], int]) -> None:
        """`jumps` counts how many times the clock was set."""
        self._ami = ami
        self._jumps = jumps

    async def run(self) -> None:
        """Look until cancelled; an Asterisk that is away is told when it is there."""
        told = self._jumps()
        while True:
            jumps = self._jumps()
            if jumps != told:
                try:
                    await self._ami.look_up_anew()
                except CallflowError as error:
                    log.warning("lookups_not_renewed", code=error.code, reason=str(error))
                else:
                    told = jumps
                    log.info("lookups_renewed")
            await asyncio.sleep(LOOK_SECONDS)
