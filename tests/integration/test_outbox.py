"""Orders delivered from a real database to real receivers: at least once, never twice at the same time (R21)."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from callflow.service import outbox as service
from callflow.service.outbox import OutboxDelivery
from callflow.service.webhook import post
from callflow.storage.connection import Connection, connected
from callflow.storage.outbox import PostgresOutbox
from tests.fakes.receiver import Receiver
from tests.fakes.running import running
from tests.fakes.waiting import until, until_told

DESK, TWIN = "+4690161100", "+4690161101"
LOCK = "UPDATE extension SET locked = $2 WHERE number = $1"
RECIPIENT = """
    INSERT INTO outbox_recipient (organisation_id, kind, name, webhook_url, secret)
    VALUES ((SELECT id FROM organisation WHERE key = $1), $2, $3, $4, $5)
"""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENDLESS = """
import asyncio, sys
from callflow.service.outbox import OutboxDelivery
from callflow.service.webhook import post
from callflow.storage.outbox import PostgresOutbox
asyncio.run(OutboxDelivery(PostgresOutbox(sys.argv[1]), post).run())
"""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(service, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(service, "LONGEST_PAUSE_SECONDS", 0.05)


@pytest.fixture
async def connection(sample_database_url: str) -> AsyncIterator[Connection]:
    async with connected(sample_database_url) as made:
        yield made


@pytest.fixture
async def receiver(connection: Connection) -> AsyncIterator[Receiver]:
    """A receiver of all orders."""
    async with Receiver(SECRET).running() as made:
        await connection.execute(RECIPIENT, None, None, "Alla", made.url, SECRET)
        yield made


def delivery(url: str) -> OutboxDelivery:
    return OutboxDelivery(PostgresOutbox(url), post)


async def states(connection: Connection) -> list[str]:
    return [row["state"] for row in await connection.fetch("SELECT state FROM outbox_order ORDER BY id")]


async def all_are(connection: Connection, state: str) -> bool:
    return set(await states(connection)) == {state}


async def test_lock_by_sql_reaches_its_receiver_signed_and_leaves_a_receipt(
    sample_database_url: str, connection: Connection, receiver: Receiver
) -> None:
    receiver.body = "Ärende 4711"
    await connection.execute(LOCK, TWIN, True)
    async with running(delivery(sample_database_url).run()):
        await until_told(lambda: all_are(connection, "delivered"), "the delivery")
    assert receiver.kinds == ["lock_subscription", "theft_report"]
    assert receiver.taken[0][1]["data"]["mobile_number"] == "+46701740610"
    row = await connection.fetchrow(
        "SELECT key::text, receipt, reason, attempts, delivered_at FROM outbox_order LIMIT 1"
    )
    assert tuple(row)[:4] == (receiver.taken[0][0], "200 Ärende 4711", None, 1)
    assert row["delivered_at"] is not None
    assert receiver.forged == 0


async def test_receiver_that_comes_back_gets_what_waited_under_the_same_key(
    sample_database_url: str, connection: Connection, receiver: Receiver
) -> None:
    receiver.status = 500
    await connection.execute(LOCK, TWIN, True)
    made = delivery(sample_database_url)
    async with running(made.run()):
        await until(lambda: len(receiver.taken) > 3)
        await until(lambda: made.state.reason)
        assert made.state.waiting == 2
        receiver.status = 200
        await until_told(lambda: all_are(connection, "delivered"), "the delivery")
    assert {key for key, _ in receiver.taken} == {
        row["key"] for row in await connection.fetch("SELECT key::text FROM outbox_order")
    }


async def test_receiver_that_is_down_is_waited_for(sample_database_url: str, connection: Connection) -> None:
    receiver = Receiver(SECRET)
    async with receiver.running():
        await connection.execute(RECIPIENT, None, None, "Alla", receiver.url, SECRET)
    await connection.execute(LOCK, TWIN, True)
    async with running(delivery(sample_database_url).run()):
        tried = "SELECT min(attempts) > 1 FROM outbox_order"
        await until_told(lambda: connection.fetchval(tried), "a second try")
        assert "Connect" in await connection.fetchval("SELECT reason FROM outbox_order LIMIT 1")
        async with receiver.running():
            await until_told(lambda: all_are(connection, "delivered"), "the delivery")


async def test_order_that_is_refused_for_good_is_kept_with_why_and_not_tried_again(
    sample_database_url: str, connection: Connection, receiver: Receiver
) -> None:
    receiver.status, receiver.body = 410, "Avtalet har upphört"
    await connection.execute(LOCK, TWIN, True)
    made = delivery(sample_database_url)
    async with running(made.run()):
        await until_told(lambda: all_are(connection, "refused"), "the refusal")
        await until(lambda: made.state.refused == 2)
    assert await connection.fetchval("SELECT reason FROM outbox_order LIMIT 1") == "410 Avtalet har upphört"
    assert len(receiver.taken) == 2


async def test_two_instances_never_send_the_same_order_at_the_same_time(
    sample_database_url: str, connection: Connection, receiver: Receiver
) -> None:
    await connection.execute("UPDATE extension SET locked = true")
    count = await connection.fetchval("SELECT count(*) FROM outbox_order")
    async with running(*(delivery(sample_database_url).run() for _ in range(3))):
        await until_told(lambda: all_are(connection, "delivered"), "the delivery", 30)
    assert len(receiver.taken) == len({key for key, _ in receiver.taken}) == count


async def test_order_held_by_one_instance_leaves_the_others_to_the_next(
    sample_database_url: str, connection: Connection, receiver: Receiver
) -> None:
    receiver.stuck = True
    await connection.execute(LOCK, TWIN, True)
    async with running(delivery(sample_database_url).run()):
        await until(lambda: receiver.taken)
        receiver.stuck = False
        async with running(delivery(sample_database_url).run()):
            await until(lambda: len(receiver.taken) > 1)
    assert receiver.kinds == ["lock_subscription", "theft_report"]


async def test_instance_killed_after_the_delivery_and_before_the_mark_sends_it_again_under_the_same_key(
    sample_database_url: str, connection: Connection, receiver: Receiver
) -> None:
    receiver.stuck = True  # it has the order, and its answer never comes: so the process dies in between
    await connection.execute(LOCK, TWIN, True)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ENDLESS, sample_database_url)
    await until(lambda: receiver.taken, seconds=20)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    receiver.stuck = False
    async with running(delivery(sample_database_url).run()):
        await until_told(lambda: all_are(connection, "delivered"), "the delivery", 20)
    keys = [key for key, body in receiver.taken if body["type"] == "lock_subscription"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_subscription_is_not_opened_before_it_was_locked(
    sample_database_url: str, connection: Connection, receiver: Receiver
) -> None:
    await connection.execute(LOCK, TWIN, True)
    await connection.execute(LOCK, TWIN, False)
    hold = "UPDATE outbox_order SET next_attempt_at = clock_timestamp() + $1 * interval '1 hour' WHERE id = $2"
    first = await connection.fetchval("SELECT min(id) FROM outbox_order")
    await connection.execute(hold, 1, first)
    async with running(delivery(sample_database_url).run()):
        await until(lambda: receiver.taken)
        await connection.execute(LOCK, DESK, True)
        await until(lambda: len(receiver.taken) > 1)
        assert receiver.kinds == ["theft_report", "theft_report"]
        await connection.execute(hold, 0, first)
        await until_told(lambda: all_are(connection, "delivered"), "the delivery")
    assert receiver.kinds[2:] == ["lock_subscription", "unlock_subscription"]


async def test_most_fitting_receiver_gets_each_order(sample_database_url: str, connection: Connection) -> None:
    async with AsyncExitStack() as stack:
        everybody, umea, thefts = [await stack.enter_async_context(Receiver(SECRET).running()) for _ in range(3)]
        await connection.execute(RECIPIENT, None, None, "Alla", everybody.url, SECRET)
        await connection.execute(RECIPIENT, "umea", None, "Umeå", umea.url, SECRET)
        await connection.execute(RECIPIENT, "umea", "theft_report", "Stölder", thefts.url, SECRET)
        await connection.execute(RECIPIENT, "vannas", None, "Vännäs", "http://127.0.0.1:1/", SECRET)
        await connection.execute(LOCK, TWIN, True)
        await connection.execute(LOCK, "+46934140302", True)
        async with running(delivery(sample_database_url).run()):
            await until_told(lambda: all_are(connection, "delivered"), "the delivery")
    assert umea.kinds == ["lock_subscription"]
    assert thefts.kinds == ["theft_report"]
    assert everybody.kinds == ["lock_subscription", "theft_report"]


async def test_order_without_a_receiver_waits_and_is_nothing_wrong(
    sample_database_url: str, connection: Connection
) -> None:
    await connection.execute(LOCK, TWIN, True)
    made = delivery(sample_database_url)
    async with running(made.run()):
        await until(lambda: made.state.waiting == 2)
        await until(lambda: made.state.oldest_seconds > 0)
    assert (made.error, made.state.reason) == (None, None)
    assert await all_are(connection, "waiting")


async def test_connection_that_is_lost_is_made_anew(
    sample_database_url: str, connection: Connection, receiver: Receiver
) -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'callflow outbox'"
    made = delivery(sample_database_url)
    async with running(made.run()):
        await until_told(lambda: connection.fetchval(end), "a connection")
        await connection.execute(LOCK, TWIN, True)
        await until_told(lambda: all_are(connection, "delivered"), "the delivery")
    assert len(receiver.taken) == 2
