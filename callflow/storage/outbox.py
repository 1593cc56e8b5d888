"""The outbox in the policy database: the orders that are due, and what came of them.

INVARIANT: who sends an order holds its row's lock until what came of it is committed. The connection's own time-out
ends a transaction that was left, so that no order is held for ever.
"""

import json
from collections.abc import Awaitable, Callable

import asyncpg

from callflow.service.outbox import Answer, Fate, Order, Recipient, Waiting
from callflow.storage.connection import FAILED, Connection
from callflow.storage.kept_connection import KeptConnection

ANSWER_SECONDS = 10.0
"""How long the database may take for a query: one that is gone without a word must not be waited for."""
SERVER_SETTINGS = {
    "application_name": "callflow outbox",
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "30000",
}
"""In milliseconds; the second is well above what a receiver may take (`callflow.service.webhook`)."""

RECIPIENT = """
    SELECT r.name, r.webhook_url, r.secret FROM outbox_recipient AS r
    WHERE coalesce(r.organisation_id, o.organisation_id) = o.organisation_id AND coalesce(r.kind, o.kind) = o.kind
    ORDER BY r.organisation_id IS NULL, r.kind IS NULL LIMIT 1
"""
"""Whose an order `o` is: of several the one of its organisation, then the one of its kind."""

# Nothing overtakes what was ordered before about a subscription: else a phone that was found could stay locked.
_DUE = f"""
    SELECT o.id, o.key, o.kind, o.data, o.created_at, o.attempts, r.name, r.webhook_url, r.secret
    FROM outbox_order AS o CROSS JOIN LATERAL ({RECIPIENT}) AS r
    WHERE o.state = 'waiting' AND o.next_attempt_at <= clock_timestamp() AND NOT EXISTS (
        SELECT FROM outbox_order AS e
        WHERE e.extension_id = o.extension_id AND e.id < o.id AND e.state = 'waiting'
            AND e.kind LIKE '%_subscription' AND o.kind LIKE '%_subscription'
    )
    ORDER BY o.attempts, o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED
"""  # noqa: S608 - of names in this file
_STORE = """
    UPDATE outbox_order
    SET attempts = attempts + 1, state = $2,
        receipt = CASE WHEN $2 = 'delivered' THEN $3 ELSE receipt END,
        reason = CASE WHEN $2 = 'delivered' THEN NULL ELSE $3 END,
        delivered_at = CASE WHEN $2 = 'delivered' THEN clock_timestamp() END,
        next_attempt_at = clock_timestamp() + $4 * interval '1 second'
    WHERE id = $1
"""
_WAITING = """
    SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
        coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE state = 'waiting')), 0)::float8
        AS oldest_seconds,
        count(*) FILTER (WHERE state = 'refused') AS refused,
        max(reason) FILTER (WHERE state = 'waiting') AS reason
    FROM outbox_order WHERE state IN ('waiting', 'refused')
"""
_STATES = {Fate.DELIVERED: "delivered", Fate.REFUSED: "refused", Fate.LATER: "waiting"}


class PostgresOutbox:
    """The `Outbox` in the PostgreSQL database at `url` (`postgresql+asyncpg://…`)."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before it is used."""
        self._connection = KeptConnection(url, SERVER_SETTINGS, ANSWER_SECONDS, away=FAILED)

    async def deliver_next(self, send: Callable[[Order], Awaitable[tuple[Answer, float]]]) -> bool:
        """Hand the order that is due next to `send` and store what came of it; False when none is due."""
        async with self._connection.used() as connection:
            return await _deliver_next(connection, send)

    async def waiting(self) -> Waiting:
        """Return what is in the outbox."""
        async with self._connection.used() as connection:
            return await _waiting(connection)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


async def _deliver_next(connection: Connection, send: Callable[[Order], Awaitable[tuple[Answer, float]]]) -> bool:
    async with connection.transaction():
        row = await connection.fetchrow(_DUE)
        if row is None:
            return False
        answer, pause = await send(_order(row))
        await connection.execute(_STORE, row["id"], _STATES[answer.fate], answer.said, pause)
    return True


def _order(row: asyncpg.Record) -> Order:
    return Order(
        id=row["id"],
        key=str(row["key"]),
        kind=row["kind"],
        data=json.loads(row["data"]),
        created_at=row["created_at"],
        attempts=row["attempts"],
        recipient=Recipient(name=row["name"], url=row["webhook_url"], secret=row["secret"]),
    )


async def _waiting(connection: Connection) -> Waiting:
    return Waiting(**await connection.fetchrow(_WAITING))
