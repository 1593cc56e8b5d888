"""Which instant a call is decided for."""

from datetime import UTC, datetime

from callflow.errors import CallflowError


class BadTimeError(CallflowError):
    """A time that is not ISO 8601 with an offset."""

    code = "bad_time"


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def read_instant(text: str) -> datetime:
    """Read `2026-11-24T09:14:02+01:00`; raise `BadTimeError` without an offset, never guess one."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadTimeError(f"'{text}' is no time; write it as 2026-11-24T09:14:02+01:00") from error
    if instant.tzinfo is None:
        raise BadTimeError(f"'{text}' lacks its offset from UTC; write it as 2026-11-24T09:14:02+01:00")
    return instant
