"""Absence and the spoken referral (R10)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callflow.policy.model import Absence, Policy
from callflow.policy.plan import Menu, Say
from callflow.policy.policy_texts import policy_texts
from tests.builders import (
    CALLER,
    TUESDAY_NIGHT,
    TUESDAY_TEN,
    absence,
    at,
    decided,
    diversion,
    extension,
    external,
    group,
    internal,
    mailbox,
    organisation,
    person,
    policy,
    reason,
    reasons,
    roster,
    schedule,
    to_extension,
    to_group,
    to_mailbox,
    to_number,
    to_switchboard,
    to_unit,
    unit,
    way,
)

ONE = "+4690161001"
LUNCH = absence("2026-11-24 09:30", "2026-11-24 13:00")
SECRET, AT_HOME = 2, 3
REASONS = (
    reason(1),
    reason(SECRET, "är sjuk", tell_external=False),
    reason(AT_HOME, "arbetar hemifrån", still_rings=True),
)
GOODBYE = ["say [goodbye]", "hangup normal"]


def town(*absences: Absence, **values: Any) -> Policy:
    """Return a policy in which Åsa, whose extension is number 1 and has voicemail, is absent."""
    tables: dict[str, Any] = {
        "people": [person(1, absences=absences)],
        "absence_reasons": REASONS,
        "extensions": [
            extension(1, name="Åsa Öberg", person_id=1, mailbox_id=1),
            extension(2, name="Bo Ek"),
            CALLER,
        ],
        "mailboxes": [mailbox(1)],
    }
    return policy(**{**tables, **values})


def told(rows: Policy, now: datetime = TUESDAY_TEN) -> str:
    """Return the first words that a caller from outside hears of the absence, without what may be chosen."""
    first = way(decided(rows, external(ONE), now))[0]
    return first.removeprefix("menu ").removesuffix(" [message-press-2]")


def test_absent_person_is_not_rung_and_the_caller_hears_why_and_until_when() -> None:
    decision = decided(town(LUNCH), external(ONE))
    assert way(decision) == [
        "menu Åsa Öberg är på lunch [and-is-back] [clock] [hour-13] [message-press-2]",
        "voicemail 70001",
        *GOODBYE,
    ]
    assert reasons(decision, "R10") == ["absent_does_not_ring", "absent_until"]


def test_name_may_be_the_one_that_the_mailboxs_owner_has_recorded() -> None:
    [step, *_] = decided(town(LUNCH), external(ONE)).plan.steps
    assert isinstance(step, Menu)
    assert (step.phrases[0].value, step.phrases[0].mailbox) == ("Åsa Öberg", "70001")
    [step, *_] = decided(town(LUNCH, mailboxes=[]), external(ONE)).plan.steps
    assert isinstance(step, Menu | Say)
    assert step.phrases[0].mailbox is None


def test_absence_counts_from_its_beginning_until_its_end() -> None:
    rows = town(LUNCH)
    for now in ("2026-11-24 09:29", "2026-11-24 13:00"):
        assert way(decided(rows, external(ONE), at(now)))[0] == "ring 61001 x4"
    for now in ("2026-11-24 09:30", "2026-11-24 12:59"):
        assert way(decided(rows, external(ONE), at(now)))[0].startswith("menu Åsa Öberg")


@pytest.mark.parametrize(
    ("returns", "words"),
    [
        ("2026-11-24 13:30", "[clock] [hour-13] [minute-30]"),
        ("2026-11-25 08:00", "[tomorrow] [clock] [hour-8]"),
        ("2026-11-25 00:00", "[tomorrow]"),
        ("2026-11-30 08:00", "[on-weekday] [weekday-1] [clock] [hour-8]"),
        ("2026-11-30 00:00", "[on-weekday] [weekday-1]"),
        ("2026-12-01 00:00", "[on-date] [day-1] [month-12]"),
        ("2026-12-14 07:30", "[on-date] [day-14] [month-12] [clock] [hour-7] [minute-30]"),
    ],
)
def test_return_is_told_as_people_say_it(returns: str, words: str) -> None:
    assert told(town(absence("2026-11-24 08:00", returns))) == f"Åsa Öberg är på lunch [and-is-back] {words}"


def test_return_is_told_in_the_time_zone_of_the_organisation() -> None:
    rows = town(LUNCH, organisations=[organisation(time_zone="Europe/Helsinki")])
    assert told(rows) == "Åsa Öberg är på lunch [and-is-back] [clock] [hour-14]"


def test_absence_without_end_tells_no_return() -> None:
    decision = decided(town(absence("2026-11-24 08:00")), external(ONE))
    assert way(decision)[0] == "menu Åsa Öberg är på lunch [message-press-2]"
    assert reasons(decision, "R10") == ["absent_does_not_ring", "absent"]


def test_of_several_absences_the_one_that_began_last_is_told() -> None:
    holiday = absence("2026-11-20 08:00", "2026-11-24 12:00", SECRET, id=7)
    assert told(town(holiday, LUNCH)) == "Åsa Öberg är på lunch [and-is-back] [clock] [hour-13]"


def test_return_is_after_the_absences_that_follow_without_a_gap() -> None:
    meeting = absence("2026-11-24 13:00", "2026-11-24 15:00", id=7)
    course = absence("2026-11-24 14:00", "2026-11-25 09:00", id=8)
    later = absence("2026-11-25 10:00", "2026-11-25 11:00", id=9)
    assert told(town(LUNCH, meeting, course, later)).endswith("[tomorrow] [clock] [hour-9]")
    at_home = replace(meeting, reason_id=AT_HOME)
    assert told(town(LUNCH, at_home, later)).endswith("[and-is-back] [clock] [hour-13]")
    endless = replace(meeting, returns_at=None)
    assert told(town(LUNCH, endless)) == "Åsa Öberg är på lunch"


def test_reason_that_is_nobodys_business_is_told_to_colleagues_alone() -> None:
    rows = town(replace(LUNCH, reason_id=SECRET))
    outside = decided(rows, external(ONE))
    assert way(outside)[0].startswith("menu Åsa Öberg [is-away] [and-is-back]")
    assert "absence_reason_withheld" in reasons(outside, "R10")
    inside = decided(rows, internal("61001"))
    assert way(inside)[0].startswith("menu Åsa Öberg är sjuk [and-is-back]")
    assert "absence_reason_withheld" not in reasons(inside)


def test_reason_that_is_missing_lets_nothing_ring_and_is_not_told() -> None:
    assert told(town(replace(LUNCH, reason_id=77))) == "Åsa Öberg [is-away] [and-is-back] [clock] [hour-13]"


def test_reason_is_told_in_the_language_of_the_call() -> None:
    rows = town(LUNCH, organisations=[organisation(language="en")])
    assert told(rows).startswith("Åsa Öberg is at lunch")


def test_name_of_a_confidential_unit_is_not_told_outside() -> None:
    rows = town(LUNCH, units=[unit(1, confidential=True)])
    assert told(rows).startswith("[the-one-you-seek] är på lunch")


def test_phone_that_still_rings_rings_before_the_absence_is_told() -> None:
    rows = town(replace(LUNCH, reason_id=AT_HOME))
    met = ["ring 61001 x4", "menu Åsa Öberg arbetar hemifrån [and-is-back] [clock] [hour-13] [message-press-2]"]
    assert way(decided(rows, external(ONE)))[:2] == met
    assert way(decided(rows, external(ONE)), "busy")[:2] == met


def test_digit_leads_to_where_the_absence_refers_and_back_to_a_message() -> None:
    rows = town(replace(LUNCH, referral=to_extension(2)))
    decision = decided(rows, external(ONE))
    assert way(decision, "1") == [
        "menu Åsa Öberg är på lunch [and-is-back] [clock] [hour-13] [referral-to] Bo Ek [press-1] [message-press-2]",
        "ring 61002 x4",
        "voicemail 70001",
        *GOODBYE,
    ]
    assert way(decision)[1] == way(decision, "2")[1] == "voicemail 70001"


@pytest.mark.parametrize(
    ("target", "offer"),
    [
        (to_unit(2), "[referral-to] Enhet 2 [press-1]"),
        (to_group(1), "[referral-to] Grupp 1 [press-1]"),
        (to_number("+46701740699"), "[referral-press-1]"),
    ],
)
def test_where_the_absence_refers_is_named(target: Any, offer: str) -> None:
    rows = town(replace(LUNCH, referral=target), units=[unit(1), unit(2, to_extension(2))], ring_groups=[group(1, 2)])
    assert f" {offer} [message-press-2]" in way(decided(rows, external(ONE)))[0]


@pytest.mark.parametrize(
    ("now", "offered"),
    [("2026-11-26 23:59", True), ("2026-11-27 00:00", False)],
)
def test_referral_outside_is_good_as_long_as_a_diversion_there_may_stand(now: str, *, offered: bool) -> None:
    ill = absence("2026-11-24 09:30", None, referral=to_number("+46701740699"))
    rows = town(ill, organisations=[organisation(outside_diversion_days=3)])
    decision = decided(rows, external(ONE), at(now))
    assert ("[referral-press-1]" in way(decision)[0]) is offered
    assert ("referral_outside_ended" in reasons(decision, "R9")) is not offered


def test_referral_outside_of_an_organisation_without_a_limit_is_good_for_ever() -> None:
    ill = absence("2026-11-24 09:30", None, referral=to_number("+46701740699"))
    assert "[referral-press-1]" in way(decided(town(ill), external(ONE), at("2031-11-24 10:00")))[0]


def test_referral_to_a_mailbox_is_the_message_alone() -> None:
    rows = town(replace(LUNCH, referral=to_mailbox(1)))
    assert told(rows) == "Åsa Öberg är på lunch [and-is-back] [clock] [hour-13]"


def test_referral_to_a_mailbox_takes_the_message_there() -> None:
    boxes = {"mailboxes": [mailbox(1), mailbox(5)]}
    elsewhere = replace(LUNCH, referral=to_mailbox(5))
    assert way(decided(town(elsewhere, **boxes), external(ONE)))[1] == "voicemail 70005"
    alone = town(elsewhere, extensions=[extension(1, name="Åsa Öberg", person_id=1)], **boxes)
    assert way(decided(alone, external(ONE)))[1] == "voicemail 70005"
    missing = town(replace(LUNCH, referral=to_mailbox(77)))
    assert way(decided(missing, external(ONE)))[1] == "voicemail 70001"


@pytest.mark.parametrize("target", [to_number("+4722225555"), to_extension(77), to_extension(3), to_unit(2)])
def test_where_nobody_can_be_reached_is_not_offered(target: Any) -> None:
    rows = town(
        replace(LUNCH, referral=target),
        people=[person(1, absences=(replace(LUNCH, referral=target),)), person(3, absences=(LUNCH,))],
        extensions=[
            extension(1, name="Åsa Öberg", person_id=1, mailbox_id=1),
            extension(2, name="Bo Ek"),
            extension(3, person_id=3),
        ],
        units=[unit(1), unit(2)],
    )
    assert told(rows) == "Åsa Öberg är på lunch [and-is-back] [clock] [hour-13]"


def test_operators_who_are_all_absent_are_not_offered() -> None:
    rows = town(LUNCH, organisations=[organisation(operator_group_id=1)], ring_groups=[group(1, 1, name="Växel")])
    assert told(rows) == "Åsa Öberg är på lunch [and-is-back] [clock] [hour-13]"


def test_group_with_a_confidential_member_is_not_named_outside_even_while_that_one_is_away() -> None:
    rows = town(
        replace(LUNCH, referral=to_group(1)),
        extensions=[
            extension(1, name="Åsa Öberg", person_id=1, mailbox_id=1),
            extension(2, unit_id=2, locked=True),
            extension(3),
        ],
        units=[unit(1), unit(2, confidential=True)],
        ring_groups=[group(1, 2, 3, name="Skyddat boende")],
    )
    assert "[referral-press-1]" in way(decided(rows, external(ONE)))[0]
    assert "Skyddat" not in " ".join(way(decided(rows, external(ONE)), "1"))


def test_who_has_duty_rings_in_spite_of_an_absence() -> None:
    gone = absence("2026-11-24 16:00", "2026-11-25 08:00")
    rows = town(
        gone,
        units=[unit(1, telephone_schedule_id=1, working_schedule_id=1, duty_roster_id=1)],
        schedules=[schedule(1)],
        duty_rosters=[roster(1, to_extension(1))],
        mailboxes=[mailbox(1), mailbox(9)],
    )
    assert way(decided(rows, external("+4690161901"), TUESDAY_NIGHT), "1")[1] == "ring 61001 x4"
    assert way(decided(rows, external(ONE), TUESDAY_NIGHT))[0].startswith("menu Åsa Öberg är på lunch")


def test_duty_phone_of_a_unit_rings_in_spite_of_an_absence() -> None:
    rows = town(
        LUNCH,
        units=[unit(1, telephone_schedule_id=1, working_schedule_id=2, duty_phone=to_extension(1))],
        schedules=[schedule(1, (780, 900)), schedule(2, (480, 1000))],
    )
    assert way(decided(rows, external("+4690161901")), "1")[1] == "ring 61001 x4"


def test_many_ways_to_the_absence_are_one_menu() -> None:
    places = [to_extension(number) for number in (11, 12, 13)]
    diversions = tuple(
        diversion(condition, to_unit(number))
        for number, condition in enumerate(("no_answer", "busy", "unreachable"), start=2)
    )
    rows = town(
        replace(LUNCH, reason_id=AT_HOME, referral=to_unit(5)),
        extensions=[
            extension(1, name="Åsa Öberg", person_id=1, mailbox_id=1, diversions=diversions),
            *(extension(number) for number in (2, 11, 12, 13)),
        ],
        units=[unit(1), *(unit(number, *places, number=None) for number in (2, 3, 4, 5))],
        organisations=[organisation(operator_group_id=1)],
        ring_groups=[group(1, 2, name="Växel")],
    )
    decision = decided(rows, external(ONE))
    assert sum(isinstance(step, Menu) for step in decision.plan.steps) == 1
    assert "plan_too_long" not in reasons(decision)


def test_switchboard_is_offered_while_it_is_open() -> None:
    rows = town(
        LUNCH,
        organisations=[organisation(operator_group_id=1, switchboard_schedule_id=1)],
        ring_groups=[group(1, 2, name="Växel")],
        schedules=[schedule(1, (480, 1000))],
    )
    decision = decided(rows, external(ONE))
    assert way(decision)[0].endswith("[message-press-2] [switchboard-press-0]")
    assert way(decision, "0")[1:3] == ["say [welcome-to] Umeå kommun", "ring 61002 x4"]
    away = town(
        absence("2026-11-24 08:00"),
        organisations=[organisation(operator_group_id=1, switchboard_schedule_id=1)],
        ring_groups=[group(1, 2, name="Växel")],
        schedules=[schedule(1, (480, 1000))],
    )
    assert "[switchboard-press-0]" not in way(decided(away, external(ONE), TUESDAY_NIGHT))[0]


def test_referral_to_the_own_switchboard_is_offered_once() -> None:
    both = [organisation(operator_group_id=1), organisation(2, name="Vännäs kommun", operator_group_id=1)]
    tables: dict[str, Any] = {"organisations": both, "ring_groups": [group(1, 2)]}
    own = way(decided(town(replace(LUNCH, referral=to_switchboard()), **tables), external(ONE)))[0]
    assert own.endswith("[hour-13] [message-press-2] [switchboard-press-0]")
    other = way(decided(town(replace(LUNCH, referral=to_switchboard(2)), **tables), external(ONE)))[0]
    assert "[referral-to] Vännäs kommun [press-1]" in other


def test_return_of_another_year_is_not_told() -> None:
    assert told(town(absence("2026-11-24 08:00", "2028-05-03 08:00"))) == "Åsa Öberg är på lunch"


def test_without_voicemail_silence_leads_to_the_target_and_then_to_the_unit() -> None:
    rows = town(
        replace(LUNCH, referral=to_extension(2)),
        extensions=[
            extension(1, name="Åsa Öberg", person_id=1),
            extension(2, name="Bo Ek"),
            extension(3, name="Eva Strand"),
        ],
        units=[unit(1, to_extension(3))],
    )
    assert way(decided(rows, external(ONE)))[1:4] == [
        "ring 61002 x4",
        "say Bo Ek [does-not-answer] [transfer-to] Eva Strand",
        "ring 61003 x4",
    ]


def test_with_nothing_to_choose_the_absence_is_told_and_the_unit_answers() -> None:
    rows = town(
        LUNCH,
        extensions=[extension(1, name="Åsa Öberg", person_id=1), extension(3, name="Eva Strand")],
        units=[unit(1, to_extension(3))],
    )
    assert way(decided(rows, external(ONE)))[:3] == [
        "say Åsa Öberg är på lunch [and-is-back] [clock] [hour-13]",
        "say [transfer-to] Eva Strand",
        "ring 61003 x4",
    ]


def test_diversion_of_all_calls_comes_first_and_the_absence_where_it_ends() -> None:
    diverted = extension(
        1, name="Åsa Öberg", person_id=1, mailbox_id=1, diversions=(diversion("all", to_extension(2)),)
    )
    rows = town(LUNCH, extensions=[diverted, extension(2)])
    assert way(decided(rows, external(ONE)))[0] == "ring 61002 x4"
    assert way(decided(rows, external(ONE)))[1].startswith("menu Åsa Öberg är på lunch")


def test_absent_person_is_passed_over_where_others_answer_too() -> None:
    away = extension(1, name="Åsa Öberg", person_id=1, mailbox_id=1)
    rows = town(
        LUNCH,
        extensions=[away, extension(2, name="Bo Ek"), extension(3, diversions=(diversion("all", to_extension(1)),))],
        units=[unit(1, to_extension(1), to_group(1))],
        ring_groups=[group(1, 1, 2)],
    )
    to_the_unit = decided(rows, external("+4690161901"))
    assert way(to_the_unit)[0] == "ring 61002 x4"
    assert "group_member_away" in reasons(to_the_unit, "R9")
    sent_on = decided(rows, external("+4690161003"))
    assert way(sent_on)[0] == "say Åsa Öberg [does-not-answer] [transfer-to] Grupp 1"


def test_lost_phone_of_an_absent_person_is_told_as_absent() -> None:
    lost = extension(1, name="Åsa Öberg", person_id=1, mailbox_id=1, locked=True)
    assert told(town(LUNCH, extensions=[lost])).startswith("Åsa Öberg är på lunch")


def test_words_of_every_reason_are_spoken_ahead_in_each_language() -> None:
    rows = town(LUNCH, organisations=[organisation(), organisation(2, language="en")])
    rows = replace(rows, absence_reasons={**rows.absence_reasons, 9: reason(9, "är sjuk", organisation_id=2)})
    spoken = list(policy_texts(rows))
    made = set(spoken)
    assert len(made) == len(spoken)
    assert {("sv", "är sjuk"), ("en", "is at lunch")} <= made
    assert ("en", "är sjuk") not in made


def test_menu_waits_for_a_digit_like_any_other() -> None:
    first = decided(town(LUNCH), external(ONE)).plan.steps[0]
    assert isinstance(first, Menu)
    assert [digit for digit, _ in first.choices] == ["2"]
