"""What Asterisk keeps of its lookups for a minute (sorcery.conf), by a clock that may be set."""

import asyncio
from collections.abc import Callable

import structlog

from callflow.asterisk.ami import Ami
from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
NOTHING = -1
"""No count of reasons: Asterisk has been told of none."""


class Lookups:
    """Has Asterisk look all up anew when the replica was written or the clock was set.

    Set back an hour, Asterisk would keep what it knows for so much longer.
    """

    def __init__(self, ami: Ami, reasons: Callable[[], int]) -> None:
        """`reasons` counts, from 0, how many there have been."""
        self._ami = ami
        self._reasons = reasons
        self._told = NOTHING
        """A process before this one may have ended when it had just written, hence one time more."""

    async def renew(self) -> None:
        """Have all looked up anew now; raise `CallflowError` when Asterisk is away, which `run` tells it later."""
        self._told = self._reasons()
        try:
            await self._ami.look_up_anew()
        except CallflowError:
            self._told = NOTHING
            raise

    async def run(self) -> None:
        """Look until cancelled whether there are reasons that Asterisk has not been told."""
        complained = False
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._reasons() == self._told:
                continue
            try:
                await self.renew()
            except CallflowError as error:
                if not complained:
                    log.warning("lookups_not_renewed", code=error.code, reason=str(error))
                complained = True
            else:
                complained = False
                log.info("lookups_renewed")
