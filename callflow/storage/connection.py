"""Connections to the policy database, each for one purpose, with one error for a database that is not there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import asyncpg

from callflow.errors import CallflowError

Connection: TypeAlias = asyncpg.Connection

CONNECT_SECONDS = 10.0
LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that is used just as the news of its end is read
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.UndefinedTableError,
)
"""What a database looks like that is away, refuses us, or was never migrated: at connecting and later."""

FAILED = (*LOST, asyncpg.PostgresError)
"""The same, and whatever else it says no with."""


class DatabaseUnavailableError(CallflowError):
    """The policy database cannot be reached or read."""

    code = "database_unavailable"


@asynccontextmanager
async def connected(url: str, *, seconds: float = CONNECT_SECONDS) -> AsyncIterator[Connection]:
    """Give a connection to the database at `url` (`postgresql+asyncpg://…`), closed afterwards whatever happens.

    `seconds` bounds the connecting. Errors are asyncpg's own, see `unavailable`.
    """
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg:", "postgresql:", 1), timeout=seconds)
    try:
        yield connection
        with suppress(*LOST):
            await connection.close(timeout=seconds)
    finally:
        connection.terminate()  # at once, also after an error or in a cancelled task; nothing if closed


def unavailable(error: Exception) -> DatabaseUnavailableError:
    """Return the error to raise `from` what asyncpg said."""
    if isinstance(error, asyncpg.LockNotAvailableError):
        return DatabaseUnavailableError(
            "The policy database cannot be read: another session holds a lock on one of its tables. "
            "End that session's transaction (pg_locks tells which it is)."
        )
    message = (
        f"The policy database cannot be read: {type(error).__name__}: {error}. "
        "See that it runs and that CALLFLOW_DATABASE_URL names it."
    )
    return DatabaseUnavailableError(message)
