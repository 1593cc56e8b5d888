"""Which instant a call is decided for."""

from datetime import UTC, datetime, tzinfo

from callflow.errors import CallflowError


class BadTimeError(CallflowError):
    """A time that is not ISO 8601 with an offset."""

    code = "bad_time"


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def read_instant(text: str) -> datetime:
    """Read `2026-11-24T09:14:02+01:00`; raise `BadTimeError` without an offset, never guess one."""
    instant = _read(text)
    if instant.tzinfo is None:
        raise BadTimeError(f"'{text}' lacks its offset from UTC; write it as 2026-11-24T09:14:02+01:00")
    return instant


def local_instant(text: str, zone: tzinfo) -> datetime:
    """Read a time that a person writes: without an offset it is local in `zone`; raise `BadTimeError` for no time."""
    instant = _read(text)
    local = instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)
    try:
        local.astimezone(UTC)
        local.astimezone(zone)
    except OverflowError as error:
        raise BadTimeError(f"”{text}” är ingen tid som går att räkna med.\n'{text}' is out of range.") from error
    return local


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadTimeError(
            f"”{text}” är ingen tid; skriv den som '2026-11-24 09:14' eller 2026-11-24T09:14:02+01:00.\n"
            f"'{text}' is no time; write it as '2026-11-24 09:14' or 2026-11-24T09:14:02+01:00."
        ) from error
