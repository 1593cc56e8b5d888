"""A unit forced closed or open by feature code: what is dialled, what is changed and what is heard (R4 to R6)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callflow.policy.decision import Decision, Outcome, UnitChange, not_known
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Policy, UnitOverride
from tests.builders import (
    TUESDAY_TEN,
    at,
    decided,
    extension,
    forced,
    group,
    internal,
    organisation,
    person,
    policy,
    reasons,
    unit,
    way,
)

CODES = {
    "*28*": "unit_hours",
    "#28#": "unit_hours_cancel",
    "*#28#": "unit_hours_ask",
    "#28*": "unit_hours_cancel_elsewhere",
    "*#28*": "unit_hours_ask_elsewhere",
}
MEMBER, MANAGER, OPERATOR, STRANGER = range(1, 5)
CLOSED = forced("closed", "2026-11-24 09:00", "2026-11-24 14:00")


def town(*overrides: UnitOverride, **tables: Any) -> Policy:
    """Return a policy in which the member is of unit 1, Bygglov, the others of unit 2."""
    defaults: dict[str, Any] = {
        "organisations": [organisation(operator_group_id=1)],
        "units": [unit(1, name="Bygglov", manager_id=MANAGER, overrides=overrides), unit(2)],
        "people": [person(row) for row in range(1, 5)],
        "extensions": [
            extension(row, unit_id=1 if row == MEMBER else 2, person_id=row)
            for row in (MEMBER, MANAGER, OPERATOR, STRANGER)
        ],
        "ring_groups": [group(1, OPERATOR)],
        "feature_codes": [
            FeatureCode(id=row_id, organisation_id=1, code=code, action=action)
            for row_id, (code, action) in enumerate(CODES.items())
        ],
    }
    return policy(**{**defaults, **tables})


def dial(code: str, rows: Policy | None = None, caller: int = MEMBER, now: datetime = TUESDAY_TEN) -> Decision:
    decision = decided(rows or town(), internal(code, caller), now)
    assert decision.outcome is Outcome.FEATURE_CODE
    return decision


def heard(decision: Decision) -> str:
    """Return what is spoken before the goodbye."""
    return way(decision)[0].removeprefix("say ").removesuffix(" [goodbye]")


def change_of(decision: Decision) -> UnitChange:
    assert isinstance(decision.change, UnitChange)
    return decision.change


@pytest.mark.parametrize(
    ("code", "is_open", "ends", "words"),
    [
        ("*28*0*1400#", False, "2026-11-24 14:00", "[forced-closed] [until-clock] [hour-14]"),
        ("*28*1*1830#", True, "2026-11-24 18:30", "[forced-open] [until-clock] [hour-18] [minute-30]"),
        ("*28*0*0800#", False, "2026-11-25 08:00", "[forced-closed] [until] [tomorrow] [clock] [hour-8]"),
        ("*28*0*11300800#", False, "2026-11-30 08:00", "[forced-closed] [until] [weekday-1] [clock] [hour-8]"),
    ],
)
def test_own_unit_is_forced_until_then(code: str, is_open: bool, ends: str, words: str) -> None:
    decision = dial(code)
    assert heard(decision) == f"Bygglov {words}"
    change = change_of(decision)
    assert (change.extension_id, change.unit_id, change.at) == (MEMBER, 1, TUESDAY_TEN)
    assert change.override == UnitOverride(is_open=is_open, starts_at=TUESDAY_TEN, ends_at=at(ends))
    assert reasons(decision, "R4") == ["unit_forced"]


@pytest.mark.parametrize("caller", [MEMBER, MANAGER, OPERATOR])
def test_member_and_who_answers_for_a_unit_may_force_it_by_its_number(caller: int) -> None:
    decision = dial("*28*61901*0*1400#", caller=caller)
    assert heard(decision) == "Bygglov [forced-closed] [until-clock] [hour-14]"
    assert change_of(decision).unit_id == 1
    back = dial("#28*61901#", town(CLOSED), caller)
    assert heard(back) == "Bygglov [follows-its-hours]"
    assert (change_of(back).unit_id, change_of(back).override) == (1, None)


@pytest.mark.parametrize(
    ("code", "caller", "word", "why"),
    [
        ("*28*61901*0*1400#", STRANGER, "may-not-act-for-unit", "may_not_act_for_unit"),
        ("#28*61901#", STRANGER, "may-not-act-for-unit", "may_not_act_for_unit"),
        ("*28*61001*0*1400#", MEMBER, "no-such-unit", "no_such_unit"),
        ("#28*61001#", MEMBER, "no-such-unit", "no_such_unit"),
        ("*#28*61001#", MEMBER, "no-such-unit", "no_such_unit"),
        ("*#28*#", MEMBER, "no-such-unit", "no_such_unit"),
        ("*28*0*2575#", MEMBER, "return-not-understood", "return_impossible"),
        ("*28*0*11240900#", MEMBER, "return-has-passed", "return_passed"),
        ("*28*#", MEMBER, "unit-hours-not-understood", "unit_hours_unreadable"),
        ("*28*0#", MEMBER, "unit-hours-not-understood", "unit_hours_unreadable"),
        ("*28*1400#", MEMBER, "unit-hours-not-understood", "unit_hours_unreadable"),
        ("*28*2*1400#", MEMBER, "unit-hours-not-understood", "unit_hours_unreadable"),
        ("*28*0*140#", MEMBER, "unit-hours-not-understood", "unit_hours_unreadable"),
        ("*28*0*61901*1400#", MEMBER, "unit-hours-not-understood", "unit_hours_unreadable"),
    ],
)
def test_what_cannot_be_is_refused_in_words(code: str, caller: int, word: str, why: str) -> None:
    decision = dial(code, town(CLOSED), caller)
    assert heard(decision) == f"[nothing-changed] [{word}]"
    assert decision.change is None
    [line] = [line for line in decision.trace if line.rule == "R4"]
    assert (line.matched, line.reason, line.values["why"]) == (False, "unit_hours_refused", why)


def test_unit_follows_its_hours_again() -> None:
    decision = dial("#28#", town(CLOSED))
    assert heard(decision) == "Bygglov [follows-its-hours]"
    assert (change_of(decision).override, change_of(decision).at) == (None, TUESDAY_TEN)
    assert reasons(decision, "R4") == ["unit_as_usual"]


@pytest.mark.parametrize("code", ["#28#", "*#28#", "#28*61901#", "*#28*61901#"])
@pytest.mark.parametrize(
    "overrides",
    [
        (),
        (forced("closed", "2026-11-24 08:00", "2026-11-24 10:00"),),
        (replace(CLOSED, starts_at=at("2026-11-24 11:00")),),
    ],
    ids=["never", "ended", "to come"],
)
def test_what_follows_its_hours_is_told_as_such_and_stays(code: str, overrides: tuple[UnitOverride, ...]) -> None:
    decision = dial(code, town(*overrides))
    assert heard(decision) == "Bygglov [follows-its-hours]"
    assert decision.change is None
    assert reasons(decision, "R4") == ["unit_not_forced"]


@pytest.mark.parametrize(("code", "caller"), [("*#28#", MEMBER), ("*#28*61901#", STRANGER)])
def test_anybody_may_ask(code: str, caller: int) -> None:
    decision = dial(code, town(CLOSED), caller)
    assert heard(decision) == "Bygglov [forced-closed] [until-clock] [hour-14]"
    assert decision.change is None
    assert reasons(decision, "R4") == ["unit_forced_asked"]


def test_phone_whose_unit_is_missing_forces_nothing() -> None:
    rows = town(extensions=[extension(MEMBER, unit_id=77)])
    assert heard(dial("*28*0*1400#", rows)) == "[nothing-changed] [no-such-unit]"


def test_forcing_that_may_or_may_not_be_stored_is_told_as_such() -> None:
    decision = dial("*28*0*1400#")
    told = not_known(decision, change_of(decision))
    assert heard(told) == "[change-not-known]"
    assert told.trace[-1].rule == "R4"
