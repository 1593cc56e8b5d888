"""Diversions by feature code: what is dialled, what is changed and what is heard (R9)."""

from datetime import timedelta
from typing import Any

import pytest

from callflow.policy.barrings import Barring, Category
from callflow.policy.decision import Call, Decision, DiversionChange, Outcome, TraceLine, not_known, not_stored
from callflow.policy.evaluate import decide
from callflow.policy.feature_actions import FeatureAction, FeatureCode
from callflow.policy.feature_codes import read
from callflow.policy.model import Diversion, DiversionCondition, Policy, Target, TargetKind
from tests.builders import (
    TUESDAY_NOON,
    TUESDAY_TEN,
    at,
    diversion,
    extension,
    group,
    mailbox,
    number_range,
    organisation,
    person,
    policy,
    reasons,
    to_extension,
    to_group,
    to_mailbox,
    to_number,
    to_switchboard,
    to_unit,
    unit,
    way,
)

OUTSIDE = "+46701740606"
CODES = {
    "*21*": "divert_all", "*21#": "divert_all_voicemail", "#21#": "divert_all_cancel", "*#21#": "divert_all_ask",
    "*61*": "divert_no_answer", "*61#": "divert_no_answer_voicemail", "#61#": "divert_no_answer_cancel",
    "*#61#": "divert_no_answer_ask", "*67*": "divert_busy", "*67#": "divert_busy_voicemail",
    "#67#": "divert_busy_cancel", "*#67#": "divert_busy_ask", "*62*": "divert_unreachable",
    "*62#": "divert_unreachable_voicemail", "#62#": "divert_unreachable_cancel", "*#62#": "divert_unreachable_ask",
    "##002#": "divert_cancel_all", "#31#": "hide_number_once", "*23*": "absence_of_tomorrow",
}  # fmt: skip
ALL, NO_ANSWER = DiversionCondition.ALL, DiversionCondition.NO_ANSWER
SET = "[are-diverted-to]"


def town(**tables: Any) -> Policy:
    codes = [
        FeatureCode(id=at, organisation_id=1, code=code, action=it) for at, (code, it) in enumerate(CODES.items())
    ]
    return policy(
        **{
            "organisations": [organisation()],
            "number_ranges": [number_range()],
            "units": [unit(1, to_extension(2), manager_id=1), unit(2, number="+4690161950", name="Ensam")],
            "people": [person(1)],
            "extensions": [extension(1, mailbox_id=1), extension(2), extension(3, name=None)],
            "mailboxes": [mailbox(1), mailbox(2)],
            "feature_codes": codes,
            **tables,
        }
    )


def dial(code: str, rows: Policy | None = None, caller: int = 1, **values: Any) -> Decision:
    call = Call(called_number=code, caller_extension_id=caller, **values)
    return decide(rows or town(), call, TUESDAY_TEN)


def changed(code: str, rows: Policy | None = None) -> Diversion:
    change = dial(code, rows).change
    assert isinstance(change, DiversionChange)
    assert change.extension_id == 1
    assert change.diversion is not None
    assert change.conditions == (change.diversion.condition,)
    return change.diversion


def heard(code: str, rows: Policy | None = None) -> str:
    """Return all that is said, without the goodbye."""
    decision = dial(code, rows)
    assert decision.outcome is Outcome.FEATURE_CODE
    [first, goodbye, end] = way(decision)
    assert (goodbye, end) == ("say [goodbye]", "hangup normal")
    return first.removeprefix("say ")


def digits(number: str) -> str:
    return " ".join(f"[digits/{digit}]" for digit in number)


CODE_SET = town().codes[1]


@pytest.mark.parametrize(
    ("dialled", "action", "rest"),
    [
        ("*21*61002#", "divert_all", "61002"),
        ("*21*61002", "divert_all", "61002"),
        ("*21#", "divert_all_voicemail", ""),
        ("*#21#", "divert_all_ask", ""),
        ("*61*0701740606*15#", "divert_no_answer", "0701740606*15"),
        ("##002#", "divert_cancel_all", ""),
        ("#31#0701740606", "hide_number_once", "0701740606"),
    ],
)
def test_code_is_read_with_what_follows_it(dialled: str, action: str, rest: str) -> None:
    call = read(dialled, CODE_SET)
    assert call is not None
    assert (call.action, call.rest) == (FeatureAction(action), rest)


@pytest.mark.parametrize("dialled", ["*22*61002#", "61002", "", "*21", "*23*1*1330#"])
def test_what_is_no_code_of_the_organisation_or_of_this_version_is_none(dialled: str) -> None:
    assert read(dialled, CODE_SET) is None


@pytest.mark.parametrize(
    ("code", "condition"),
    [("*21*", "all"), ("*61*", "no_answer"), ("*67*", "busy"), ("*62*", "unreachable")],
)
def test_each_condition_has_its_code(code: str, condition: str) -> None:
    assert changed(f"{code}61002#") == Diversion(condition=DiversionCondition(condition), target=to_extension(2))


@pytest.mark.parametrize(
    ("number", "target", "words"),
    [
        ("61002", to_extension(2), "Anknytning 2"),
        ("+46 90-16 10 02", to_extension(2), "Anknytning 2"),
        ("61003", to_extension(3), digits("090161003")),
        ("61950", to_unit(2), "Ensam"),
        ("090161000", to_switchboard(1), "[the-switchboard-of] Umeå kommun"),
        ("070-174 06 06", to_number(OUTSIDE), digits("0701740606")),
    ],
)
def test_target_is_set_and_told_by_name_or_digit_by_digit(number: str, target: Target, words: str) -> None:
    rows = town(organisations=[organisation(main_number="+4690161000")])
    assert changed(f"*21*{number}#", rows).target == target
    assert heard(f"*21*{number}#", rows) == f"[calls-all] {SET} {words}"


def test_code_as_phones_send_it_with_escapes_is_the_same() -> None:
    assert changed("*21*61002%23") == changed("*21*61002#")
    assert changed("sip:*21*61002%23@example.org") == changed("*21*61002#")


@pytest.mark.parametrize(
    ("seconds", "rings"), [("0", 1), ("5", 1), ("9", 2), ("12", 2), ("14", 2), ("15", 3), ("20", 3), ("90", 4)]
)
def test_seconds_become_rings_of_the_organisation_and_never_more_than_four(seconds: str, rings: int) -> None:
    assert changed(f"*61*61002*{seconds}#").rings == rings


def test_rings_are_told() -> None:
    assert heard("*61*61002*6#") == f"[calls-no-answer] {SET} Anknytning 2 [after-ring-1]"
    assert heard("*61*61002*12#") == f"[calls-no-answer] {SET} Anknytning 2 [after-ring-2]"


def test_own_voicemail_has_a_code_without_a_number() -> None:
    assert changed("*61#") == Diversion(condition=NO_ANSWER, target=to_mailbox(1))
    assert heard("*61#") == f"[calls-no-answer] {SET} [your-voicemail]"
    without = town(extensions=[extension(1)])
    assert heard("*61#", without) == "[diversion-not-set] [no-voicemail]"
    assert dial("*61#", without).change is None


def test_diversion_to_the_outside_ends_where_the_organisation_limits_it() -> None:
    rows = town(organisations=[organisation(outside_diversion_days=30)])
    assert changed(f"*21*{OUTSIDE}#", rows).ends_at == at("2026-12-24 00:00")
    assert heard(f"*21*{OUTSIDE}#", rows).endswith("[until-and-with] [the] [day-23] [month-12]")
    assert changed("*21*61002#", rows).ends_at is None


def test_cancel_takes_away_one_and_cancel_all_everything() -> None:
    one, everything = dial("#61#").change, dial("##002#").change
    assert isinstance(one, DiversionChange)
    assert isinstance(everything, DiversionChange)
    assert (one.conditions, one.diversion) == ((NO_ANSWER,), None)
    assert (everything.conditions, everything.diversion) == (tuple(DiversionCondition), None)
    assert heard("#61#") == "[calls-no-answer] [no-longer-diverted]"
    assert heard("##002#") == "[all-diversions-cancelled]"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (to_extension(2), "Anknytning 2"),
        (to_extension(99), "[nobody-any-more]"),
        (to_mailbox(1), "[your-voicemail]"),
        (to_mailbox(2), "[a-voicemail]"),
        (to_group(1), "Grupp 1"),
        (to_switchboard(9), "[nobody-any-more]"),
        (to_number(OUTSIDE), digits("0701740606")),
        (to_number("+4722334455"), digits("4722334455")),
    ],
)
def test_asking_tells_what_stands(target: Target, words: str) -> None:
    rows = town(
        extensions=[extension(1, mailbox_id=1, diversions=(diversion("all", target),)), extension(2)],
        ring_groups=[group(1, 2)],
    )
    assert heard("*#21#", rows) == f"[calls-all] {SET} {words}"
    assert dial("*#21#", rows).change is None


def test_asking_tells_of_none_where_none_stands_any_more() -> None:
    assert heard("*#21#") == "[calls-all] [not-diverted]"
    ended = diversion("all", to_extension(2), ends_at=TUESDAY_TEN)
    other = diversion("busy", to_extension(2), ends_at=TUESDAY_NOON)
    rows = town(extensions=[extension(1, diversions=(ended, other)), extension(2)])
    assert heard("*#21#", rows) == "[calls-all] [not-diverted]"
    assert heard("*#67#", rows).endswith("[until-and-with] [the] [day-24] [month-11]")


def test_end_is_told_in_stockholms_time_where_the_organisation_is_missing() -> None:
    ends = diversion("all", to_extension(2), ends_at=at("2026-12-24 00:00"))
    lost = extension(1, organisation_id=7, diversions=(ends,))
    codes = [FeatureCode(id=1, organisation_id=7, code="*#21#", action="divert_all_ask")]
    rows = town(extensions=[lost, extension(2)], feature_codes=codes)
    assert heard("*#21#", rows).endswith("[until-and-with] [the] [day-23] [month-12]")


@pytest.mark.parametrize("code", ["#21#61002#", "#21#1", "##002#61002", "*#21#61002#", "*21#61002#"])
def test_code_that_takes_no_number_is_refused_with_one(code: str) -> None:
    rows = town(
        extensions=[extension(1, mailbox_id=1, diversions=(diversion("all", to_extension(2)),)), extension(2)]
    )
    decision = dial(code, rows)
    assert heard(code, rows) == "[nothing-changed] [code-ends-here]"
    assert decision.change is None
    assert "code_with_more" in [line.reason for line in decision.trace]


@pytest.mark.parametrize(
    ("code", "words", "why"),
    [
        ("*21*#", "[target-missing]", "diversion_without_number"),
        ("*21*hej#", "[target-not-understood]", "target_unreadable"),
        ("*21*112#", "[target-is-emergency]", "target_is_emergency"),
        ("*21*61777#", "[target-not-in-use]", "target_unused"),
        ("*21*61001#", "[target-is-own]", "target_is_own"),
        ("*61*61002*x#", "[seconds-not-understood]", "diversion_seconds_unreadable"),
        ("*61*61002*٣#", "[seconds-not-understood]", "diversion_seconds_unreadable"),
        ("*61*61002*" + "9" * 5000 + "#", "[seconds-not-understood]", "diversion_seconds_unreadable"),
        ("*61*61002*#", "[seconds-not-understood]", "diversion_seconds_unreadable"),
        ("*21*61002*15#", "[seconds-not-understood]", "diversion_seconds_unreadable"),
        (
            "*21*004722334455#",
            "[barred-international] [ask-nearest-manager] Åsa Öberg 1",
            "target_barred",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(code: str, words: str, why: str) -> None:
    decision = dial(code)
    assert heard(code) == f"[diversion-not-set] {words}"
    assert decision.change is None
    assert [line.values["why"] for line in decision.trace if line.reason == "diversion_refused"] == [why]


def test_barring_of_diversions_to_the_outside_counts() -> None:
    rows = town(barrings=[Barring(id=1, category=Category.OUTSIDE_DIVERSION, organisation_id=1)])
    assert "[barred-outside-diversion]" in heard(f"*21*{OUTSIDE}#", rows)


def refusal(rows: Policy, code: str = "*21*61002#") -> str | None:
    lines = [line for line in dial(code, rows).trace if line.reason == "diversion_refused"]
    return lines[0].values["why"] if lines else None


def with_second(*diversions: Diversion, **tables: Any) -> Policy:
    return town(extensions=[extension(1), extension(2, diversions=diversions), extension(3)], **tables)


@pytest.mark.parametrize("back", [to_extension(1), to_number("+4690161001"), to_number("61001")])
def test_loop_is_refused(back: Target) -> None:
    assert refusal(with_second(diversion("all", back))) == "target_loops"


def test_loop_through_several_is_refused() -> None:
    rows = town(
        extensions=[
            extension(1),
            extension(2, diversions=(diversion("all", to_extension(3)),)),
            extension(3, diversions=(diversion("all", to_extension(1)),)),
        ]
    )
    assert refusal(rows) == "target_loops"
    assert heard("*21*61002#", rows) == "[diversion-not-set] [target-loops]"


def test_loop_that_would_be_at_another_time_is_refused_with_other_words() -> None:
    rows = with_second(diversion("no_answer", to_extension(1)))
    assert refusal(rows) == "target_loops_later"
    assert heard("*21*61002#", rows) == "[diversion-not-set] [target-loops-later]"


def test_diversion_that_has_ended_makes_no_loop() -> None:
    assert refusal(with_second(diversion("all", to_extension(1), ends_at=TUESDAY_TEN))) is None
    later = diversion("all", to_extension(1), ends_at=TUESDAY_TEN + timedelta(minutes=1))
    assert refusal(with_second(later)) == "target_loops"


def test_others_who_go_round_among_themselves_are_no_loop_of_ours() -> None:
    rows = town(
        extensions=[
            extension(1),
            extension(2, diversions=(diversion("all", to_extension(3)),)),
            extension(3, diversions=(diversion("all", to_extension(2)),)),
        ]
    )
    assert refusal(rows) is None


def test_unit_or_group_with_others_in_it_is_no_loop() -> None:
    alone = with_second(
        units=[unit(1), unit(2, to_extension(1), number="+4690161950"), unit(3, to_group(1), number="+4690161951")],
        ring_groups=[group(1, 1)],
    )
    shared = with_second(
        units=[unit(1), unit(2, to_extension(1), to_extension(2), number="+4690161950")],
    )
    empty = with_second(units=[unit(1), unit(2, number="+4690161950"), unit(3, to_group(9), number="+4690161951")])
    assert refusal(alone, "*21*61950#") == "target_loops"
    assert refusal(alone, "*21*61951#") == "target_loops"
    assert refusal(shared, "*21*61950#") is None
    assert refusal(empty, "*21*61950#") is None
    assert refusal(empty, "*21*61951#") is None


def test_chain_that_ends_outside_or_in_what_is_missing_is_no_loop() -> None:
    assert refusal(with_second(diversion("all", to_number(OUTSIDE)))) is None
    assert refusal(with_second(diversion("all", to_extension(9)))) is None
    assert refusal(with_second(diversion("all", to_unit(9)))) is None
    assert refusal(with_second(diversion("all", Target(TargetKind.NUMBER)))) is None


def test_caller_hears_in_the_own_language_that_nothing_was_saved_or_that_it_is_unclear() -> None:
    change = dial("*21*61002#").change
    assert change is not None
    for plan, words in ((change.if_not_saved, "change-not-saved"), (change.if_not_known, "change-not-known")):
        assert plan.language == "sv"
        assert plan.steps[0].phrases[0].value == f"policy/{words}"  # type: ignore[union-attr]


def test_decision_whose_change_was_not_stored_changes_nothing_and_says_so() -> None:
    decision = dial("*21*61002#")
    assert decision.change is not None
    told = not_stored(decision, decision.change)
    assert told.change is None
    assert told.plan.steps == decision.change.if_not_saved.steps
    assert told.plan.presentation == decision.plan.presentation
    assert told.trace == (*decision.trace, TraceLine(rule="R9", matched=False, reason="change_not_stored"))


def test_decision_of_whose_change_nobody_knows_claims_neither() -> None:
    decision = dial("*21*61002#")
    assert decision.change is not None
    told = not_known(decision, decision.change)
    assert told.change is None
    assert told.plan.steps == decision.change.if_not_known.steps
    assert told.trace == (*decision.trace, TraceLine(rule="R9", matched=False, reason="change_not_known"))


def test_locked_phone_and_transferred_caller_have_no_codes() -> None:
    locked = town(extensions=[extension(1, locked=True), extension(2)])
    assert dial("*21*61002#", locked).outcome is Outcome.REFUSED
    moved = dial("*21*61002#", mover_extension_id=2)
    assert moved.outcome is Outcome.REFUSED
    assert moved.change is None


def test_trace_tells_what_was_done() -> None:
    assert "diversion_set" in reasons(dial("*21*61002#"), "R9")
    assert "diversion_cancelled" in reasons(dial("#21#"), "R9")
    assert "diversions_cancelled" in reasons(dial("##002#"), "R9")
    assert "diversion_asked_none" in reasons(dial("*#21#"), "R9")
