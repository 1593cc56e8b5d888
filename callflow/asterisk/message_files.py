"""The messages in Asterisk's voicemail boxes, read from its spool (R11).

`spool/voicemail/callflow/<mailbox>/<folder>/msgNNNN.txt` describes a message, beside its recording. The folders INBOX
and Urgent hold what nobody has heard, the others what somebody has.
"""

import os
import re
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from callflow.asterisk.plan_variables import VOICEMAIL_CONTEXT
from callflow.service.messages import LeftMessage, MessagesUnreadableError

log = structlog.get_logger(__name__)

SETTLED_SECONDS = 1.0
"""How long a folder must have been as it is: while somebody listens, messages are moved and numbered anew."""
_UNHEARD = frozenset(("INBOX", "Urgent"))
_NO_MESSAGES = frozenset(("tmp", "Deleted"))
_CALLER = re.compile(r"<([^<>]*)>\s*$")

Marks = tuple[tuple[str, int], ...]


class MessageFiles:
    """The mailboxes below a folder of Asterisk's spool, and how they looked when they were read last."""

    def __init__(self, spool: Path) -> None:
        self._folder = spool / "voicemail" / VOICEMAIL_CONTEXT
        self._marks: dict[str, Marks] = {}
        self._changing: set[str] = set()

    def all_changed(self, known: Collection[str] = ()) -> dict[str, tuple[LeftMessage, ...]]:
        """Return all messages of each mailbox that is not as it was when it was read last; one that is gone has none.

        `known`: mailboxes in which messages have lain before this was made. A mailbox that is changing just now is
        left for `changed`. This reads from disk: call it in a thread.

        Raises:
            MessagesUnreadableError: the spool cannot be read, or nothing lies there any more, as where its disk is
                not mounted; nothing counts as gone then.
        """
        before = {*known, *self._marks}
        there = self._there()
        if before and not there:
            raise MessagesUnreadableError(
                f"no mailbox lies in {self._folder}, where messages wait for an answer: is its disk mounted? "
                "If it was left behind for good, close them (callflow messages --close)."
            )
        return self._changed(there | before, there)

    def changed(self, mailboxes: Collection[str]) -> dict[str, tuple[LeftMessage, ...]]:
        """Return the same of these mailboxes alone, and of those that were changing when they were looked at last."""
        asked = {*mailboxes, *self._changing}
        return self._changed(asked, {name for name in asked if (self._folder / name).is_dir()})

    def _changed(self, asked: Iterable[str], there: set[str]) -> dict[str, tuple[LeftMessage, ...]]:
        found: dict[str, tuple[LeftMessage, ...]] = {}
        self._changing = set()
        for mailbox in asked:
            if mailbox not in there:
                self._marks.pop(mailbox, None)
                found[mailbox] = ()
                continue
            try:
                marks = _marks(self._folder / mailbox)
                if marks == self._marks.get(mailbox):
                    continue
                if _settled(marks):
                    found[mailbox] = _messages(self._folder / mailbox, marks)
                    self._marks[mailbox] = marks
                    continue
            except OSError as error:  # a folder that is made or moved just now is there the next time
                log.debug("mailbox_not_read", mailbox=mailbox, reason=str(error))
            self._changing.add(mailbox)
        return found

    def _there(self) -> set[str]:
        """Return the mailboxes that have a folder; none before anybody has a message."""
        try:
            with os.scandir(self._folder) as entries:
                return {entry.name for entry in entries if entry.is_dir()}
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise MessagesUnreadableError(f"{self._folder}: {error.strerror}") from error


def _marks(mailbox: Path) -> Marks:
    """Return when each folder of a mailbox was changed last, in nanoseconds."""
    with os.scandir(mailbox) as entries:
        return tuple(
            sorted(
                (entry.name, entry.stat().st_mtime_ns)
                for entry in entries
                if entry.name not in _NO_MESSAGES and entry.is_dir()
            )
        )


def _settled(marks: Marks) -> bool:
    now = time.time()
    return not any(0 <= now - changed / 1e9 < SETTLED_SECONDS for _, changed in marks)


def _messages(mailbox: Path, marks: Marks) -> tuple[LeftMessage, ...]:
    """Return the messages of a mailbox, each once: while it is heard it is in two folders."""
    found: dict[str, LeftMessage] = {}
    for folder, _ in sorted(marks, key=lambda mark: mark[0] not in _UNHEARD):
        for path in sorted((mailbox / folder).glob("msg*.txt")):
            message = _message(path, heard=folder not in _UNHEARD, urgent=folder == "Urgent")
            if message is not None:
                found[message.key] = message
    return tuple(found.values())


def _message(path: Path, *, heard: bool, urgent: bool) -> LeftMessage | None:
    """Read what Asterisk tells of a message; None for a file that does not, as one that a full disk cut off."""
    text = path.read_text(encoding="utf-8", errors="replace")
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    with suppress(ValueError, OverflowError, OSError):
        left_at = datetime.fromtimestamp(int(values.get("origtime", "")), UTC)
        caller = _CALLER.search(values.get("callerid", ""))
        return LeftMessage(
            key=values.get("msg_id") or f"{values['origtime']}-{path.stem}",
            caller_number=caller[1] if caller is not None else values.get("callerid", ""),
            left_at=left_at,
            seconds=int(values.get("duration") or 0),
            urgent=urgent or values.get("flag") == "Urgent",
            heard=heard,
        )
    log.warning("message_not_read", path=str(path), what_now="see whether its recording is whole")
    return None
