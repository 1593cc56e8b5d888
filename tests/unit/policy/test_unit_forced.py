"""Calls to a unit that is forced closed or open: what callers hear is true, and nobody is shut out (R4 to R6)."""

from datetime import datetime
from typing import Any

import pytest

from callflow.policy.decision import Decision, Outcome
from callflow.policy.model import Policy, UnitOverride
from tests.builders import (
    CALLER,
    TUESDAY_NIGHT,
    TUESDAY_TEN,
    at,
    decided,
    exception,
    extension,
    external,
    forced,
    internal,
    mailbox,
    organisation,
    policy,
    reasons,
    roster,
    schedule,
    to_extension,
    to_unit,
    unit,
    way,
)

UNIT = "+4690161901"
UNTIL_TWO = ("2026-11-24 09:30", "2026-11-24 14:00")
CLOSED = forced("closed", *UNTIL_TWO)


def town(*overrides: UnitOverride, **values: Any) -> Policy:
    """Return a policy in which Bygglov is open Tuesdays 9 to 11.30 and 13 to 15, with a roster behind it."""
    bygglov = {"name": "Bygglov", "telephone_schedule_id": 1, "overrides": overrides, **values}
    return policy(
        organisations=[organisation(duty_roster_id=1)],
        units=[unit(1, to_extension(1), **bygglov)],
        extensions=[extension(1), extension(2), extension(3, unit_id=1), CALLER],
        schedules=[schedule(1, exceptions=(exception("2026-11-25", "2026-11-25", "Planeringsdag"),))],
        duty_rosters=[roster(1, to_extension(2))],
        mailboxes=[mailbox(9)],
    )


def call(*overrides: UnitOverride, now: datetime = TUESDAY_TEN, **values: Any) -> Decision:
    return decided(town(*overrides, **values), external(UNIT), now)


def heard(*overrides: UnitOverride, now: datetime = TUESDAY_TEN, **values: Any) -> str:
    return way(call(*overrides, now=now, **values))[0].partition(" [urgent-press-1]")[0].removeprefix("menu ")


def test_unit_forced_closed_tells_until_when_and_offers_the_duty() -> None:
    decision = call(CLOSED)
    assert decision.outcome is Outcome.UNIT_CLOSED
    assert heard(CLOSED) == "Bygglov [has-closed] [until-clock] [hour-14]"
    assert way(decision, "1")[1] == "ring 61002 x4"
    assert reasons(decision, "R4")[0] == "unit_is_forced_closed"
    assert "external_hears_the_hours" in reasons(decision, "R6")


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ("2026-11-24 14:00", "[has-closed] [until-clock] [hour-14]"),
        ("2026-11-24 12:00", "[has-closed] [until-clock] [hour-13]"),
        ("2026-11-24 15:00", "[has-closed] [until] [weekday-4] [clock] [hour-9]"),
        ("2026-11-26 10:00", "[has-closed] [until] [weekday-4] [clock] [hour-10]"),
        ("2026-12-07 08:00", "[has-closed] [until] [weekday-1] [the] [day-7] [month-12] [clock] [hour-9]"),
    ],
    ids=["within hours", "in the lunch", "after hours and before an exception", "on another day", "in two weeks"],
)
def test_what_is_told_is_when_it_opens_in_truth(ends: str, words: str) -> None:
    assert heard(forced("closed", "2026-11-24 09:30", ends)) == f"Bygglov {words}"


def test_unit_without_hours_is_open_again_as_that_ends() -> None:
    without: dict[str, Any] = {"telephone_schedule_id": None}
    assert heard(CLOSED, **without) == "Bygglov [has-closed] [until-clock] [hour-14]"
    assert call(CLOSED, now=at("2026-11-24 14:00"), **without).outcome is Outcome.UNIT_OPEN
    assert heard(CLOSED, forced("closed", "2026-11-24 14:00", "2026-11-25 08:00"), **without) == (
        "Bygglov [has-closed] [until] [tomorrow] [clock] [hour-8]"
    )


def test_name_that_an_outsider_may_not_hear_is_not_told() -> None:
    assert heard(CLOSED, confidential=True) == "[it-is-closed] [until-clock] [hour-14]"


@pytest.mark.parametrize(("confidential", "words"), [(False, "Bygglov [is-closed]"), (True, "[telephone-is-closed]")])
def test_when_nobody_knows_when_it_opens_only_that_it_is_closed_is_told(confidential: bool, words: str) -> None:
    never = schedule(1, days=range(1, 1))
    shut = unit(1, name="Bygglov", confidential=confidential, telephone_schedule_id=1, overrides=(CLOSED,))
    decision = decided(policy(units=[shut], schedules=[never]), external(UNIT))
    assert way(decision)[0] == f"say {words}"


@pytest.mark.parametrize(
    ("ends", "planned", "words"),
    [
        ("10:45", forced("open", "2026-11-24 10:45", "2026-11-24 11:15"), "[hour-10] [minute-45]"),
        ("11:30", forced("open", "2026-11-24 12:00", "2026-11-24 12:30"), "[hour-12]"),
        ("11:30", forced("closed", "2026-11-24 12:30", "2026-11-24 13:30"), "[hour-13] [minute-30]"),
        ("10:45", forced("closed", "2026-11-24 10:45", "2026-11-24 13:30"), "[hour-13] [minute-30]"),
    ],
    ids=["open as that ends", "open in the lunch", "closed as it would open", "closed one after the other"],
)
def test_what_is_planned_counts_in_when_it_opens(ends: str, planned: UnitOverride, words: str) -> None:
    now_closed = forced("closed", "2026-11-24 09:30", f"2026-11-24 {ends}")
    assert heard(now_closed, planned) == f"Bygglov [has-closed] [until-clock] {words}"


def test_closed_by_its_hours_tells_when_it_opens_with_what_is_planned() -> None:
    planned = forced("closed", "2026-11-24 13:00", "2026-11-24 14:00")
    assert heard(planned, now=at("2026-11-24 12:00")).endswith("[opens-again] [today] [clock] [hour-14]")


def test_colleague_gets_through_to_a_unit_that_is_forced_closed() -> None:
    decision = decided(town(CLOSED), internal(UNIT))
    assert decision.outcome is Outcome.UNIT_CLOSED
    assert way(decision)[0] == "ring 61001 x4"
    assert "internal_rings_as_usual" in reasons(decision, "R6")


def test_unit_forced_open_answers_as_within_its_hours_and_then_no_longer() -> None:
    late = forced("open", "2026-11-24 22:00", "2026-11-24 23:30")
    decision = call(late, now=TUESDAY_NIGHT)
    assert decision.outcome is Outcome.UNIT_OPEN
    assert way(decision)[0] == "ring 61001 x4"
    assert reasons(decision, "R4")[0] == "unit_is_forced_open"
    assert call(late, now=at("2026-11-24 23:30")).outcome is Outcome.UNIT_CLOSED


def test_override_counts_from_its_beginning_to_its_end() -> None:
    for now, closed in (("09:29", False), ("09:30", True), ("13:59", True), ("14:00", False)):
        outcome = call(CLOSED, now=at(f"2026-11-24 {now}")).outcome
        assert (outcome is Outcome.UNIT_CLOSED) == closed, now


def test_of_several_that_are_in_force_the_one_that_began_last_counts() -> None:
    opened = forced("open", "2026-11-24 09:45", "2026-11-24 10:30")
    for order in ((CLOSED, opened), (opened, CLOSED)):
        assert call(*order).outcome is Outcome.UNIT_OPEN
        assert heard(*order, now=at("2026-11-24 10:30")) == "Bygglov [has-closed] [until-clock] [hour-14]"


def test_call_to_an_extension_that_nobody_answers_hears_that_its_unit_is_closed() -> None:
    decision = decided(town(CLOSED), external("+4690161003"))
    assert "Bygglov [has-closed] [until-clock] [hour-14]" in way(decision)[1]


def test_unit_on_the_way_that_is_forced_closed_is_passed_by() -> None:
    rows = policy(
        units=[unit(1, to_unit(2), to_extension(2)), unit(2, to_extension(1), overrides=(CLOSED,))],
        extensions=[extension(1), extension(2)],
    )
    assert way(decided(rows, external(UNIT)))[0] == "ring 61002 x4"


def test_only_the_unit_itself_is_forced_not_those_below() -> None:
    rows = policy(
        units=[unit(1, overrides=(CLOSED,)), unit(2, to_extension(1), parent_id=1)], extensions=[extension(1)]
    )
    assert decided(rows, external("+4690161902")).outcome is Outcome.UNIT_OPEN
