"""Writing the absences of a person, by whatever hand (R10)."""

from datetime import datetime

from callflow.policy.model import Absence
from callflow.storage.connection import Connection
from callflow.storage.snapshot import target_column, target_value

_TAKE_TURN = "DELETE FROM absence WHERE false"
"""Deletes nothing, but waits for the turn to change the policy, so that what is done next sees the changes before."""
_DELETE = "DELETE FROM absence WHERE person_id = $1 AND starts_at = $2"
"""One that began at this very moment has never been: it cannot end as it begins."""
_END = """
UPDATE absence SET returns_at = $2
WHERE person_id = $1 AND starts_at < $2 AND (returns_at IS NULL OR returns_at > $2)
"""


async def take_turn(connection: Connection) -> None:
    """Wait in the transaction that is open until no other changes the policy, and let none until its end."""
    await connection.execute(_TAKE_TURN)


async def put_absence(connection: Connection, person_id: int, at: datetime, absence: Absence | None) -> None:
    """End the absences of a person that are in force at `at`, and begin `absence` unless it is None.

    In the transaction that is open; errors are asyncpg's own, as when a guard refuses it.
    """
    await take_turn(connection)
    await connection.execute(_DELETE, person_id, at)
    await connection.execute(_END, person_id, at)
    if absence is not None:
        await add_absence(connection, person_id, absence)


async def add_absence(connection: Connection, person_id: int, absence: Absence) -> None:
    """Plan an absence beside those that a person has, whatever its id; errors are asyncpg's own."""
    columns, values = ["person_id", "reason_id", "starts_at", "returns_at"], [
        person_id, absence.reason_id, absence.starts_at, absence.returns_at,
    ]  # fmt: skip
    if absence.referral is not None:
        columns.append(target_column("referral", absence.referral))
        values.append(target_value(absence.referral))
    places = ", ".join(f"${at}" for at in range(1, len(values) + 1))
    await connection.execute(f"INSERT INTO absence ({', '.join(columns)}) VALUES ({places})", *values)  # noqa: S608
