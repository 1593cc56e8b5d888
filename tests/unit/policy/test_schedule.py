"""Hours: the week, holidays, half days, exceptions, midnight, and nights when clocks change."""

from datetime import date

import pytest

from callflow.policy.model import Hours, Schedule, WeeklyHours
from callflow.policy.schedule import ScheduleState, Why, hours_of, state, time_zones, zone
from tests.builders import STOCKHOLM, at, calendar, exception, organisation, policy, schedule, utc

ALL_WEEK = range(1, 8)


def now(rows: Schedule, moment: str, days: tuple[tuple[str, str], ...] = ()) -> ScheduleState:
    return state(rows, calendar(1, *days), "Europe/Stockholm", at(moment))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [("08:59", False), ("09:00", True), ("11:29", True), ("11:30", False), ("13:00", True), ("15:00", False)],
)
def test_hours_include_their_start_and_not_their_end(moment: str, is_open: bool) -> None:
    assert now(schedule(), f"2026-11-24 {moment}").is_open is is_open


def test_seconds_within_the_last_minute_are_open() -> None:
    assert now(schedule(), "2026-11-24 11:29:59").is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-24 08:00", "2026-11-24 09:00"),
        ("2026-11-24 12:00", "2026-11-24 13:00"),
        ("2026-11-24 15:00", "2026-11-25 09:00"),
        ("2026-11-27 15:00", "2026-11-30 09:00"),
    ],
)
def test_next_opening_is_told_when_closed(moment: str, opening: str) -> None:
    assert now(schedule(), moment).next_opening == at(opening)
    assert now(schedule(), "2026-11-24 10:00").next_opening is None


def test_next_opening_passes_holidays_and_exceptions() -> None:
    rows = schedule(1, exceptions=(exception("2026-11-26", "2026-11-27", "utbildning"),))
    assert now(rows, "2026-11-24 16:00", (("2026-11-25", "helgdag"),)).next_opening == at("2026-11-30 09:00")


def test_next_opening_may_be_an_exception_alone() -> None:
    rows = schedule(1, hours=(), exceptions=(exception("2026-11-28", "2026-11-28", "öppet hus", (600, 840)),))
    assert now(rows, "2026-11-24 10:00").next_opening == at("2026-11-28 10:00")


def test_what_never_opens_or_not_for_long_has_no_next_opening() -> None:
    assert now(schedule(1, hours=()), "2026-11-24 10:00").next_opening is None
    long_closed = schedule(1, exceptions=(exception("2026-01-01", "2027-12-31", "renovering"),))
    assert now(long_closed, "2026-11-24 10:00").next_opening is None


def test_open_until_midnight_and_from_midnight_is_open_through_it() -> None:
    rows = schedule(1, (0, 1440), days=ALL_WEEK)
    assert now(rows, "2026-11-24 23:59").is_open
    assert now(rows, "2026-11-25 00:00").is_open


def test_open_until_midnight_closes_at_midnight() -> None:
    rows = schedule(1, (1200, 1440), days=ALL_WEEK)
    assert now(rows, "2026-11-24 23:59").is_open
    after = now(rows, "2026-11-25 00:00")
    assert not after.is_open
    assert after.next_opening == at("2026-11-25 20:00")


def test_holiday_is_closed_unless_the_schedule_is_open_on_holidays() -> None:
    days = (("2026-12-25", "juldagen"),)
    closed = now(schedule(), "2026-12-25 10:00", days)
    assert not closed.is_open
    assert (closed.day.why, closed.day.name) == (Why.HOLIDAY, "juldagen")
    assert now(schedule(1, open_on_holidays=True), "2026-12-25 10:00", days).is_open


@pytest.mark.parametrize(
    ("closes", "hours"),
    [
        (720, (Hours(opens=540, closes=690),)),
        (600, (Hours(opens=540, closes=600),)),
        (800, (Hours(opens=540, closes=690), Hours(opens=780, closes=800))),
        (540, ()),
        (None, (Hours(opens=540, closes=690), Hours(opens=780, closes=900))),
    ],
)
def test_half_day_closes_when_the_schedule_has_it(closes: int | None, hours: tuple[Hours, ...]) -> None:
    half = calendar(1, ("2026-12-23", "dagen före julafton", True))
    for open_on_holidays in (True, False):
        rows = schedule(1, half_day_closes=closes, open_on_holidays=open_on_holidays)
        day = hours_of(rows, half, date(2026, 12, 23))
        assert day.hours == hours
        assert day.why is Why.HALF_DAY


def test_of_two_entries_on_a_date_the_whole_holiday_counts() -> None:
    both = calendar(1, ("2026-12-24", "a", True), ("2026-12-24", "julafton"))
    assert hours_of(schedule(), both, date(2026, 12, 24)).name == "julafton"


def test_exception_wins_over_holiday_and_week() -> None:
    rows = schedule(1, exceptions=(exception("2026-12-25", "2026-12-25", "julöppet", (600, 720)),))
    day = now(rows, "2026-12-25 10:00", (("2026-12-25", "juldagen"),))
    assert day.is_open
    assert (day.day.why, day.day.name) == (Why.EXCEPTION, "julöppet")
    assert now(rows, "2026-12-24 10:00").day.why is Why.WEEK
    assert now(rows, "2026-12-26 10:00").day.why is Why.WEEK


def test_of_overlapping_exceptions_the_shortest_counts_and_then_the_one_that_begins_last() -> None:
    month = exception("2026-07-01", "2026-07-31", "sommartid")
    first_week = exception("2026-07-06", "2026-07-12", "vecka")
    next_week = exception("2026-07-08", "2026-07-14", "ännu en vecka")
    day = exception("2026-06-30", "2026-07-01", "städning")
    for order in ((month, first_week, next_week, day), (day, next_week, first_week, month)):
        rows = schedule(1, exceptions=order)
        assert hours_of(rows, None, date(2026, 7, 7)).name == "vecka"
        assert hours_of(rows, None, date(2026, 7, 9)).name == "ännu en vecka"
        assert hours_of(rows, None, date(2026, 7, 1)).name == "städning"
        assert hours_of(rows, None, date(2026, 7, 20)).name == "sommartid"


NIGHT = Schedule(
    id=1, organisation_id=1, name="natt", hours=tuple(WeeklyHours(weekday=d, opens=150, closes=210) for d in ALL_WEEK)
)
"""Open from 2.30 to 3.30 each night."""


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-10-25 00:20", False),
        ("2026-10-25 00:40", True),
        ("2026-10-25 01:20", False),
        ("2026-10-25 01:40", True),
        ("2026-10-25 02:20", True),
        ("2026-10-25 02:30", False),
    ],
)
def test_hour_that_shows_twice_counts_both_times(moment: str, is_open: bool) -> None:
    assert state(NIGHT, None, "Europe/Stockholm", utc(moment)).is_open is is_open


def test_next_opening_in_the_night_the_clock_goes_back_is_the_next_time_the_clock_shows_it() -> None:
    def opening(moment: str) -> object:
        found = state(NIGHT, None, "Europe/Stockholm", utc(moment)).next_opening
        return found.astimezone(utc("2026-01-01 00:00").tzinfo) if found else None

    assert opening("2026-10-25 00:10") == utc("2026-10-25 00:30")
    assert opening("2026-10-25 01:10") == utc("2026-10-25 01:30")


def test_hour_that_never_shows_opens_when_it_has_passed() -> None:
    before = state(NIGHT, None, "Europe/Stockholm", utc("2026-03-29 00:59"))
    assert not before.is_open
    assert before.next_opening == utc("2026-03-29 01:00")
    assert before.next_opening is not None
    assert before.next_opening.astimezone(STOCKHOLM).strftime("%H:%M") == "03:00"
    assert state(NIGHT, None, "Europe/Stockholm", utc("2026-03-29 01:00")).is_open
    assert not state(NIGHT, None, "Europe/Stockholm", utc("2026-03-29 01:30")).is_open


def test_hours_that_lie_wholly_in_the_hour_that_never_shows_do_not_come() -> None:
    rows = schedule(1, (125, 170), days=ALL_WEEK)
    for moment in ("2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30"):
        assert not state(rows, None, "Europe/Stockholm", utc(moment)).is_open


def test_time_zone_decides_what_the_clock_shows() -> None:
    assert not state(schedule(), None, "Europe/Helsinki", at("2026-11-24 11:00")).is_open
    assert state(schedule(), None, "Europe/Stockholm", at("2026-11-24 11:00")).is_open


@pytest.mark.parametrize("name", ["Mitt/Påhitt", "", "../etc", "Europe"])
def test_time_zone_that_does_not_exist_reads_as_stockholms(name: str) -> None:
    assert zone(name) == STOCKHOLM


def test_every_time_zone_of_the_policy_can_be_held_and_stockholm_with_them() -> None:
    rows = policy(organisations=[organisation(1, time_zone="Asia/Tokyo"), organisation(2, time_zone="No/Where")])
    assert time_zones(rows) == {zone("Asia/Tokyo"), STOCKHOLM}
