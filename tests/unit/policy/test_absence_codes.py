"""Absence by feature code: what is dialled, what is changed and what is heard (R10)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callflow.policy.decision import AbsenceChange, Decision, Outcome, not_stored
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Absence, Policy
from callflow.policy.policy_texts import policy_texts
from tests.builders import (
    TUESDAY_TEN,
    absence,
    at,
    decided,
    extension,
    internal,
    organisation,
    person,
    policy,
    reason,
    reasons,
    way,
)

CODES = {"*23*": "absence", "#23#": "absence_cancel", "*#23#": "absence_ask"}
LUNCH, MEETING_REASON, HOLIDAY = (
    reason(1),
    reason(2, "är på sammanträde"),
    reason(4, "har semester", returns_by_date=True),
)
MEETING = absence("2026-11-24 09:00", "2026-11-24 11:00", 2, id=7)
OF_ANOTHER = reason(5, "är någon annanstans", organisation_id=2)


def town(*absences: Absence, **tables: Any) -> Policy:
    """Return a policy in which Anna has extension 1, and extension 2 is nobody's."""
    codes = [
        FeatureCode(id=row_id, organisation_id=1, code=code, action=action)
        for row_id, (code, action) in enumerate(CODES.items())
    ]
    defaults: dict[str, Any] = {
        "people": [person(1, absences=absences)],
        "extensions": [extension(1, name="Anna Lind", person_id=1), extension(2)],
        "absence_reasons": [LUNCH, MEETING_REASON, HOLIDAY, OF_ANOTHER],
        "feature_codes": codes,
    }
    return policy(**{**defaults, **tables})


def dial(code: str, rows: Policy | None = None, now: datetime = TUESDAY_TEN, caller: int = 1) -> Decision:
    decision = decided(rows or town(), internal(code, caller), now)
    assert decision.outcome is Outcome.FEATURE_CODE
    return decision


def heard(decision: Decision) -> str:
    """Return what is spoken before the goodbye."""
    return way(decision)[0].removeprefix("say ").removesuffix(" [goodbye]")


def changed(decision: Decision) -> Absence | None:
    change = decision.change
    assert isinstance(change, AbsenceChange)
    assert (change.extension_id, change.person_id, change.at) == (1, 1, TUESDAY_TEN)
    return change.absence


def test_reason_alone_is_an_absence_without_end() -> None:
    decision = dial("*23*1#")
    assert heard(decision) == "[callers-hear] Anna Lind är på lunch"
    assert changed(decision) == Absence(id=0, reason_id=1, starts_at=TUESDAY_TEN)
    assert reasons(decision, "R10") == ["absence_set"]


def test_reason_and_time_are_read_back_as_callers_hear_them() -> None:
    decision = dial("*23*1*1330#")
    assert heard(decision) == "[callers-hear] Anna Lind är på lunch [and-is-back] [clock] [hour-13] [minute-30]"
    assert changed(decision) == Absence(id=0, reason_id=1, starts_at=TUESDAY_TEN, returns_at=at("2026-11-24 13:30"))


@pytest.mark.parametrize(
    ("code", "order", "returns"),
    [
        ("*23*4*1214#", "MMDD", "2026-12-14 00:00"),
        ("*23*4*1412#", "DDMM", "2026-12-14 00:00"),
        ("*23*4*0107#", "MMDD", "2027-01-07 00:00"),
        ("*23*4*0701#", "DDMM", "2027-01-07 00:00"),
        ("*23*1*1206#", "MMDD", "2026-11-24 12:06"),
        ("*23*4*1206#", "MMDD", "2026-12-06 00:00"),
        ("*23*4*1206#", "DDMM", "2027-06-12 00:00"),
        ("*23*4*1530#", "MMDD", "2026-11-24 15:30"),
        ("*23*2*3112#", "DDMM", "2026-12-31 00:00"),
    ],
)
def test_four_digits_are_a_time_or_a_date_as_the_reason_has_it(code: str, order: str, returns: str) -> None:
    absence_set = changed(dial(code, town(organisations=[organisation(absence_date_order=order)])))
    assert absence_set is not None
    assert absence_set.returns_at == at(returns)


def test_date_is_read_back_as_one_says_it() -> None:
    assert heard(dial("*23*4*1214#")).endswith("har semester [and-is-back] [on-date] [day-14] [month-12]")
    assert heard(dial("*23*4*1125#")).endswith("har semester [and-is-back] [tomorrow]")


def test_times_are_of_the_organisation() -> None:
    absence_set = changed(dial("*23*1*1330#", town(organisations=[organisation(time_zone="Europe/Helsinki")])))
    assert absence_set is not None
    assert absence_set.returns_at == at("2026-11-24 12:30")


@pytest.mark.parametrize(
    ("code", "word", "why"),
    [
        ("*23*1*0930#", "return-has-passed", "return_passed"),
        ("*23*1*1000#", "return-has-passed", "return_passed"),
        ("*23*4*1124#", "return-has-passed", "return_passed"),
        ("*23*4*1123#", "return-has-passed", "return_passed"),
        ("*23*1*2561#", "return-not-understood", "return_impossible"),
        ("*23*4*0230#", "return-not-understood", "return_impossible"),
        ("*23*4*9999#", "return-not-understood", "return_impossible"),
        ("*23*8#", "absence-reason-unknown", "absence_reason_unknown"),
        ("*23*5#", "absence-reason-unknown", "absence_reason_unknown"),
        ("*23*#", "absence-not-understood", "absence_unreadable"),
        ("*23*12#", "absence-not-understood", "absence_unreadable"),
        ("*23*1*930#", "absence-not-understood", "absence_unreadable"),
        ("*23*1*09300#", "absence-not-understood", "absence_unreadable"),
        ("*23*1*0930*1#", "absence-not-understood", "absence_unreadable"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(code: str, word: str, why: str) -> None:
    decision = dial(code)
    assert heard(decision) == f"[absence-not-set] [{word}]"
    assert decision.change is None
    [line] = [line for line in decision.trace if line.rule == "R10"]
    assert (line.matched, line.reason, line.values["why"]) == (False, "absence_refused", why)


def test_leap_day_is_a_date_only_where_the_year_to_come_has_it() -> None:
    assert heard(dial("*23*4*0229#")).endswith("[return-not-understood]")
    leap = dial("*23*4*0229#", now=at("2027-12-01 10:00"))
    assert heard(leap).endswith("[on-date] [day-29] [month-2]")


@pytest.mark.parametrize("code", ["*23*1#", "#23#", "*#23#"])
def test_phone_that_is_nobodys_has_no_absence(code: str) -> None:
    decision = dial(code, caller=2)
    assert heard(decision) == "[absence-not-set] [phone-is-nobodys]"
    assert decision.change is None


def test_return_is_after_what_is_planned_to_follow() -> None:
    planned = absence("2026-11-24 13:00", "2026-11-24 15:00", 2, id=8)
    assert heard(dial("*23*1*1300#", town(MEETING, planned))).endswith("[clock] [hour-15]")
    absence_set = changed(dial("*23*1*1300#", town(MEETING, planned)))
    assert absence_set is not None
    assert absence_set.returns_at == at("2026-11-24 13:00")


def test_absence_in_force_does_not_count_in_what_is_read_back() -> None:
    endless = replace(MEETING, returns_at=None)
    assert heard(dial("*23*1*1300#", town(endless))).endswith("[clock] [hour-13]")


def test_absence_is_ended() -> None:
    decision = dial("#23#", town(MEETING))
    assert heard(decision) == "[no-longer-absent]"
    assert changed(decision) is None
    assert reasons(decision, "R10") == ["absence_ended"]


def test_who_asks_hears_what_callers_hear() -> None:
    decision = dial("*#23#", town(MEETING))
    assert heard(decision) == "[callers-hear] Anna Lind är på sammanträde [and-is-back] [clock] [hour-11]"
    assert decision.change is None
    assert reasons(decision, "R10") == ["absence_asked"]


@pytest.mark.parametrize("code", ["#23#", "*#23#"])
def test_who_is_not_absent_hears_so(code: str) -> None:
    later = absence("2026-11-24 13:00", "2026-11-24 15:00", 2)
    decision = dial(code, town(later))
    assert heard(decision) == "[not-absent]"
    assert decision.change is None
    assert reasons(decision, "R10") == ["absence_asked_none"]


@pytest.mark.parametrize("code", ["#23#1#", "*#23#1#"])
def test_more_than_the_code_changes_nothing(code: str) -> None:
    decision = dial(code, town(MEETING))
    assert heard(decision) == "[nothing-changed] [code-ends-here]"
    assert decision.change is None


def test_absence_that_could_not_be_stored_is_told_as_such() -> None:
    decision = dial("*23*1#")
    assert decision.change is not None
    told = not_stored(decision, decision.change)
    assert heard(told) == "[change-not-saved]"
    assert told.trace[-1].rule == "R10"


def test_what_is_read_back_has_been_made_ahead() -> None:
    assert {("sv", "Anna Lind"), ("sv", "har semester")} <= set(policy_texts(town()))


def test_reason_that_is_not_told_outside_is_read_back_as_what_colleagues_hear() -> None:
    ill = reason(6, "är sjuk", tell_external=False)
    rows = town(absence_reasons=[ill])
    assert heard(dial("*23*6#", rows)) == "[colleagues-hear] Anna Lind är sjuk"


@pytest.mark.parametrize(
    ("now", "digits", "returns"),
    [
        ("2026-10-25T00:30:00Z", "0245", "2026-10-25T00:45:00Z"),
        ("2026-10-25T00:50:00Z", "0245", "2026-10-25T01:45:00Z"),
        ("2026-10-25T01:30:00Z", "0245", "2026-10-25T01:45:00Z"),
    ],
)
def test_hour_that_comes_twice_is_the_one_to_come(now: str, digits: str, returns: str) -> None:
    decision = dial(f"*23*1*{digits}#", now=datetime.fromisoformat(now))
    assert isinstance(decision.change, AbsenceChange)
    assert decision.change.absence is not None
    assert decision.change.absence.returns_at is not None
    assert decision.change.absence.returns_at.timestamp() == datetime.fromisoformat(returns).timestamp()
