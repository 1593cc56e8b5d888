"""The names that people have recorded in their mailboxes (R10), known before a call needs one.

They lie on Asterisk's spool, and no call may wait for that disk or fail by it: it is read beside the event loop, and
while it does not answer nobody has recorded anything.
"""

import asyncio
import os
import stat
import time
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

import structlog

from callflow.aside import Asker
from callflow.service.telephony import MailboxChanged, RingEvent, RingingLost

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
"""How often the disk is asked whether it is there, when there is no news."""
LOOK_AT_ALL_SECONDS = 60.0
"""How often all mailboxes are looked at, whether the switch has told of a change or not."""
MOST_AT_ONCE = 200
"""How many mailboxes are looked at in one go: a slow disk is not to be taken for one that does not answer."""
SOUND = "greet"
"""What Asterisk's voicemail calls the name that a mailbox's owner has recorded, in the mailbox's folder."""


class RecordedNames:
    """Which mailboxes have one, as was seen last; `run` looks."""

    def __init__(self, spool: Path) -> None:
        """`spool` is Asterisk's."""
        self._folder = spool / "voicemail" / "callflow"
        self._disk = Asker()
        self._recorded: set[str] = set()
        self._to_look_at: set[str] = set()
        self._news = asyncio.Event()
        self._all_at = 0.0
        self._readable = True

    def sound(self, mailbox: str) -> str | None:
        """Return the sound's path without its ending, as Asterisk takes it; None where there is none to be had."""
        if mailbox not in self._recorded or self._disk.silent:
            return None
        return str(self._folder / mailbox / SOUND)

    def take(self, event: RingEvent) -> None:
        """Take what the switch tells: a mailbox to look at, or that such news was lost."""
        match event:
            case MailboxChanged(mailbox):
                self._to_look_at.add(mailbox)
                self._news.set()
            case RingingLost():
                self._all_at = 0.0

    async def run(self) -> None:
        """Look until cancelled; what cannot be read is read when it can."""
        while True:
            self._news.clear()
            try:
                await self._look()
            except OSError as error:
                self._not_read(error)
            else:
                self._readable = True
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()

    async def _look(self) -> None:
        """Look at the mailboxes that may have changed, or at least whether the disk is there."""
        begun = time.monotonic()
        if begun >= self._all_at:
            self._all_at = begun + LOOK_AT_ALL_SECONDS
            self._to_look_at |= self._recorded | await self._disk.ask(partial(_mailboxes, self._folder))
        await self._look_at_some()
        while self._to_look_at:
            await self._look_at_some()

    async def _look_at_some(self) -> None:
        some = set(islice(self._to_look_at, MOST_AT_ONCE))
        self._to_look_at -= some
        recorded = await self._disk.ask(partial(_with_a_name, self._folder, some))
        self._recorded = self._recorded - some | recorded

    def _not_read(self, error: OSError) -> None:
        self._recorded.clear()
        self._all_at = 0.0
        if self._readable:
            log.warning(
                "recorded_names_not_read", reason=str(error), what_now="see the disk; names are spoken until then"
            )
        self._readable = False


def _mailboxes(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - fifteen thousand names, and no path of any
    except FileNotFoundError:
        return set()


def _with_a_name(folder: Path, mailboxes: Collection[str]) -> set[str]:
    """Return which of these mailboxes have a recorded name that can be read; raise OSError when the folder cannot."""
    try:
        folder.stat()
    except FileNotFoundError:
        return set()
    return {mailbox for mailbox in mailboxes if _is_file(folder / mailbox / f"{SOUND}.wav")}


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
