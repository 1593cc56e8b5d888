"""Hours of a week as a finding tells them: what is left of one week's hours when another's are taken away.

Hours are told as `1 08:00-09:00,15:00-16:30;5 08:00-09:00`: for each weekday (1 is Monday) its hours.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from zoneinfo import ZoneInfo

from callflow.policy.checks.look import Span
from callflow.policy.model import Hours, WeeklyHours

_DAY_MINUTES = 1440


def uncovered(wanted: Iterable[WeeklyHours], given: Iterable[WeeklyHours]) -> tuple[WeeklyHours, ...]:
    """Return what of the wanted hours the given ones leave out."""
    left = sorted(wanted)
    for taken in sorted(given):
        left = [piece for row in left for piece in _without(row, taken)]
    return tuple(left)


def _without(row: WeeklyHours, taken: WeeklyHours) -> Iterator[WeeklyHours]:
    if row.weekday != taken.weekday or taken.closes <= row.opens or row.closes <= taken.opens:
        yield row
        return
    if row.opens < taken.opens:
        yield WeeklyHours(weekday=row.weekday, opens=row.opens, closes=taken.opens)
    if taken.closes < row.closes:
        yield WeeklyHours(weekday=row.weekday, opens=taken.closes, closes=row.closes)


def always_open(hours: Iterable[WeeklyHours]) -> bool:
    """Tell whether these hours are all hours of the week."""
    week = (WeeklyHours(weekday=day, opens=0, closes=_DAY_MINUTES) for day in range(1, 8))
    return not uncovered(week, hours)


def local_week(spans: Iterable[Span], here: ZoneInfo) -> tuple[WeeklyHours, ...]:
    """Return spans within seven days as hours of the week by a local clock, cut at midnight."""
    return tuple(sorted({row for span in spans for row in _local_days(span, here)}))


def _local_days(span: Span, here: ZoneInfo) -> Iterator[WeeklyHours]:
    starts, ends = span.starts.astimezone(here), span.ends.astimezone(here)
    opens = starts.hour * 60 + starts.minute
    for day in range(starts.toordinal(), ends.toordinal() + 1):
        closes = ends.hour * 60 + ends.minute if day == ends.toordinal() else _DAY_MINUTES
        if opens < closes:
            yield WeeklyHours(weekday=(day - 1) % 7 + 1, opens=opens, closes=closes)
        opens = 0


def told(hours: Iterable[WeeklyHours]) -> str:
    """Return hours as a finding's values have them, those that touch joined."""
    days = groupby(sorted(hours), key=lambda row: row.weekday)
    return ";".join(f"{weekday} {','.join(map(_clock, _touching(rows)))}" for weekday, rows in days)


def _touching(rows: Iterable[WeeklyHours]) -> list[Hours]:
    found: list[Hours] = []
    for row in rows:
        if found and row.opens <= found[-1].closes:
            found[-1] = Hours(opens=found[-1].opens, closes=max(found[-1].closes, row.closes))
        else:
            found.append(Hours(opens=row.opens, closes=row.closes))
    return found


def _clock(hours: Hours) -> str:
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (hours.opens, hours.closes))
