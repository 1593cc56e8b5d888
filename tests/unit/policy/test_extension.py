"""Calls to an extension (R8, R9, R21)."""

import pytest

from callflow.policy.decision import Outcome
from callflow.policy.model import ExtensionKind
from callflow.policy.plan import Dial, Leg, LegKind
from tests.builders import (
    CALLER,
    TUESDAY_NIGHT,
    TUESDAY_TEN,
    at,
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
    reasons,
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
END = ["say [goodbye]", "hangup normal"]


def test_extension_rings_four_times_and_then_its_voicemail_answers() -> None:
    rows = policy(extensions=[extension(1, mailbox_id=1)], mailboxes=[mailbox(1)])
    decision = decided(rows, external(ONE))
    assert decision.outcome is Outcome.EXTENSION
    assert way(decision) == ["ring 61001 x4", "voicemail 70001", *END]
    assert way(decision, "busy") == way(decision, "unreachable") == way(decision)
    assert "voicemail_of_extension" in reasons(decision, "R8")


def test_one_ring_lasts_as_long_as_the_organisation_has_it() -> None:
    rows = policy(organisations=[organisation(ring_tone_ms=1500, ring_pause_ms=2500)], extensions=[extension(1)])
    first = decided(rows, external(ONE)).plan.steps[0]
    assert isinstance(first, Dial)
    assert first.ring_ms == 4000


@pytest.mark.parametrize(("limit", "rings"), [(1, 1), (3, 3), (4, 4), (9, 4), (0, 1)])
def test_ring_limit_is_between_one_and_four(limit: int, rings: int) -> None:
    rows = policy(extensions=[extension(1, ring_limit=limit)])
    assert way(decided(rows, external(ONE)))[0] == f"ring 61001 x{rings}"


def test_without_voicemail_a_referral_is_spoken_and_the_unit_answers() -> None:
    rows = policy(
        extensions=[extension(1, name="Anna Lind"), extension(2, name="Bo Ek")], units=[unit(1, to_extension(2))]
    )
    decision = decided(rows, external(ONE))
    assert way(decision)[:3] == [
        "ring 61001 x4",
        "say Anna Lind [does-not-answer] [transfer-to] Bo Ek",
        "ring 61002 x4",
    ]
    assert way(decision, "busy")[1] == "say Anna Lind [is-busy] [transfer-to] Bo Ek"
    assert way(decision, "unreachable")[1] == "say Anna Lind [cannot-be-reached] [transfer-to] Bo Ek"


def test_referral_is_spoken_even_when_rings_are_left() -> None:
    rows = policy(
        extensions=[extension(1, name="Anna Lind", ring_limit=2), extension(2, name="Bo Ek")],
        units=[unit(1, to_extension(2))],
    )
    assert way(decided(rows, external(ONE)))[1] == "say Anna Lind [does-not-answer] [transfer-to] Bo Ek"


def test_name_spoken_is_the_persons_when_the_extension_has_none() -> None:
    rows = policy(
        extensions=[extension(1, name=None, person_id=5), extension(2, name=None)],
        people=[person(5)],
        units=[unit(1, to_extension(2))],
    )
    assert way(decided(rows, external(ONE)))[1] == "say Åsa Öberg 5 [does-not-answer] [transfer-on]"


def test_no_answer_diversion_gets_what_is_left_of_four_rings() -> None:
    first = extension(1, diversions=(diversion("no_answer", to_extension(2), rings=1),))
    rows = policy(extensions=[first, extension(2)])
    assert way(decided(rows, external(ONE)))[:2] == ["ring 61001 x1", "ring 61002 x3"]


def test_ring_limit_caps_the_rings_of_a_no_answer_diversion() -> None:
    first = extension(1, ring_limit=2, diversions=(diversion("no_answer", to_extension(2), rings=4),))
    rows = policy(extensions=[first, extension(2)])
    assert way(decided(rows, external(ONE)))[:2] == ["ring 61001 x2", "ring 61002 x2"]


def test_after_four_rings_a_voice_comes_before_the_diversion_rings() -> None:
    first = extension(1, name="Anna Lind", diversions=(diversion("no_answer", to_extension(2)),))
    rows = policy(extensions=[first, extension(2, name="Bo Ek")])
    decision = decided(rows, external(ONE))
    assert way(decision)[:3] == [
        "ring 61001 x4",
        "say Anna Lind [does-not-answer] [transfer-to] Bo Ek",
        "ring 61002 x4",
    ]
    assert "spoken_before_more_rings" in reasons(decision, "R8")


def test_busy_and_unreachable_have_diversions_of_their_own() -> None:
    first = extension(
        1,
        ring_limit=2,
        diversions=(
            diversion("no_answer", to_extension(2)),
            diversion("busy", to_extension(3)),
            diversion("unreachable", to_extension(4)),
        ),
    )
    rows = policy(extensions=[first, extension(2), extension(3), extension(4)])
    decision = decided(rows, external(ONE))
    assert way(decision)[1] == "ring 61002 x2"
    assert way(decision, "busy")[1] == "ring 61003 x2"
    assert way(decision, "unreachable")[1] == "ring 61004 x2"


def test_diversion_of_all_calls_is_followed_over_extensions_units_and_organisations() -> None:
    rows = policy(
        organisations=[organisation(), organisation(2, name="Vännäs kommun")],
        extensions=[
            extension(1, diversions=(diversion("all", to_extension(2)),)),
            extension(2, diversions=(diversion("all", to_unit(2)),)),
            extension(3, organisation_id=2, unit_id=2),
        ],
        units=[unit(), unit(2, to_extension(3), organisation_id=2)],
    )
    decision = decided(rows, external(ONE))
    assert way(decision)[0] == "ring 61003 x4"
    assert reasons(decision, "R9").count("diverted") == 2


def test_unanswered_diverted_call_ends_at_the_voicemail_of_the_one_called() -> None:
    rows = policy(
        extensions=[
            extension(1, mailbox_id=1, diversions=(diversion("all", to_extension(2)),)),
            extension(2, mailbox_id=2),
        ],
        mailboxes=[mailbox(1), mailbox(2)],
    )
    assert way(decided(rows, external(ONE))) == ["ring 61002 x4", "voicemail 70001", *END]


def test_diversion_that_has_ended_does_not_count() -> None:
    ends = diversion("all", to_extension(2), ends_at=TUESDAY_TEN)
    rows = policy(extensions=[extension(1, diversions=(ends,)), extension(2)])
    assert way(decided(rows, external(ONE), at("2026-11-24 09:59")))[0] == "ring 61002 x4"
    assert way(decided(rows, external(ONE), TUESDAY_TEN))[0] == "ring 61001 x4"


def test_loop_of_diversions_is_skipped_and_the_call_goes_the_no_answer_way() -> None:
    rows = policy(
        extensions=[
            extension(1, mailbox_id=1, diversions=(diversion("all", to_extension(2)),)),
            extension(2, diversions=(diversion("all", to_extension(1)),)),
        ],
        mailboxes=[mailbox(1)],
    )
    decision = decided(rows, external(ONE))
    assert way(decision) == ["voicemail 70001", *END]
    assert "loop_skipped" in reasons(decision, "R9")


def test_loop_of_diversions_ends_at_a_no_answer_diversion_when_there_is_one() -> None:
    back = (diversion("all", to_extension(1)), diversion("no_answer", to_extension(3)))
    rows = policy(
        extensions=[
            extension(1, diversions=(diversion("all", to_extension(2)),)),
            extension(2, diversions=back),
            extension(3),
        ],
    )
    assert way(decided(rows, external(ONE)))[0] == "ring 61003 x4"


def test_extension_diverted_to_itself_goes_the_no_answer_way() -> None:
    itself = extension(1, mailbox_id=1, diversions=(diversion("all", to_number("61001")),))
    rows = policy(extensions=[itself], mailboxes=[mailbox(1)])
    assert way(decided(rows, external(ONE))) == ["voicemail 70001", *END]


def test_diversion_to_an_outside_number_leaves_by_the_trunk() -> None:
    out = diversion("all", to_number("070-174 06 06"))
    land = diversion("all", to_number("+4631390060"))
    rows = policy(extensions=[extension(1, diversions=(out,)), extension(2, diversions=(land,))])
    first = decided(rows, external(ONE)).plan.steps[0]
    assert isinstance(first, Dial)
    assert first.legs == (Leg(LegKind.TRUNK, "+46701740606", confirm=True),)
    assert first.rings == 4
    other = decided(rows, external("+4690161002")).plan.steps[0]
    assert isinstance(other, Dial)
    assert other.legs == (Leg(LegKind.TRUNK, "+4631390060", confirm=False),)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+4790000000", "outside_number_barred"),
        ("0900123456", "outside_number_barred"),
        ("+4690161777", "target_unused"),
        ("112", "target_unreadable"),
        ("hej", "target_unreadable"),
    ],
)
def test_diversion_to_a_number_that_cannot_be_called_goes_the_no_answer_way(number: str, reason: str) -> None:
    diverted = extension(1, mailbox_id=1, diversions=(diversion("all", to_number(number)),))
    decision = decided(policy(extensions=[diverted], mailboxes=[mailbox(1)]), external(ONE))
    assert way(decision) == ["voicemail 70001", *END]
    assert reason in reasons(decision)


def test_diversion_to_a_mailbox_answers_at_once() -> None:
    diverted = extension(1, diversions=(diversion("all", to_mailbox(2)),))
    assert way(decided(policy(extensions=[diverted], mailboxes=[mailbox(2)]), external(ONE)))[0] == "voicemail 70002"


def test_twin_rings_the_phone_and_the_mobile_together() -> None:
    twin = mobile(1, kind=ExtensionKind.TWIN, sip_username="61001", mobile_number="+46701740601")
    first = decided(policy(extensions=[twin]), external(ONE)).plan.steps[0]
    assert isinstance(first, Dial)
    assert first.legs == (Leg(LegKind.PHONE, "61001"), Leg(LegKind.TRUNK, "+46701740601", confirm=True))


def test_mobile_rings_through_the_trunk_and_confirms_as_the_extension_has_it() -> None:
    rows = policy(extensions=[mobile(1, mobile_confirms=False)])
    first = decided(rows, external(ONE)).plan.steps[0]
    assert isinstance(first, Dial)
    assert first.legs == (Leg(LegKind.TRUNK, "+46701740601", confirm=False),)


def test_mobile_with_a_barred_number_does_not_ring() -> None:
    rows = policy(extensions=[mobile(1, mobile_number="+870123456789", mailbox_id=1)], mailboxes=[mailbox(1)])
    decision = decided(rows, external(ONE))
    assert way(decision) == ["voicemail 70001", *END]
    assert "outside_number_barred" in reasons(decision, "R18")


def test_extension_without_a_phone_counts_as_unreachable() -> None:
    bare = extension(1, name="Anna", sip_username=None, diversions=(diversion("unreachable", to_extension(2)),))
    decision = decided(policy(extensions=[bare, extension(2)]), external(ONE))
    assert way(decision)[0] == "ring 61002 x4"
    assert "extension_has_no_phone" in reasons(decision)


def test_locked_extension_does_not_ring_and_its_calls_follow_its_referral() -> None:
    locked = extension(1, locked=True, mailbox_id=1, diversions=(diversion("no_answer", to_extension(2)),))
    rows = policy(extensions=[locked, extension(2)], mailboxes=[mailbox(1)])
    decision = decided(rows, external(ONE))
    assert way(decision)[:2] == ["ring 61002 x4", "voicemail 70001"]
    assert "extension_locked" in reasons(decision, "R21")


def test_locked_extension_with_no_referral_goes_to_its_unit_with_words() -> None:
    rows = policy(
        extensions=[extension(1, name="Anna Lind", locked=True), extension(2, name="Bo Ek")],
        units=[unit(1, to_extension(2))],
    )
    assert way(decided(rows, external(ONE)))[:2] == [
        "say Anna Lind [does-not-answer] [transfer-to] Bo Ek",
        "ring 61002 x4",
    ]


def test_group_rings_all_members_but_those_locked_or_diverted() -> None:
    rows = policy(
        extensions=[
            extension(2),
            extension(3),
            extension(4, locked=True),
            extension(5, diversions=(diversion("all", to_extension(2)),)),
        ],
        ring_groups=[group(1, 3, 2, 4, 5, 777)],
        units=[unit(1, to_group(1))],
    )
    decision = decided(rows, external("+4690161901"))
    assert way(decision)[0] == "ring 61002,61003 x4"
    assert reasons(decision).count("group_member_away") == 2
    assert "place_missing" in reasons(decision, "R23")


def test_extension_whose_unit_is_missing_ends_at_the_switchboard() -> None:
    rows = policy(
        organisations=[organisation(operator_group_id=1)],
        extensions=[extension(1, name="Anna Lind", unit_id=404), extension(2)],
        ring_groups=[group(1, 2)],
    )
    assert way(decided(rows, external(ONE)))[1:3] == [
        "say [the-one-you-seek] [does-not-answer] [transfer-to-switchboard] [welcome-to] Umeå kommun",
        "ring 61002 x4",
    ]


def test_unit_closed_to_outsiders_tells_its_hours_after_an_unanswered_extension() -> None:
    rows = policy(
        extensions=[extension(1, name="Anna Lind")],
        units=[unit(1, to_extension(1), telephone_schedule_id=1)],
        schedules=[schedule(1)],
    )
    met = way(decided(rows, external(ONE), TUESDAY_NIGHT))
    assert met[1].startswith("say Anna Lind [does-not-answer] Enhet 1 [is-closed]")


def test_unit_already_tried_by_a_diversion_is_not_tried_again() -> None:
    away = extension(1, diversions=(diversion("all", to_unit(1)),))
    rows = policy(extensions=[away, extension(2)], units=[unit(1, to_extension(2))])
    met = way(decided(rows, external(ONE)))
    assert met.count("ring 61002 x4") == 1
    assert met[-1] == "hangup normal"


def test_switchboard_can_be_a_diversion_and_is_passed_by_when_closed() -> None:
    away = extension(1, mailbox_id=1, diversions=(diversion("all", to_switchboard()),))
    rows = policy(
        organisations=[organisation(operator_group_id=1, switchboard_schedule_id=1)],
        extensions=[away, extension(2)],
        ring_groups=[group(1, 2)],
        mailboxes=[mailbox(1)],
        schedules=[schedule(1)],
    )
    assert way(decided(rows, external(ONE)))[:2] == ["say [welcome-to] Umeå kommun", "ring 61002 x4"]
    assert way(decided(rows, external(ONE), TUESDAY_NIGHT))[0] == "voicemail 70001"


def test_outsider_hears_no_name_of_an_extension_whose_unit_is_missing() -> None:
    rows = policy(extensions=[extension(1, name="Anna Lind", unit_id=7)])
    assert "Anna" not in " ".join(way(decided(rows, external(ONE))))


def test_outsider_hears_no_name_of_a_confidential_unit_or_its_people() -> None:
    rows = policy(
        extensions=[CALLER, extension(1, name="Anna Lind"), extension(2, name="Bo Ek", unit_id=2)],
        units=[unit(1, to_extension(2), confidential=True), unit(2, parent_id=1)],
    )
    decision = decided(rows, external(ONE))
    assert way(decision)[1] == "say [the-one-you-seek] [does-not-answer] [transfer-on]"
    assert "name_withheld" in reasons(decision, "R17")
    assert way(decided(rows, internal("61001")))[1] == "say Anna Lind [does-not-answer] [transfer-to] Bo Ek"


def test_of_two_diversions_for_one_condition_the_choice_does_not_depend_on_their_order() -> None:
    two = (diversion("all", to_extension(2)), diversion("all", to_extension(3)))
    others = [extension(2), extension(3)]
    first = decided(policy(extensions=[extension(1, diversions=two), *others]), external(ONE))
    second = decided(policy(extensions=[extension(1, diversions=two[::-1]), *others]), external(ONE))
    assert first == second
