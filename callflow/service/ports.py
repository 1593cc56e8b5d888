"""What call control needs of the world, as Protocols; `asterisk`, `storage` and `speech` implement them."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callflow.policy.model import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAccount:
    """A SIP account of an extension, for Asterisk alone: the password never enters the policy."""

    extension_id: int
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxAccount:
    """A voicemail box's PIN, for Asterisk alone."""

    mailbox_id: int
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A way to and from the telephone network; `host` is an IP address or a DNS name, the lowest `position` first."""

    position: int
    host: str
    port: int = 5060


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One consistent read of the database: the policy, and what Asterisk alone needs.

    `trunks` stand in their order; where there are none, the setting `CALLFLOW_TRUNK_HOST` counts.
    """

    policy: Policy
    phones: tuple[PhoneAccount, ...] = ()
    mailboxes: tuple[MailboxAccount, ...] = ()
    trunks: tuple[Trunk, ...] = ()


@dataclass(slots=True, kw_only=True)
class Feed:
    """How the revisions come, for health: kept by the store while `revisions` runs.

    `error` is what is wrong, None while the database answers and its notifications are listened for. `revision` is
    the database's, as it told last. Times are monotonic seconds: when it was asked last, and since when we know that
    revision. `told`: whether the last new revision came by notification.
    """

    poll_seconds: float
    error: str | None = "not connected yet"
    revision: int | None = None
    asked_at: float | None = None
    revised_at: float = 0.0
    told: bool = True


class PolicyStore(Protocol):
    """The policy database as the service sees it."""

    @property
    def feed(self) -> Feed:
        """How the revisions come."""
        ...

    async def load(self) -> Snapshot:
        """Return the present snapshot; raise `CallflowError` (code `database_unavailable`) when it cannot be read."""
        ...

    def revisions(self) -> AsyncIterator[int]:
        """Yield each new revision, by notification or poll; survive a lost database by itself."""
        ...


class SnapshotFile(Protocol):
    """The last good snapshot on disk, for a start without the database."""

    @property
    def problem(self) -> str | None:
        """Why the last `read` gave nothing, in words."""
        ...

    @property
    def written_at(self) -> datetime | None:
        """When what the last `read` gave was written."""
        ...

    def read(self) -> Snapshot | None:
        """Return what was last written, or None if there is nothing or it is damaged (which is logged)."""
        ...

    def write(self, snapshot: Snapshot) -> None:
        """Keep this snapshot, atomically, readable by the owner only."""
        ...


class Speech(Protocol):
    """Speech made ahead of the call, never in the caller's time."""

    async def prepare(self, texts: Iterable[tuple[str, str]]) -> None:
        """Make the sound of each (language, text) that has none yet; raise what it failed by."""
        ...

    def sound(self, language: str, text: str, mailbox: str | None = None) -> str | None:
        """Return the sound's path without extension as Asterisk takes it, or None when it is not made yet.

        Where the owner of `mailbox` has recorded the own name, that goes before speech.
        """
        ...
