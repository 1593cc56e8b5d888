"""A lost phone: where its calls go, and how it is locked from another phone, whose PIN nothing shows (R21)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from callflow.policy.decision import Call, Decision, LockChange, Outcome, TraceLine, not_known, not_stored, refused
from callflow.policy.explain import explain, explain_text
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.lost_codes import hide_every_code, hide_pin, without_pin
from callflow.policy.model import Extension, ExtensionKind, Policy
from tests.builders import (
    TUESDAY_TEN,
    absence,
    decided,
    diversion,
    extension,
    external,
    group,
    internal,
    mailbox,
    mobile,
    organisation,
    person,
    policy,
    reason,
    reasons,
    roster,
    schedule,
    to_extension,
    to_group,
    to_number,
    unit,
    way,
)

ONE, MOBILE, PIN = "+4690161001", "+46701740601", "135790"
AWAY = absence("2026-11-24 09:00", "2026-11-24 12:00", referral=to_extension(4))
ALL, NO_ANSWER, UNREACHABLE = (
    diversion("all", to_extension(2)),
    diversion("no_answer", to_extension(3)),
    diversion("unreachable", to_extension(4)),
)


def lost(**values: Any) -> Extension:
    return extension(1, **{"name": "Anna Lind", "person_id": 1, "locked": True, **values})


def town(one: Extension, *, away: bool = False, **tables: Any) -> Policy:
    """Return a policy with the lost phone, three others, and an answering unit."""
    defaults: dict[str, Any] = {
        "extensions": [one, *(extension(row_id) for row_id in (2, 3, 4))],
        "people": [person(1, given_name="Anna", family_name="Lind", absences=(AWAY,) if away else ())],
        "absence_reasons": [reason(1)],
        "units": [unit(1, to_extension(4))],
    }
    return policy(**{**defaults, **tables})


def why(decision: Decision) -> str:
    [line] = [line for line in decision.trace if line.reason == "extension_locked"]
    return line.values["why"]


@pytest.mark.parametrize(
    ("diversions", "first", "told"),
    [
        ((ALL, NO_ANSWER, UNREACHABLE), "ring 61002 x4", "all"),
        ((NO_ANSWER, UNREACHABLE), "ring 61003 x4", "no_answer"),
        ((UNREACHABLE,), "ring 61004 x4", "unreachable"),
        ((), "say Anna Lind [does-not-answer] [transfer-to] Anknytning 4", "locked_undiverted"),
    ],
)
def test_calls_to_a_lost_phone_follow_its_diversions(diversions: Any, first: str, told: str) -> None:
    decision = decided(town(lost(diversions=diversions)), external(ONE))
    assert way(decision)[0] == first
    assert why(decision) == told
    assert not any("61001" in step for step in way(decision))


def test_diversion_that_does_not_answer_gives_way_to_the_next() -> None:
    rows = town(lost(diversions=(ALL, NO_ANSWER, UNREACHABLE)))
    rung = [step for step in way(decided(rows, external(ONE))) if step.startswith("ring")]
    assert rung == ["ring 61002 x4", "ring 61003 x4", "ring 61004 x4"]


def test_absence_of_the_holder_goes_before_diversions_but_that_of_all_calls() -> None:
    decision = decided(town(lost(diversions=(NO_ANSWER,)), away=True), external(ONE))
    assert way(decision)[0].startswith("menu Anna Lind är på lunch [and-is-back]")
    assert why(decision) == "locked_absent"
    diverted = decided(town(lost(diversions=(ALL, NO_ANSWER)), away=True), external(ONE))
    assert way(diverted)[0] == "ring 61002 x4"
    assert why(diverted) == "all"


def test_duty_that_cannot_ring_a_lost_phone_follows_its_diversion_also_when_its_holder_is_absent() -> None:
    rows = town(
        lost(diversions=(NO_ANSWER,)),
        away=True,
        organisations=[organisation(mailbox_id=9, duty_roster_id=1)],
        duty_rosters=[roster(1, to_extension(1))],
        mailboxes=[mailbox(9)],
        schedules=[schedule(1, (0, 60))],
        units=[unit(1, telephone_schedule_id=1, duty_roster_id=1)],
    )
    decision = decided(rows, external("+4690161901"))
    assert "ring 61003 x4" in way(decision, "1")
    assert why(decision) == "no_answer"


@pytest.mark.parametrize("kind", [ExtensionKind.TWIN, ExtensionKind.MOBILE])
def test_mobile_of_a_lost_phone_is_never_rung_not_even_by_its_own_diversion(kind: ExtensionKind) -> None:
    phone = None if kind is ExtensionKind.MOBILE else "61001"
    diversions = (diversion("all", to_number(MOBILE)), NO_ANSWER)
    rows = town(lost(kind=kind, sip_username=phone, mobile_number=MOBILE, diversions=diversions))
    decision = decided(rows, external(ONE))
    assert way(decision)[0] == "ring 61003 x4"
    assert not any(MOBILE in step for step in way(decision))


def test_lost_phone_in_a_group_does_not_ring() -> None:
    rows = town(lost(), ring_groups=[group(1, 1, 2)], units=[unit(1, to_group(1))])
    assert way(decided(rows, external("+4690161901")))[0] == "ring 61002 x4"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_trace_tells_in_words_where_the_calls_go(language: str) -> None:
    told = explain_text(town(lost(), away=True), external(ONE), TUESDAY_TEN, language)
    words = "samtalet följer dess hänvisning: frånvaron" if language == "sv" else "its referral: the absence"
    assert words in told


# locking from another phone


def region(*, code: str = "*29*", **tables: Any) -> Policy:
    """Return a policy in which extensions 1 and 2 may lock each other, and 3 is another organisation's."""
    actions = {code: "lock_lost", "*21*": "divert_all", "#31#": "hide_number_once", "##002#": "divert_cancel_all"}
    codes = [
        FeatureCode(id=n, organisation_id=1, code=row, action=action)
        for n, (row, action) in enumerate(actions.items())
    ]
    defaults: dict[str, Any] = {
        "organisations": [organisation(), organisation(2)],
        "extensions": [extension(1), extension(2, name="Bo Ek"), mobile(3, organisation_id=2)],
        "feature_codes": codes,
    }
    return policy(**{**defaults, **tables})


def dial(code: str, rows: Policy | None = None, caller: int = 1) -> Decision:
    decision = decided(rows or region(), internal(code, caller))
    assert decision.outcome is Outcome.FEATURE_CODE
    return decision


def change(decision: Decision) -> LockChange:
    assert isinstance(decision.change, LockChange)
    return decision.change


@pytest.mark.parametrize("number", ["61002", "+4690161002", "090161002"])
def test_other_phone_is_locked_by_its_number_and_pin(number: str) -> None:
    decision = dial(f"*29*{number}*{PIN}#")
    assert (change(decision).extension_id, change(decision).pin) == (2, PIN)
    assert way(decision)[0] == "say [it-is-about] Bo Ek [phone-is-locked-now]"
    assert reasons(decision, "R21") == ["lock_asked"]


def test_phone_of_another_organisation_and_the_own_one_can_be_locked_too() -> None:
    assert change(dial(f"*29*61003*{PIN}#")).extension_id == 3
    own = dial(f"*29*61001*{PIN}#")
    assert change(own).extension_id == 1
    assert way(own)[0] == "say [phone-is-locked-now]"


@pytest.mark.parametrize(
    "rest",
    ["", "61002", "61002*", f"61002*{PIN}*1", f"*{PIN}", f"61998*{PIN}", f"61901*{PIN}", f"+*{PIN}", "112*112"],
)
def test_what_cannot_be_a_phone_with_its_pin_is_refused_where_all_is_refused(rest: str) -> None:
    decision = dial(f"*29*{rest}#")
    assert change(decision).extension_id is None
    assert reasons(decision, "R21") == ["lock_of_nobody"]


def test_refusal_is_the_same_in_words_whatever_was_wrong() -> None:
    known, unknown = dial(f"*29*61002*{PIN}#"), dial("*29*61998*1#")
    assert change(known).if_refused == change(unknown).if_refused
    told = refused(known, change(known))
    assert way(told) == ["say [lock-refused] [goodbye]", "hangup normal"]
    assert told.change is None
    assert told.trace[-1] == TraceLine(rule="R21", matched=False, reason="change_refused")


def test_lock_that_was_not_stored_is_told_as_any_change() -> None:
    decision = dial(f"*29*61002*{PIN}#")
    assert way(not_stored(decision, change(decision)))[0] == "say [change-not-saved] [goodbye]"
    told = not_known(decision, change(decision))
    assert way(told)[0] == "say [change-not-known] [goodbye]"
    assert told.trace[-1].rule == "R21"


def test_locked_phone_locks_nobody() -> None:
    rows = region(extensions=[extension(1, locked=True), extension(2)])
    decision = decided(rows, internal(f"*29*61002*{PIN}#", 1))
    assert decision.outcome is Outcome.REFUSED
    assert decision.change is None


# the PIN


@pytest.mark.parametrize(
    "dialled",
    [
        f"*29*61002*{PIN}#",
        f"*29*{PIN}*61002#",
        f"*29*{PIN}#",
        f"*29*61002*{PIN}*{PIN}",
        f"#31#*29*61002*{PIN}#",
        f"##002#*29*61002*{PIN}#",
        f"%2A29%2A61002%2A{PIN}%23",
        f"*29* 61 002 *{PIN}#",
        f"*29*61002*{PIN}#;phone-context=+47",
        f"tel:*29*61002*{PIN}#",
    ],
)
@pytest.mark.parametrize("caller", [1, None])
def test_pin_stands_in_nothing_that_is_shown(dialled: str, caller: int | None) -> None:
    rows, call = region(), Call(called_number=dialled, caller_extension_id=caller)
    decision = decided(rows, call)
    assert PIN not in repr(decision)
    assert PIN not in repr(without_pin(call, rows))
    assert PIN not in json.dumps(explain(rows, call, TUESDAY_TEN))
    assert PIN not in explain_text(rows, call, TUESDAY_TEN, "sv")


def test_pin_stands_in_nothing_either_where_the_phone_is_locked_or_the_call_is_transferred() -> None:
    call = Call(called_number=f"*29*61002*{PIN}#", caller_extension_id=1, mover_extension_id=2)
    assert PIN not in json.dumps(explain(region(), call, TUESDAY_TEN))
    locked = region(extensions=[extension(1, locked=True)])
    assert PIN not in json.dumps(explain(locked, internal(call.called_number, 1), TUESDAY_TEN))


def test_what_holds_no_pin_is_shown_as_it_was_dialled() -> None:
    rows = region()
    for dialled in (
        "*21*0701740605#",
        "#31#0701740605",
        "61002",
        "+4690161002",
        "070-174 06 05",
        "*#21#",
        "*21*61002*20#",
    ):
        assert hide_pin(dialled, rows) == dialled
        call = internal(dialled, 1)
        assert without_pin(call, rows) is call


def test_code_is_known_by_the_organisations_own_sets_whoever_dials_it() -> None:
    rows = region(code="*777*")
    assert hide_pin(f"*777*61002*{PIN}#", rows) == "*777*…"


@pytest.mark.parametrize(
    ("dialled", "shown"),
    [
        (f"*92*61002*{PIN}#", "*92*…"),
        (f"*98*61002*{PIN}#", "*98*…"),
        ("*98*61002#", "*98*61002#"),
        ("*99#", "*99#"),
    ],
)
def test_code_that_may_be_a_mistyped_one_is_hidden_too(dialled: str, shown: str) -> None:
    rows = region()
    voicemail = FeatureCode(id=98, organisation_id=1, code="*98*", action="voicemail_of_another")
    assert hide_pin(dialled, replace(rows, feature_codes={**rows.feature_codes, 98: voicemail})) == shown


def test_without_a_policy_all_that_follows_any_code_is_hidden() -> None:
    assert hide_every_code(f"*29*61002*{PIN}#") == "*29*…"
    assert hide_every_code(f"#31#*29*61002*{PIN}#") == "#31#…"
    assert hide_every_code("*#21#") == "*#21#"
    assert hide_every_code("0701740605") == "0701740605"


def test_explanation_keeps_to_the_schema_and_tells_what_is_locked() -> None:
    document: dict[str, Any] = explain(region(), internal(f"*29*61002*{PIN}#", 1), TUESDAY_TEN)
    assert document["change"] == {"extension_id": 2, "locks": True}
    assert document["call"]["called_number"] == "*29*…"
    told = explain_text(region(), internal(f"*29*61002*{PIN}#", 1), TUESDAY_TEN, "sv")
    assert "Ändras: Anknytning +4690161001 spärrar +4690161002 som förlorad, om pinkoden är rätt." in told
