"""Forgetting in the policy database: what that is, the function there says (db/versions/0010_history, R12)."""

import asyncio

from callflow.service.retention import Forget
from callflow.storage.connection import FAILED, connected, unavailable

MOST = 1000
"""How many rows of each kind are forgotten in one transaction, which may hold up changes of the policy."""
ANSWER_SECONDS = 40.0
"""How long the database may take: one that is gone without a word must not be waited for."""

_PATIENCE = "SET statement_timeout = '30s'"
_FORGET = "SELECT policy_forget($1)"


def forget_in(url: str, most: int = MOST) -> Forget:
    """Return what forgets in the database at `url` (`postgresql+asyncpg://…`), at most so many rows of each kind."""

    async def forget() -> int:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), connected(url) as connection:
                await connection.execute(_PATIENCE)
                return int(await connection.fetchval(_FORGET, most))
        except FAILED as error:
            raise unavailable(error) from error

    return forget
