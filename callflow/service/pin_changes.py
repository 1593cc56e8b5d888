"""A PIN that its owner has changed in Asterisk's voicemail becomes the policy's, later if the database is away (R11).

Asterisk's script leaves a file named by mailbox and moment, with the PIN; it goes when the database has taken or
refused it.
"""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from callflow.aside import aside
from callflow.backoff import Backoff
from callflow.errors import CallflowError
from callflow.service.spool import Retry, SpoolWatch, locked, waiting

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
    """The policy database could not be reached or could not take the PIN now: it waits."""

    code = "pin_not_stored"


class PinChanges:
    """The folder of changed PINs, and what waits there."""

    def __init__(self, folder: Path, store: StorePin, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare; the folder is made where it is missing, when it is looked at."""
        self._folder = folder
        self._store = store
        self._clock = clock
        self._retries: dict[str, Retry] = {}
        self._faults: dict[str, str] = {}
        self._watch = SpoolWatch("pin_spool_unreadable")
        self.waiting = 0

    @property
    def error(self) -> str | None:
        """Why a PIN waits, or why nobody knows whether one does."""
        faults = (f"mailbox {mailbox}: {fault}" for mailbox, fault in self._faults.items())
        return self._watch.error or next(faults, None)

    async def run(self) -> None:
        """Store what comes, each mailbox's PINs in the order in which they were changed, until cancelled."""
        await self._watch.run(self.store_what_waits, LOOK_SECONDS)

    async def store_what_waits(self) -> None:
        """Try each PIN whose time has come; one that waits holds up the later ones of its mailbox and no other.

        Raises:
            OSError: the folder cannot be read now.
        """
        found = await self._look()
        self._retries = {mailbox: self._retries[mailbox] for _, mailbox in found if mailbox in self._retries}
        held_up = {mailbox for mailbox, retry in self._retries.items() if self._clock() < retry.not_before}
        for path, mailbox in found:
            if mailbox not in held_up and not await self._try_one(path, mailbox):
                held_up.add(mailbox)
        if found:
            found = await self._look()
        left = {mailbox for _, mailbox in found}
        self._faults = {mailbox: fault for mailbox, fault in self._faults.items() if mailbox in left}
        self.waiting = len(found)

    async def _look(self) -> list[tuple[Path, str]]:
        """Return the PINs that lie there in their order, each with its mailbox."""
        [found] = await waiting(self._folder)
        return [(path, path.name.partition(".")[0]) for path in found]

    async def _try_one(self, path: Path, mailbox: str) -> bool:
        """Tell whether it is done with: not while another instance is at it, nor when it has to wait."""
        retry = self._retries.setdefault(mailbox, Retry(Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)))
        try:
            async with locked(path) as pin:
                if pin is None:
                    return False
                await self._store_one(path, mailbox, pin.decode(errors="replace"))
        except PinNotStoredError as error:
            retry.failed(self._clock())
            self._faults[mailbox] = str(error)
            log.warning("pin_not_stored", mailbox=mailbox, attempts=retry.attempts, reason=str(error))
            return False
        except Exception as error:
            retry.failed(self._clock())
            self._faults[mailbox] = f"{type(error).__name__}: {error}"
            log.exception("pin_not_stored", mailbox=mailbox, attempts=retry.attempts)
            return False
        del self._retries[mailbox]
        self._faults.pop(mailbox, None)
        return True

    async def _store_one(self, path: Path, mailbox: str, pin: str) -> None:
        try:
            await self._store(mailbox, pin)
        except PinRefusedError as error:
            log.warning("pin_refused", mailbox=mailbox, reason=str(error))
        else:
            log.info("pin_changed", mailbox=mailbox)
        await aside(path.unlink)
