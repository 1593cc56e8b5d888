"""What Asterisk keeps of its lookups for a minute (sorcery.conf), by a clock that may be set."""

import asyncio
from collections.abc import Callable

import structlog

from callflow.asterisk.ami import Ami
from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5


class Lookups:
    """Has Asterisk look all up anew when the replica was written or the clock was set.

    Set back an hour, Asterisk would keep what it knows for so much longer.
    """

    def __init__(self, ami: Ami, reasons: Callable[[], int]) -> None:
        """`reasons` counts, from 0, how many there have been."""
        self._ami = ami
        self._reasons = reasons

    async def run(self) -> None:
        """Look until cancelled; an Asterisk that is away is told when it is there.

        It is told once at the start: a process before this one may have ended when it had just written.
        """
        told, complained = -1, False
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            reasons = self._reasons()
            if reasons != told:
                try:
                    await self._ami.look_up_anew()
                except CallflowError as error:
                    if not complained:
                        log.warning("lookups_not_renewed", code=error.code, reason=str(error))
                    complained = True
                else:
                    told, complained = reasons, False
                    log.info("lookups_renewed")
