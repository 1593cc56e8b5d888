"""Writing duty that is taken over and handed back, by whatever hand (R7). What is planned stays as it is."""

from datetime import datetime

from callflow.policy.decision import DutyChange
from callflow.policy.model import DutyShift
from callflow.storage.connection import Connection
from callflow.storage.snapshot import target_column, target_value

_TAKE_TURN = "DELETE FROM duty_shift WHERE false"
"""Deletes nothing, but waits for the turn to change the policy, so that what is done next sees the changes before."""
_DELETE = """
DELETE FROM duty_shift
WHERE taken_over AND duty_roster_id = $1 AND level = $2 AND starts_at >= $3 AND (starts_at = $3 OR ends_at <= $4)
"""
"""One that began at this very moment has never been: it cannot end as it begins."""
_END = """
UPDATE duty_shift SET ends_at = $3
WHERE taken_over AND duty_roster_id = $1 AND level = $2 AND starts_at < $3 AND ends_at > $3
"""
_LATER = """
UPDATE duty_shift SET starts_at = $4
WHERE taken_over AND duty_roster_id = $1 AND level = $2 AND starts_at >= $3 AND starts_at < $4
"""
_NEVER_BEGUN = """
DELETE FROM duty_shift
WHERE taken_over AND starts_at = $1 AND ($2::integer IS NULL OR to_extension_id = $2)
    AND ($3::integer IS NULL OR duty_roster_id = $3)
"""
_BACK = """
UPDATE duty_shift SET ends_at = $1
WHERE taken_over AND starts_at < $1 AND ends_at > $1 AND ($2::integer IS NULL OR to_extension_id = $2)
    AND ($3::integer IS NULL OR duty_roster_id = $3)
"""


async def put_duty(connection: Connection, change: DutyChange) -> None:
    """Do what a phone changes; in the transaction that is open, errors are asyncpg's own."""
    if change.shift is not None and change.roster_id is not None:
        await take_duty(connection, change.roster_id, change.shift)
    else:
        await hand_back(connection, change.at, extension_id=change.extension_id)


async def take_duty(connection: Connection, roster_id: int, shift: DutyShift) -> None:
    """Have a level of a roster taken over by `shift`, in place of what was taken over there for that time."""
    await connection.execute(_TAKE_TURN)
    await connection.execute(_DELETE, roster_id, shift.level, shift.starts_at, shift.ends_at)
    await connection.execute(_END, roster_id, shift.level, shift.starts_at)
    await connection.execute(_LATER, roster_id, shift.level, shift.starts_at, shift.ends_at)
    columns = f"duty_roster_id, level, starts_at, ends_at, taken_over, {target_column('to', shift.target)}"
    await connection.execute(
        f"INSERT INTO duty_shift ({columns}) VALUES ($1, $2, $3, $4, true, $5)",  # noqa: S608 - names of ours
        roster_id,
        shift.level,
        shift.starts_at,
        shift.ends_at,
        target_value(shift.target),
    )


async def hand_back(
    connection: Connection, at: datetime, *, extension_id: int | None = None, roster_id: int | None = None
) -> None:
    """End what is taken over at `at`: by an extension, or of a roster by whomever."""
    await connection.execute(_TAKE_TURN)
    for statement in (_NEVER_BEGUN, _BACK):
        await connection.execute(statement, at, extension_id, roster_id)
