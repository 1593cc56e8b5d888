"""Writing the diversions of an extension, by whatever hand (R9)."""

from collections.abc import Iterable

from callflow.policy.model import Diversion, DiversionCondition
from callflow.storage.connection import Connection
from callflow.storage.snapshot import target_column, target_value

_TAKE_TURN = "DELETE FROM diversion WHERE false"
"""Deletes nothing, but waits for the turn to change the policy, so that what is done next sees the changes before."""
_DELETE = "DELETE FROM diversion WHERE extension_id = $1 AND condition = ANY ($2)"


async def put_diversion(
    connection: Connection,
    extension_id: int,
    conditions: Iterable[DiversionCondition],
    diversion: Diversion | None,
) -> None:
    """Give an extension `diversion` for these conditions, or none where it is None, in the transaction that is open.

    Errors are asyncpg's own, as when a guard refuses it.
    """
    await connection.execute(_TAKE_TURN)
    await connection.execute(_DELETE, extension_id, [condition.value for condition in conditions])
    if diversion is not None:
        await _insert(connection, extension_id, diversion)


async def _insert(connection: Connection, extension_id: int, diversion: Diversion) -> None:
    await connection.execute(
        f"INSERT INTO diversion (extension_id, condition, rings, ends_at, {target_column('to', diversion.target)}) "  # noqa: S608
        "VALUES ($1, $2, $3, $4, $5)",
        extension_id,
        diversion.condition.value,
        diversion.rings,
        diversion.ends_at,
        target_value(diversion.target),
    )
