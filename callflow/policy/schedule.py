"""Whether a schedule is open at a moment, why, and when it opens next.

Hours are local wall-clock hours. In the night when clocks go back an hour shows twice and counts as open both
times; when they go forward the hour that never shows is left out, and what would open in it opens as it ends.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from callflow.policy.model import (
    DEFAULT_TIME_ZONE,
    Holiday,
    HolidayCalendar,
    Hours,
    Policy,
    Schedule,
    ScheduleException,
)

_LONGEST_GAP_MINUTES = 180
_DAYS_AHEAD = 92
"""How far ahead an opening is looked for, in days."""


class Why(StrEnum):
    """What decided the hours of a day."""

    WEEK = "week"
    HOLIDAY = "holiday"
    HALF_DAY = "half_day"
    EXCEPTION = "exception"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHours:
    """The hours of one date, what decided them, and the name of the holiday or exception."""

    hours: tuple[Hours, ...]
    why: Why
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """Open or closed at a moment; `next_opening` is aware local time, None when open or not within 92 days."""

    is_open: bool
    day: DayHours
    next_opening: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """How a schedule stands from `since` until `until` (not included), as timestamps."""

    state: ScheduleState
    since: float
    until: float


def state(schedule: Schedule, calendar: HolidayCalendar | None, time_zone: str, now: datetime) -> ScheduleState:
    """Return how the schedule stands at `now` (aware), in `time_zone` (an unknown one reads as Stockholm's)."""
    return held(schedule, calendar, time_zone, now).state


def held(schedule: Schedule, calendar: HolidayCalendar | None, time_zone: str, now: datetime) -> Held:
    """Return how the schedule stands at `now` (aware), as `state` does, and for how long it does so at least."""
    return _held(schedule, calendar, time_zone, now.astimezone(UTC).replace(second=0, microsecond=0))


@lru_cache(maxsize=4096)
def _held(schedule: Schedule, calendar: HolidayCalendar | None, time_zone: str, at: datetime) -> Held:
    """Return how the schedule stands in the minute that begins at `at`: nothing changes within a minute."""
    local = at.astimezone(zone(time_zone))
    minute = local.hour * 60 + local.minute
    day = hours_of(schedule, calendar, local.date())
    since, until = _span(day, minute, at, local)
    if any(hours.opens <= minute < hours.closes for hours in day.hours):
        return Held(ScheduleState(is_open=True, day=day), since, until)
    opening = _next_opening(schedule, calendar, local, day)
    return Held(ScheduleState(is_open=False, day=day, next_opening=opening), since, until)


def _span(day: DayHours, minute: int, at: datetime, local: datetime) -> tuple[float, float]:
    """Return from when until when the hours of a day say the same; where clocks change, within the minute alone."""
    changes = [0, 1440, *(hours.opens for hours in day.hours), *(hours.closes for hours in day.hours)]
    since = at - timedelta(minutes=minute - max(change for change in changes if change <= minute))
    last = at + timedelta(minutes=min(change for change in changes if change > minute) - minute - 1)
    if {moment.astimezone(local.tzinfo).utcoffset() for moment in (since, last)} != {local.utcoffset()}:
        since = last = at
    return since.timestamp(), last.timestamp() + 60


def hours_of(schedule: Schedule, calendar: HolidayCalendar | None, on: date) -> DayHours:
    """Return the hours of a date: its exception, else its holiday or half day, else the week's."""
    if (exception := exception_on(schedule, on)) is not None:
        return DayHours(hours=tuple(sorted(exception.hours)), why=Why.EXCEPTION, name=exception.name)
    weekday = on.isoweekday()
    week = tuple(
        sorted(Hours(opens=row.opens, closes=row.closes) for row in schedule.hours if row.weekday == weekday)
    )
    holiday = _holiday(calendar, on)
    if holiday is None:
        return DayHours(hours=week, why=Why.WEEK)
    if holiday.half_day:
        return DayHours(hours=_cut(week, schedule.half_day_closes), why=Why.HALF_DAY, name=holiday.name)
    if schedule.open_on_holidays:
        return DayHours(hours=week, why=Why.WEEK)
    return DayHours(hours=(), why=Why.HOLIDAY, name=holiday.name)


def zone(name: str) -> ZoneInfo:
    """Return a time zone by name; one that does not exist reads as Stockholm's, so that no call fails on it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(DEFAULT_TIME_ZONE)


def zone_of(policy: Policy, organisation_id: int | None) -> ZoneInfo:
    """Return the time zone of an organisation; of one that is missing, Stockholm's."""
    organisation = policy.organisations.get(organisation_id or 0)
    return zone(organisation.time_zone if organisation is not None else DEFAULT_TIME_ZONE)


def time_zones(policy: Policy) -> frozenset[ZoneInfo]:
    """Return every time zone that a decision may ask for: while they are held, none is read from disk in a call."""
    return frozenset(map(zone, {DEFAULT_TIME_ZONE, *(row.time_zone for row in policy.organisations.values())}))


def exception_on(schedule: Schedule, on: date) -> ScheduleException | None:
    """Return the exception that applies on a date: of overlapping ones the one of fewest days, then the latest."""
    holding = [row for row in schedule.exceptions if row.first_date <= on <= row.last_date]
    return min(holding, key=_narrowness) if holding else None


def _narrowness(row: ScheduleException) -> tuple[int, int, str, tuple[Hours, ...]]:
    return ((row.last_date - row.first_date).days, -row.first_date.toordinal(), row.name, row.hours)


def _holiday(calendar: HolidayCalendar | None, on: date) -> Holiday | None:
    """Return the date's entry; of several (which the database refuses) a whole holiday before a half day."""
    entries = [row for row in calendar.days if row.date == on] if calendar is not None else []
    return min(entries, key=lambda row: (row.half_day, row.name)) if entries else None


def _cut(week: tuple[Hours, ...], closes: int | None) -> tuple[Hours, ...]:
    if closes is None:
        return week
    return tuple(Hours(opens=row.opens, closes=min(row.closes, closes)) for row in week if row.opens < closes)


def _next_opening(
    schedule: Schedule, calendar: HolidayCalendar | None, local: datetime, today: DayHours
) -> datetime | None:
    if not schedule.hours and not any(row.hours for row in schedule.exceptions):
        return None
    minute = local.hour * 60 + local.minute
    later = [row.opens for row in today.hours if row.opens > minute]
    if later:
        return _instant(local.date(), later[0], local)
    for days in range(1, _DAYS_AHEAD + 1):
        on = local.date() + timedelta(days=days)
        if hours := hours_of(schedule, calendar, on).hours:
            return _instant(on, hours[0].opens, local)
    return None


def _shows(wall: datetime) -> bool:
    """Tell whether the clock ever shows this time; an hour is left out when clocks go forward."""
    return wall.astimezone(UTC).astimezone(wall.tzinfo).replace(fold=0) == wall


def _instant(on: date, minutes: int, local: datetime) -> datetime:
    """Return the first moment after `local` at which the wall clock shows these minutes, or has passed them."""
    said = datetime(on.year, on.month, on.day, tzinfo=local.tzinfo) + timedelta(minutes=minutes)
    following = (said + timedelta(minutes=passed) for passed in range(_LONGEST_GAP_MINUTES))
    wall = next(filter(_shows, following), said)
    return wall if wall.astimezone(UTC) > local.astimezone(UTC) else wall.replace(fold=1)
