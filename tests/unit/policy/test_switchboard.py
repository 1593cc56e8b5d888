"""Calls to a main number, to unused numbers, and to the outside (R1, R3, R18, R21, R23)."""

from datetime import datetime
from typing import Any

import pytest

from callflow.policy import decide
from callflow.policy.decision import Call, Outcome
from callflow.policy.model import Policy
from callflow.policy.plan import Emergency, Leg, LegKind
from tests.builders import (
    CALLER,
    TUESDAY_NIGHT,
    TUESDAY_TEN,
    decided,
    extension,
    external,
    group,
    internal,
    mailbox,
    organisation,
    policy,
    reasons,
    roster,
    schedule,
    to_extension,
    unit,
    way,
)

MAIN = "+4690161000"
END = ["say [goodbye]", "hangup normal"]
UNALLOCATED = ["say [goodbye]", "hangup unallocated"]


def town(**values: object) -> Policy:
    rows: dict[str, Any] = {
        "main_number": MAIN,
        "operator_group_id": 1,
        "switchboard_schedule_id": 1,
        "duty_roster_id": 1,
        "mailbox_id": 1,
        **values,
    }
    return policy(
        organisations=[organisation(**rows)],
        extensions=[CALLER, extension(1, name="Jour 1"), extension(2)],
        ring_groups=[group(1, 2)],
        schedules=[schedule(1)],
        duty_rosters=[roster(1, to_extension(1))],
        mailboxes=[mailbox(1), mailbox(9)],
    )


def test_main_number_greets_and_rings_the_operators_a_few_times_with_a_voice_between() -> None:
    decision = decided(town(), external("090-16 10 00"))
    assert decision.outcome is Outcome.SWITCHBOARD_OPEN
    again = ["say [all-operators-busy] [please-wait]", "ring 61002 x4"]
    assert way(decision) == [
        "say [welcome-to] Umeå kommun",
        "ring 61002 x4",
        *again,
        *again,
        "menu [nobody-can-answer] [urgent-press-1] [message-press-2]",
        "voicemail 70001",
        *END,
    ]
    urgent = ["ring 61001 x4", "voicemail 70009 urgent", *END]
    assert way(decision, "busy", "unreachable", "no_answer", "1")[-4:] == urgent
    assert "operators_ring" in reasons(decision, "R3")


def test_main_number_with_no_operators_offers_the_duty_and_a_message() -> None:
    for group_id in (None, 404):
        decision = decided(town(operator_group_id=group_id), external(MAIN))
        assert way(decision)[0] == "menu [nobody-can-answer] [urgent-press-1] [message-press-2]"
        assert "no_operators" in reasons(decision, "R3")


def test_closed_switchboard_greets_tells_its_hours_and_offers_the_duty_and_a_message() -> None:
    decision = decided(town(), external(MAIN), TUESDAY_NIGHT)
    assert decision.outcome is Outcome.SWITCHBOARD_CLOSED
    assert way(decision)[0] == (
        "menu [welcome-to] Umeå kommun [switchboard-is-closed] [hours-are] [weekday-1] [to] [weekday-5] [clock] "
        "[hour-9] [to] [hour-11] [minute-30] [and] [hour-13] [to] [hour-15] [opens-again] [tomorrow] [clock] "
        "[hour-9] [urgent-press-1] [message-press-2]"
    )
    assert way(decision, "1")[1:] == ["ring 61001 x4", "voicemail 70009 urgent", *END]
    assert way(decision)[1:] == ["voicemail 70001", *END]
    assert "switchboard_closed" in reasons(decision)


def test_switchboard_without_hours_is_always_open() -> None:
    decision = decided(town(switchboard_schedule_id=None), external(MAIN), TUESDAY_NIGHT)
    assert decision.outcome is Outcome.SWITCHBOARD_OPEN


def test_call_speaks_the_called_organisations_language() -> None:
    assert decided(town(language="en"), external(MAIN)).plan.language == "en"


def test_unused_number_of_ours_is_told_and_the_open_switchboard_offered() -> None:
    decision = decided(town(), external("+4690161777"))
    assert decision.outcome is Outcome.REFUSED
    assert way(decision) == ["menu [number-not-in-use] [switchboard-press-0]", *UNALLOCATED]
    assert way(decision, "0")[1:3] == ["say [welcome-to] Umeå kommun", "ring 61002 x4"]
    assert way(decision, "0")[-3:] == ["say [nobody-can-answer]", *UNALLOCATED]
    assert "number_unused" in reasons(decision, "R23")


@pytest.mark.parametrize(("values", "now"), [({}, TUESDAY_NIGHT), ({"operator_group_id": None}, TUESDAY_TEN)])
def test_unused_number_with_no_switchboard_to_offer_is_told(values: dict[str, object], now: datetime) -> None:
    decision = decided(town(**values), external("+4690161777"), now)
    assert way(decision) == ["say [number-not-in-use]", *UNALLOCATED]


def test_outsider_is_never_carried_out_to_a_number_that_is_not_ours() -> None:
    decision = decided(town(), external("+46701740606"))
    assert decision.outcome is Outcome.REFUSED
    assert way(decision) == ["say [number-not-in-use]", *UNALLOCATED]
    assert "no_transit" in reasons(decision, "R18")


def test_caller_who_only_claims_our_number_counts_as_an_outsider() -> None:
    decision = decided(town(), Call(called_number="+46701740606", caller_number=CALLER.number))
    assert decision.outcome is Outcome.REFUSED


def test_extension_calls_out_through_the_trunk() -> None:
    decision = decided(town(), internal("070-174 06 06"))
    assert decision.outcome is Outcome.OUTSIDE
    assert decision.plan.steps[0].legs == (Leg(LegKind.TRUNK, "+46701740606"),)  # type: ignore[union-attr]
    assert way(decision) == ["ring +46701740606 x20", "say [the-one-you-seek] [does-not-answer]", "hangup normal"]
    assert way(decision, "busy")[-2:] == ["say [the-one-you-seek] [is-busy]", "hangup busy"]
    assert way(decision, "unreachable")[-2:] == ["say [the-one-you-seek] [cannot-be-reached]", "hangup normal"]


@pytest.mark.parametrize(
    ("number", "category"),
    [
        ("004790000000", "international"),
        ("+13125550100", "international"),
        ("0900-123456", "premium"),
        ("0939123456", "premium"),
        ("0944123456", "premium"),
    ],
)
def test_number_that_is_barred_is_refused_in_words(number: str, category: str) -> None:
    decision = decided(town(), internal(number))
    assert decision.outcome is Outcome.REFUSED
    assert way(decision) == [f"say [barred-{category}] [ask-a-manager] [goodbye]", "hangup rejected"]
    assert "outside_number_barred" in reasons(decision, "R18")


@pytest.mark.parametrize("number", ["", "hej"])
def test_number_that_cannot_be_read_is_refused_in_words(number: str) -> None:
    decision = decided(town(), internal(number))
    assert decision.outcome is Outcome.REFUSED
    assert way(decision) == ["say [number-not-understood]", *UNALLOCATED]


@pytest.mark.parametrize("number", ["*99#", "*99*5#", "#99#", "*#99#", "**", "*8", "##002#", "%2399%23"])
def test_code_that_there_is_not_is_refused_in_words(number: str) -> None:
    decision = decided(town(), internal(number))
    assert decision.outcome is Outcome.REFUSED
    assert way(decision) == ["say [no-such-code]", *UNALLOCATED]
    assert decision.change is None
    assert "code_unknown" in reasons(decision, "R9")


def test_code_from_outside_is_no_number() -> None:
    assert way(decided(town(), external("*99#"))) == ["say [number-not-understood]", *UNALLOCATED]


@pytest.mark.parametrize("number", ["112", "*112", "tel:112", "sip:112@example.org", " 112 "])
def test_emergency_comes_before_everything_also_from_a_locked_extension(number: str) -> None:
    rows = policy(extensions=[extension(1, locked=True)])
    decision = decided(rows, internal(number, 1))
    assert decision.outcome is Outcome.EMERGENCY
    assert decision.plan.steps == (Emergency(number="*112" if "*" in number else "112"),)
    assert reasons(decision) == ["emergency"]


def test_nobody_outside_reaches_the_emergency_number_through_us() -> None:
    decision = decided(town(), external("112"))
    assert decision.outcome is Outcome.REFUSED
    assert way(decision) == ["say [number-not-in-use]", *UNALLOCATED]


def test_locked_extension_can_call_nobody_else() -> None:
    rows = policy(extensions=[extension(1, locked=True), extension(2)])
    decision = decided(rows, internal("61002", 1))
    assert decision.outcome is Outcome.REFUSED
    assert way(decision) == ["say [phone-locked]", "say [goodbye]", "hangup rejected"]
    assert "caller_locked" in reasons(decision, "R21")


def test_extension_that_is_no_longer_ours_counts_as_an_outsider() -> None:
    decision = decided(policy(extensions=[extension(2)]), internal("+4690161002", 404))
    assert "caller_missing" in reasons(decision, "R1")
    assert decided(policy(), internal("61002", 404)).outcome is Outcome.REFUSED


def test_moment_without_a_time_zone_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="pass an aware datetime"):
        decide(policy(), external(MAIN), datetime(2026, 1, 1))  # noqa: DTZ001 - the error under test


def test_policy_without_any_rows_still_answers_in_words() -> None:
    decision = decided(policy(organisations=[], number_ranges=[], units=[]), external(MAIN))
    assert way(decision) == ["say [number-not-in-use]", *UNALLOCATED]


def test_rows_of_an_organisation_that_is_missing_still_answer() -> None:
    rows = policy(
        organisations=[],
        extensions=[extension(1, organisation_id=404, unit_id=404)],
        units=[unit(1, organisation_id=404)],
    )
    assert way(decided(rows, external("+4690161001")))[-1] == "hangup normal"
    assert way(decided(rows, external("+4690161901")))[-1] == "hangup normal"
    assert way(decided(rows, external("+4690161777")))[0] == "say [number-not-in-use]"


def test_decision_names_the_revision_it_was_made_by() -> None:
    assert decided(policy(revision=42), external(MAIN)).policy_revision == 42


def test_units_without_a_number_are_reached_through_others_alone() -> None:
    rows = policy(extensions=[extension(1)], units=[unit(1, to_extension(1), number=None)])
    assert set(rows.numbers) == {organisation().main_number, "+4690161001"}


def test_of_two_rows_with_one_number_the_first_id_has_it_whatever_their_order() -> None:
    two = [extension(1), extension(2, number="+4690161001")]
    for order in (two, two[::-1]):
        assert policy(extensions=order).numbers["+4690161001"] == to_extension(1)
