"""What an administrator sees of the voicemail messages, and does with one: closing it by hand (R11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from callflow.storage.connection import Connection

_COLUMNS = """
SELECT m.id, b.number AS mailbox_number, b.name AS mailbox_name, m.caller_number, m.left_at, m.seconds, m.urgent,
    m.state, m.ended_at, m.ended_by, m.owner_reminded_at, m.contact_reminded_at
FROM voicemail_message AS m JOIN mailbox AS b ON b.id = m.mailbox_id
WHERE ($1::text IS NULL OR b.number = $1)
"""
_OPEN = f"{_COLUMNS} AND m.state IN ('unheard', 'heard') ORDER BY m.left_at, m.id"
_RECENT = f"""
{_COLUMNS} AND (m.state IN ('unheard', 'heard') OR m.ended_at > clock_timestamp() - interval '31 days')
ORDER BY m.left_at, m.id
"""
_CLOSE = "UPDATE voicemail_message SET state = 'closed' WHERE id = $1 AND state IN ('unheard', 'heard') RETURNING id"

_REOPEN = """
UPDATE voicemail_message SET state = CASE WHEN heard_at IS NULL THEN 'unheard' ELSE 'heard' END
WHERE id = $1 AND state IN ('answered', 'closed') RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message and what has become of it: `state` is `unheard`, `heard`, `answered` or `closed`."""

    id: int
    mailbox_number: str
    mailbox_name: str
    caller_number: str | None
    left_at: datetime
    seconds: int
    urgent: bool
    state: str
    ended_at: datetime | None
    ended_by: str | None
    owner_reminded_at: datetime | None
    contact_reminded_at: datetime | None


async def read_messages(
    connection: Connection, mailbox_number: str | None, *, with_ended: bool
) -> Sequence[MessageRow]:
    """Return the messages of a mailbox, or of all, oldest first, with those that ended within 31 days or without."""
    rows: list[asyncpg.Record] = await connection.fetch(_RECENT if with_ended else _OPEN, mailbox_number)
    return [MessageRow(**row) for row in rows]


async def close_message(connection: Connection, message_id: int) -> bool:
    """Close a message; False when there is none that waits for an answer."""
    return await connection.fetchval(_CLOSE, message_id) is not None


async def reopen_message(connection: Connection, message_id: int) -> bool:
    """Have a message wait for an answer again; False when there is none that was answered or closed."""
    return await connection.fetchval(_REOPEN, message_id) is not None
