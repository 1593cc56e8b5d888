"""What an administrator sees of the outbox, and does with it: trying again, and handing over by a file."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from callflow.storage.connection import Connection
from callflow.storage.outbox import RECIPIENT

_COLUMNS = f"""
    SELECT o.id, o.key, o.kind, o.data, o.created_at, o.state, o.attempts, o.next_attempt_at, o.reason, o.receipt,
        o.delivered_at, r.name AS recipient
    FROM outbox_order AS o LEFT JOIN LATERAL ({RECIPIENT}) AS r ON true
"""  # noqa: S608 - of names in that file
_RECENT = (
    f"{_COLUMNS} WHERE o.state IN ('waiting', 'refused') OR o.created_at > now() - interval '31 days' ORDER BY o.id"
)
_OF_EXTENSION = f"{_COLUMNS} WHERE o.extension_id = $1 ORDER BY o.id"
_NOT_DELIVERED = f"{_COLUMNS} WHERE o.state IN ('waiting', 'refused') ORDER BY o.id FOR UPDATE OF o"
"""What is just being sent is waited for: it may be the lock that an unlock in the file would overtake. Who sends an
order waits for no other one meanwhile, so that this cannot end in a deadlock."""
_PATIENCE = "SET LOCAL statement_timeout = '60s'"
"""Longer than anybody may hold an order: a receiver's answer, or an instance that hangs (`SERVER_SETTINGS`)."""
_HANDED_OVER = """
    UPDATE outbox_order SET state = 'handed_over', reason = NULL, delivered_at = clock_timestamp() WHERE id = ANY ($1)
"""
_AGAIN = """
    UPDATE outbox_order SET state = 'waiting', attempts = 0, next_attempt_at = clock_timestamp(), delivered_at = NULL
    WHERE id = $1 AND NOT (kind LIKE '%_subscription' AND EXISTS (
        SELECT FROM outbox_order AS l
        WHERE l.extension_id = outbox_order.extension_id AND l.id > outbox_order.id AND l.kind LIKE '%_subscription'
    ))
    RETURNING id
"""
"""Not a lock that an unlock has followed, nor the other way: what was ordered last about a subscription counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order and what has become of it; `recipient` is who would get it now, None where none is set."""

    id: int
    key: str
    kind: str
    data: Mapping[str, str]
    created_at: datetime
    state: str
    attempts: int
    next_attempt_at: datetime
    reason: str | None
    receipt: str | None
    delivered_at: datetime | None
    recipient: str | None


async def read_orders(connection: Connection, extension_id: int | None = None) -> list[OrderRow]:
    """Return the orders of an extension; for None all that are open, and those of the last month."""
    if extension_id is not None:
        return _rows(await connection.fetch(_OF_EXTENSION, extension_id))
    return _rows(await connection.fetch(_RECENT))


async def try_again(connection: Connection, order_id: int) -> bool:
    """Have an order sent now, whatever became of it, under the same key; False when there is none."""
    return await connection.fetchval(_AGAIN, order_id) is not None


async def hand_over(connection: Connection, write: Callable[[Sequence[OrderRow]], None]) -> int:
    """Give all that is not delivered to `write`, and mark it as handed over; return how many.

    What is just being sent is waited for, and is left out when its receiver has taken it. In the transaction that is
    open, which must commit after this: what was written and not marked is given again.
    """
    await connection.execute(_PATIENCE)
    rows = _rows(await connection.fetch(_NOT_DELIVERED))
    if rows:
        write(rows)
        await connection.execute(_HANDED_OVER, [row.id for row in rows])
    return len(rows)


def _rows(found: Sequence[asyncpg.Record]) -> list[OrderRow]:
    return [OrderRow(**{**row, "key": str(row["key"]), "data": json.loads(row["data"])}) for row in found]
