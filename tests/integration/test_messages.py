"""Messages followed up in a real database: what lies in the mailboxes, calls back, reminders (R11)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from callflow.policy.follow_up import OpenMessage, Reminder, reminder
from callflow.policy.model import Policy
from callflow.service import messages as service
from callflow.service.mail import MailNotSpooledError
from callflow.service.message_ports import LeftMessage, MessagesUnreadableError
from callflow.service.messages import MessageFollowUp
from callflow.service.telephony import MailboxChanged, PlanReported, RingingLost
from callflow.storage.connection import Connection, connected
from callflow.storage.messages import SERVER_SETTINGS, PostgresMessages
from callflow.storage.snapshot import read_snapshot
from tests.fakes.calls import HoldsPolicy, held
from tests.fakes.running import running
from tests.fakes.waiting import until, until_told

OWNER, COLLEAGUE, OTHER_UNIT = "61100", "61104", "61202"
CALLER = "+46701740605"
SEEN = "SELECT state, ended_by FROM voicemail_message ORDER BY key"


@dataclass
class Boxes:
    """Mailboxes as the switch has them: what is put here has changed, for one service, which takes it."""

    contents: dict[str, tuple[LeftMessage, ...]] = field(default_factory=dict)
    error: str = ""
    problem: str | None = None
    disk: str = "a disk"
    looked_at: list[str] = field(default_factory=list)

    def spool(self) -> str:
        return self.disk

    def forget(self) -> None:
        self.looked_at.append("anew")

    def all_changed(self, known: Collection[str] = ()) -> dict[str, tuple[LeftMessage, ...]]:
        self.looked_at.append("all")
        if self.error:
            raise MessagesUnreadableError(self.error)
        found, self.contents = self.contents, {}
        return {**dict.fromkeys(known, ()), **found}

    def changed(self, mailboxes: Collection[str]) -> dict[str, tuple[LeftMessage, ...]]:
        self.looked_at += mailboxes
        return {}


@dataclass
class Mails:
    """Mails that were posted; while `full`, the disk takes none."""

    posted: list[EmailMessage] = field(default_factory=list)
    full: bool = False

    def post(self, mail: EmailMessage) -> None:
        if self.full:
            raise MailNotSpooledError("no space left")
        self.posted.append(mail)

    @property
    def readers(self) -> list[str]:
        return [str(mail["To"]) for mail in self.posted]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(service, "LOOK_AT_ALL_SECONDS", 0.0)
    monkeypatch.setattr(service, "REMIND_SECONDS", 0.0)


@pytest.fixture
async def connection(sample_database_url: str) -> AsyncIterator[Connection]:
    async with connected(sample_database_url) as made:
        yield made


@pytest.fixture
async def policy(sample_database_url: str) -> Policy:
    return (await read_snapshot(sample_database_url)).policy


@dataclass
class Town:
    """A follow-up on the sample region."""

    url: str
    policy: Policy
    connection: Connection
    boxes: Boxes = field(default_factory=Boxes)
    mails: Mails = field(default_factory=Mails)

    def follow_up(self) -> MessageFollowUp:
        return MessageFollowUp(
            mailboxes=self.boxes,
            store=PostgresMessages(self.url),
            policy=HoldsPolicy(held(self.policy)),
            post=self.mails.post,
            sender="callflow@umea.example",
        )

    async def seen(self) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.connection.fetch(SEEN)]

    async def becomes(self, *states: tuple[str, str | None]) -> None:
        async def are_so() -> bool:
            return await self.seen() == list(states)

        await until_told(are_so, f"{states}")


@pytest.fixture
async def town(sample_database_url: str, policy: Policy, connection: Connection) -> Town:
    return Town(sample_database_url, policy, connection)


def left(key: str = "a", caller: str = CALLER, *, heard: bool = False, hours_ago: float = 0.1) -> LeftMessage:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    return LeftMessage(key=key, caller_number=caller, left_at=at, seconds=20, urgent=False, heard=heard)


def call(account: str, dialled: str, *, status: str = "ANSWER", seconds: int = 60) -> PlanReported:
    fields = {"dialled": dialled, "dialstatus": status, "answered": str(seconds)}
    return PlanReported(event="plan_ended", call_id="1.1", fields=fields, account=account)


OPEN, HEARD = ("unheard", None), ("heard", None)
BY_OWNER = ("answered", "phone:+4690161100")
DELETED = ("closed", "voicemail")


async def test_message_is_a_task_until_it_was_heard_and_called_back(town: Town) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left(),)}
        await town.becomes(OPEN)
        town.boxes.contents = {OWNER: (left(heard=True),)}
        await town.becomes(HEARD)
        follow_up.take(call(OWNER, "0701740605", seconds=5))
        await town.becomes(BY_OWNER)
        await until(lambda: (follow_up.state.open, follow_up.error) == (0, None))
    assert await town.connection.fetchval("SELECT heard_at < ended_at FROM voicemail_message")


async def test_state_tells_how_many_wait_and_how_long(town: Town) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left("a", heard=True, hours_ago=3), left("b"))}
        await until(lambda: (follow_up.state.open, follow_up.state.unheard) == (2, 1))
    assert 3 * 3600 <= follow_up.state.oldest_seconds < 3 * 3600 + 60


async def test_message_that_its_owner_deletes_is_closed_and_open_again_if_it_is_there_after_all(town: Town) -> None:
    async with running(town.follow_up().run()):
        town.boxes.contents = {OWNER: (left("a"), left("b"))}
        await town.becomes(OPEN, OPEN)
        town.boxes.contents = {OWNER: (left("b"),)}
        await town.becomes(DELETED, OPEN)
        town.boxes.contents = {OWNER: (left("a", heard=True), left("b"))}
        await town.becomes(HEARD, OPEN)


async def test_what_was_closed_by_hand_or_answered_stays_so_whatever_lies_in_the_mailbox(town: Town) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left("a"), left("b", "+46701740606"))}
        await town.becomes(OPEN, OPEN)
        await town.connection.execute(
            "SET callflow.actor = 'cli:eva'; UPDATE voicemail_message SET state = 'closed' WHERE key = 'b'"
        )
        follow_up.take(call(OWNER, "0701740605"))
        await town.becomes(BY_OWNER, ("closed", "cli:eva"))
        town.boxes.contents = {OWNER: (left("a", heard=True), left("b", heard=True)), COLLEAGUE: (left("c"),)}
        await town.becomes(BY_OWNER, ("closed", "cli:eva"), OPEN)
        town.boxes.contents = {OWNER: (), COLLEAGUE: ()}
        await town.becomes(BY_OWNER, ("closed", "cli:eva"), DELETED)


@pytest.mark.parametrize(
    "ended",
    [
        call(OTHER_UNIT, "0701740605"),
        call(OWNER, "0701740606"),
        call(OWNER, "0701740605", status="NOANSWER"),
        call(OWNER, "0701740605", seconds=3600),
        call("trunk", "0701740605"),
        PlanReported(event="plan_step", call_id="1.1", fields=call(OWNER, "0701740605").fields, account=OWNER),
    ],
    ids=["somebody else", "another number", "nobody answered", "began before", "from outside", "no end"],
)
async def test_other_calls_answer_nothing(town: Town, ended: PlanReported) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left("a"), left("z", "+46701740699"))}
        await town.becomes(OPEN, OPEN)
        follow_up.take(ended)
        follow_up.take(call(OWNER, "0701740699", seconds=5))
        await town.becomes(OPEN, BY_OWNER)


async def test_call_back_to_a_colleague_by_the_short_number_answers(town: Town) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left(caller=COLLEAGUE),)}
        await town.becomes(OPEN)
        follow_up.take(call(OWNER, COLLEAGUE))
        await town.becomes(BY_OWNER)


async def test_what_happened_while_no_service_ran_is_found_at_the_start(town: Town) -> None:
    async with running(town.follow_up().run()):
        town.boxes.contents = {OWNER: (left("a"),), COLLEAGUE: (left("b", "+46701740606"),)}
        await town.becomes(OPEN, OPEN)
    town.boxes.contents = {OWNER: (left("a", heard=True),)}
    async with running(town.follow_up().run()):
        await town.becomes(HEARD, DELETED)


async def test_mailbox_is_looked_at_when_the_switch_tells_of_it_and_all_when_news_was_lost(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK_AT_ALL_SECONDS", 300.0)
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        await until(lambda: town.boxes.looked_at == ["anew", "all"])
        follow_up.take(MailboxChanged(OWNER))
        await until(lambda: town.boxes.looked_at == ["anew", "all", OWNER])
        follow_up.take(RingingLost())
        await until(lambda: town.boxes.looked_at == ["anew", "all", OWNER, "all"])


async def test_disk_that_is_not_mounted_closes_nothing_and_what_is_there_is_followed_up(town: Town) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left("a"),), COLLEAGUE: (left("b", "+46701740606"),)}
        await town.becomes(OPEN, OPEN)
        town.boxes.disk, town.boxes.contents = "", {}
        await until(lambda: follow_up.state.open == 2)
        town.boxes.disk, town.boxes.contents = "the place where it was", {OWNER: (left("c"),)}
        await town.becomes(OPEN, OPEN, OPEN)
        town.boxes.contents = {OWNER: ()}
        await town.becomes(OPEN, OPEN, DELETED)
        follow_up.take(call(OWNER, "0701740605"))
        await town.becomes(BY_OWNER, OPEN, DELETED)
        town.boxes.disk, town.boxes.contents = "a disk", {OWNER: (left("a"),)}
        await town.becomes(BY_OWNER, DELETED, DELETED)


async def test_two_nodes_with_a_disk_each_leave_each_others_messages_alone(town: Town) -> None:
    other = Town(town.url, town.policy, town.connection)
    other.boxes.disk = "the other's disk"
    async with running(town.follow_up().run(), other.follow_up().run()):
        town.boxes.contents = {OWNER: (left("a"),)}
        other.boxes.contents = {OWNER: (left("b"),)}
        await town.becomes(OPEN, OPEN)
        other.boxes.contents = {OWNER: ()}
        await town.becomes(OPEN, DELETED)


async def test_what_was_heard_long_before_anybody_followed_it_up_is_closed(town: Town) -> None:
    async with running(town.follow_up().run()):
        heard, unheard = left("a", heard=True, hours_ago=25), left("b", hours_ago=25)
        town.boxes.contents = {OWNER: (heard, unheard, left("c", heard=True))}
        await town.becomes(("closed", "before"), OPEN, HEARD)
        town.boxes.contents = {OWNER: (heard, unheard)}
        await town.becomes(("closed", "before"), OPEN, DELETED)


async def test_messages_that_the_database_has_lost_are_given_to_it_anew(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        await until(lambda: "all" in town.boxes.looked_at)
        assert town.boxes.looked_at[0] == "anew"
        assert town.boxes.looked_at.count("anew") == 1
    monkeypatch.setattr(service, "READ_ANEW_SECONDS", 0.0)
    async with running(town.follow_up().run()):
        await until(lambda: town.boxes.looked_at.count("anew") > 2)


async def test_mailbox_that_cannot_be_read_is_told_and_holds_up_nothing(town: Town) -> None:
    follow_up = town.follow_up()
    town.boxes.problem = "mailbox 61101: Input/output error"
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left("a"),)}
        await town.becomes(OPEN)
        await until(lambda: follow_up.error == town.boxes.problem)
        follow_up.take(call(OWNER, "0701740605"))
        await town.becomes(BY_OWNER)
        town.boxes.problem = None
        await until(lambda: follow_up.error is None)


async def test_address_that_no_mail_can_have_reminds_nobody_and_stops_no_other(town: Town, policy: Policy) -> None:
    object.__setattr__(policy, "schedules", {})
    [box] = [it for it in policy.mailboxes.values() if it.number == OWNER]
    object.__setattr__(box, "email", "anna..ek@umea.example")
    async with running(town.follow_up().run()):
        town.boxes.contents = {OWNER: (left(hours_ago=5),), COLLEAGUE: (left(hours_ago=5),)}
        await until(lambda: len(town.mails.posted) == 1)
        await _two_looks(town)
    assert len(town.mails.posted) == 1


async def test_what_cannot_be_understood_of_a_call_disturbs_nobody(town: Town) -> None:
    fields = {"dialstatus": "ANSWER", "answered": "x", "dialled": "0701740605"}
    bad = PlanReported(event="plan_ended", call_id="1.1", account=OWNER, fields=fields)
    town.follow_up().take(bad)


async def test_spool_that_cannot_be_read_is_told_and_read_when_it_can_and_calls_are_followed_up_meanwhile(
    town: Town,
) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left("a"),)}
        await town.becomes(OPEN)
        town.boxes.error = "a bad disk"
        await until(lambda: follow_up.error == "a bad disk")
        follow_up.take(call(OWNER, "0701740605"))
        await town.becomes(BY_OWNER)
        town.boxes.error, town.boxes.contents = "", {COLLEAGUE: (left("b"),)}
        await town.becomes(BY_OWNER, OPEN)
        await until(lambda: follow_up.error is None)


async def test_look_at_all_mailboxes_that_failed_is_made_again_at_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK_AT_ALL_SECONDS", 300.0)
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        await until(lambda: "all" in town.boxes.looked_at)
        town.boxes.error = "a bad disk"
        follow_up.take(RingingLost())
        await until(lambda: follow_up.error == "a bad disk")
        town.boxes.error, town.boxes.contents = "", {OWNER: (left(),)}
        await town.becomes(OPEN)


async def test_mailbox_that_the_policy_does_not_have_is_passed_over(town: Town) -> None:
    async with running(town.follow_up().run()):
        town.boxes.contents = {"99999": (left(),), OWNER: (left("b"),)}
        await town.becomes(OPEN)


async def test_owner_is_reminded_once_and_the_telephone_contact_later(town: Town, policy: Policy) -> None:
    [box] = [it for it in policy.mailboxes.values() if it.number == OWNER]
    for row in policy.organisations.values():
        object.__setattr__(row, "switchboard_schedule_id", None)
    object.__setattr__(policy, "schedules", {})
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left("a", hours_ago=5), left("b"))}
        await until(lambda: town.mails.readers == [box.email])
        await town.becomes(OPEN, OPEN)
        await town.connection.execute(
            "UPDATE voicemail_message SET owner_reminded_at = owner_reminded_at - interval '4 hours'"
        )
        await until(lambda: len(town.mails.posted) > 1)
    assert len(town.mails.posted) == 2
    assert town.mails.readers[1] not in {box.email, None}
    assert [mail["Subject"] for mail in town.mails.posted] == ["Ett röstmeddelande väntar på svar"] * 2


async def test_reminder_that_another_service_is_just_giving_is_not_given_twice(town: Town, policy: Policy) -> None:
    object.__setattr__(policy, "schedules", {})
    async with running(town.follow_up().run()):
        town.boxes.contents = {OWNER: (left(hours_ago=0.5),)}
        await town.becomes(OPEN)
    await town.connection.execute("UPDATE voicemail_message SET left_at = left_at - interval '5 hours'")
    first, second = PostgresMessages(town.url), PostgresMessages(town.url)
    due = [it for message in await first.to_remind() if (it := reminder(policy, message, datetime.now(UTC)))]
    under_way, may_end, told = asyncio.Event(), asyncio.Event(), list[int]()

    async def slowly(noted: Sequence[Reminder]) -> None:
        under_way.set()
        await may_end.wait()
        told.append(len(noted))

    async def at_once(noted: Sequence[Reminder]) -> None:
        told.append(len(noted))

    async with running(first.remind(due, slowly), second_after(under_way, second, due, at_once)):
        await until_told(lambda: waits_for_a_lock(town.connection), "the second one waits for the first")
        may_end.set()
        await until(lambda: told == [1, 0])
    first.close()
    second.close()


async def second_after(
    under_way: asyncio.Event,
    store: PostgresMessages,
    due: Sequence[Reminder],
    tell: Callable[[Sequence[Reminder]], Awaitable[None]],
) -> None:
    await under_way.wait()
    await store.remind(due, tell)


async def waits_for_a_lock(connection: Connection) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await connection.fetchval(query))


async def test_more_mailboxes_than_are_stored_at_once_are_all_stored(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_MAILBOXES", 1)
    async with running(town.follow_up().run()):
        town.boxes.contents = {OWNER: (left("a"),), COLLEAGUE: (left("b"),), "61101": (left("c"),)}
        await town.becomes(OPEN, OPEN, OPEN)


async def test_call_is_asked_for_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    from_callers = PostgresMessages.from_callers

    async def counted(store: PostgresMessages, numbers: Sequence[str]) -> Sequence[OpenMessage]:
        asked.append(list(numbers))
        return await from_callers(store, numbers)

    monkeypatch.setattr(PostgresMessages, "from_callers", counted)
    follow_up = town.follow_up()
    async with running(follow_up.run()):
        follow_up.take(call(OWNER, "0701740605"))
        await until(lambda: asked)
        await _two_looks(town)
    assert asked == [[CALLER]]


async def test_two_services_remind_once(town: Town, policy: Policy) -> None:
    object.__setattr__(policy, "schedules", {})
    other, messages = replace(town, boxes=Boxes()), tuple(left(f"{n}", hours_ago=5) for n in range(20))
    town.boxes.contents, other.boxes.contents = {OWNER: messages}, {OWNER: messages}
    async with running(town.follow_up().run(), other.follow_up().run()):
        await until(lambda: sum(map(_lines, town.mails.posted)) >= 20)
        await _two_looks(town)
        await _two_looks(other)
    assert sum(map(_lines, town.mails.posted)) == 20


async def test_reminder_that_the_disk_does_not_take_is_given_when_it_does(town: Town, policy: Policy) -> None:
    object.__setattr__(policy, "schedules", {})
    follow_up, town.mails.full = town.follow_up(), True
    async with running(follow_up.run()):
        town.boxes.contents = {OWNER: (left(hours_ago=5),)}
        await until(lambda: follow_up.error == "no space left")
        assert await town.connection.fetchval("SELECT owner_reminded_at FROM voicemail_message") is None
        town.mails.full = False
        await until(lambda: len(town.mails.posted) == 1)
        await until(lambda: follow_up.error is None)


async def test_database_that_is_away_loses_neither_messages_nor_calls(town: Town, database_url: str) -> None:
    follow_up = town.follow_up()
    async with running(follow_up.run()), connected(database_url) as other:
        town.boxes.contents = {OWNER: (left(),)}
        await town.becomes(OPEN)
        name = await town.connection.fetchval("SELECT current_database()")
        await other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                SERVER_SETTINGS["application_name"],
            )
            town.boxes.contents = {OWNER: (left(heard=True),), COLLEAGUE: (left("b", "+46701740606"),)}
            follow_up.take(call(OWNER, "0701740605"))
            await until(lambda: follow_up.error is not None and not town.boxes.contents)
        finally:
            await other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await town.becomes(BY_OWNER, OPEN)


def _lines(mail: EmailMessage) -> int:
    return str(mail.get_content()).count("inte avlyssnat")


async def _two_looks(town: Town) -> None:
    """Wait until its service has looked again: what it had in hand is done then."""
    for key in ("first", "second"):
        town.boxes.contents = {COLLEAGUE: (left(key),)}
        await until(lambda: not town.boxes.contents)
