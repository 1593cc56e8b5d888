"""Ends the ringing when the last ring has sounded, counted from the first ringing of any leg (R8).

It keeps nothing that the switch does not say itself: how long a caller's legs may ring comes with the ringing,
so a service started in mid-call guards that call too. Behind it stands the dial's own time-out.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from callflow.errors import CallflowError
from callflow.policy.lost_codes import hide_every_code
from callflow.service.metrics import RINGING_ENDED, count_report
from callflow.service.telephony import (
    LegDialled,
    LegEnded,
    LegRinging,
    MailboxChanged,
    PlanReported,
    RingEvent,
    Ringing,
    RingingLost,
)

log = structlog.get_logger(__name__)

FINISH_SECONDS = 3.0
DIALLED = "dialled"
"""The field of a report that tells what was dialled, which may hold a PIN."""

Hide = Callable[[str], str]
"""Takes away of what was dialled what nobody may read."""


@dataclass(slots=True)
class _Caller:
    """A caller's legs that have not ended, and the clock that began with the first ringing.

    Early media begins it as well; the first ringing then begins it anew.
    """

    legs: dict[str, None] = field(default_factory=dict)
    clock: asyncio.TimerHandle | None = None
    rings: bool = False

    def stop(self) -> None:
        if self.clock is not None:
            self.clock.cancel()


class RingGuard:
    """Watches what rings and ends it in time; tells what the dialplan reports, without what `hide` takes away.

    Each of `listeners` gets what does not ring, as it came, and that the connection was lost; none may block.
    """

    def __init__(
        self, ringing: Ringing, hide: Hide = hide_every_code, *listeners: Callable[[RingEvent], None]
    ) -> None:
        self._ringing = ringing
        self._hide = hide
        self._listeners = listeners
        self._callers: dict[str, _Caller] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Guard until cancelled."""
        try:
            async for event in self._ringing.events():
                self._take(event)
        finally:
            self._forget_all()

    async def finish(self) -> None:
        """End the ringings whose time is up, before the process ends."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISH_SECONDS)

    def _take(self, event: RingEvent) -> None:
        match event:
            case LegDialled():
                self._callers.setdefault(event.caller_id, _Caller()).legs[event.leg_channel] = None
            case LegRinging():
                self._rings(event)
            case LegEnded():
                self._leg_ended(event)
            case MailboxChanged():
                self._tell(event)
            case RingingLost():
                self._forget_all()
                self._tell(event)
            case PlanReported():
                count_report(event.event, event.fields)
                log.info(event.event, call_id=event.call_id, **self._shown(event.fields))
                self._tell(event)

    def _tell(self, event: RingEvent) -> None:
        for listener in self._listeners:
            listener(event)

    def _shown(self, fields: Mapping[str, str]) -> dict[str, str]:
        return {name: self._hide(value) if name == DIALLED else value for name, value in fields.items()}

    def _rings(self, event: LegRinging) -> None:
        caller = self._callers.setdefault(event.caller_id, _Caller())
        caller.legs[event.leg_channel] = None
        if event.ring_ms is not None and (caller.clock is None or not (caller.rings or event.early_media)):
            caller.stop()
            caller.rings = not event.early_media
            loop = asyncio.get_running_loop()
            caller.clock = loop.call_later(event.ring_ms / 1000, self._time_is_up, event)

    def _leg_ended(self, event: LegEnded) -> None:
        caller = self._callers.get(event.caller_id)
        if caller is None:
            return
        caller.legs.pop(event.leg_channel, None)
        if event.answered or not caller.legs:
            self._forget(event.caller_id)

    def _time_is_up(self, first: LegRinging) -> None:
        caller = self._callers.pop(first.caller_id, None)
        if caller is not None and caller.legs:
            task = asyncio.create_task(self._end(first, tuple(caller.legs)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _end(self, first: LegRinging, legs: tuple[str, ...]) -> None:
        with structlog.contextvars.bound_contextvars(call_id=first.caller_id):
            try:
                ended = await self._ringing.end_ringing(first.caller_channel, first.dial, legs)
            except CallflowError as error:
                log.warning("ringing_not_ended", code=error.code, reason=str(error))
                return
            if ended:
                RINGING_ENDED.inc()
                log.info("ringing_ended", rule="R8", legs=len(legs))
            else:
                log.info("ringing_over_already", legs=len(legs))

    def _forget(self, caller_id: str) -> None:
        caller = self._callers.pop(caller_id, None)
        if caller is not None:
            caller.stop()

    def _forget_all(self) -> None:
        for caller_id in list(self._callers):
            self._forget(caller_id)
