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
from uuid import uuid4

import structlog

from callflow.asterisk.plan_variables import VOICEMAIL_CONTEXT
from callflow.files import write_new
from callflow.service.message_ports import LeftMessage, MessagesUnreadableError

log = structlog.get_logger(__name__)

SETTLED_SECONDS = 1.0
"""How long a folder must have been as it is: while somebody listens, messages are moved and numbered anew."""
NAME_FILE = ".callflow-spool"
MOST_SECONDS = 86_400
_UNHEARD = frozenset(("INBOX", "Urgent"))
_NO_MESSAGES = frozenset(("tmp", "Deleted"))
_KEY = re.compile(r"[^\x21-\x7e]|(?<=.{100}).")
_CALLER = re.compile(r"<([^<>]*)>\s*$")

Marks = tuple[tuple[str, int], ...]


class MessageFiles:
    """The mailboxes below a folder of Asterisk's spool, and how they looked when they were read last."""

    def __init__(self, spool: Path) -> None:
        self._folder = spool / "voicemail" / VOICEMAIL_CONTEXT
        self._marks: dict[str, Marks] = {}
        self._changing: set[str] = set()
        self._problems: dict[str, str] = {}

    @property
    def problem(self) -> str | None:
        """What of the mailboxes looked at last cannot be read, None when all can."""
        return next((f"mailbox {mailbox}: {problem}" for mailbox, problem in sorted(self._problems.items())), None)

    def spool(self) -> str:
        """Return the name of the disk on which the mailboxes lie, "" before anybody has a message; this reads it.

        It stands in a file there, made at the first time: a disk that is not mounted, or another node's, has another
        name, and nothing counts as gone from the one that is not there.

        Raises:
            MessagesUnreadableError: the spool cannot be read or written.
        """
        path = self._folder / NAME_FILE
        try:
            if not self._folder.is_dir():
                return ""
            if not path.exists():
                _name(path)
            name = path.read_bytes().strip()
        except OSError as error:
            raise MessagesUnreadableError(f"{path}: {error.strerror}") from error
        if not re.fullmatch(rb"[0-9a-f-]{36}", name):
            raise MessagesUnreadableError(f"{path} does not hold the name that we gave; put it back, or delete it")
        return name.decode()

    def forget(self) -> None:
        """Read each mailbox anew at the next look at all."""
        self._marks.clear()
        self._changing.clear()

    def all_changed(self, known: Collection[str] = ()) -> dict[str, tuple[LeftMessage, ...]]:
        """Return all messages of each mailbox that is not as it was when it was read last; one that is gone has none.

        `known`: mailboxes in which messages have lain before this was made. A mailbox that is changing just now is
        left for `changed`. This reads from disk: call it in a thread.

        Raises:
            MessagesUnreadableError: the spool cannot be read; nothing counts as gone then.
        """
        try:
            with os.scandir(self._folder) as entries:
                there = {entry.name for entry in entries if entry.is_dir()}
        except OSError as error:
            raise MessagesUnreadableError(f"{self._folder}: {error.strerror}") from error
        return self._changed(there | self._marks.keys() | set(known), there)

    def changed(self, mailboxes: Collection[str]) -> dict[str, tuple[LeftMessage, ...]]:
        """Return the same of these mailboxes alone, and of those that were changing when they were looked at last."""
        asked = {*mailboxes, *self._changing}
        try:
            there = {name for name in asked if (self._folder / name).is_dir()}
        except OSError as error:
            raise MessagesUnreadableError(f"{self._folder}: {error.strerror}") from error
        return self._changed(asked, there)

    def _changed(self, asked: Iterable[str], there: set[str]) -> dict[str, tuple[LeftMessage, ...]]:
        found: dict[str, tuple[LeftMessage, ...]] = {}
        self._changing = set()
        for mailbox in asked:
            self._problems.pop(mailbox, None)
            if mailbox not in there:
                self._marks.pop(mailbox, None)
                found[mailbox] = ()
            elif (messages := self._look(mailbox)) is not None:
                found[mailbox] = messages
        return found

    def _look(self, mailbox: str) -> tuple[LeftMessage, ...] | None:
        """Return the messages of a mailbox; None if it is as it was, changing, or cannot be read."""
        try:
            marks = _marks(self._folder / mailbox)
            if marks == self._marks.get(mailbox):
                return None
            if _settled(marks):
                messages = _messages(self._folder / mailbox, marks)
                self._marks[mailbox] = marks
                return messages
        except FileNotFoundError:  # it is moved just now
            pass
        except OSError as error:
            self._problems[mailbox] = f"{error.filename}: {error.strerror}"
        self._changing.add(mailbox)
        return None


def _name(path: Path) -> None:
    """Write a new name whole, unless another service is quicker."""
    part = path.with_name(f"{path.name}.{uuid4()}")
    write_new(part, f"{uuid4()}\n".encode())
    try:
        with suppress(FileExistsError):
            path.hardlink_to(part)
    finally:
        part.unlink()


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
            key=_KEY.sub("", values.get("msg_id", "")) or f"{values['origtime']}-{path.stem}",
            caller_number=caller[1] if caller is not None else values.get("callerid", ""),
            left_at=left_at,
            seconds=min(max(0, int(values.get("duration") or 0)), MOST_SECONDS),
            urgent=urgent or values.get("flag") == "Urgent",
            heard=heard,
        )
    log.warning("message_not_read", path=str(path), what_now="see whether its recording is whole")
    return None
