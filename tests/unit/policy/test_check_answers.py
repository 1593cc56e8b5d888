"""The policy check: hours that nobody answers in (R4), units' responsibles (R14) and hours that fall short (R5)."""

from dataclasses import replace
from typing import Any

import pytest

from callflow.policy.check import check
from callflow.policy.model import Extension, Target, Unit
from tests.builders import (
    TUESDAY_TEN,
    at,
    calendar,
    diversion,
    extension,
    forced,
    group,
    mobile,
    schedule,
    to_extension,
    to_group,
    to_mailbox,
    to_number,
    to_switchboard,
    to_unit,
    unit,
)
from tests.unit.policy.checked import MAIN, OFFICE, OPERATOR, PHONE, UNIT, codes, names, sound, values

EVERY_OFFICE_DAY = ";".join(f"{day} 08:00-16:00" for day in range(1, 6))


def answering_at(*places: Target, **others: Any) -> Unit:
    return replace(UNIT, answering_places=unit(1, *places).answering_places, **others)


def test_nothing_is_found_in_a_sound_policy() -> None:
    assert check(sound(), TUESDAY_TEN) == ()


def test_a_time_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        check(sound(), TUESDAY_TEN.replace(tzinfo=None))


def test_a_unit_has_the_manager_and_the_telephone_contact_of_one_above() -> None:
    child = unit(2, to_extension(1), parent_id=1, telephone_schedule_id=1)
    assert codes(sound(units=[UNIT, child])) == []
    orphan = replace(child, parent_id=None)
    assert codes(sound(units=[UNIT, orphan])) == ["unit_without_manager", "unit_without_telephone_contact"]


def test_a_manager_who_is_no_more_does_not_count() -> None:
    assert names(sound(units=[replace(UNIT, manager_id=7)]), "unit_without_manager") == ["Enhet 1"]


def test_working_hours_that_telephone_hours_leave_uncovered_are_told_by_weekday() -> None:
    week = schedule(2, (8 * 60, 16 * 60 + 30), days=range(1, 3), name="Arbetstid")
    telephone = schedule(3, (9 * 60, 11 * 60), (12 * 60, 17 * 60), days=range(1, 2), name="Telefontid")
    short = replace(UNIT, telephone_schedule_id=3, working_schedule_id=2)
    rows = sound(units=[short], schedules=[OFFICE, week, telephone])
    assert codes(rows) == ["no_duty_phone", "working_hours_uncovered"]
    assert values(rows, "working_hours_uncovered") == [
        {
            "hours": "1 08:00-09:00,11:00-12:00;2 08:00-16:30",
            "telephone_schedule": "Telefontid",
            "working_schedule": "Arbetstid",
        }
    ]
    with_phone = replace(short, duty_phone=to_extension(1))
    assert codes(sound(units=[with_phone], schedules=[OFFICE, week, telephone])) == ["working_hours_uncovered"]


def test_hours_from_above_count_as_the_units_own() -> None:
    above = replace(UNIT, telephone_schedule_id=2, working_schedule_id=1, duty_phone=to_extension(1))
    below = unit(2, to_extension(1), parent_id=1)
    rows = sound(units=[above, below], schedules=[OFFICE, schedule(2)])
    assert names(rows, "working_hours_uncovered") == ["Enhet 1", "Enhet 2"]
    own = replace(below, telephone_schedule_id=1)
    assert names(sound(units=[above, own], schedules=[OFFICE, schedule(2)]), "working_hours_uncovered") == ["Enhet 1"]


@pytest.mark.parametrize("working", [None, 1, 7])
def test_hours_are_not_compared_without_two_schedules(working: int | None) -> None:
    assert codes(sound(units=[replace(UNIT, working_schedule_id=working)])) == []


def test_telephone_hours_that_cover_the_working_hours_are_no_finding() -> None:
    longer = schedule(2, (7 * 60, 18 * 60))
    rows = sound(units=[replace(UNIT, telephone_schedule_id=2, working_schedule_id=1)], schedules=[OFFICE, longer])
    assert "working_hours_uncovered" not in codes(rows)


LOCKED = extension(1, locked=True)
NO_PHONE = extension(1, sip_username=None)
AWAY = extension(1, diversions=(diversion("all", to_mailbox(7)),))


@pytest.mark.parametrize(
    ("places", "phone"),
    [
        ((to_extension(1),), LOCKED),
        ((to_extension(1),), NO_PHONE),
        ((to_extension(1),), AWAY),
        ((to_extension(7),), PHONE),
        ((to_group(2),), LOCKED),
        ((to_group(3),), PHONE),
        ((to_group(7),), PHONE),
        ((to_number("+4690161777"),), PHONE),
        ((to_number("+4712345678"),), PHONE),
        ((to_unit(7), to_extension(1)), LOCKED),
    ],
)
def test_places_that_lead_nowhere_are_found(places: tuple[Target, ...], phone: Extension) -> None:
    groups = [group(1, 2), group(2, 1), group(3)]
    rows = sound(units=[answering_at(*places)], extensions=[phone, OPERATOR], ring_groups=groups)
    assert values(rows, "answering_places_reach_nobody") == [{"hours": EVERY_OFFICE_DAY}]
    alone = sound(
        organisations=[replace(MAIN, operator_group_id=7)], units=[answering_at(*places)], extensions=[phone]
    )
    assert values(alone, "nobody_answers") == [{"hours": EVERY_OFFICE_DAY}]
    assert "answering_places_reach_nobody" not in codes(alone)


@pytest.mark.parametrize(
    "places",
    [
        (to_extension(7), to_extension(1)),
        (to_group(2),),
        (to_number("0701740605"),),
        (to_number("+4690161001"),),
        (to_switchboard(),),
        (to_unit(2),),
        (to_extension(3),),
    ],
)
def test_places_where_a_phone_rings_are_no_finding(places: tuple[Target, ...]) -> None:
    diverted = extension(3, diversions=(diversion("all", to_extension(1)),))
    other = replace(UNIT, id=2, number="+4690161902")
    groups = [group(1, 2), group(2, 1)]
    rows = sound(units=[answering_at(*places), other], extensions=[PHONE, OPERATOR, diverted], ring_groups=groups)
    assert not {"nobody_answers", "answering_places_reach_nobody"} & set(codes(rows))


def test_hours_that_only_a_voicemail_answers_in_are_found() -> None:
    rows = sound(units=[answering_at(to_mailbox(1))])
    assert values(rows, "only_voicemail_answers") == [{"hours": EVERY_OFFICE_DAY}]
    box = replace(answering_at(mailbox_id=1), answering_places=())
    assert codes(sound(units=[box])) == ["only_voicemail_answers"]


def test_hours_in_which_a_voicemail_stands_before_a_phone_are_found() -> None:
    boxed = replace(answering_at(to_mailbox(1)), id=2, number="+4690161902")
    rows = sound(units=[answering_at(to_unit(2), to_extension(1)), boxed])
    assert values(rows, "only_voicemail_answers") == [{"hours": EVERY_OFFICE_DAY}] * 2


def test_a_unit_without_places_leaves_its_calls_to_others() -> None:
    empty = replace(UNIT, answering_places=())
    assert codes(sound(units=[empty])) == ["no_answering_places"]
    without_number = replace(empty, number=None)
    assert codes(sound(units=[without_number])) == []


def test_places_of_a_unit_without_number_are_tried_too() -> None:
    rows = sound(units=[answering_at(to_extension(7), number=None)])
    assert names(rows, "answering_places_reach_nobody") == ["Enhet 1"]


def test_the_hours_that_a_place_is_shut_in_are_told() -> None:
    shorter = schedule(2, (9 * 60, 12 * 60), days=range(1, 6))
    main = replace(MAIN, switchboard_schedule_id=2)
    rows = sound(organisations=[main], units=[answering_at(to_switchboard())], schedules=[OFFICE, shorter])
    hours = ";".join(f"{day} 08:00-09:00,12:00-16:00" for day in range(1, 6))
    assert values(rows, "nobody_answers") == [{"hours": hours}]


def test_a_unit_among_the_places_answers_in_its_own_hours() -> None:
    shorter = schedule(2, (9 * 60, 16 * 60), days=range(1, 6))
    inner = replace(UNIT, id=2, number="+4690161902", telephone_schedule_id=2)
    rows = sound(units=[answering_at(to_unit(2)), inner], schedules=[OFFICE, shorter])
    assert values(rows, "answering_places_reach_nobody") == [
        {"hours": ";".join(f"{day} 08:00-09:00" for day in range(1, 6))}
    ]


def test_a_diverted_place_answers_in_the_hours_of_where_it_is_diverted() -> None:
    shorter = schedule(2, (9 * 60, 16 * 60), days=range(1, 6))
    inner = replace(UNIT, id=2, number="+4690161902", telephone_schedule_id=2, answering_places=UNIT.answering_places)
    away = extension(3, diversions=(diversion("all", to_number("+4690161902")),))
    rows = sound(
        units=[answering_at(to_extension(3)), inner],
        extensions=[PHONE, OPERATOR, away],
        schedules=[OFFICE, shorter],
    )
    assert len(values(rows, "answering_places_reach_nobody")) == 1


def test_a_unit_without_hours_is_open_all_the_week() -> None:
    main = replace(MAIN, switchboard_schedule_id=None, operator_group_id=None)
    rows = sound(organisations=[main], units=[answering_at(to_extension(7), telephone_schedule_id=None)])
    week = ";".join(f"{day} 00:00-24:00" for day in range(1, 8))
    assert values(rows, "nobody_answers") == [{"hours": week}]


def test_a_unit_that_is_closed_all_the_week_has_no_hours_to_answer_in() -> None:
    holidays = calendar(1, *((f"2026-11-{day}", "Ledigt") for day in range(24, 31)), ("2026-12-01", "Ledigt"))
    main = replace(MAIN, holiday_calendar_id=1)
    rows = sound(organisations=[main], units=[answering_at(to_extension(7))], holiday_calendars=[holidays])
    assert codes(rows) == ["target_missing"]


def test_hours_that_the_clock_leaves_out_are_none() -> None:
    night = schedule(2, (2 * 60 + 15, 2 * 60 + 45), days=range(7, 8))
    lonely = answering_at(to_extension(7), telephone_schedule_id=2)
    main = replace(MAIN, operator_group_id=None)
    rows = sound(organisations=[main], units=[lonely], schedules=[OFFICE, night])
    assert values(rows, "nobody_answers", at("2026-03-26 12:00")) == []
    assert values(rows, "nobody_answers", at("2026-03-19 12:00")) == [{"hours": "7 02:15-02:45"}]
    longer = schedule(2, (2 * 60 + 15, 3 * 60 + 15), days=range(7, 8))
    rows = sound(organisations=[main], units=[lonely], schedules=[OFFICE, longer])
    assert values(rows, "nobody_answers", at("2026-03-26 12:00")) == [{"hours": "7 03:00-03:15"}]


def test_hours_may_end_at_midnight() -> None:
    evening = schedule(2, (20 * 60, 1440), days=range(1, 2))
    lonely = answering_at(to_extension(7), telephone_schedule_id=2)
    rows = sound(organisations=[replace(MAIN, operator_group_id=None)], units=[lonely], schedules=[OFFICE, evening])
    assert values(rows, "nobody_answers") == [{"hours": "1 20:00-24:00"}]


@pytest.mark.parametrize(
    ("members", "operator"),
    [
        ((), OPERATOR),
        ((7,), OPERATOR),
        ((2,), replace(OPERATOR, locked=True)),
        ((2,), replace(OPERATOR, sip_username=None)),
    ],
)
def test_a_switchboard_without_operators_is_found(members: tuple[int, ...], operator: Extension) -> None:
    rows = sound(ring_groups=[group(1, *members)], extensions=[PHONE, operator])
    assert names(rows, "switchboard_without_operators") == ["Umeå kommun"]
    missing = sound(organisations=[replace(MAIN, operator_group_id=None)])
    assert names(missing, "switchboard_without_operators") == ["Umeå kommun"]


def test_a_place_that_is_in_the_list_twice_is_found() -> None:
    rows = sound(units=[answering_at(to_extension(1), to_extension(2), to_number("61001"))])
    assert values(rows, "answering_place_twice") == [
        {"position": "3", "first": "1", "place": "extension +4690161001"}
    ]
    assert "answering_place_twice" not in codes(sound(units=[answering_at(to_extension(1), to_extension(2))]))


UNANSWERED = tuple(diversion(condition, to_mailbox(1)) for condition in ("no_answer", "busy", "unreachable"))


@pytest.mark.parametrize(
    ("first", "answers"),
    [
        (to_mailbox(1), "mailbox Brevlåda 1"),
        (to_extension(3), "extension +4690161003"),
        (to_extension(4), "extension +4690161004"),
    ],
)
def test_a_place_behind_one_that_always_answers_is_never_reached(first: Target, answers: str) -> None:
    away = extension(3, diversions=(diversion("all", to_mailbox(1)),))
    rows = sound(
        units=[answering_at(first, to_extension(1))],
        extensions=[PHONE, OPERATOR, away, extension(4, diversions=UNANSWERED)],
    )
    assert values(rows, "answering_place_never_reached") == [
        {"position": "2", "behind": "1", "place": "extension +4690161001", "answers": answers}
    ]


@pytest.mark.parametrize(
    "first",
    [
        extension(3),
        extension(3, diversions=UNANSWERED[:2]),
        extension(3, diversions=(diversion("all", to_mailbox(1), ends_at=at("2026-12-01 08:00")),)),
        extension(3, diversions=(diversion("all", to_mailbox(7)),)),
        mobile(3),
    ],
)
def test_a_place_behind_one_that_may_not_answer_is_reached(first: Extension) -> None:
    rows = sound(units=[answering_at(to_extension(3), to_extension(1))], extensions=[PHONE, OPERATOR, first])
    assert "answering_place_never_reached" not in codes(rows)


def test_a_ring_group_and_a_mailbox_may_stand_in_order() -> None:
    rows = sound(units=[answering_at(to_group(1), to_extension(1), to_mailbox(1))])
    assert codes(rows) == []


def test_unit_that_is_forced_closed_for_a_time_is_judged_by_its_hours() -> None:
    weeks = forced("closed", "2026-11-23 00:00", "2026-12-07 00:00")
    behind = replace(UNIT, id=2, number="+4690161902", overrides=(weeks,))
    assert codes(sound(units=[answering_at(to_unit(2)), behind])) == []
