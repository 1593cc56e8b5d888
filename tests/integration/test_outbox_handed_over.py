"""Orders handed over by a file while others of them are just being sent: none overtakes another (R21)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from callflow.service.outbox import Answer, Fate, Order
from callflow.storage.connection import Connection, connected
from callflow.storage.outbox import PostgresOutbox
from callflow.storage.outbox_orders import OrderRow, hand_over
from tests.fakes.waiting import until, until_told

TWIN = "+4690161101"
LOCK = "UPDATE extension SET locked = $2 WHERE number = $1"
RECIPIENT = "INSERT INTO outbox_recipient (name, webhook_url) VALUES ('Operatören', 'https://operator.example/')"
WAITS = """
    SELECT wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '0.3 seconds'
    FROM pg_stat_activity WHERE pid = $1
"""
STATES = "SELECT kind, state FROM outbox_order ORDER BY id"


@pytest.fixture
async def connection(sample_database_url: str) -> AsyncIterator[Connection]:
    """A phone has been locked and unlocked: three orders, with a receiver."""
    async with connected(sample_database_url) as made:
        await made.execute(RECIPIENT)
        await made.execute(LOCK, TWIN, True)
        await made.execute(LOCK, TWIN, False)
        yield made


@asynccontextmanager
async def sending(url: str, fate: Fate) -> AsyncIterator[asyncio.Event]:
    """Send the lock of the subscription; the receiver answers so when the event that is given is set."""
    sent: list[str] = []
    answers = asyncio.Event()

    async def send(order: Order) -> tuple[Answer, float]:
        sent.append(order.kind)
        await answers.wait()
        return Answer(fate, "said", "said"), 3600.0

    outbox = PostgresOutbox(url)
    task = asyncio.create_task(outbox.deliver_next(send))
    try:
        await until(lambda: sent == ["lock_subscription"])
        yield answers
        assert await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        outbox.close()


@pytest.mark.parametrize(
    ("fate", "handed_over"),
    [
        (Fate.DELIVERED, ["theft_report", "unlock_subscription"]),
        (Fate.LATER, ["lock_subscription", "theft_report", "unlock_subscription"]),
        (Fate.REFUSED, ["lock_subscription", "theft_report", "unlock_subscription"]),
    ],
)
async def test_unlock_waits_for_what_becomes_of_the_lock_that_is_being_sent(
    sample_database_url: str, connection: Connection, fate: Fate, handed_over: list[str]
) -> None:
    written: list[str] = []

    def write(rows: Sequence[OrderRow]) -> None:
        written.extend(row.kind for row in rows)

    async def by_a_file() -> None:
        async with connected(sample_database_url) as other:
            await other.execute("SET statement_timeout = '100ms'")  # whatever the server is set to
            sessions.append(other.get_server_pid())
            async with other.transaction():
                assert await hand_over(other, write) == len(handed_over)

    sessions: list[int] = []
    async with sending(sample_database_url, fate) as answers:
        handing = asyncio.create_task(by_a_file())
        await until(lambda: sessions)
        await until_told(lambda: connection.fetchval(WAITS, sessions[0]), "the file waits for what is being sent")
        assert not written
        answers.set()
        await handing
    assert written == handed_over
    left = {row["kind"]: row["state"] for row in await connection.fetch(STATES)}
    assert {kind for kind, state in left.items() if state == "handed_over"} == set(handed_over)
    assert left["lock_subscription"] == ("delivered" if fate is Fate.DELIVERED else "handed_over")
