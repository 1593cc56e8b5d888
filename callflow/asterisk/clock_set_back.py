"""Ends what rings at phones when the clock was set back: Asterisk counts by it, and would ring so much longer."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5


class Rings(Protocol):
    """A switch whose phones ring."""

    async def end_ringing_at_phones(self) -> int:
        """End each leg that rings at a phone of ours as not answered; return how many there were."""
        ...


class ClockSetBack:
    """Has no phone ring for longer than it may: what rang when the clock was set back has not been answered.

    Where a leg goes through the trunk the service itself counts the ringing (`RingGuard`), by the time that passes.
    """

    def __init__(self, switch: Rings, set_back: Callable[[], int]) -> None:
        """`set_back` counts how many times the clock was set back."""
        self._switch = switch
        self._set_back = set_back
        self._seen = set_back()

    async def run(self) -> None:
        """Look until cancelled; an Asterisk that is away has nothing that rings."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._set_back() == self._seen:
                continue
            self._seen = self._set_back()
            try:
                legs = await self._switch.end_ringing_at_phones()
            except CallflowError as error:
                log.warning("ringing_not_ended", code=error.code, reason=str(error))
            else:
                log.info("ringing_ended_by_clock", legs=legs)
