"""Watches that the switch listens for SIP, and has it try again while it does not.

A switch that starts while its address is not there yet, or while another program has its port, runs on without: it
answers us and nobody else, and never tries again by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0
AGAIN_SECONDS = 1.0
DEAF = "Asterisk does not listen for SIP: no phone and no trunk reaches it; its log says why"


class Listens(Protocol):
    """A switch that can say whether it listens for SIP."""

    async def listens(self) -> bool:
        """Tell whether it does. Raises `CallflowError` when it is away."""
        ...


class SipWatch:
    """Holds what was found last; `listens` is None until the switch has been asked once."""

    def __init__(self, switch: Listens, try_again: Callable[[], Awaitable[None]]) -> None:
        """Take the switch, and what has it open its sockets anew."""
        self._switch = switch
        self._try_again = try_again
        self.listens: bool | None = None

    def state(self) -> tuple[bool, str | None]:
        """Tell for health whether all is well, and what is not."""
        if self.listens is None:
            return False, "the switch has not been asked yet"
        return self.listens, None if self.listens else DEAF

    async def run(self) -> None:
        """Ask until cancelled; that it is deaf is told once, as an error, and once more when it is not any more."""
        while True:
            try:
                self._take(await self._switch.listens())
                if not self.listens:
                    await self._try_again()
            except CallflowError as error:
                log.debug("sip_not_checked", code=error.code, reason=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                await asyncio.sleep(EVERY_SECONDS if self.listens else AGAIN_SECONDS)

    def _take(self, listens: bool) -> None:
        if not listens and self.listens is not False:
            log.error("asterisk_does_not_listen", reason=DEAF, what_now="free the address in CALLFLOW_SIP_PORT")
        if listens and self.listens is False:
            log.info("asterisk_listens_again")
        self.listens = listens
