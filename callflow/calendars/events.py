"""The text of a calendar (RFC 5545) -> when its person is busy.

Busy are events that take time (TRANSP, X-MICROSOFT-CDO-BUSYSTATUS) and that neither are cancelled or tentative nor
were declined or left open by the person. An event whose times or rule cannot be understood is left out with its whole
series, and counted. Titles are never looked at.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from recurring_ical_events import ComponentsWithName, EventAdapter, Series

from callflow.policy.calendar_absences import CalendarEvent

MOST_EVENTS = 1000
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
"""What the database takes for a time."""
_TIMES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
_TAKES_TIME = frozenset({"BUSY", "OOF"})
_NOT_ACCEPTED = frozenset({"DECLINED", "TENTATIVE", "NEEDS-ACTION"})
_NOT_UNDERSTOOD = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What the libraries raise for what does not follow RFC 5545."""
_LONGEST_CATEGORY, _MOST_CATEGORIES = 200, 20
_KEY_DIGITS = 32


class NoCalendarError(Exception):
    """The text is no whole calendar."""


class TooManyEventsError(Exception):
    """There are more than `MOST_EVENTS` busy times in the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which times are asked for, and of whom: `zone` is where the person is, `email` (lower case) whom they are."""

    starts_at: datetime
    ends_at: datetime
    zone: tzinfo
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """The busy times, and how many events could not be understood."""

    events: tuple[CalendarEvent, ...]
    unreadable: int = 0


def read_events(body: bytes, window: Window) -> Events:
    """Return the busy times that reach into the window; raise `NoCalendarError` or `TooManyEventsError`."""
    found: dict[str, CalendarEvent] = {}
    unreadable = 0
    for calendar in _calendars(body):
        unreadable += _leave_out(calendar)
        each = _EachSeries()
        try:
            every = recurring_ical_events.of(calendar, components=[each]).series
        except _NOT_UNDERSTOOD:
            unreadable += 1
            continue
        for series in every:
            try:
                busy = list(islice(_busy(series, window), MOST_EVENTS + 1))
            except _NOT_UNDERSTOOD:
                unreadable += 1
                continue
            found.update((event.key, event) for event in busy)
            if len(found) > MOST_EVENTS:
                raise TooManyEventsError
        unreadable += each.unreadable
    return Events(events=tuple(sorted(found.values(), key=lambda it: (it.starts_at, it.key))), unreadable=unreadable)


def _calendars(body: bytes) -> list[icalendar.Component]:
    text = body.decode("utf-8-sig", errors="replace").replace("\x00", "")
    try:
        found = icalendar.Calendar.from_ical(text, multiple=True)
    except _NOT_UNDERSTOOD as error:
        raise NoCalendarError from error
    if not found or any(component.name != "VCALENDAR" for component in found):
        raise NoCalendarError
    for calendar in found:
        _forget_unknown_zone(calendar)
    return list(found)


def _forget_unknown_zone(calendar: icalendar.Component) -> None:
    """Take out a calendar's own time zone where nobody knows it: times without a zone are where the person is."""
    name = calendar.get("X-WR-TIMEZONE")
    try:
        ZoneInfo(str(name))
    except (ValueError, LookupError, OSError):
        calendar.pop("X-WR-TIMEZONE", None)


def _leave_out(calendar: icalendar.Component) -> int:
    """Take out every series with an event whose times were not understood; return how many such events there were."""
    bad = [event for event in calendar.walk("VEVENT") if any(name in _TIMES for name, _ in event.errors)]
    names = {str(event["UID"]) for event in bad if event.get("UID")}
    left_out = {id(event) for event in bad}
    calendar.subcomponents = [
        part
        for part in calendar.subcomponents
        if id(part) not in left_out and (part.name != "VEVENT" or str(part.get("UID", "")) not in names)
    ]
    return len(bad)


class _EachSeries(ComponentsWithName):  # type: ignore[misc]
    """Makes each series by itself, so that one that cannot be understood costs no other."""

    def __init__(self) -> None:
        super().__init__("VEVENT")
        self.unreadable = 0

    def collect_series_from(self, source: icalendar.Component, suppress_errors: object) -> list[Series]:
        """Return the series of a calendar."""
        del suppress_errors
        events: defaultdict[str, list[EventAdapter]] = defaultdict(list)
        for event in source.walk("VEVENT"):
            adapter = EventAdapter(event)
            events[adapter.uid].append(adapter)
        series = []
        for one in events.values():
            try:
                series.append(Series(one))
            except _NOT_UNDERSTOOD:
                self.unreadable += 1
        return series


def _busy(series: Series, window: Window) -> Iterator[CalendarEvent]:
    for occurrence in series.between(
        window.starts_at.astimezone(window.zone), window.ends_at.astimezone(window.zone)
    ):
        event = occurrence.as_component(keep_recurrence_attributes=False)
        if not _takes_time(event, window.email):
            continue
        starts_at, ends_at = _instant(event.start, window.zone), _instant(event.end, window.zone)
        if starts_at < ends_at and ends_at > window.starts_at and starts_at < window.ends_at:
            yield CalendarEvent(
                key=_key(str(event.get("UID", "")), starts_at, ends_at),
                starts_at=starts_at,
                ends_at=ends_at,
                categories=tuple(_categories(event)),
            )


def _takes_time(event: icalendar.Component, email: str | None) -> bool:
    if _word(event, "TRANSP") == "TRANSPARENT" or _word(event, "STATUS") in {"CANCELLED", "TENTATIVE"}:
        return False
    status = _word(event, "X-MICROSOFT-CDO-BUSYSTATUS")
    return status in {"", *_TAKES_TIME} and not (email and _not_accepted(event, email))


def _word(event: icalendar.Component, name: str) -> str:
    value = event.get(name, "")
    return str(value[0] if isinstance(value, list) else value).strip().upper()


def _not_accepted(event: icalendar.Component, email: str) -> bool:
    """Tell whether a person has declined an invitation, or left it open: nobody is away because others ask so."""
    attendees = event.get("ATTENDEE", [])
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        if str(attendee).strip().lower().removeprefix("mailto:") == email:
            return str(getattr(attendee, "params", {}).get("PARTSTAT", "")).upper() in _NOT_ACCEPTED
    return False


def _instant(time: date, zone: tzinfo) -> datetime:
    """Return a time in UTC: a whole day is from midnight, and a time without a zone is told, where the person is."""
    if not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day)  # noqa: DTZ001 - its zone follows
    local = time if time.tzinfo is not None else time.replace(tzinfo=zone)
    with suppress(OverflowError):
        return min(max(local.astimezone(UTC), _FIRST), _LAST)
    return _FIRST if local.year < _FIRST.year else _LAST


def _key(name: str, starts_at: datetime, ends_at: datetime) -> str:
    written = f"{name}\n{starts_at.isoformat()}\n{ends_at.isoformat()}"
    return hashlib.sha256(written.encode("utf-8", errors="replace")).hexdigest()[:_KEY_DIGITS]


def _categories(event: icalendar.Component) -> Iterator[str]:
    values = event.get("CATEGORIES", [])
    lists = values if isinstance(values, list) else [values]
    words = [str(word) for value in lists for word in getattr(value, "cats", [value])]
    yield from (word for word in words[:_MOST_CATEGORIES] if len(word) <= _LONGEST_CATEGORY)
