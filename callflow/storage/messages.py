"""The voicemail messages in the policy database: what lies there, what became of it, who was reminded (R11)."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from callflow.policy.follow_up import OpenMessage, Reminder
from callflow.service.message_ports import Contents, LeftMessage, MessagesState
from callflow.storage.connection import FAILED
from callflow.storage.kept_connection import KeptConnection

ANSWER_SECONDS = 10.0
SERVER_SETTINGS = {
    "application_name": "callflow messages",
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "5000",
}
"""In milliseconds."""
BY_TELEPHONE = "voicemail"
"""Who has closed a message that was deleted in the mailbox."""

BEFORE = "before"
"""Who has closed a message that was heard long before anybody followed it up."""

_MAILBOXES_ON = """
SELECT DISTINCT b.number FROM voicemail_message AS m JOIN mailbox AS b ON b.id = m.mailbox_id
WHERE m.spool = $1 AND m.gone_at IS NULL
"""
_PUT = f"""
INSERT INTO voicemail_message AS m
    (mailbox_id, spool, key, caller_number, left_at, seconds, urgent, state, heard_at, ended_by)
SELECT b.id, $2, t.key, t.caller_number, t.left_at, t.seconds, t.urgent,
    CASE WHEN t.is_old THEN 'closed' WHEN t.heard THEN 'heard' ELSE 'unheard' END,
    CASE WHEN t.heard THEN clock_timestamp() END, CASE WHEN t.is_old THEN '{BEFORE}' END
FROM (
    SELECT *, t.heard AND t.left_at < clock_timestamp() - interval '1 day' AS is_old
    FROM jsonb_to_recordset($1::jsonb) AS t (
        mailbox text, key text, caller_number text, left_at timestamptz, seconds integer, urgent boolean,
        heard boolean
    )
) AS t JOIN mailbox AS b ON b.number = t.mailbox
ORDER BY t.left_at, b.id, t.key
ON CONFLICT (mailbox_id, spool, key) DO UPDATE SET
    gone_at = NULL,
    heard_at = coalesce(m.heard_at, excluded.heard_at),
    state = CASE
        WHEN m.state IN ('unheard', 'heard') OR (m.state = 'closed' AND m.ended_by = '{BY_TELEPHONE}')
            THEN CASE WHEN excluded.heard_at IS NULL THEN 'unheard' ELSE 'heard' END
        ELSE m.state
    END
WHERE m.gone_at IS NOT NULL
    OR (m.state IN ('unheard', 'heard') AND (m.state = 'heard') <> (excluded.heard_at IS NOT NULL))
"""  # noqa: S608 - of names in this file
_GONE = f"""
UPDATE voicemail_message AS m SET
    gone_at = clock_timestamp(),
    state = CASE WHEN m.state IN ('unheard', 'heard') THEN 'closed' ELSE m.state END,
    ended_by = CASE WHEN m.state IN ('unheard', 'heard') THEN '{BY_TELEPHONE}' ELSE m.ended_by END
FROM mailbox AS b
WHERE b.id = m.mailbox_id AND b.number = ANY ($3) AND m.spool = $2 AND m.gone_at IS NULL AND NOT EXISTS (
    SELECT FROM jsonb_to_recordset($1::jsonb) AS t (mailbox text, key text)
    WHERE t.mailbox = b.number AND t.key = m.key
)
"""  # noqa: S608 - of names in this file
_OPEN = """
SELECT m.id, m.mailbox_id, m.left_at, m.seconds, m.caller_number, m.state = 'heard' AS heard, m.urgent,
    m.owner_reminded_at, m.contact_reminded_at,
    ARRAY (SELECT e.id FROM extension AS e WHERE e.mailbox_id = m.mailbox_id ORDER BY e.id) AS extension_ids,
    ARRAY (
        SELECT u.id FROM unit AS u LEFT JOIN duty_roster AS r ON r.id = u.duty_roster_id
        WHERE u.mailbox_id = m.mailbox_id OR r.mailbox_id = m.mailbox_id ORDER BY u.id
    ) AS unit_ids
FROM voicemail_message AS m WHERE m.state IN ('unheard', 'heard')
"""
_FROM_CALLERS = f"{_OPEN} AND m.caller_number = ANY ($1) ORDER BY m.id"
_TO_REMIND = f"""
{_OPEN} AND m.left_at < clock_timestamp() - interval '1 hour'
    AND (m.owner_reminded_at IS NULL OR m.contact_reminded_at IS NULL) ORDER BY m.id
"""
"""No reminder comes sooner than after an hour."""
_ANSWER = """
UPDATE voicemail_message SET state = 'answered', ended_by = $2
WHERE id = $1 AND state IN ('unheard', 'heard') RETURNING id
"""
_REMIND = """
UPDATE voicemail_message SET {to}_reminded_at = clock_timestamp()
WHERE id = ANY ($1) AND {to}_reminded_at IS NULL AND state IN ('unheard', 'heard') RETURNING id
"""
_STATE = """
SELECT count(*) AS open, count(*) FILTER (WHERE state = 'unheard') AS unheard,
    coalesce(extract(epoch FROM clock_timestamp() - min(left_at)), 0)::float8 AS oldest_seconds
FROM voicemail_message WHERE state IN ('unheard', 'heard')
"""


class PostgresMessages:
    """A `MessageStore` on the PostgreSQL database at `url` (`postgresql+asyncpg://…`), on one connection."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before it is used."""
        self._connection = KeptConnection(url, SERVER_SETTINGS, ANSWER_SECONDS, away=FAILED)

    async def mailboxes_on(self, spool: str) -> frozenset[str]:
        """Return the numbers of the mailboxes of which messages are stored as lying on this disk."""
        async with self._connection.used() as connection:
            return frozenset(row["number"] for row in await connection.fetch(_MAILBOXES_ON, spool))

    async def put(self, spool: str, contents: Contents, caller_of: Callable[[str], str | None]) -> None:
        """Make what is stored of these mailboxes on a disk what is in them; `caller_of` reads who called.

        A message that was answered or closed by hand stays so; one that counted as deleted and is there is open. One
        that was heard, is older than a day and was not known is closed: nobody is reminded of what is long done.
        """
        rows = json.dumps([_row(mailbox, it, caller_of) for mailbox, messages in contents.items() for it in messages])
        async with self._connection.used() as connection, connection.transaction():
            await connection.execute(_PUT, rows, spool)
            await connection.execute(_GONE, rows, spool, list(contents))

    async def from_callers(self, numbers: Sequence[str]) -> Sequence[OpenMessage]:
        """Return the open messages of these callers."""
        async with self._connection.used() as connection:
            return _messages(await connection.fetch(_FROM_CALLERS, numbers))

    async def answer(self, message_id: int, actor: str) -> bool:
        """End a message as answered; False when it has ended already."""
        async with self._connection.used() as connection:
            return await connection.fetchval(_ANSWER, message_id, actor) is not None

    async def to_remind(self) -> Sequence[OpenMessage]:
        """Return the open messages that somebody may still have to be reminded of."""
        async with self._connection.used() as connection:
            return _messages(await connection.fetch(_TO_REMIND))

    async def remind(self, due: Sequence[Reminder], tell: Callable[[Sequence[Reminder]], Awaitable[None]]) -> None:
        """Note reminders, and hand those that nobody else has noted to `tell` before that is final.

        Where it does not become final, they are told again the next time.
        """
        async with self._connection.used() as connection, connection.transaction():
            noted: list[Reminder] = []
            for to in {it.to for it in due}:
                ids = [it.message.id for it in due if it.to is to]
                found = {row["id"] for row in await connection.fetch(_REMIND.format(to=to.value), ids)}
                noted += [it for it in due if it.to is to and it.message.id in found]
            await tell(noted)

    async def state(self) -> MessagesState:
        """Return how the messages stand."""
        async with self._connection.used() as connection:
            return MessagesState(**await connection.fetchrow(_STATE))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _row(mailbox: str, message: LeftMessage, caller_of: Callable[[str], str | None]) -> dict[str, Any]:
    return {
        "mailbox": mailbox,
        "key": message.key,
        "caller_number": caller_of(message.caller_number),
        "left_at": message.left_at.isoformat(),
        "seconds": message.seconds,
        "urgent": message.urgent,
        "heard": message.heard,
    }


def _messages(rows: Sequence[asyncpg.Record]) -> list[OpenMessage]:
    return [
        OpenMessage(**{**row, "extension_ids": tuple(row["extension_ids"]), "unit_ids": tuple(row["unit_ids"])})
        for row in rows
    ]
