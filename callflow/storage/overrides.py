"""Writing what a unit is forced to be, by whatever hand (R4 to R6)."""

from datetime import datetime

from callflow.policy.model import UnitOverride
from callflow.storage.connection import Connection

_TAKE_TURN = "DELETE FROM unit_override WHERE false"
"""Deletes nothing, but waits for the turn to change the policy, so that what is done next sees the changes before."""
_DELETE = "DELETE FROM unit_override WHERE unit_id = $1 AND starts_at >= $2 AND (starts_at = $2 OR ends_at <= $3)"
"""One that began at this very moment has never been: it cannot end as it begins."""
_END = "UPDATE unit_override SET ends_at = $2 WHERE unit_id = $1 AND starts_at < $2 AND ends_at > $2"
_LATER = "UPDATE unit_override SET starts_at = $3 WHERE unit_id = $1 AND starts_at >= $2 AND starts_at < $3"
_INSERT = "INSERT INTO unit_override (unit_id, starts_at, ends_at, is_open) VALUES ($1, $2, $3, $4)"


async def put_override(connection: Connection, unit_id: int, at: datetime, override: UnitOverride | None) -> None:
    """End what a unit is forced to be at `at`, and begin `override` unless it is None: by whoever the actor is.

    What is planned within the time of `override` gives way to it. In the transaction that is open; errors are
    asyncpg's own, as when a guard refuses it.
    """
    await connection.execute(_TAKE_TURN)
    ends_at = override.ends_at if override is not None else at
    await connection.execute(_DELETE, unit_id, at, ends_at)
    await connection.execute(_END, unit_id, at)
    await connection.execute(_LATER, unit_id, at, ends_at)
    if override is not None:
        await connection.execute(_INSERT, unit_id, override.starts_at, ends_at, override.is_open)
