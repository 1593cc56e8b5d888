"""The policy check: exceptions of schedules (R4) and absences that nobody ends (R10)."""

from dataclasses import replace

from callflow.policy.model import Absence, ScheduleException
from tests.builders import at, exception, person
from tests.unit.policy.checked import OFFICE, codes, sound, values


def with_exceptions(*rows: ScheduleException) -> list[str]:
    return codes(sound(schedules=[replace(OFFICE, exceptions=rows)]))


SUMMER = exception("2027-06-15", "2027-06-17", "Sommarlov", (540, 660))


def test_exceptions_in_the_past_are_told_once_a_schedule() -> None:
    past = exception("2026-11-01", "2026-11-23", "Flytt")
    earlier = exception("2025-11-01", "2025-11-23", "Renovering")
    rows = sound(schedules=[replace(OFFICE, exceptions=(past, earlier, SUMMER))])
    assert values(rows, "schedule_exception_past") == [
        {"count": "2", "exception": "Flytt", "last_date": "2026-11-23"}
    ]
    assert with_exceptions(exception("2026-11-01", "2026-11-24", "Flytt")) == []


def test_the_past_is_by_the_organisations_own_clock() -> None:
    rows = sound(schedules=[replace(OFFICE, exceptions=(exception("2026-11-24", "2026-11-24", "Flytt"),))])
    assert codes(rows, at("2026-11-24 23:59")) == []
    assert codes(rows, at("2026-11-25 00:00")) == ["schedule_exception_past"]


def test_an_exception_whose_every_day_a_shorter_one_takes_is_found() -> None:
    first = exception("2027-06-15", "2027-06-16", "Stängt")
    last = exception("2027-06-17", "2027-06-17", "Midsommar")
    rows = sound(schedules=[replace(OFFICE, exceptions=(last, SUMMER, first))])
    assert values(rows, "schedule_exception_shadowed") == [
        {"exception": "Sommarlov", "first_date": "2027-06-15", "last_date": "2027-06-17"}
    ]


def test_an_exception_with_a_day_left_is_no_finding() -> None:
    first = exception("2027-06-15", "2027-06-15", "Stängt")
    assert with_exceptions(SUMMER, first) == []
    longer = exception("2027-06-10", "2027-06-20", "Juni")
    assert with_exceptions(SUMMER, longer) == []
    overlapping = exception("2027-06-14", "2027-06-16", "Stängt")
    assert with_exceptions(SUMMER, overlapping) == []
    assert with_exceptions(SUMMER, first, exception("2027-06-16", "2027-06-16", "Flytt")) == []


def test_an_absence_that_began_long_ago_without_return_is_found() -> None:
    absence = Absence(id=5, reason_id=1, starts_at=at("2026-08-01 08:00"))
    rows = sound(people=[person(1, absences=(absence,))])
    assert values(rows, "absence_without_return") == [{"absence": "5", "since": "2026-08-01T08:00+02:00"}]
    recent = replace(absence, starts_at=at("2026-11-01 08:00"))
    returning = replace(absence, returns_at=at("2027-11-01 08:00"))
    assert codes(sound(people=[person(1, absences=(recent, returning))])) == []
