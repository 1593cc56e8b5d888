"""The transaction in which the policy is read: one state of the database, in bounded time, with all errors told.

INVARIANT: every table is locked before the transaction's state is fixed: one that is rewritten afterwards (a
migration's ALTER TABLE, CLUSTER) would look empty in it. Where another session has such a table, we wait with no lock
of ours, so that it never ends in a deadlock with us.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from callflow.errors import CallflowError
from callflow.storage.connection import FAILED, Connection, connected, unavailable

READ_SECONDS = 60.0
"""How long a snapshot may take: 100,000 extensions take some three seconds."""
TABLES = (
    "policy_revision", "absence", "absence_reason", "answering_place", "audit", "barring", "diversion", "duty_level",
    "duty_roster", "duty_shift", "exemption", "extension", "feature_code", "holiday", "holiday_calendar",
    "lock_attempt", "mailbox", "number_class", "number_range", "organisation", "outbox_order", "outbox_recipient",
    "person", "ring_group", "ring_group_member", "schedule", "schedule_exception",
    "schedule_exception_hours", "schedule_hours", "trunk", "unit", "unit_override",
)  # fmt: skip
LOCK_SECONDS = 3.0
"""How long a table that another session has is waited for."""
LOCK_PAUSE = 0.1
_LOCK = f"LOCK TABLE {', '.join(TABLES)} IN ACCESS SHARE MODE NOWAIT"
_NOT_UNDERSTOOD = (ValueError, TypeError, LookupError, AttributeError, AssertionError)


class PolicyUnreadableError(CallflowError):
    """The policy database holds what this version of the program does not understand."""

    code = "policy_unreadable"


@asynccontextmanager
async def reading(url: str, seconds: float) -> AsyncIterator[Connection]:
    """Give a connection to the database at `url`, in a transaction as of `one_state`, for `seconds`.

    Raises:
        DatabaseUnavailableError: it cannot be reached, does not answer in time, or is not a policy database.
        PolicyUnreadableError: what it holds is not understood.
    """
    try:
        async with asyncio.timeout(seconds), connected(url) as connection, one_state(connection):
            yield connection
    except FAILED as error:
        raise unavailable(error) from error
    except _NOT_UNDERSTOOD as error:
        raise PolicyUnreadableError(
            f"The policy database holds what this version cannot read: {type(error).__name__}: {error}. Take the "
            "change back, or see that the program is not older than the database."
        ) from error


@asynccontextmanager
async def one_state(connection: Connection) -> AsyncIterator[None]:
    """Begin a transaction that sees one state of the database and changes none; errors are asyncpg's own.

    After an error the transaction is still open, and the connection is to be closed: it may never answer again.
    """
    transaction = await _begun(connection)
    yield
    await transaction.rollback()


async def _begun(connection: Connection) -> asyncpg.transaction.Transaction:
    until = time.monotonic() + LOCK_SECONDS
    while True:
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        await transaction.start()
        try:
            await connection.execute(_LOCK)
        except asyncpg.LockNotAvailableError:
            await transaction.rollback()
            if time.monotonic() > until:
                raise
            await asyncio.sleep(LOCK_PAUSE)
        else:
            return transaction
