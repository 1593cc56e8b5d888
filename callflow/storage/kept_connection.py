"""One connection to the policy database that is kept between its uses.

INVARIANT: a connection on which anything went wrong, or whose user was cancelled, is never used again.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from callflow.storage.connection import CONNECT_SECONDS, LOST, Connection, unavailable

Errors = tuple[type[Exception], ...]


class KeptConnection:
    """A connection to the PostgreSQL database at `url` (`postgresql+asyncpg://…`), for one use at a time."""

    def __init__(
        self, url: str, server_settings: Mapping[str, str], answer_seconds: float, *, away: Errors = LOST
    ) -> None:
        """Prepare; nothing is opened before it is used.

        `answer_seconds`: how long a query may take, since a database that is gone without a word must not be
        waited for. `away`: the errors by which it counts as unavailable; any other goes on to the user.
        """
        self._url = url.replace("postgresql+asyncpg:", "postgresql:", 1)
        self._server_settings = dict(server_settings)
        self._answer_seconds = answer_seconds
        self._away = away
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def used(self) -> AsyncIterator[Connection]:
        """Give the connection; raise `DatabaseUnavailableError` when the database is away."""
        async with self._turn:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect()
                yield self._connection
            except self._away as error:
                self.close()
                raise unavailable(error) from error
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Let go of the connection; it is opened anew when it is used again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _connect(self) -> Connection:
        return await asyncpg.connect(
            self._url,
            timeout=CONNECT_SECONDS,
            command_timeout=self._answer_seconds,
            server_settings=self._server_settings,
        )
