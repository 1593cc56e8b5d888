"""Exceptions in schedules that apply no more, or never (R4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from callflow.policy.checks.finding import Finding, finding, of_schedule
from callflow.policy.checks.look import Look
from callflow.policy.model import Schedule, ScheduleException
from callflow.policy.schedule import exception_on


def schedule_findings(look: Look) -> Iterator[Finding]:
    """Yield schedules with exceptions in the past, and exceptions whose every day a shorter one takes."""
    for schedule in look.policy.schedules.values():
        today = look.now.astimezone(look.zone_of(schedule.organisation_id)).date()
        past = [row for row in schedule.exceptions if row.last_date < today]
        if past:
            latest = max(past, key=lambda row: (row.last_date, row.first_date, row.name))
            values = {"count": len(past), "exception": latest.name, "last_date": latest.last_date}
            yield finding("schedule_exception_past", of_schedule(schedule), **values)
        for row in schedule.exceptions:
            if row.last_date >= today and _is_shadowed(schedule, row):
                values = {"exception": row.name, "first_date": row.first_date, "last_date": row.last_date}
                yield finding("schedule_exception_shadowed", of_schedule(schedule), **values)


def _is_shadowed(schedule: Schedule, row: ScheduleException) -> bool:
    """Tell whether other exceptions apply on every day of this one."""
    others = tuple(
        other
        for other in schedule.exceptions
        if other != row and other.first_date <= row.last_date and other.last_date >= row.first_date
    )
    if sum(_days(other) for other in others) < _days(row):
        return False
    within = replace(schedule, exceptions=(row, *others))
    return all(exception_on(within, on) != row for on in _dates(row))


def _days(row: ScheduleException) -> int:
    return (row.last_date - row.first_date).days + 1


def _dates(row: ScheduleException) -> Iterator[date]:
    return (row.first_date + timedelta(days=passed) for passed in range(_days(row)))
