"""Writing the PIN of a mailbox that its owner has changed by phone (R11)."""

import asyncio

import asyncpg

from callflow.service.pin_changes import PinNotStoredError, PinRefusedError, StorePin
from callflow.storage.connection import LOST, connected

ANSWER_SECONDS = 10.0
"""How long the database may take: one that is gone without a word must not be waited for."""

_NAME_US = "SELECT set_config('callflow.actor', $1, false)"
_SET = "UPDATE mailbox SET pin = $2 WHERE number = $1 RETURNING id"


def pin_store(url: str) -> StorePin:
    """Return what stores a PIN in the database at `url`; the audit names the voicemail that it is of."""

    async def store(mailbox: str, pin: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), connected(url) as connection:
                await connection.execute(_NAME_US, f"voicemail:{mailbox}")
                found = await connection.fetchval(_SET, mailbox, pin)
        except LOST as error:
            raise PinNotStoredError(f"{type(error).__name__}: the database could not be reached") from error
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
            raise PinRefusedError(str(error)) from error
        except asyncpg.PostgresError as error:
            raise PinNotStoredError(f"{type(error).__name__}: {error}") from error
        if found is None:
            raise PinRefusedError("there is no such mailbox any more")

    return store
