"""The line of a call: who called whom, and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from callflow.policy.decision import (
    Call,
    Decision,
    DiversionChange,
    LockChange,
    Outcome,
    not_known,
    not_stored,
    refused,
)
from callflow.policy.model import DiversionCondition, Extension, Organisation, Person, Policy, Unit, build_policy
from callflow.policy.plan import Dial, Hangup, HangupCause, Leg, LegKind, Menu, Plan, Say, Step, Voicemail
from callflow.service.call_log import call_line
from callflow.service.calls import DecidedCall

DIAL = Dial(legs=(Leg(LegKind.PHONE, "61100"),), rings=4, ring_ms=6000, no_answer=1, busy=1, unreachable=1)


def policy(time_zone: str = "Europe/Stockholm") -> Policy:
    return build_policy(
        revision=1,
        organisations=[
            Organisation(id=1, key="umea", name="Umeå kommun", main_number="+4690161000", time_zone=time_zone)
        ],
        units=[
            Unit(id=1, organisation_id=1, name="Bygglov", number="+4690161200"),
            Unit(id=2, organisation_id=1, name="Kvinnofrid", confidential=True),
            Unit(id=3, organisation_id=1, name="Jouren", number="+4690161300", parent_id=2),
        ],
        people=[Person(id=1, organisation_id=1, given_name="Anna", family_name="Lindgren")],
        extensions=[
            Extension(id=7, organisation_id=1, unit_id=1, number="+4690161100", person_id=1),
            Extension(id=8, organisation_id=1, unit_id=1, number="+4690161101", name="Annas mobil"),
        ],
    )


def line(
    *steps: Step,
    called: str = "+4690161100",
    caller: str | None = "+46701740605",
    language: str = "sv",
    whole: bool = True,
) -> str:
    decided = DecidedCall(
        decision_id="4f1c",
        call=Call(called_number=called, caller_number=caller),
        at=datetime(2026, 3, 10, 8, 14, 2, tzinfo=UTC),
        decision=Decision(
            outcome=Outcome.EXTENSION, plan=Plan(language="sv", steps=steps), trace=(), policy_revision=1
        ),
        policy=policy(),
    )
    return call_line(decided, language, whole=whole)


def test_a_call_to_a_person_tells_the_way_of_one_whom_nobody_answers() -> None:
    steps = (DIAL, Voicemail(mailbox="61100", next_step=2), Hangup())
    assert line(*steps) == (
        "09:14:02  +46701740605 → +4690161100 Anna Lindgren: ringer 4 signaler → röstbrevlåda 61100 [beslut 4f1c]"
    )


def test_line_that_is_not_whole_has_neither_numbers_nor_names_of_people() -> None:
    steps = (DIAL, Voicemail(mailbox="+4690161100", next_step=2), Hangup())
    assert line(*steps, whole=False) == (
        "09:14:02  +4670*****05 → +4690****00: ringer 4 signaler → röstbrevlåda +4690****00 [beslut 4f1c]"
    )


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("+4690161200", "+4690****00 Bygglov"),
        ("090-16 10 00", "090-1*****00 Umeå kommun"),
        ("+4690161101", "+4690****01"),
        ("+4690161300", "+4690****00"),
        ("*21*070-174 06 05#", "*21*070-1******05#"),
    ],
    ids=["unit", "switchboard", "extension", "below a confidential unit", "feature code"],
)
def test_line_that_is_not_whole_names_what_is_public_only(called: str, shown: str) -> None:
    assert f" → {shown}: avslut [" in line(Hangup(), called=called, whole=False)


def test_whole_line_names_a_confidential_unit_too() -> None:
    assert "→ +4690161300 Jouren:" in line(Hangup(), called="+4690161300")


def test_english_is_told_in_english() -> None:
    assert "rings 1 time → urgent message 61009" in line(
        replace(DIAL, rings=1), Voicemail(mailbox="61009", urgent=True, next_step=2), Hangup(), language="en"
    )


@pytest.mark.parametrize(
    ("called", "name"),
    [("+4690161200", "Bygglov"), ("090-16 10 00", "Umeå kommun"), ("+46317001234", ""), ("skräp", "")],
)
def test_the_called_number_has_its_owners_name(called: str, name: str) -> None:
    told = line(Hangup(), called=called)
    assert f"→ {called} {name}:".replace(" :", ":") in told


def test_a_withheld_number_a_menu_and_a_refusal_are_told() -> None:
    menu = Menu(phrases=(), choices=(("1", 1), ("2", 1)), no_choice=1)
    told = line(
        menu,
        Say(phrases=(), next_step=2),
        Say(phrases=(), next_step=3),
        Hangup(cause=HangupCause.REJECTED),
        caller=None,
    )
    assert "dolt nummer → " in told
    assert "val 1/2 → talat besked → nekas [" in told


@pytest.mark.parametrize(
    ("language", "stored", "lost", "unclear"),
    [
        ("sv", "ändringen sparad", "inte sparad", "oklart om ändringen sparades"),
        ("en", "change saved", "not saved", "not clear whether the change was saved"),
    ],
)
def test_what_a_code_changed_is_told_as_saved_only_where_it_was(
    language: str, stored: str, lost: str, unclear: str
) -> None:
    plan = Plan(language="sv", steps=(Say(phrases=(), next_step=1), Hangup()))
    change = DiversionChange(
        extension_id=7,
        conditions=(DiversionCondition.ALL,),
        diversion=None,
        if_not_saved=replace(plan, language="en"),
        if_not_known=plan,
    )
    decision = Decision(outcome=Outcome.FEATURE_CODE, plan=plan, trace=(), policy_revision=1, change=change)
    call = Call(called_number="#21#", caller_number="+4690161100")
    at = datetime(2026, 3, 10, 8, 14, 2, tzinfo=UTC)
    decided = DecidedCall(decision_id="4f1c", call=call, at=at, decision=decision, policy=policy())
    assert f" {stored} → " in call_line(decided, language, whole=True)
    assert f" {unclear} → " in call_line(replace(decided, decision=not_known(decision, change)), language, whole=True)
    assert lost not in call_line(decided, language, whole=True)
    assert f" {lost} → " in call_line(replace(decided, decision=not_stored(decision, change)), language, whole=True)


@pytest.mark.parametrize(("language", "said"), [("sv", "ändringen nekad"), ("en", "change refused")])
def test_lock_that_was_refused_is_told_as_refused(language: str, said: str) -> None:
    plan = Plan(language="sv", steps=(Say(phrases=(), next_step=1), Hangup()))
    change = LockChange(extension_id=7, pin="135790", if_refused=plan, if_not_saved=plan, if_not_known=plan)
    decided = DecidedCall(
        decision_id="4f1c",
        call=Call(called_number="*29*…", caller_number="+4690161100"),
        at=datetime(2026, 3, 10, 8, 14, 2, tzinfo=UTC),
        decision=refused(
            Decision(outcome=Outcome.FEATURE_CODE, plan=plan, trace=(), policy_revision=1, change=change), change
        ),
        policy=policy(),
    )
    assert f"*29*…: {said} → " in call_line(decided, language, whole=True)


def test_a_long_way_is_cut() -> None:
    says = [Say(phrases=(), next_step=at + 1) if at % 2 else replace(DIAL, no_answer=at + 1) for at in range(9)]
    assert line(*says, Hangup()).endswith("→ … [beslut 4f1c]")


def test_the_time_is_the_called_organisations_own() -> None:
    decided = DecidedCall(
        decision_id="4f1c",
        call=Call(called_number="+4690161100"),
        at=datetime(2026, 3, 10, 8, 14, 2, tzinfo=UTC),
        decision=Decision(
            outcome=Outcome.EXTENSION, plan=Plan(language="sv", steps=(Hangup(),)), trace=(), policy_revision=1
        ),
        policy=policy("Europe/Helsinki"),
    )
    assert call_line(decided, "sv", whole=True).startswith("10:14:02")
