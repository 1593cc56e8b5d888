"""A database that falls silent in a query of the outbox: it is given up, told, and asked anew on a new connection."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from callflow.service import outbox as service
from callflow.service.outbox import Answer, Fate, Order, OutboxDelivery
from callflow.storage import outbox
from callflow.storage.connection import Connection, DatabaseUnavailableError, connected
from callflow.storage.outbox import PostgresOutbox
from tests.fakes.running import running
from tests.fakes.waiting import until, until_told

Result = TypeVar("Result")

LIMIT_SECONDS = 5.0
LOCK = "UPDATE extension SET locked = true WHERE number = '+4690161101'"
RECIPIENT = "INSERT INTO outbox_recipient (name, webhook_url) VALUES ('Operatören', 'https://operator.example/')"
SESSION = """
    SELECT pid FROM pg_stat_activity WHERE application_name = 'callflow outbox' AND datname = current_database()
"""
NOT_HELD = "SELECT FROM outbox_order WHERE key::text = $1 AND state = 'waiting' FOR UPDATE SKIP LOCKED"
DELIVERED = Answer(Fate.DELIVERED, "200", "200")


@dataclass(slots=True)
class Database:
    """The sample region's database, whose session with the outbox can be hushed: it stands, and says nothing."""

    url: str
    connection: Connection
    silent: list[int] = field(default_factory=list)

    async def falls_silent(self) -> None:
        session = await self.connection.fetchval(SESSION)
        self.silent.append(session)
        os.kill(session, signal.SIGSTOP)

    def goes_on(self) -> None:
        for session in self.silent:
            with suppress(ProcessLookupError):
                os.kill(session, signal.SIGCONT)
        self.silent.clear()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.02)


@pytest.fixture
async def database(sample_database_url: str) -> AsyncIterator[Database]:
    """A database with two orders that are due."""
    async with connected(sample_database_url) as connection:
        await connection.execute(RECIPIENT)
        await connection.execute(LOCK)
        made = Database(sample_database_url, connection)
        yield made
        made.goes_on()


async def soon(database: Database, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what `work` returns; fail if it waits for a silent database for long."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=LIMIT_SECONDS)
    if not done:
        database.goes_on()
        await asyncio.gather(task, return_exceptions=True)
    assert done, "the outbox waits for a database that says nothing"
    return task.result()


async def delivered(_: Order) -> tuple[Answer, float]:
    return DELIVERED, 0.0


async def test_question_to_a_silent_database_is_given_up_and_the_next_has_a_new_connection(
    database: Database,
) -> None:
    made = PostgresOutbox(database.url)
    assert (await made.waiting()).waiting == 2
    await database.falls_silent()
    with pytest.raises(DatabaseUnavailableError, match="TimeoutError"):
        await soon(database, made.waiting())
    assert (await soon(database, made.waiting())).waiting == 2
    made.close()


async def test_database_that_is_silent_when_it_is_told_what_came_of_an_order_is_given_up(database: Database) -> None:
    sent: list[str] = []

    async def and_then_silence(order: Order) -> tuple[Answer, float]:
        sent.append(order.key)
        await database.falls_silent()
        return DELIVERED, 0.0

    made = PostgresOutbox(database.url)
    with pytest.raises(DatabaseUnavailableError, match=r"TimeoutError|connection is closed"):
        await soon(database, made.deliver_next(and_then_silence))
    assert (await soon(database, made.waiting())).waiting == 2
    database.goes_on()
    await until_told(lambda: database.connection.fetch(NOT_HELD, sent[0]), "the end of the session that was given up")
    while await made.deliver_next(delivered):
        pass
    assert (await made.waiting()).waiting == 0
    made.close()


async def test_delivery_goes_on_when_the_database_has_fallen_silent(database: Database) -> None:
    due = "UPDATE outbox_order SET next_attempt_at = now() + $1 * interval '1 hour'"
    await database.connection.execute(due, 1)

    async def send(_: Order) -> Answer:
        return DELIVERED

    made = OutboxDelivery(PostgresOutbox(database.url), send)
    async with running(made.run()):
        await until(lambda: made.state.waiting == 2)
        await database.falls_silent()
        try:
            await until(lambda: made.error)
            await database.connection.execute(due, 0)
            await until(lambda: made.error is None and made.state.waiting == 0)
        finally:
            database.goes_on()
