"""Follows up each voicemail message until somebody has called back (R11).

What lies in the mailboxes goes into the policy database, where a message is a task. A call back that was answered
ends it; whoever lets it lie is reminded by mail. The mailboxes are the truth about what is heard and what is gone:
whatever was missed while this service or the database was away is found at the next look.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from itertools import islice

import structlog

from callflow.aside import aside
from callflow.errors import CallflowError
from callflow.policy.follow_up import (
    OpenMessage,
    Reminder,
    answers,
    called_back,
    caller_of,
    reminder,
)
from callflow.policy.model import Policy
from callflow.service.clock import now
from callflow.service.message_ports import Answered, LeftMessage, Mailboxes, MessagesState, MessageStore
from callflow.service.metrics import MESSAGES_ANSWERED, MESSAGES_REMINDED
from callflow.service.policy_holder import PolicyInUse
from callflow.service.reminder_mail import grouped, reminder_mail
from callflow.service.telephony import MailboxChanged, PlanReported, RingEvent, RingingLost

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
LOOK_AT_ALL_SECONDS = 300.0
"""How often all mailboxes are looked at, whether the switch has told of a change or not."""
READ_ANEW_SECONDS = 3600.0
"""How often they are read, whether they have changed or not."""
REMIND_SECONDS = 20.0
MOST_MAILBOXES = 50
"""How many mailboxes are stored at once."""
MOST_CALLS = 10_000
"""How many ended calls are kept while the database is away; with more, the first are forgotten."""


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
        self._spool = ""
        self._to_look_at: set[str] = set()
        self._look_at_all = True
        self._all_at = self._anew_at = self._remind_at = 0.0
        self.state = MessagesState()
        self.error: str | None = None

    def take(self, event: RingEvent) -> None:
        """Take what the switch tells: a mailbox to look at, a call that may be a call back, or that news was lost."""
        match event:
            case MailboxChanged(mailbox):
                self._to_look_at.add(mailbox)
            case RingingLost():
                self._look_at_all = True
            case PlanReported(event="plan_ended"):
                try:
                    self._call_ended(event)
                except Exception:  # whoever tells us has calls in hand
                    log.exception("call_back_not_read", call_id=event.call_id)
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
        held, errors = self._policy.held, list[str]()
        if held is None:
            return
        for step in (self._take_messages, self._take_calls, self._remind, self._ask_state):
            try:
                await step(held.policy)
            except CallflowError as error:  # what waits is taken the next time
                errors.append(str(error))
                if self.error is None:
                    log.warning("messages_not_followed_up", code=error.code, reason=str(error))
        problem = self._mailboxes.problem
        if problem is not None and self.error is None:
            log.warning("mailbox_not_read", reason=problem)
        self.error = next(iter(errors), problem)

    async def _take_messages(self, policy: Policy) -> None:
        await self._look_at_mailboxes()
        while self._contents:
            some = dict(islice(self._contents.items(), MOST_MAILBOXES))
            await self._store.put(self._spool, some, lambda number: caller_of(number, policy))
            for mailbox in some:
                del self._contents[mailbox]

    async def _look_at_mailboxes(self) -> None:
        """Read each changed mailbox, of those that the switch told of, now and then of all."""
        spool = await aside(self._mailboxes.spool)
        if spool != self._spool:
            log.info("messages_lie_on", spool=spool)
            self._contents.clear()
            self._spool, self._anew_at, self._look_at_all = spool, 0.0, True
        if not spool:
            return
        asked, self._to_look_at = self._to_look_at, set()
        begun = time.monotonic()
        if begun < self._all_at and not self._look_at_all:
            self._contents.update(await aside(partial(self._mailboxes.changed, asked)))
            return
        self._look_at_all = False
        try:
            await self._look_at_all_mailboxes(begun)
        except CallflowError:
            self._look_at_all = True
            raise
        self._all_at = begun + LOOK_AT_ALL_SECONDS

    async def _look_at_all_mailboxes(self, begun: float) -> None:
        known: frozenset[str] = frozenset()
        if begun >= self._anew_at:  # what the database has lost, or refused, is given to it again
            known = await self._store.mailboxes_on(self._spool)
            self._mailboxes.forget()
        self._contents.update(await aside(partial(self._mailboxes.all_changed, known)))
        if begun >= self._anew_at:
            self._anew_at = begun + READ_ANEW_SECONDS

    async def _take_calls(self, policy: Policy) -> None:
        calls = list(self._calls)
        if not calls:
            return
        by_number: dict[str, list[Answered]] = defaultdict(list)
        for it in calls:
            by_number[it.call.number].append(it)
        for message in await self._store.from_callers(sorted(by_number)):
            for it in by_number[message.caller_number or ""]:
                if it.since >= message.left_at:
                    await self._answer(policy, it, message)
        del self._calls[: len(calls)]

    async def _answer(self, policy: Policy, answered: Answered, message: OpenMessage) -> None:
        if not answers(policy, answered.call.extension_id, message):
            return
        caller = policy.extensions[answered.call.extension_id]
        if await self._store.answer(message.id, f"phone:{caller.number}"):
            MESSAGES_ANSWERED.inc()
            log.info("message_answered", rule="R11", message=message.id)

    async def _remind(self, policy: Policy) -> None:
        """Remind those whose time has come, each reader in a transaction of their own."""
        if time.monotonic() < self._remind_at:
            return
        self._remind_at = time.monotonic() + REMIND_SECONDS
        messages, at = await self._store.to_remind(), now()
        found = await asyncio.to_thread(lambda: [reminder(policy, message, at) for message in messages])
        for group in grouped(it for it in found if it is not None):
            await self._store.remind(group, lambda noted: self._tell(policy, noted))

    async def _tell(self, policy: Policy, noted: Sequence[Reminder]) -> None:
        if noted:
            about = {"to": noted[0].to.value, "messages": len(noted), "first": noted[0].message.id}
            try:
                await aside(lambda: self._post(reminder_mail(policy, noted, self._sender)))
            except ValueError as error:
                log.error("message_reminder_not_sent", reason=str(error), what_now="correct the address", **about)  # noqa: TRY400
                return
            MESSAGES_REMINDED.labels(to=noted[0].to.value).inc(len(noted))
            log.info("message_reminder_sent", rule="R11", **about)

    async def _ask_state(self, policy: Policy) -> None:
        del policy
        self.state = await self._store.state()
