"""The policy check: duty a month ahead, duty phones, and who has neither (R7)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callflow.policy.model import DutyRoster, DutyShift, Schedule, Target, Unit
from tests.builders import (
    at,
    diversion,
    extension,
    mailbox,
    roster,
    schedule,
    shift,
    to_extension,
    to_mailbox,
    to_number,
    to_unit,
    unit,
)
from tests.unit.policy.checked import MAIN, OFFICE, OPERATOR, PHONE, UNIT, codes, names, sound, values

MONTH_LATER = "2026-12-25T10:00+01:00"
NOW = "2026-11-24T10:00+01:00"
ONE, OTHER, NOBODY = to_extension(1), to_extension(2), to_extension(7)


def on_duty(*times: tuple[str, str], target: Target = ONE, level: int = 1) -> tuple[DutyShift, ...]:
    return tuple(shift(level, at(starts), at(ends), target) for starts, ends in times)


def with_roster(row: DutyRoster, **tables: Any) -> Any:
    return sound(duty_rosters=[row], **tables)


def test_a_gap_between_shifts_is_told_with_its_times() -> None:
    shifts = on_duty(("2026-11-01 07:00", "2026-12-01 07:00"), ("2026-12-02 08:00", "2027-02-01 07:00"))
    assert values(with_roster(roster(1, None, shifts=shifts)), "duty_gap") == [
        {"starts": "2026-12-01T07:00+01:00", "ends": "2026-12-02T08:00+01:00"}
    ]


def test_duty_that_somebody_has_taken_over_fills_no_gap_in_what_is_planned() -> None:
    taken = shift(1, at("2026-11-01 07:00"), at("2027-02-01 07:00"), ONE, taken_over=True)
    assert values(with_roster(roster(1, None, shifts=(taken,))), "duty_gap") == [{"starts": NOW, "ends": MONTH_LATER}]


def test_a_gap_runs_from_now_and_to_a_month_ahead() -> None:
    shifts = on_duty(("2026-11-26 07:00", "2026-11-27 07:00"))
    assert values(with_roster(roster(1, shifts=shifts)), "duty_gap") == [
        {"starts": NOW, "ends": "2026-11-26T07:00+01:00"},
        {"starts": "2026-11-27T07:00+01:00", "ends": MONTH_LATER},
    ]


def test_hand_overs_another_level_and_standing_duty_leave_no_gap() -> None:
    one = on_duty(("2026-11-01 07:00", "2026-12-01 07:00"), ("2026-12-01 07:00", "2026-12-08 07:00"))
    other = on_duty(("2026-12-08 07:00", "2027-02-01 07:00"), target=OTHER, level=2)
    assert codes(with_roster(roster(1, None, None, shifts=one + other))) == []
    assert codes(with_roster(roster(1, None, OTHER, shifts=one))) == []


def test_a_gap_after_a_month_is_not_told_yet() -> None:
    shifts = on_duty(("2026-11-01 07:00", "2026-12-26 07:00"))
    assert codes(with_roster(roster(1, shifts=shifts))) == []
    assert codes(with_roster(roster(1, shifts=shifts)), at("2026-12-01 10:00")) == ["duty_gap"]


def test_a_roster_without_levels_and_shifts_is_told_once() -> None:
    assert codes(with_roster(roster(1))) == ["duty_roster_without_levels"]


@pytest.mark.parametrize("target", [to_mailbox(1), to_number("+4712345678"), to_extension(3)])
def test_duty_that_rings_nothing_is_found(target: Target) -> None:
    extensions = [PHONE, OPERATOR, extension(3, locked=True)]
    shifts = on_duty(
        ("2026-12-01 07:00", "2026-12-02 07:00"), ("2026-12-02 07:00", "2026-12-03 07:00"), target=target
    )
    rows = with_roster(roster(1, ONE, shifts=shifts), extensions=extensions)
    assert values(rows, "duty_reaches_nobody") == [
        {"starts": "2026-12-01T07:00+01:00", "ends": "2026-12-03T07:00+01:00"}
    ]
    second = with_roster(roster(1, ONE, OTHER, shifts=shifts), extensions=extensions)
    assert "duty_reaches_nobody" not in codes(second)


def test_duty_outside_by_number_rings() -> None:
    assert codes(with_roster(roster(1, to_number("+46701740605")))) == []


DAY = schedule(2, (8 * 60, 16 * 60), days=range(1, 8), open_on_holidays=True, half_day_closes=None)
NIGHTS = tuple(
    shift(1, datetime.fromisoformat(f"{day} 16:00+01:00"), datetime.fromisoformat(f"{after} 08:00+01:00"), ONE)
    for day, after in (
        *((f"2026-11-{day}", f"2026-11-{day + 1}") for day in range(23, 30)),
        ("2026-11-30", "2026-12-01"),
        *((f"2026-12-{day:02}", f"2026-12-{day + 1:02}") for day in range(1, 26)),
    )
)


def night_duty(unit_row: Unit, *more: Unit, day: Schedule = DAY) -> Any:
    """Return a policy whose unit has duty by night, in a roster of its own."""
    rows = [roster(1, ONE), replace(roster(2, shifts=NIGHTS), mailbox_id=9)]
    return sound(units=[unit_row, *more], schedules=[OFFICE, day], duty_rosters=rows)


def test_a_roster_for_the_nights_needs_nobody_while_a_duty_phone_is_open() -> None:
    by_night = replace(UNIT, duty_roster_id=2, duty_phone=ONE, working_schedule_id=2, telephone_schedule_id=2)
    below = unit(2, ONE, parent_id=1)
    assert codes(night_duty(by_night, below)) == []
    assert len(values(night_duty(replace(by_night, duty_phone=None)), "duty_gap")) == 32


def test_a_roster_needs_somebody_when_one_of_its_units_has_no_duty_phone_open() -> None:
    by_night = replace(UNIT, duty_roster_id=2, duty_phone=ONE, working_schedule_id=2, telephone_schedule_id=2)
    shorter = schedule(3, (9 * 60, 12 * 60), days=range(1, 8), open_on_holidays=True, half_day_closes=None)
    other = replace(by_night, id=2, number="+4690161902", working_schedule_id=3, telephone_schedule_id=2)
    rows = [roster(1, ONE), replace(roster(2, shifts=NIGHTS), mailbox_id=9)]
    both = sound(units=[by_night, other], schedules=[OFFICE, DAY, shorter], duty_rosters=rows)
    gaps = values(both, "duty_gap")
    assert gaps[0] == {"starts": "2026-11-24T12:00+01:00", "ends": "2026-11-24T16:00+01:00"}
    assert gaps[1] == {"starts": "2026-11-25T08:00+01:00", "ends": "2026-11-25T09:00+01:00"}
    without = sound(
        units=[by_night, replace(other, duty_phone=None)], schedules=[OFFICE, DAY, shorter], duty_rosters=rows
    )
    assert len(values(without, "duty_gap")) == 32


def test_a_duty_phone_without_working_hours_is_always_open() -> None:
    main = replace(MAIN, switchboard_schedule_id=None)
    always = replace(UNIT, duty_roster_id=2, duty_phone=ONE, telephone_schedule_id=None)
    rows = sound(organisations=[main], units=[always], duty_rosters=[roster(1, ONE), roster(2, shifts=NIGHTS)])
    assert codes(rows) == []


@pytest.mark.parametrize("phone", [NOBODY, to_mailbox(1), to_extension(3)])
def test_a_duty_phone_that_does_not_ring_is_found(phone: Target) -> None:
    rows = sound(
        units=[replace(UNIT, duty_phone=phone)], extensions=[PHONE, OPERATOR, extension(3, sip_username=None)]
    )
    assert names(rows, "duty_phone_reaches_nobody") == ["Enhet 1"]


def test_the_hours_that_a_diverted_duty_phone_does_not_ring_in_are_told() -> None:
    shorter = schedule(2, (9 * 60, 16 * 60), days=range(1, 6))
    elsewhere = replace(UNIT, id=2, number="+4690161902", telephone_schedule_id=2)
    away = extension(3, diversions=(diversion("all", to_unit(2)),))
    rows = sound(
        units=[replace(UNIT, duty_phone=to_extension(3)), elsewhere],
        extensions=[PHONE, OPERATOR, away],
        schedules=[OFFICE, shorter],
    )
    assert values(rows, "duty_phone_reaches_nobody") == [
        {
            "place": "extension +4690161003",
            "hours": ";".join(f"{day} 08:00-09:00" for day in range(1, 6)),
        }
    ]


@pytest.mark.parametrize("phone", [ONE, to_number("+46701740605")])
def test_a_duty_phone_that_rings_is_no_finding(phone: Target) -> None:
    assert codes(sound(units=[replace(UNIT, duty_phone=phone)])) == []


def test_a_duty_phone_that_is_never_in_use_is_not_tried() -> None:
    never = Schedule(id=2, organisation_id=1, name="Aldrig")
    rows = sound(units=[replace(UNIT, duty_phone=to_mailbox(1), working_schedule_id=2)], schedules=[OFFICE, never])
    assert "duty_phone_reaches_nobody" not in codes(rows)


def test_who_closes_without_a_duty_roster_is_found_at_the_top() -> None:
    below = unit(2, ONE, parent_id=1)
    rows = sound(organisations=[replace(MAIN, duty_roster_id=7)], units=[UNIT, below], duty_rosters=[])
    assert names(rows, "no_duty_roster") == ["Umeå kommun", "Enhet 1"]


def test_a_units_own_roster_is_enough_for_it_and_those_below() -> None:
    below = unit(2, ONE, parent_id=1)
    own = replace(UNIT, duty_roster_id=1)
    rows = sound(organisations=[replace(MAIN, duty_roster_id=None)], units=[own, below])
    assert names(rows, "no_duty_roster") == ["Umeå kommun"]


@pytest.mark.parametrize(
    ("always", "expected"),
    [
        (schedule(1, (0, 1440), days=range(1, 8), open_on_holidays=True), []),
        (schedule(1, (0, 1440), days=range(1, 8)), ["Umeå kommun", "Enhet 1"]),
        (schedule(1, (0, 1440), days=range(1, 7), open_on_holidays=True), ["Umeå kommun", "Enhet 1"]),
    ],
)
def test_who_never_closes_needs_no_duty_roster(always: Schedule, expected: list[str]) -> None:
    rows = sound(organisations=[replace(MAIN, duty_roster_id=None)], schedules=[always], duty_rosters=[])
    assert names(rows, "no_duty_roster") == expected


def test_the_unit_of_an_organisation_that_is_missing_has_no_duty() -> None:
    lost = replace(UNIT, id=2, organisation_id=5, number=None, duty_phone=ONE)
    rows = sound(units=[UNIT, lost], mailboxes=[mailbox(9)])
    assert names(rows, "no_duty_roster") == ["Enhet 1"]
