"""Follows up each voicemail message until somebody has called back (R11).

What lies in the mailboxes goes into the policy database, where a message is a task. A call back that was answered
ends it; whoever lets it lie is reminded by mail. The mailboxes are the truth about what is heard and what is gone:
whatever was missed while this service or the database was away is found at the next look.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import islice
from typing import Protocol

import structlog

from callflow.errors import CallflowError
from callflow.policy.follow_up import (
    CalledBack,
    OpenMessage,
    Reminded,
    Reminder,
    answers,
    called_back,
    caller_of,
    reminder,
)
from callflow.policy.model import Policy
from callflow.service.clock import now
from callflow.service.metrics import MESSAGES_ANSWERED, MESSAGES_REMINDED
from callflow.service.policy_holder import Held
from callflow.service.reminder_mail import reminder_mails
from callflow.service.telephony import MailboxChanged, PlanReported, RingEvent, RingingLost

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
LOOK_AT_ALL_SECONDS = 300.0
"""How often all mailboxes are looked at, whether the switch has told of a change or not."""
REMIND_SECONDS = 20.0
MOST_MAILBOXES = 200
"""How many mailboxes are stored at once."""
MOST_CALLS = 10_000
"""How many ended calls are kept while the database is away; with more, the first are forgotten."""


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

    async def open_mailboxes(self) -> frozenset[str]:
        """Return the numbers of the mailboxes with messages that nobody has answered."""
        ...

    async def put(self, contents: Contents, caller_of: Callable[[str], str | None]) -> None:
        """Make what is stored of these mailboxes what is in them; who called is stored as `caller_of` has it."""
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


class PolicyInUse(Protocol):
    """Whoever holds the present policy."""

    @property
    def held(self) -> Held | None:
        """The present snapshot, None before the first."""
        ...


class MessageFollowUp:
    """Brings mailboxes, calls and reminders together; `state` and `error` are for health."""

    def __init__(
        self,
        *,
        mailboxes: Mailboxes,
        store: MessageStore,
        policy: PolicyInUse,
        post: Callable[[EmailMessage], None],
        sender: str,
    ) -> None:
        """Take where messages are, where they are followed up, and what posts a mail from `sender` for good."""
        self._mailboxes = mailboxes
        self._store = store
        self._policy = policy
        self._post = post
        self._sender = sender
        self._contents: dict[str, tuple[LeftMessage, ...]] = {}
        self._calls: list[Answered] = []
        self._to_look_at: set[str] = set()
        self._all_at = 0.0
        self._compared = False
        self._remind_at = 0.0
        self.state = MessagesState()
        self.error: str | None = None

    def take(self, event: RingEvent) -> None:
        """Take what the switch tells: a mailbox to look at, a call that may be a call back, or that news was lost."""
        match event:
            case MailboxChanged(mailbox):
                self._to_look_at.add(mailbox)
            case RingingLost():
                self._all_at = 0.0
            case PlanReported(event="plan_ended"):
                self._call_ended(event)
            case _:
                pass

    def _call_ended(self, report: PlanReported) -> None:
        held, fields = self._policy.held, report.fields
        if held is None or fields.get("dialstatus") != "ANSWER":
            return
        call = called_back(held.policy, report.account, fields.get("dialled", ""))
        if call is not None:
            talked = int(fields.get("answered") or 0)
            self._calls.append(Answered(call=call, since=now() - timedelta(seconds=talked)))
            del self._calls[:-MOST_CALLS]

    async def run(self) -> None:
        """Follow up until cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._store.close()

    async def _look(self) -> None:
        held = self._policy.held
        if held is None:
            return
        try:
            await self._take_messages(held.policy)
            await self._take_calls(held.policy)
            if time.monotonic() >= self._remind_at:
                await self._remind(held.policy)
                self._remind_at = time.monotonic() + REMIND_SECONDS
            self.state = await self._store.state()
            self.error = None
        except CallflowError as error:
            if self.error is None:
                log.warning("messages_not_followed_up", code=error.code, reason=str(error))
            self.error = str(error)

    async def _take_messages(self, policy: Policy) -> None:
        contents = self._contents
        contents.update(await self._changed())
        while contents:
            some = dict(islice(contents.items(), MOST_MAILBOXES))
            await self._store.put(some, lambda number: caller_of(number, policy))
            for mailbox in some:
                del contents[mailbox]

    async def _changed(self) -> dict[str, tuple[LeftMessage, ...]]:
        """Return what lies in each changed mailbox, of those that the switch told of, now and then of all."""
        asked, self._to_look_at = self._to_look_at, set()
        begun = time.monotonic()
        if begun < self._all_at:
            return await asyncio.to_thread(self._mailboxes.changed, asked)
        known = frozenset() if self._compared else await self._store.open_mailboxes()
        found = await asyncio.to_thread(self._mailboxes.all_changed, known)
        self._all_at, self._compared = begun + LOOK_AT_ALL_SECONDS, True
        return found

    async def _take_calls(self, policy: Policy) -> None:
        calls = list(self._calls)
        if not calls:
            return
        for message in await self._store.from_callers(sorted({it.call.number for it in calls})):
            for it in calls:
                if it.call.number == message.caller_number and it.since >= message.left_at:
                    await self._answer(policy, it, message)
        del self._calls[: len(calls)]

    async def _answer(self, policy: Policy, answered: Answered, message: OpenMessage) -> None:
        caller = policy.extensions.get(answered.call.extension_id)
        if caller is None or not answers(policy, caller.id, message):
            return
        if await self._store.answer(message.id, f"phone:{caller.number}"):
            MESSAGES_ANSWERED.inc()
            log.info("message_answered", rule="R11", message=message.id)

    async def _remind(self, policy: Policy) -> None:
        messages, at = await self._store.to_remind(), now()
        found = await asyncio.to_thread(lambda: [reminder(policy, message, at) for message in messages])
        due = [it for it in found if it is not None]
        if due:
            await self._store.remind(due, lambda noted: self._tell(policy, noted))

    async def _tell(self, policy: Policy, noted: Sequence[Reminder]) -> None:
        for mail in reminder_mails(policy, noted, self._sender):
            await asyncio.to_thread(self._post, mail)
        for to in Reminded:
            count = sum(it.to is to for it in noted)
            if count:
                MESSAGES_REMINDED.labels(to=to.value).inc(count)
                log.info("message_reminders_sent", rule="R11", to=to.value, messages=count)
