"""Times and dates as digits on a phone (R4, R7): until when something holds."""

from datetime import datetime

import pytest

from callflow.policy.dialled_times import TimeRefusal, read_until
from tests.builders import TUESDAY_TEN, at, organisation

PASSED, IMPOSSIBLE = TimeRefusal.PASSED, TimeRefusal.IMPOSSIBLE


def until(digits: str, order: str = "MMDD", now: datetime = TUESDAY_TEN) -> datetime | TimeRefusal:
    return read_until(digits, organisation(absence_date_order=order), now)


@pytest.mark.parametrize(
    ("digits", "ends"),
    [
        ("1001", "2026-11-24 10:01"),
        ("2359", "2026-11-24 23:59"),
        ("1000", "2026-11-25 10:00"),
        ("0000", "2026-11-25 00:00"),
        ("1206", "2026-11-24 12:06"),
    ],
)
def test_four_digits_are_the_next_time_that_the_clock_shows_them(digits: str, ends: str) -> None:
    for order in ("MMDD", "DDMM"):
        assert until(digits, order) == at(ends)


@pytest.mark.parametrize(
    ("digits", "found"),
    [
        ("2512", at("2026-12-25 00:00")),
        ("3101", at("2027-01-31 00:00")),
        ("2411", IMPOSSIBLE),
        ("2575", IMPOSSIBLE),
        ("3002", IMPOSSIBLE),
    ],
)
def test_four_digits_that_are_no_time_may_be_a_date_to_come(digits: str, found: datetime | TimeRefusal) -> None:
    assert until(digits, "DDMM") == found


@pytest.mark.parametrize(
    ("digits", "order", "found"),
    [
        ("11241001", "MMDD", at("2026-11-24 10:01")),
        ("11241000", "MMDD", PASSED),
        ("11240800", "MMDD", PASSED),
        ("12240800", "MMDD", at("2026-12-24 08:00")),
        ("24120800", "DDMM", at("2026-12-24 08:00")),
        ("01070800", "MMDD", at("2027-01-07 08:00")),
        ("09200000", "MMDD", at("2027-09-20 00:00")),
        ("09210000", "MMDD", PASSED),
        ("24120800", "MMDD", IMPOSSIBLE),
        ("12242500", "MMDD", IMPOSSIBLE),
        ("02290800", "MMDD", IMPOSSIBLE),
    ],
)
def test_eight_digits_are_a_date_and_a_time(digits: str, order: str, found: datetime | TimeRefusal) -> None:
    assert until(digits, order) == found


def test_hour_that_comes_twice_is_the_one_to_come() -> None:
    now = at("2026-10-25 02:50")
    assert until("0245", now=now) == at("2026-10-25 02:45").replace(fold=1)


def test_date_and_time_in_the_hour_that_the_clock_shows_twice_is_the_one_to_come() -> None:
    now = at("2026-10-25 02:30").replace(fold=1)
    assert until("10250245", now=now) == at("2026-10-25 02:45").replace(fold=1)
    found = until("10250245", now=now)
    assert isinstance(found, datetime)
    assert found.timestamp() - now.timestamp() == 15 * 60
