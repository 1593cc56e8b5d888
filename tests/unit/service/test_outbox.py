"""The delivery of orders: what is due goes out, what comes to nothing is tried later, and health tells what waits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from callflow.errors import CallflowError
from callflow.service import outbox
from callflow.service.health_parts import outbox_facts
from callflow.service.outbox import Answer, Fate, Order, OutboxDelivery, Waiting, pause_after
from tests.fakes.running import running
from tests.fakes.waiting import until
from tests.unit.service.test_webhook import ORDER


class AwayError(CallflowError):
    """The database of a test is away."""

    code = "database_unavailable"


@dataclass
class MemoryOutbox:
    """Orders that are due, and what came of them."""

    due: list[Order] = field(default_factory=list)
    done: list[tuple[int, Answer, float]] = field(default_factory=list)
    away: bool = False

    async def deliver_next(self, send: Callable[[Order], Awaitable[tuple[Answer, float]]]) -> bool:
        if not self.due:
            return False
        answer, pause = await send(self.due[0])
        self.done.append((self.due.pop(0).id, answer, pause))
        return True

    def close(self) -> None:
        """Hold nothing."""

    async def waiting(self) -> Waiting:
        if self.away:
            raise AwayError("The database is away.")
        later = [answer.said for _, answer, _ in self.done if answer.fate is Fate.LATER]
        refused = sum(answer.fate is Fate.REFUSED for _, answer, _ in self.done)
        waiting = len(self.due) + len(later)
        return Waiting(waiting=waiting, oldest_seconds=1.23, refused=refused, reason=max(later, default=None))


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 0.005)


def answering(*answers: Answer) -> Callable[[Order], Awaitable[Answer]]:
    left = list(answers)

    async def send(order: Order) -> Answer:
        del order
        return left.pop(0)

    return send


def orders(count: int) -> list[Order]:
    return [replace(ORDER, id=number) for number in range(1, count + 1)]


async def test_all_that_is_due_is_sent_and_what_came_of_it_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    answers = [
        Answer(Fate.DELIVERED, "200 Åsa Öberg", "200"),
        Answer(Fate.REFUSED, "410 Åsa Öberg", "410"),
        Answer(Fate.LATER, "no answer", "no answer"),
    ]
    box = MemoryOutbox(orders(3))
    delivery = OutboxDelivery(box, answering(*answers))
    async with running(delivery.run()):
        await until(lambda: delivery.state.refused and not box.due)
    assert [answer for _, answer, _ in box.done] == answers
    assert outbox_facts(delivery) == {
        "ok": False,
        "error": "no answer",
        "waiting": 1,
        "oldest_seconds": 1.2,
        "refused": 1,
    }
    said = capsys.readouterr().out
    for event in ("order_sent", "order_refused", "order_not_sent"):
        assert event in said
    for secret in (ORDER.recipient.secret, "Öberg", "+46701740610"):
        assert secret not in said


async def test_refused_order_is_shown_and_nothing_is_wrong_now() -> None:
    box = MemoryOutbox(orders(1))
    delivery = OutboxDelivery(box, answering(Answer(Fate.REFUSED, "410", "410")))
    async with running(delivery.run()):
        await until(lambda: delivery.state.refused)
    facts = outbox_facts(delivery)
    assert (facts["ok"], facts["refused"]) == (True, 1)


async def test_database_that_is_away_is_told_and_waited_for() -> None:
    box = MemoryOutbox(orders(1), away=True)
    delivery = OutboxDelivery(box, answering(Answer(Fate.DELIVERED, "200", "200")))
    async with running(delivery.run()):
        await until(lambda: delivery.error)
        assert outbox_facts(delivery)["error"] == "The database is away."
        box.away = False
        await until(lambda: box.done and delivery.error is None)


async def test_stop_waits_for_the_order_that_is_being_sent_and_begins_no_other() -> None:
    sending, answered = asyncio.Event(), asyncio.Event()

    async def send(order: Order) -> Answer:
        del order
        sending.set()
        await answered.wait()
        return Answer(Fate.DELIVERED, "200", "200")

    box = MemoryOutbox(orders(2))
    delivery = OutboxDelivery(box, send)
    async with running(delivery.run()):
        await sending.wait()
        finishing = asyncio.create_task(delivery.finish())
        await asyncio.sleep(0)
        assert not finishing.done()
        answered.set()
        await finishing
    assert [number for number, _, _ in box.done] == [1]


async def test_stop_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FINISH_SECONDS", 0.02)
    sending = asyncio.Event()

    async def send(order: Order) -> Answer:
        del order
        sending.set()
        await asyncio.Event().wait()
        raise AssertionError

    delivery = OutboxDelivery(MemoryOutbox(orders(1)), send)
    async with running(delivery.run()):
        await sending.wait()
        await delivery.finish()


def test_pauses_grow_to_an_hour_and_are_not_all_the_same() -> None:
    for attempts, longest in ((0, 2), (1, 4), (5, 64), (12, 3600), (1_000_000, 3600)):
        pauses = {pause_after(attempts) for _ in range(50)}
        assert min(pauses) >= longest / 2
        assert max(pauses) <= longest
        assert len(pauses) > 1
