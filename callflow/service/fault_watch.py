"""Watches for what may be wrong with the running switch: asked at start and ever again, told once, perhaps mended."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from callflow.errors import CallflowError

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 1.0
"""How soon it is asked again when it could not be, or when something was done about a fault."""


Ask = Callable[[], Awaitable[tuple[str, ...]]]
"""Asks the switch; returns in words what is wrong, empty when nothing is; raises `CallflowError` when it is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How the log tells of a fault: the event, what to do now, and the event when nothing is wrong any more."""

    fault: str
    what_now: str
    well_again: str


class FaultWatch:
    """Holds what was found last; `faults` is None until the switch has been asked once."""

    def __init__(
        self,
        ask: Ask,
        told: Told,
        *,
        every_seconds: float,
        mend: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Take what asks the switch, and what mends it, as long as there is a fault, if anything does."""
        self._ask = ask
        self._told = told
        self._every_seconds = every_seconds
        self._mend = mend
        self.faults: tuple[str, ...] | None = None

    def state(self) -> tuple[bool, str | None]:
        """Tell for health whether all is well, and what is not."""
        if self.faults is None:
            return False, "the switch has not been asked yet"
        return not self.faults, "; ".join(self.faults) or None

    async def run(self) -> None:
        """Ask until cancelled; a fault is told once, as an error, and once more when nothing is wrong any more."""
        while True:
            try:
                await asyncio.sleep(await self._look())
            except CallflowError as error:
                log.debug("switch_not_asked", about=self._told.fault, code=error.code, reason=str(error))
                await asyncio.sleep(AGAIN_SECONDS)

    async def _look(self) -> float:
        """Ask once and return when to ask again, in seconds."""
        self._take(await self._ask())
        if not self.faults or self._mend is None:
            return self._every_seconds
        await self._mend()
        return AGAIN_SECONDS

    def _take(self, faults: tuple[str, ...]) -> None:
        for fault in faults:
            if fault not in (self.faults or ()):
                log.error(self._told.fault, reason=fault, what_now=self._told.what_now)
        if self.faults and not faults:
            log.info(self._told.well_again)
        self.faults = faults


def sip_watch(ask: Ask, listen_again: Callable[[], Awaitable[None]]) -> FaultWatch:
    """Watch that the switch listens for SIP, and have it try again while it does not.

    A switch that starts while its address is not there yet, or while another program has its port, runs on without:
    it answers us and nobody else, and never tries again by itself.
    """
    told = Told(
        fault="asterisk_does_not_listen",
        what_now="free the address in CALLFLOW_SIP_PORT",
        well_again="asterisk_listens_again",
    )
    return FaultWatch(ask, told, every_seconds=5.0, mend=listen_again)


def presentation_watch(ask: Ask) -> FaultWatch:
    """Watch that the switch keeps suppressed numbers to itself (R17)."""
    told = Told(
        fault="number_would_be_shown",
        what_now="run `callflow configure` and reload",
        well_again="numbers_are_kept_again",
    )
    return FaultWatch(ask, told, every_seconds=30.0)
