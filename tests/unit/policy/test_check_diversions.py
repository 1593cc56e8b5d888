"""The policy check: diversions that go round, never apply or stand too long, and targets that lead nowhere (R9)."""

from dataclasses import replace
from typing import Any

import pytest

from callflow.policy.barrings import Barring, Category
from callflow.policy.checks.rounds import rounds
from callflow.policy.model import Absence, AnsweringPlace, Diversion, DiversionCondition, Target, TargetKind
from tests.builders import (
    TUESDAY_TEN,
    at,
    decided,
    diversion,
    extension,
    external,
    person,
    roster,
    shift,
    to_extension,
    to_group,
    to_mailbox,
    to_number,
    to_switchboard,
    to_unit,
    way,
)
from tests.unit.policy.checked import MAIN, OPERATOR, PHONE, UNIT, codes, found, names, sound, values

OUTSIDE = to_number("+46701740605")
ABROAD = to_number("+4740612345")
CONDITIONS = tuple(condition.value for condition in DiversionCondition)


def diverted(*rows: Diversion, **more: Any) -> Any:
    """Return a policy whose extension 3 has these diversions."""
    return sound(extensions=[PHONE, OPERATOR, extension(3, mailbox_id=1, diversions=rows)], **more)


@pytest.mark.parametrize("there", CONDITIONS)
@pytest.mark.parametrize("back", CONDITIONS)
def test_diversions_that_go_round_are_found_whatever_their_conditions(there: str, back: str) -> None:
    rows = sound(
        extensions=[
            PHONE,
            OPERATOR,
            extension(3, diversions=(diversion(there, to_extension(4)),)),
            extension(4, diversions=(diversion(back, to_number("61003")),)),
            extension(5, diversions=(diversion("all", to_extension(3)),)),
        ]
    )
    assert values(rows, "diversion_loop") == [{"chain": "+4690161003 → +4690161004 → +4690161003"}]
    assert names(rows, "diversion_loop") == ["+4690161003 Anknytning 3"]


def test_a_diversion_to_itself_goes_round() -> None:
    assert values(diverted(diversion("busy", to_extension(3))), "diversion_loop") == [
        {"chain": "+4690161003 → +4690161003"}
    ]


def test_a_chain_of_diversions_and_one_that_has_ended_do_not_go_round() -> None:
    back = diversion("all", to_extension(3), ends_at=at("2026-11-24 10:00"))
    rows = sound(
        extensions=[
            PHONE,
            OPERATOR,
            extension(3, diversions=(diversion("all", to_extension(4)),)),
            extension(4, diversions=(back, diversion("busy", to_extension(1)), diversion("no_answer", to_unit(1)))),
        ]
    )
    assert codes(rows) == []


def test_rounds_are_found_once_each_from_their_lowest() -> None:
    assert list(rounds({1: {2}, 2: {3}, 3: {1}, 4: {5}, 5: {4, 9}, 6: {4}})) == [(1, 2, 3), (4, 5)]
    assert list(rounds({1: {2, 4}, 2: {3}, 3: {2}, 4: {1}})) == [(2, 3), (1, 4)]
    assert list(rounds({1: {2}, 2: {3}, 3: set()})) == []
    assert list(rounds({1: {2, 3}, 2: {1}, 3: set()})) == [(1, 2)]
    assert list(rounds({5: {3}, 3: {4}, 4: {5}})) == [(3, 4, 5)]


@pytest.mark.parametrize("condition", ["busy", "unreachable"])
def test_a_diversion_behind_one_of_all_calls_never_applies(condition: str) -> None:
    everything = diversion("all", to_extension(1))
    rows = diverted(everything, diversion(condition, to_extension(2)))
    assert values(rows, "diversion_never_applies") == [{"condition": condition, "place": "extension +4690161001"}]
    until = at("2026-12-01 08:00")
    ended_before = diversion(condition, to_extension(2), ends_at=until)
    assert codes(diverted(replace(everything, ends_at=until), ended_before)) == ["diversion_never_applies"]


def test_a_diversion_that_outlives_the_one_of_all_calls_will_apply() -> None:
    everything = diversion("all", to_extension(1), ends_at=at("2026-12-01 08:00"))
    assert codes(diverted(everything, diversion("busy", to_extension(2)))) == []
    later = diversion("busy", to_extension(2), ends_at=at("2026-12-02 08:00"))
    assert codes(diverted(everything, later)) == []


def test_a_diversion_on_no_answer_follows_one_of_all_calls_unless_that_always_answers() -> None:
    no_answer = diversion("no_answer", to_extension(2))
    rows = diverted(diversion("all", to_extension(1)), no_answer)
    assert codes(rows) == []
    assert way(decided(rows, external("+4690161003"))) == [
        "ring 61001 x4",
        "say Anknytning 1 [does-not-answer] [transfer-to] Anknytning 2",
        "ring 61002 x4",
        "voicemail 70001",
        "say [goodbye]",
        "hangup normal",
    ]
    answered = diverted(diversion("all", to_mailbox(1)), no_answer)
    assert values(answered, "diversion_never_applies") == [{"condition": "no_answer", "place": "mailbox Brevlåda 1"}]


def test_a_diversion_after_more_rings_than_sound_is_found() -> None:
    rows = sound(
        extensions=[
            PHONE,
            OPERATOR,
            extension(3, ring_limit=2, diversions=(diversion("no_answer", to_extension(1), rings=3),)),
            extension(4, ring_limit=3, diversions=(diversion("no_answer", to_extension(1), rings=3),)),
            extension(5, ring_limit=2, diversions=(diversion("no_answer", to_extension(1)),)),
        ]
    )
    assert names(rows, "no_answer_rings_beyond_limit") == ["+4690161003 Anknytning 3"]
    assert values(rows, "no_answer_rings_beyond_limit") == [{"rings": "3", "ring_limit": "2"}]


TEN_DAYS = replace(MAIN, outside_diversion_days=10)


def test_a_diversion_outside_for_longer_than_the_organisation_allows_is_found() -> None:
    late = diverted(diversion("all", OUTSIDE, ends_at=at("2026-12-04 10:01")), organisations=[TEN_DAYS])
    assert values(late, "outside_diversion_too_long") == [
        {"condition": "all", "number": "+46701740605", "days": "10", "until": "2026-12-04T10:01+01:00"}
    ]
    for_ever = diverted(diversion("busy", OUTSIDE), organisations=[TEN_DAYS])
    assert values(for_ever, "outside_diversion_too_long")[0]["until"] == ""


@pytest.mark.parametrize(
    "row",
    [
        diversion("all", OUTSIDE, ends_at=at("2026-12-04 10:00")),
        diversion("all", to_extension(1)),
        diversion("all", to_number("+4690161001")),
        diversion("all", to_number("+4690161777")),
        diversion("all", to_number("hej")),
    ],
)
def test_a_diversion_within_the_days_or_inside_is_no_finding(row: Diversion) -> None:
    assert "outside_diversion_too_long" not in codes(diverted(row, organisations=[TEN_DAYS]))


def test_an_organisation_may_let_diversions_stand_for_ever() -> None:
    assert codes(diverted(diversion("all", OUTSIDE))) == []
    lost = extension(3, organisation_id=5, diversions=(diversion("all", OUTSIDE),))
    assert "outside_diversion_too_long" not in codes(sound(extensions=[PHONE, OPERATOR, lost]))


MISSING = [
    to_extension(77),
    to_unit(77),
    to_group(77),
    to_mailbox(77),
    to_switchboard(77),
    Target(TargetKind.EXTENSION),
]


@pytest.mark.parametrize("target", MISSING)
def test_a_target_that_is_missing_is_found(target: Target) -> None:
    assert values(diverted(diversion("busy", target)), "target_missing") == [
        {"use": "diversion busy", "place": f"{target.kind.value} {target.id}"}
    ]


@pytest.mark.parametrize(
    ("number", "code", "more"),
    [
        ("hej", "target_unreadable", {"number": "hej"}),
        ("112", "target_emergency", {"number": "112"}),
        ("+4690161777", "target_unused", {"number": "+4690161777"}),
        ("004740612345", "target_barred", {"number": "+4740612345", "category": "international"}),
    ],
)
def test_a_number_that_calls_cannot_go_to_is_found(number: str, code: str, more: dict[str, str]) -> None:
    assert values(diverted(diversion("no_answer", to_number(number))), code) == [
        {"use": "diversion no_answer", **more}
    ]


@pytest.mark.parametrize(
    "target",
    [to_extension(1), to_unit(1), to_group(1), to_mailbox(1), to_switchboard(), to_number("61001"), OUTSIDE],
)
def test_a_target_that_is_there_is_no_finding(target: Target) -> None:
    assert codes(diverted(diversion("busy", target))) == []


def test_a_diversion_that_has_ended_leads_nowhere_any_more() -> None:
    assert codes(diverted(diversion("all", to_number("hej"), ends_at=TUESDAY_TEN))) == []


def test_diversions_outside_may_be_barred_where_calls_are_not() -> None:
    barred = Barring(id=1, category=Category.OUTSIDE_DIVERSION, organisation_id=1)
    rows = diverted(diversion("all", OUTSIDE), barrings=[barred], units=[replace(UNIT, duty_phone=OUTSIDE)])
    assert values(rows, "target_barred") == [
        {"use": "diversion all", "number": "+46701740605", "category": "outside_diversion"}
    ]


def test_answering_places_duty_and_referrals_are_looked_at_too() -> None:
    places = (*UNIT.answering_places, AnsweringPlace(position=2, target=ABROAD))
    away = Absence(id=1, reason_id=1, starts_at=TUESDAY_TEN, returns_at=at("2026-12-01 08:00"), referral=ABROAD)
    endless = replace(away, returns_at=None)
    tomorrow = shift(1, at("2026-11-25 08:00"), at("2026-11-26 08:00"), ABROAD)
    yesterday = shift(1, at("2026-11-20 08:00"), at("2026-11-21 08:00"), to_number("hej"))
    rows = sound(
        units=[replace(UNIT, answering_places=places, duty_phone=ABROAD)],
        duty_rosters=[roster(1, to_extension(1), to_number("112"), shifts=(yesterday, tomorrow))],
        people=[person(1), person(2, absences=(away,)), person(3, unit_id=1, absences=(endless,))],
        extensions=[PHONE, OPERATOR, extension(3, person_id=2)],
    )
    barred = [(one.subject.kind.value, one.values["use"]) for one in found(rows, "target_barred")]
    assert barred == [
        ("unit", "answering_place 2"),
        ("unit", "duty_phone"),
        ("duty_roster", "duty_level 1"),
        ("person", "referral"),
        ("person", "referral"),
    ]
    assert values(rows, "target_emergency") == [{"use": "duty_level 2", "number": "112"}]
    assert codes(rows).count("target_unreadable") == 0


def test_a_referral_of_an_absence_that_is_over_is_not_looked_at() -> None:
    over = Absence(id=1, reason_id=1, starts_at=at("2026-11-20 08:00"), returns_at=TUESDAY_TEN, referral=ABROAD)
    assert codes(sound(people=[person(1, absences=(over, replace(over, referral=None)))])) == []


def test_a_referral_has_the_barrings_of_the_persons_extension() -> None:
    away = Absence(id=1, reason_id=1, starts_at=TUESDAY_TEN, referral=OUTSIDE)
    barred = Barring(id=1, category=Category.MOBILE, extension_id=3)
    rows = sound(
        people=[person(1), person(2, absences=(away,))],
        extensions=[PHONE, OPERATOR, extension(3, person_id=2)],
        barrings=[barred],
    )
    assert values(rows, "target_barred") == [{"use": "referral", "number": "+46701740605", "category": "mobile"}]


def test_the_barrings_of_a_missing_organisation_are_those_for_everybody() -> None:
    lost = replace(roster(2, OUTSIDE), organisation_id=5)
    rows = sound(duty_rosters=[roster(1, to_extension(1)), lost])
    assert "target_barred" not in codes(rows)
