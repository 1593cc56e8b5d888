"""Duty by feature code: taken over, handed back and asked for, by those who may (R7)."""

from datetime import datetime
from typing import Any

import pytest

from callflow.policy.decision import Decision, DutyChange, Outcome, not_stored
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import DutyLevel, DutyRoster, DutyShift, Policy
from tests.builders import (
    TUESDAY_NIGHT,
    TUESDAY_TEN,
    at,
    decided,
    extension,
    external,
    group,
    internal,
    organisation,
    person,
    policy,
    reasons,
    roster,
    schedule,
    shift,
    to_extension,
    to_number,
    unit,
    way,
)

CODES = {"*27*": "duty_take", "#27#": "duty_back", "*#27#": "duty_ask", "*#27*": "duty_ask_elsewhere"}
ANNA, BO, EVA, MANAGER, OPERATOR, STRANGER = range(1, 7)
EVENING, MORNING, NOON = at("2026-11-24 17:00"), at("2026-11-25 07:00"), at("2026-11-25 12:00")
PLANNED = shift(1, EVENING, MORNING, to_extension(EVA))


def taken(by: int, until: datetime = NOON, since: datetime = EVENING) -> DutyShift:
    return shift(1, since, until, to_extension(by), taken_over=True)


def town(*shifts: DutyShift, **tables: Any) -> Policy:
    """Return a policy in which unit 2, Bygglov, has its duty from unit 1 above, and unit 3 has none of its own."""
    phones = {ANNA: ("Anna Lind", 2), BO: ("Bo Ek", 2), EVA: ("Eva Alm", 3), MANAGER: ("Mia Borg", 3)}
    defaults: dict[str, Any] = {
        "organisations": [organisation(operator_group_id=1)],
        "units": [
            unit(1, name="Samhällsbyggnad", duty_roster_id=1),
            unit(2, parent_id=1, name="Bygglov", manager_id=MANAGER),
            unit(3, name="Miljö"),
        ],
        "people": [person(row) for row in range(1, 7)],
        "extensions": [
            *(extension(row, name=name, unit_id=of, person_id=row) for row, (name, of) in phones.items()),
            extension(OPERATOR, unit_id=3, person_id=OPERATOR),
            extension(STRANGER, unit_id=3, person_id=STRANGER),
        ],
        "ring_groups": [group(1, OPERATOR)],
        "duty_rosters": [roster(1, None, to_extension(BO), shifts=shifts)],
        "feature_codes": [
            FeatureCode(id=row_id, organisation_id=1, code=code, action=action)
            for row_id, (code, action) in enumerate(CODES.items())
        ],
    }
    return policy(**{**defaults, **tables})


def dial(code: str, rows: Policy | None = None, caller: int = ANNA, now: datetime = TUESDAY_NIGHT) -> Decision:
    decision = decided(rows or town(PLANNED), internal(code, caller), now)
    assert decision.outcome is Outcome.FEATURE_CODE
    return decision


def heard(decision: Decision) -> str:
    """Return what is spoken before the goodbye."""
    return way(decision)[0].removeprefix("say ").removesuffix(" [goodbye]")


def change_of(decision: Decision) -> DutyChange:
    assert isinstance(decision.change, DutyChange)
    return decision.change


def test_phone_that_takes_duty_has_it_until_then() -> None:
    decision = dial("*27*0700#")
    assert heard(decision) == "[duty-is-yours] Samhällsbyggnad [until] [tomorrow] [clock] [hour-7]"
    change = change_of(decision)
    assert (change.extension_id, change.roster_id, change.at) == (ANNA, 1, TUESDAY_NIGHT)
    assert change.shift == taken(ANNA, MORNING, TUESDAY_NIGHT)
    assert reasons(decision, "R7") == ["duty_taken"]


@pytest.mark.parametrize(
    ("digits", "ends", "words"),
    [
        ("2330", "2026-11-24 23:30", "[until-clock] [hour-23] [minute-30]"),
        ("2300", "2026-11-25 23:00", "[until] [tomorrow] [clock] [hour-23]"),
        ("11271600", "2026-11-27 16:00", "[until] [weekday-5] [clock] [hour-16]"),
        ("12240800", "2026-12-24 08:00", "[until] [weekday-4] [the] [day-24] [month-12] [clock] [hour-8]"),
    ],
)
def test_until_when_is_a_time_to_come_or_a_date_with_a_time(digits: str, ends: str, words: str) -> None:
    decision = dial(f"*27*{digits}#")
    assert heard(decision) == f"[duty-is-yours] Samhällsbyggnad {words}"
    taken_now = change_of(decision).shift
    assert taken_now is not None
    assert taken_now.ends_at == at(ends)


@pytest.mark.parametrize(
    ("owner", "name"), [({"units": [unit(2, name="Bygglov", duty_roster_id=1)]}, "Bygglov"), ({}, "Umeå kommun")]
)
def test_for_whom_one_has_duty_is_told_as_whose_roster_it_is(owner: dict[str, Any], name: str) -> None:
    tables = {"organisations": [organisation(duty_roster_id=1)], "units": [unit(2, name="Bygglov")], **owner}
    assert heard(dial("*27*0700#", town(**tables))).startswith(f"[duty-is-yours] {name} [until]")


def test_later_one_wins_and_is_told_whose_it_was() -> None:
    decision = dial("*27*0700#", town(PLANNED, taken(BO)))
    assert heard(decision).endswith("[hour-7] [duty-was-taken-by] Bo Ek")
    assert change_of(decision).shift == taken(ANNA, MORNING, TUESDAY_NIGHT)


@pytest.mark.parametrize(
    "before",
    [taken(ANNA), taken(BO, at("2026-11-24 18:00")), shift(2, EVENING, NOON, to_extension(BO), taken_over=True)],
    ids=["own", "ended", "another level"],
)
def test_what_was_own_has_ended_or_is_of_another_level_is_not_told(before: DutyShift) -> None:
    assert heard(dial("*27*0700#", town(before))).endswith("[hour-7]")


@pytest.mark.parametrize("number", ["61902", "+4690161902", "090161902"])
def test_duty_of_another_unit_is_taken_by_its_number(number: str) -> None:
    decision = dial(f"*27*{number}*0700#", caller=MANAGER)
    assert heard(decision).startswith("[duty-is-yours] Samhällsbyggnad")
    assert change_of(decision).roster_id == 1


@pytest.mark.parametrize("caller", [ANNA, BO, EVA, MANAGER, OPERATOR])
def test_who_is_of_the_unit_or_the_roster_or_answers_for_it_may(caller: int) -> None:
    assert dial("*27*61902*0700#", caller=caller).change is not None


def test_who_stands_in_the_roster_by_number_may() -> None:
    rows = town(duty_rosters=[roster(1, to_number("+4690161006"))])
    assert dial("*27*61902*0700#", rows, STRANGER).change is not None


@pytest.mark.parametrize(
    ("code", "caller", "word", "why"),
    [
        ("*27*61902*0700#", STRANGER, "may-not-act-for-unit", "may_not_act_for_unit"),
        ("*27*0700#", STRANGER, "no-duty-here", "no_duty_here"),
        ("*#27#", STRANGER, "no-duty-here", "no_duty_here"),
        ("*27*61001*0700#", ANNA, "no-such-unit", "no_such_unit"),
        ("*27*61777*0700#", ANNA, "no-such-unit", "no_such_unit"),
        ("*#27*61001#", ANNA, "no-such-unit", "no_such_unit"),
        ("*#27*#", ANNA, "no-such-unit", "no_such_unit"),
        ("*27*#", ANNA, "duty-not-understood", "duty_unreadable"),
        ("*27*700#", ANNA, "duty-not-understood", "duty_unreadable"),
        ("*27*61902*#", ANNA, "duty-not-understood", "duty_unreadable"),
        ("*27*61902*0700*1#", ANNA, "duty-not-understood", "duty_unreadable"),
        ("*27*2575#", ANNA, "return-not-understood", "return_impossible"),
        ("*27*11242200#", ANNA, "return-has-passed", "return_passed"),
    ],
)
def test_what_cannot_be_is_refused_in_words(code: str, caller: int, word: str, why: str) -> None:
    decision = dial(code, caller=caller)
    assert heard(decision) == f"[nothing-changed] [{word}]"
    assert decision.change is None
    [line] = [line for line in decision.trace if line.rule == "R7"]
    assert (line.matched, line.reason, line.values["why"]) == (False, "duty_refused", why)


def test_phone_whose_unit_is_missing_takes_nothing() -> None:
    rows = town(extensions=[extension(ANNA, unit_id=77), extension(BO, unit_id=77)])
    assert heard(dial("*27*0700#", rows)) == "[nothing-changed] [no-such-unit]"
    assert heard(dial("*27*61902*0700#", rows)) == "[nothing-changed] [may-not-act-for-unit]"


def test_roster_without_levels_has_no_duty_to_take() -> None:
    rows = town(duty_rosters=[DutyRoster(id=1, organisation_id=1, name="Jour", mailbox_id=9)])
    assert heard(dial("*27*0700#", rows)) == "[nothing-changed] [no-duty-here]"


def test_first_level_of_a_roster_is_taken_whatever_its_number() -> None:
    levels = (DutyLevel(level=3), DutyLevel(level=2))
    rows = town(duty_rosters=[DutyRoster(id=1, organisation_id=1, name="Jour", mailbox_id=9, levels=levels)])
    assert getattr(change_of(dial("*27*0700#", rows)).shift, "level", None) == 2


def test_duty_is_handed_back_and_who_has_it_then_is_told() -> None:
    decision = dial("#27#", town(PLANNED, taken(ANNA)))
    assert heard(decision) == "[duty-is-handed-back] [duty-is-with] Eva Alm [until] [tomorrow] [clock] [hour-7]"
    change = change_of(decision)
    assert (change.extension_id, change.roster_id, change.shift) == (ANNA, None, None)
    assert reasons(decision, "R7") == ["duty_handed_back"]


def test_handed_back_to_nobody_is_told_as_such() -> None:
    rows = town(duty_rosters=[roster(1, None, shifts=(taken(ANNA),))])
    assert heard(dial("#27#", rows)) == "[duty-is-handed-back] [nobody-has-duty]"


@pytest.mark.parametrize("shifts", [(), (taken(BO),), (PLANNED,), (taken(ANNA, at("2026-11-24 18:00")),)])
def test_who_has_taken_over_nothing_hands_nothing_back(shifts: tuple[DutyShift, ...]) -> None:
    decision = dial("#27#", town(*shifts))
    assert heard(decision) == "[duty-not-taken-over]"
    assert decision.change is None
    assert reasons(decision, "R7") == ["duty_not_taken_over"]


@pytest.mark.parametrize(
    ("shifts", "words"),
    [
        ((PLANNED,), "[duty-is-with] Eva Alm [until] [tomorrow] [clock] [hour-7]"),
        ((PLANNED, taken(BO)), "[duty-is-with] Bo Ek"),
        ((PLANNED, taken(ANNA)), "[duty-is-with] Anna Lind [until] [tomorrow] [clock] [hour-12]"),
        ((), "[duty-is-with] Bo Ek"),
    ],
    ids=["planned", "taken over by who stands by afterwards", "taken over", "standing by"],
)
def test_who_asks_hears_who_is_the_first_to_have_duty_and_until_when(
    shifts: tuple[DutyShift, ...], words: str
) -> None:
    for code in ("*#27#", "*#27*61902#"):
        decision = dial(code, town(*shifts))
        assert heard(decision) == words
        assert decision.change is None
        assert reasons(decision, "R7") == ["duty_asked"]


def test_who_asks_where_nobody_has_duty_hears_so() -> None:
    decision = dial("*#27#", town(duty_rosters=[roster(1, None)]))
    assert heard(decision) == "[nobody-has-duty]"
    assert reasons(decision, "R7") == ["duty_asked_none"]


@pytest.mark.parametrize("code", ["#27#1#", "*#27#1#"])
def test_more_than_the_code_changes_nothing(code: str) -> None:
    assert heard(dial(code)) == "[nothing-changed] [code-ends-here]"


def test_take_over_that_could_not_be_stored_is_told_as_such() -> None:
    decision = dial("*27*0700#")
    told = not_stored(decision, change_of(decision))
    assert heard(told) == "[change-not-saved]"
    assert told.trace[-1].rule == "R7"


def test_urgent_call_reaches_who_has_taken_over_and_afterwards_who_is_planned() -> None:
    rows = town(
        PLANNED,
        taken(ANNA, at("2026-11-25 02:00")),
        units=[unit(2, name="Bygglov", duty_roster_id=1, telephone_schedule_id=1)],
        schedules=[schedule(1)],
    )
    for now, number, reason in (
        ("2026-11-24 23:00", "61001", "on_duty_taken_over"),
        ("2026-11-25 02:00", "61003", "on_duty_by_shift"),
        ("2026-11-25 07:00", "61002", "on_duty_standing"),
    ):
        decision = decided(rows, external("+4690161902"), at(now))
        assert way(decision, "1")[1] == f"ring {number} x4"
        assert reason in reasons(decision, "R7")


def test_working_hours_do_not_hinder_taking_over() -> None:
    assert dial("*27*1600#", now=TUESDAY_TEN).change is not None
