"""Ends the calls of a phone that is reported lost, as soon as the policy says so, by whatever hand (R21).

What was decided before the lock still runs by its plan and may come to the lost phone later, so its calls are looked
for again for a while.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from callflow.errors import CallflowError
from callflow.policy.model import Extension, ExtensionKind
from callflow.seldom import Seldom
from callflow.service.metrics import LOST_CALLS_ENDED
from callflow.service.ports import Snapshot
from callflow.service.telephony import LostPhone, OngoingCalls

log = structlog.get_logger(__name__)

WATCH_SECONDS = 300.0
"""How long calls are looked for again: hardly a plan from before the lock runs longer."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Watch:
    """A lost phone, and until when its calls are looked for; in any case until the switch has been asked once."""

    phone: LostPhone
    until: float


class LostPhones:
    """Watches the policy for phones that are locked as lost."""

    def __init__(self, calls: OngoingCalls) -> None:
        self._calls = calls
        self._extensions: Mapping[int, Extension] = {}
        self._lost: dict[int, LostPhone] = {}
        self._watched: dict[int, _Watch] = {}
        self._news = asyncio.Event()
        self._failures = Seldom()

    @property
    def watches(self) -> bool:
        """Whether the calls of any phone are looked for."""
        return bool(self._watched)

    async def follow(self, snapshot: Snapshot) -> None:
        """Take in which phones are lost now; what is to be ended for it is done by `run`."""
        extensions = snapshot.policy.extensions
        if extensions is self._extensions:
            return
        self._extensions, before = extensions, self._lost
        self._lost = {row.id: _phone(row) for row in extensions.values() if row.locked}
        until = time.monotonic() + WATCH_SECONDS
        for row_id, phone in self._lost.items():
            if before.get(row_id) != phone:
                self._watched[row_id] = _Watch(phone, until)
                self._news.set()
        for row_id in self._watched.keys() - self._lost.keys():
            del self._watched[row_id]

    async def run(self) -> None:
        """End the calls of lost phones until cancelled."""
        while True:
            if not self._watched:
                await self._news.wait()
            self._news.clear()
            pause = FIRST_PAUSE_SECONDS
            while self._watched and not self._news.is_set():
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._news.wait()
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _look(self) -> None:
        watched = dict(self._watched)
        try:
            ended = await self._calls.end_calls_of(tuple(watch.phone for watch in watched.values()))
        except CallflowError as error:
            self._failures.tell(log.warning, "lost_phones_calls_not_ended", code=error.code, reason=str(error))
            return
        if ended:
            LOST_CALLS_ENDED.inc(ended)
            log.info("lost_phones_calls_ended", rule="R21", legs=ended)
        for row_id, watch in watched.items():
            if watch.until <= time.monotonic() and self._watched.get(row_id) is watch:
                del self._watched[row_id]


def _phone(extension: Extension) -> LostPhone:
    twin = extension.kind is not ExtensionKind.DESK
    return LostPhone(account=extension.sip_username, mobile_number=extension.mobile_number if twin else None)
