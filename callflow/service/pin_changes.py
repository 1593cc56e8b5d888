"""A PIN that its owner has changed in Asterisk's voicemail becomes the policy's, later if the database is away (R11).

Asterisk's script leaves a file named by mailbox and moment, with the PIN; it goes when the database has taken or
refused it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from callflow.backoff import Backoff
from callflow.errors import CallflowError
from callflow.service.spool import locked, waiting

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

StorePin = Callable[[str, str], Awaitable[None]]
"""Store the PIN of a mailbox (its number); raise `PinRefusedError` or `PinNotStoredError`."""


class PinRefusedError(CallflowError):
    """The policy database will never take this PIN, or has no such mailbox."""

    code = "pin_refused"


class PinNotStoredError(CallflowError):
    """The policy database could not be reached: the PIN waits."""

    code = "pin_not_stored"


class PinChanges:
    """The folder of changed PINs, and what waits there."""

    def __init__(self, folder: Path, store: StorePin) -> None:
        """Prepare; the folder is made where it is missing."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._store = store

    async def run(self) -> None:
        """Store what comes, each mailbox's PINs in the order in which they were changed, until cancelled."""
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while True:
            try:
                await self.store_what_waits()
            except PinNotStoredError as error:
                pause = backoff.pause()
                log.warning("pin_not_stored", reason=str(error), again_in_seconds=round(pause, 2))
                await asyncio.sleep(pause)
            else:
                backoff.reset()
                await asyncio.sleep(LOOK_SECONDS)

    async def store_what_waits(self) -> None:
        """Store each PIN once; raise `PinNotStoredError` at the first that has to wait."""
        in_hand = set()
        for path in waiting(self._folder):
            mailbox = path.name.partition(".")[0]
            if mailbox in in_hand:  # by another instance: a later PIN must not be stored before an earlier one
                continue
            with locked(path) as pin:
                if pin is None:
                    in_hand.add(mailbox)
                else:
                    await self._store_one(path, mailbox, pin.decode(errors="replace"))

    async def _store_one(self, path: Path, mailbox: str, pin: str) -> None:
        try:
            await self._store(mailbox, pin)
        except PinRefusedError as error:
            log.warning("pin_refused", mailbox=mailbox, reason=str(error))
        else:
            log.info("pin_changed", mailbox=mailbox)
        path.unlink()  # noqa: ASYNC240 - one name on the local disk
