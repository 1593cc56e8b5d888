"""What the follow-up of voice messages needs of the switch and of the database (R11)."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callflow.errors import CallflowError
from callflow.policy.follow_up import CalledBack, OpenMessage, Reminder


class MessagesUnreadableError(CallflowError):
    """The mailboxes of the switch cannot be read."""

    code = "messages_unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftMessage:
    """A message as it lies in a mailbox; `key` is the switch's name for it, `caller_number` as it came."""

    key: str
    caller_number: str
    left_at: datetime
    seconds: int
    urgent: bool
    heard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A call that was answered, and since when the two talked."""

    call: CalledBack
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesState:
    """How many messages nobody has answered, how many of them nobody has heard, and how old the oldest is."""

    open: int = 0
    unheard: int = 0
    oldest_seconds: float = 0.0


Contents = Mapping[str, Sequence[LeftMessage]]
"""All messages of each mailbox, by its number."""


class Mailboxes(Protocol):
    """The mailboxes of the switch."""

    @property
    def problem(self) -> str | None:
        """What of the mailboxes looked at last cannot be read, None when all can."""
        ...

    def spool(self) -> str:
        """Return the name of the disk on which the mailboxes lie, "" where there are none; it blocks.

        Raise `MessagesUnreadableError` when it cannot be read.
        """
        ...

    def forget(self) -> None:
        """Read each mailbox anew at the next look at all."""
        ...

    def changed(self, mailboxes: Collection[str]) -> dict[str, tuple[LeftMessage, ...]]:
        """Return all messages of those of these mailboxes that have changed since they were read; it blocks."""
        ...

    def all_changed(self, known: Collection[str] = ()) -> dict[str, tuple[LeftMessage, ...]]:
        """Return all messages of each mailbox that has changed since it was read; one of those `known` may be gone.

        It blocks, and raises `MessagesUnreadableError` when nothing can be known of them.
        """
        ...


class MessageStore(Protocol):
    """The messages in the policy database; each method raises `CallflowError` when it is away."""

    async def mailboxes_on(self, spool: str) -> frozenset[str]:
        """Return the numbers of the mailboxes of which messages are stored as lying on this disk."""
        ...

    async def put(self, spool: str, contents: Contents, caller_of: Callable[[str], str | None]) -> None:
        """Make what is stored of these mailboxes on a disk what is in them; `caller_of` reads who called."""
        ...

    async def from_callers(self, numbers: Sequence[str]) -> Sequence[OpenMessage]:
        """Return the open messages of these callers."""
        ...

    async def answer(self, message_id: int, actor: str) -> bool:
        """End a message as answered; False when it has ended already."""
        ...

    async def to_remind(self) -> Sequence[OpenMessage]:
        """Return the open messages that somebody may still have to be reminded of."""
        ...

    async def remind(self, due: Sequence[Reminder], tell: Callable[[Sequence[Reminder]], Awaitable[None]]) -> None:
        """Note reminders, and hand those that nobody else has noted to `tell` before that is final."""
        ...

    async def state(self) -> MessagesState:
        """Return how the messages stand."""
        ...

    def close(self) -> None:
        """Let go of what is held; it is opened anew when it is used again."""
        ...
