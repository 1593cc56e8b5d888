"""Absence and diversions by feature code for another: who may, whose is changed and what is heard (R9, R10, R14)."""

from typing import Any

import pytest

from callflow.policy.decision import AbsenceChange, Decision, DiversionChange, Outcome
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Absence, DiversionCondition, Policy
from tests.builders import (
    TUESDAY_TEN,
    absence,
    at,
    decided,
    diversion,
    extension,
    internal,
    organisation,
    person,
    policy,
    reason,
    reasons,
    to_extension,
    unit,
    way,
)

CODES = {
    "*230*": "absence_for_another", "#230*": "absence_for_another_cancel", "*#230*": "absence_for_another_ask",
    "*210*": "divert_all_for_another", "#210*": "divert_all_for_another_cancel",
    "*#210*": "divert_all_for_another_ask", "*610*": "divert_no_answer_for_another",
}  # fmt: skip
ANNA, MANAGER, COLLEAGUE, NAMELESS = 1, 2, 3, 4
ABOUT_ANNA = "[it-is-about] Anna Lind"


def town(**tables: Any) -> Policy:
    """Return a policy in which Eva (extension 2) is the manager of Anna's unit, and Bo (3) a colleague."""
    defaults: dict[str, Any] = {
        "organisations": [organisation()],
        "units": [unit(manager_id=2)],
        "people": [person(1), person(2), person(3)],
        "extensions": [
            extension(ANNA, name="Anna Lind", person_id=1),
            extension(MANAGER, person_id=2),
            extension(COLLEAGUE, name="Bo Ek", person_id=3),
            extension(NAMELESS, name=None),
        ],
        "absence_reasons": [reason(1), reason(2, "är på sammanträde")],
        "feature_codes": [
            FeatureCode(id=row_id, organisation_id=1, code=code, action=action)
            for row_id, (code, action) in enumerate(CODES.items())
        ],
    }
    return policy(**{**defaults, **tables})


def dial(code: str, rows: Policy | None = None, caller: int = MANAGER) -> Decision:
    decision = decided(rows or town(), internal(code, caller))
    assert decision.outcome is Outcome.FEATURE_CODE
    return decision


def heard(decision: Decision) -> str:
    """Return what is spoken before the goodbye."""
    return way(decision)[0].removeprefix("say ").removesuffix(" [goodbye]")


def absence_of(decision: Decision) -> Absence | None:
    change = decision.change
    assert isinstance(change, AbsenceChange)
    assert (change.extension_id, change.person_id, change.at) == (ANNA, 1, TUESDAY_TEN)
    return change.absence


def away(starts: str = "2026-11-24 09:00") -> Policy:
    """Return the policy with Anna in a meeting."""
    meeting = absence(starts, "2026-11-24 11:00", 2, id=7)
    return town(people=[person(1, absences=(meeting,)), person(2), person(3)])


def test_manager_reports_absence_for_an_employee() -> None:
    decision = dial("*230*61001*1*1330#")
    assert absence_of(decision) == Absence(
        id=0, reason_id=1, starts_at=TUESDAY_TEN, returns_at=at("2026-11-24 13:30")
    )
    assert heard(decision) == (
        f"{ABOUT_ANNA} [callers-hear] Anna Lind är på lunch [and-is-back] [clock] [hour-13] [minute-30]"
    )
    assert reasons(decision, "R14") == ["acts_for"]


@pytest.mark.parametrize("number", ["61001", "090161001", "004690161001"])
def test_extension_may_be_dialled_short_or_whole(number: str) -> None:

    assert absence_of(dial(f"*230*{number}*1#")) is not None


def test_manager_ends_and_asks_for_the_absence_of_an_employee() -> None:
    assert absence_of(dial("#230*61001#", away())) is None
    assert heard(dial("#230*61001#", away())) == f"{ABOUT_ANNA} [no-longer-absent]"
    asked = dial("*#230*61001#", away())
    assert asked.change is None
    assert heard(asked).startswith(f"{ABOUT_ANNA} [callers-hear] Anna Lind är på sammanträde")


def test_manager_diverts_the_calls_of_an_employee() -> None:
    decision = dial("*210*61001*61003#")
    change = decision.change
    assert isinstance(change, DiversionChange)
    assert (change.extension_id, change.diversion) == (ANNA, diversion("all", to_extension(COLLEAGUE)))
    assert heard(decision) == f"{ABOUT_ANNA} [calls-all] [are-diverted-to] Bo Ek"


def test_seconds_follow_the_number_as_for_oneself() -> None:
    change = dial("*610*61001*61003*12#").change
    assert isinstance(change, DiversionChange)
    assert change.diversion == diversion("no_answer", to_extension(COLLEAGUE), rings=2)


def test_manager_ends_and_asks_for_the_diversion_of_an_employee() -> None:
    rows = town(
        extensions=[
            extension(ANNA, name=None, diversions=(diversion("all", to_extension(COLLEAGUE)),)),
            extension(MANAGER, person_id=2),
            extension(COLLEAGUE, name="Bo Ek"),
        ]
    )
    change = dial("#210*61001#", rows).change
    assert isinstance(change, DiversionChange)
    assert (change.extension_id, change.conditions, change.diversion) == (ANNA, (DiversionCondition.ALL,), None)
    asked = dial("*#210*61001#", rows)
    assert asked.change is None
    digits = " ".join(f"[digits/{digit}]" for digit in "090161001")
    assert heard(asked) == f"[it-is-about] {digits} [calls-all] [are-diverted-to] Bo Ek"


@pytest.mark.parametrize(
    "code", ["*230*61001*1#", "#230*61001#", "*#230*61001#", "*210*61001*61003#", "*#210*61001#"]
)
def test_colleague_may_neither_set_nor_ask(code: str) -> None:
    decision = dial(code, away(), COLLEAGUE)
    assert decision.change is None
    assert heard(decision) == "[nothing-changed] [may-not-act-for]"
    assert reasons(decision, "R14") == ["may_not_act_for"]


@pytest.mark.parametrize("number", ["61009", "", "61000", "0701740605", "112"])
def test_what_is_no_extension_is_refused_in_words(number: str) -> None:
    decision = dial(f"*230*{number}*1#")
    assert decision.change is None
    assert heard(decision) == "[nothing-changed] [no-such-extension]"
    assert reasons(decision, "R14") == ["no_such_extension"]


def test_own_extension_is_named_to_nobody() -> None:
    decision = dial("*230*61001*1#", caller=ANNA)
    assert heard(decision) == "[callers-hear] Anna Lind är på lunch"
    assert absence_of(decision) is not None


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("*230*61001#", "[absence-not-set] [absence-not-understood]"),
        ("*230*61001*9#", "[absence-not-set] [absence-reason-unknown]"),
        ("*230*61001*1*0900#", "[absence-not-set] [return-has-passed]"),
        ("*230*61004*1#", "[absence-not-set] [phone-is-nobodys]"),
        ("*210*61001#", "[diversion-not-set] [target-missing]"),
        ("*210*61001*61001#", "[diversion-not-set] [target-is-own]"),
        ("#210*61001*1#", "[nothing-changed] [code-ends-here]"),
    ],
)
def test_what_cannot_be_is_refused_as_for_oneself(code: str, why: str) -> None:
    decision = dial(code)
    assert decision.change is None
    assert heard(decision).endswith(why)
