"""Watches that the running switch keeps suppressed numbers to itself (R17): asked at start and ever again."""

import asyncio
from typing import Protocol

import structlog

from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

EVERY_SECONDS = 30.0
AGAIN_SECONDS = 1.0


class TellsFaults(Protocol):
    """A switch that can say what of its settings would show a number that is to be hidden."""

    async def presentation_faults(self) -> tuple[str, ...]:
        """Return what is wrong, in words; empty when nothing is. Raises `CallflowError` when it is away."""
        ...


class PresentationWatch:
    """Holds what was found last; `faults` is None until the switch has been asked once."""

    def __init__(self, switch: TellsFaults) -> None:
        self._switch = switch
        self.faults: tuple[str, ...] | None = None

    def state(self) -> tuple[bool, str | None]:
        """Tell for health whether all is well, and what is not."""
        if self.faults is None:
            return False, "the switch has not been asked yet"
        return not self.faults, "; ".join(self.faults) or None

    async def run(self) -> None:
        """Ask until cancelled; a fault is told once, as an error, and once more when it is gone."""
        while True:
            try:
                self._take(await self._switch.presentation_faults())
            except CallflowError as error:
                log.debug("presentation_not_checked", code=error.code, reason=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                await asyncio.sleep(EVERY_SECONDS)

    def _take(self, faults: tuple[str, ...]) -> None:
        for fault in faults:
            if fault not in (self.faults or ()):
                log.error("number_would_be_shown", setting=fault, what_now="run `callflow configure` and reload")
        if self.faults and not faults:
            log.info("numbers_are_kept_again")
        self.faults = faults
