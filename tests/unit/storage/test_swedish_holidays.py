"""Sweden's holidays and the half days before them."""

from datetime import date

import pytest

from callflow.storage.sample import YEARS, swedish_holidays

DAYS_2026 = {day.date: day for day in swedish_holidays(range(2026, 2027))}


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 6), "Trettondedag jul"),
        (date(2026, 4, 3), "Långfredagen"),
        (date(2026, 6, 6), "Nationaldagen"),
        (date(2026, 6, 19), "Midsommarafton"),
        (date(2026, 12, 24), "Julafton"),
        (date(2026, 12, 31), "Nyårsafton"),
    ],
)
def test_whole_day_off(day: date, name: str) -> None:
    assert DAYS_2026[day].name == name
    assert not DAYS_2026[day].half_day


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 5), "Trettondagsafton"),
        (date(2026, 4, 2), "Skärtorsdagen"),
        (date(2026, 4, 30), "Valborgsmässoafton"),
        (date(2026, 10, 30), "Dagen före Alla helgons dag"),
    ],
)
def test_half_day_before_a_holiday(day: date, name: str) -> None:
    assert DAYS_2026[day].name == name
    assert DAYS_2026[day].half_day


def test_ordinary_days_and_sundays_are_no_holidays() -> None:
    assert date(2026, 11, 24) not in DAYS_2026
    assert date(2026, 11, 22) not in DAYS_2026


@pytest.mark.parametrize("year", YEARS)
def test_a_date_has_one_entry(year: int) -> None:
    days = [day.date for day in swedish_holidays(range(year, year + 1))]
    assert len(days) == len(set(days))
    assert days == sorted(days)
    assert sum(day.half_day for day in swedish_holidays(range(year, year + 1))) >= 3
