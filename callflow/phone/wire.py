"""Every SIP message that a phone sent or received, read back from pjsip's own log."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from callflow.phone.events import PhoneError

_HEAD = re.compile(rb"^[^\n]*[ .!](TX|RX) (\d+) bytes [^\n]* (?:to|from) \S+ (\S+):\r?\n", re.MULTILINE)
_END = b"\n--end msg--"
_COMPACT = {
    "b": "referred-by", "c": "content-type", "f": "from", "i": "call-id", "k": "supported", "l": "content-length",
    "m": "contact", "o": "event", "r": "refer-to", "s": "subject", "t": "to", "u": "allow-events", "v": "via",
}  # fmt: skip


class Direction(StrEnum):
    """Which way a message went, as the phone sees it."""

    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message: which way, the other end's host:port, and its bytes as they went over the wire."""

    direction: Direction
    peer: str
    raw: bytes

    @property
    def text(self) -> str:
        """The whole message; what is not UTF-8 in it is replaced."""
        return self.raw.decode(errors="replace")

    @property
    def first_line(self) -> str:
        """The request line or the status line."""
        return self.text.partition("\r\n")[0]

    @property
    def method(self) -> str:
        """The method of a request or of what a response answers, from CSeq."""
        return self.headers["cseq"][0].split()[-1]

    @property
    def code(self) -> int:
        """A response's code, 0 for a request."""
        return int(self.first_line.split()[1]) if self.first_line.startswith("SIP/2.0 ") else 0

    @property
    def headers(self) -> Mapping[str, list[str]]:
        """The headers by lower-case full name, each with its values in order."""
        found: dict[str, list[str]] = {}
        head = re.sub(r"\r\n[ \t]+", " ", self.text.partition("\r\n\r\n")[0])
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            key = name.strip().lower()
            found.setdefault(_COMPACT.get(key, key), []).append(value.strip())
        return found

    @property
    def body(self) -> str:
        """What follows the headers: SDP, a sipfrag, or nothing."""
        return self.text.partition("\r\n\r\n")[2]

    def __str__(self) -> str:
        return f"{self.direction} {self.peer}\n{self.text}"


class Recording:
    """The messages in a phone's log since the beginning or the last `forget`; sizes are the log's, in bytes."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._from = 0

    def forget(self, size: int | None) -> None:
        """Leave out what stands in the first `size` bytes (None: all there is)."""
        self._from = self._log.stat().st_size if size is None else size

    def messages(self, size: int | None) -> list[Message]:
        """Return the messages in their order, up to `size` (None: all there are).

        Raises:
            PhoneError: the log does not hold all of a message that it tells of.
        """
        return list(read_messages(self._log.read_bytes()[self._from : size]))


def read_messages(log: bytes) -> Iterator[Message]:
    """Yield the messages of a pjsip log of level 4 or more.

    Raises:
        PhoneError: a message is cut short, as pjsip does with those of some 3900 bytes, or cannot be told apart.
    """
    at = 0
    while head := _HEAD.search(log, at):
        _nothing_missed(log[at : head.start()])
        size, start = int(head[2]), head.end()
        at = start + size
        if not log.startswith(_END, at):
            raise PhoneError(f"the log has not all {size} bytes of a message: {log[head.start() : at][:300]!r}")
        direction = Direction.SENT if head[1] == b"TX" else Direction.RECEIVED
        yield Message(direction, head[3].decode(), log[start:at])
        at += len(_END)
    _nothing_missed(log[at:])


def _nothing_missed(between: bytes) -> None:
    if _END in between:
        raise PhoneError(f"the log has a message whose head was not understood: {between[:300]!r}")
