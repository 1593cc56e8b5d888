"""Times and dates as digits on a phone: when somebody is back (R10), and until when something holds (R4, R7)."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from callflow.policy.absences import LONGEST_DAYS
from callflow.policy.model import AbsenceReason, Organisation

DAY_FIRST = "DDMM"
_TIME_ALONE = 4
"""Four digits are a time or a date; eight are a date and a time."""


class TimeRefusal(StrEnum):
    """Why digits are no time to come."""

    PASSED = "return_passed"
    IMPOSSIBLE = "return_impossible"


TIME_REFUSED = {TimeRefusal.PASSED: "return-has-passed", TimeRefusal.IMPOSSIBLE: "return-not-understood"}
"""The prompt that tells each."""


def read_return(
    digits: str, reason: AbsenceReason, organisation: Organisation, now: datetime
) -> datetime | TimeRefusal:
    """Return when somebody is back by four digits, HHMM or a date, dialled at `now` (local time).

    1206 may be either: the reason tells which it is. What cannot be that may be the other. A date is its midnight.
    """
    likely, other = (_date, _time) if reason.returns_by_date else (_time, _date)
    return _either(likely(digits, organisation, now), other(digits, organisation, now))


def read_until(digits: str, organisation: Organisation, now: datetime) -> datetime | TimeRefusal:
    """Return until when something holds that begins at `now` (local time): HHMM, a date, or a date with HHMM.

    A time that has passed today is tomorrow's. What cannot be a time may be a date, which is its midnight.
    """
    if len(digits) == _TIME_ALONE:
        return _either(_next_time(digits, organisation, now), _date(digits, organisation, now))
    clock = _clock(digits[_TIME_ALONE:])
    days = _days(digits[:_TIME_ALONE], organisation, now)
    if clock is None or not days:
        return TimeRefusal.IMPOSSIBLE
    latest = now.date() + timedelta(days=LONGEST_DAYS)
    moments = [datetime.combine(day, clock, now.tzinfo) for day in days if day <= latest]
    both = [moment.replace(fold=fold) for moment in moments for fold in (0, 1)]
    return next((moment for moment in both if moment.timestamp() > now.timestamp()), TimeRefusal.PASSED)


def _either(likely: datetime | TimeRefusal, other: datetime | TimeRefusal) -> datetime | TimeRefusal:
    if likely is not TimeRefusal.IMPOSSIBLE:
        return likely
    return TimeRefusal.IMPOSSIBLE if isinstance(other, TimeRefusal) else other


def _time(digits: str, _organisation: Organisation, now: datetime) -> datetime | TimeRefusal:
    clock = _clock(digits)
    if clock is None:
        return TimeRefusal.IMPOSSIBLE
    back = datetime.combine(now.date(), clock, now.tzinfo)
    to_come = [moment for moment in (back, back.replace(fold=1)) if moment.timestamp() > now.timestamp()]
    return to_come[0] if to_come else TimeRefusal.PASSED


def _next_time(digits: str, organisation: Organisation, now: datetime) -> datetime | TimeRefusal:
    found, clock = _time(digits, organisation, now), _clock(digits)
    if found is not TimeRefusal.PASSED or clock is None:
        return found
    return datetime.combine(now.date() + timedelta(days=1), clock, now.tzinfo)


def _date(digits: str, organisation: Organisation, now: datetime) -> datetime | TimeRefusal:
    days = _days(digits, organisation, now)
    if not days:
        return TimeRefusal.IMPOSSIBLE
    to_come = [day for day in days if now.date() < day <= now.date() + timedelta(days=LONGEST_DAYS)]
    return datetime.combine(to_come[0], time(), now.tzinfo) if to_come else TimeRefusal.PASSED


def _clock(digits: str) -> time | None:
    try:
        return time(int(digits[:2]), int(digits[2:]))
    except ValueError:
        return None


def _days(digits: str, organisation: Organisation, now: datetime) -> list[date]:
    """Return what date four digits are this year and the next, where there is such a day."""
    first, second = int(digits[:2]), int(digits[2:])
    month, day = (second, first) if organisation.absence_date_order == DAY_FIRST else (first, second)
    return [made for year in (now.year, now.year + 1) if (made := _day(year, month, day)) is not None]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
