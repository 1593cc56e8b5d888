"""Calls to a unit's number: hours, answering places, urgent calls and duty (R4, R6, R7)."""

from dataclasses import replace
from datetime import datetime

from callflow.policy.decision import Decision, Outcome
from callflow.policy.model import AnsweringPlace, DutyLevel, Policy
from callflow.policy.plan import Menu
from tests.builders import (
    CALLER,
    TUESDAY_NIGHT,
    TUESDAY_NOON,
    TUESDAY_TEN,
    at,
    calendar,
    decided,
    diversion,
    exception,
    extension,
    external,
    group,
    internal,
    mailbox,
    organisation,
    policy,
    reasons,
    roster,
    rung,
    said,
    schedule,
    shift,
    to_extension,
    to_group,
    to_mailbox,
    to_number,
    to_switchboard,
    to_unit,
    unit,
    way,
)

UNIT = "+4690161901"
END = ["say [goodbye]", "hangup normal"]
WEEK = (
    "[hours-are] [weekday-1] [to] [weekday-5] [clock] [hour-9] [to] [hour-11] [minute-30] "
    "[and] [hour-13] [to] [hour-15]"
)


def closed_unit(**values: object) -> Policy:
    """A unit with telephone hours 9 to 11.30 and 13 to 15, working hours 8 to 17, duty, and a mailbox."""
    rows: dict[str, object] = {
        "telephone_schedule_id": 1,
        "working_schedule_id": 2,
        "duty_phone": to_extension(3),
        "duty_roster_id": 1,
        "mailbox_id": 1,
        **values,
    }
    return policy(
        organisations=[organisation(holiday_calendar_id=1)],
        extensions=[CALLER, *(extension(number, name=f"Jour {number}") for number in range(1, 6))],
        units=[unit(1, to_extension(1), **rows)],
        schedules=[schedule(1), schedule(2, (480, 1020))],
        duty_rosters=[roster(1, to_extension(4), to_extension(5))],
        mailboxes=[mailbox(1), mailbox(9)],
        holiday_calendars=[calendar(1, ("2026-12-25", "juldagen"), ("2026-12-23", "dagen före julafton", True))],
    )


def menu_of(decision: Decision) -> Menu:
    menu = decision.plan.steps[0]
    assert isinstance(menu, Menu)
    return menu


def test_answering_places_ring_in_order_with_a_voice_between() -> None:
    rows = policy(
        extensions=[extension(1, name="Anna"), extension(2), extension(3)],
        ring_groups=[group(1, 2, 3, name="Expeditionen")],
        units=[unit(1, to_extension(1), to_group(1), mailbox_id=1)],
        mailboxes=[mailbox(1)],
    )
    decision = decided(rows, external(UNIT))
    assert decision.outcome is Outcome.UNIT_OPEN
    assert way(decision) == [
        "ring 61001 x4",
        "say Anna [does-not-answer] [transfer-to] Expeditionen",
        "ring 61002,61003 x4",
        "voicemail 70001",
        *END,
    ]
    assert {"always_open", "answering_place", "nobody_at_the_unit", "voicemail_of_unit"} <= set(
        reasons(decision, "R4")
    )


def test_answering_places_share_the_four_rings_before_a_voice() -> None:
    one = unit(1, to_extension(1), to_extension(2), to_extension(3))
    places = [
        place.__class__(position=place.position, target=place.target, ring_limit=2) for place in one.answering_places
    ]
    rows = policy(
        extensions=[extension(1), extension(2, name="Bo"), extension(3, name="Eva")],
        units=[unit(1, answering_places=tuple(reversed(places)))],
    )
    assert way(decided(rows, external(UNIT)))[:4] == [
        "ring 61001 x2",
        "ring 61002 x2",
        "say Bo [does-not-answer] [transfer-to] Eva",
        "ring 61003 x2",
    ]


def test_place_with_nobody_there_is_passed_by_at_once() -> None:
    rows = policy(
        extensions=[extension(2)],
        ring_groups=[group(1, name="Tomma gruppen")],
        units=[unit(1, to_extension(404), to_group(1), to_group(404), to_mailbox(404), to_extension(2))],
    )
    decision = decided(rows, external(UNIT))
    assert way(decision)[0] == "ring 61002 x4"
    assert "nobody_in_group" in reasons(decision, "R4")
    assert "place_missing" in reasons(decision, "R23")


def test_unit_as_a_place_rings_its_own_places_and_is_passed_by_when_closed() -> None:
    rows = policy(
        extensions=[extension(1), extension(2), extension(3)],
        units=[
            unit(1, to_unit(2), to_extension(3), telephone_schedule_id=2),
            unit(2, to_extension(2), telephone_schedule_id=1),
        ],
        schedules=[schedule(1), schedule(2, (480, 1020))],
    )
    assert way(decided(rows, external(UNIT)))[0] == "ring 61002 x4"
    assert way(decided(rows, external(UNIT), TUESDAY_NOON))[0] == "ring 61003 x4"


def test_unit_as_a_place_of_itself_is_skipped() -> None:
    rows = policy(extensions=[extension(1)], units=[unit(1, to_unit(1), to_number("0901619 01"), to_extension(1))])
    decision = decided(rows, external(UNIT))
    assert way(decision)[0] == "ring 61001 x4"
    assert "loop_skipped" in reasons(decision)


def test_detour_of_one_place_does_not_count_for_the_next() -> None:
    away = extension(1, diversions=(diversion("all", to_extension(2)),))
    rows = policy(extensions=[away, extension(2)], units=[unit(1, to_extension(1), to_extension(2))])
    assert way(decided(rows, external(UNIT)))[2] == "ring 61002 x4"


def test_nobody_there_goes_to_the_unit_above_and_then_to_the_switchboard() -> None:
    rows = policy(
        organisations=[organisation(operator_group_id=1)],
        extensions=[extension(1, name="Anna"), extension(2, name="Bo"), extension(3)],
        ring_groups=[group(1, 3)],
        units=[unit(1, to_extension(1), parent_id=2), unit(2, to_extension(2))],
    )
    decision = decided(rows, external(UNIT))
    assert way(decision)[:5] == [
        "ring 61001 x4",
        "say Anna [does-not-answer] [transfer-to] Bo",
        "ring 61002 x4",
        "say Bo [does-not-answer] [transfer-to-switchboard] [welcome-to] Umeå kommun",
        "ring 61003 x4",
    ]
    assert "unit_above" in reasons(decision, "R4")


def test_referral_to_the_unit_above_or_the_switchboard_is_spoken_even_when_rings_are_left() -> None:
    short = tuple(AnsweringPlace(position=1, target=to_extension(number), ring_limit=1) for number in (1, 2))
    rows = policy(
        organisations=[organisation(operator_group_id=1)],
        extensions=[extension(1, name="Anna"), extension(2, name="Bo"), extension(3)],
        ring_groups=[group(1, 3)],
        units=[unit(1, parent_id=2, answering_places=short[:1]), unit(2, answering_places=short[1:])],
    )
    assert way(decided(rows, external(UNIT)))[:4] == [
        "ring 61001 x1",
        "say Anna [does-not-answer] [transfer-to] Bo",
        "ring 61002 x1",
        "say Bo [does-not-answer] [transfer-to-switchboard] [welcome-to] Umeå kommun",
    ]


def test_duty_level_rings_as_often_as_it_may() -> None:
    rows = policy_with_roster(
        closed_unit(duty_phone=None),
        replace(roster(), levels=(DutyLevel(level=1, standing=to_extension(4), ring_limit=2),)),
    )
    assert way(decided(rows, external(UNIT), TUESDAY_NIGHT), "1")[1] == "ring 61004 x2"


def test_working_hours_for_the_duty_phone_are_last_the_switchboards() -> None:
    rows = policy(
        organisations=[organisation(switchboard_schedule_id=2)],
        extensions=[extension(3)],
        units=[unit(1, telephone_schedule_id=1, duty_phone=to_extension(3))],
        schedules=[schedule(1), schedule(2, (480, 1020))],
    )
    assert way(decided(rows, external(UNIT), TUESDAY_NOON), "1")[1] == "ring 61003 x4"
    assert "no_duty" in reasons(decided(rows, external(UNIT), TUESDAY_NIGHT), "R7")


def test_trace_of_a_group_does_not_depend_on_the_order_of_its_members() -> None:
    def trace(*members: int) -> list[str]:
        rows = policy(ring_groups=[group(1, *members)], units=[unit(1, to_group(1))])
        return [
            line.values["place"] for line in decided(rows, external(UNIT)).trace if line.reason == "place_missing"
        ]

    assert trace(7, 8) == trace(8, 7) == ["extension 7", "extension 8"]


def test_units_above_each_other_in_a_circle_end_at_the_switchboard_or_in_words() -> None:
    rows = policy(units=[unit(1, parent_id=2), unit(2, parent_id=1)])
    decision = decided(rows, external(UNIT))
    assert way(decision) == ["say [nobody-can-answer]", "say [call-again]", *END]
    assert {"no_answering_places", "no_operators", "no_duty"} <= set(reasons(decision))


def test_with_everything_tried_the_caller_may_choose_the_duty_or_a_message() -> None:
    rows = policy(
        organisations=[organisation(mailbox_id=1, duty_roster_id=1)],
        extensions=[extension(4)],
        duty_rosters=[roster(1, to_extension(4))],
        mailboxes=[mailbox(1), mailbox(9)],
    )
    decision = decided(rows, external(UNIT))
    assert way(decision) == ["menu [nobody-can-answer] [urgent-press-1] [message-press-2]", "voicemail 70001", *END]
    assert way(decision, "1")[1:3] == ["ring 61004 x4", "voicemail 70009 urgent"]


def test_outsider_outside_telephone_hours_hears_them_and_may_choose() -> None:
    decision = decided(closed_unit(), external(UNIT), TUESDAY_NOON)
    assert decision.outcome is Outcome.UNIT_CLOSED
    assert said(menu_of(decision)) == (
        f"Enhet 1 [is-closed] {WEEK} [opens-again] [today] [clock] [hour-13] [urgent-press-1] [message-press-2]"
    )
    assert menu_of(decision).times == 2
    assert {"telephone_hours_closed", "external_hears_the_hours"} <= set(reasons(decision))


def test_outsider_who_says_nothing_ends_at_the_voicemail() -> None:
    decision = decided(closed_unit(), external(UNIT), TUESDAY_NOON)
    assert way(decision)[1:] == ["voicemail 70001", *END]
    assert way(decision, "2")[1:] == ["voicemail 70001", *END]


def test_outsider_who_says_nothing_and_can_leave_no_message_hears_a_goodbye() -> None:
    decision = decided(closed_unit(mailbox_id=None), external(UNIT), TUESDAY_NOON)
    assert menu_of(decision).choices[0][0] == "1"
    assert len(menu_of(decision).choices) == 1
    assert way(decision)[1:] == ["say [call-again]", *END]


def test_urgent_call_in_working_hours_goes_to_the_duty_phone_and_then_up_the_roster() -> None:
    decision = decided(closed_unit(), external(UNIT), TUESDAY_NOON)
    assert way(decision, "1")[1:] == [
        "ring 61003 x4",
        "say Jour 3 [does-not-answer] [transfer-to] Jour 4",
        "ring 61004 x4",
        "say Jour 4 [does-not-answer] [transfer-to] Jour 5",
        "ring 61005 x4",
        "voicemail 70009 urgent",
        *END,
    ]
    assert {"duty_phone_in_working_hours", "on_duty_standing", "urgent_message_mailed"} <= set(
        reasons(decision, "R7")
    )


def test_who_has_taken_duty_over_has_it_before_the_duty_phone_in_working_hours_too() -> None:
    mine = shift(1, at("2026-11-24 11:00"), at("2026-11-24 16:00"), to_extension(1), taken_over=True)
    rows = policy_with_roster(closed_unit(), roster(1, to_extension(4), shifts=(mine,)))
    rung = [step for step in way(decided(rows, external(UNIT), TUESDAY_NOON), "1") if step.startswith("ring")]
    assert rung == ["ring 61001 x4", "ring 61003 x4"]


def test_urgent_call_after_working_hours_goes_to_the_roster() -> None:
    decision = decided(closed_unit(), external(UNIT), TUESDAY_NIGHT)
    assert way(decision, "1")[1] == "ring 61004 x4"
    assert "outside_working_hours" in reasons(decision, "R7")


def test_unit_without_working_hours_has_its_duty_phone_always() -> None:
    decision = decided(closed_unit(working_schedule_id=None), external(UNIT), TUESDAY_NIGHT)
    assert way(decision, "1")[1] == "ring 61003 x4"


def test_level_where_nobody_has_duty_is_skipped() -> None:
    rows = closed_unit(duty_phone=None)
    rows = policy_with_roster(rows, roster(1, None, to_extension(5)))
    decision = decided(rows, external(UNIT), TUESDAY_NOON)
    assert way(decision, "1")[1] == "ring 61005 x4"
    assert "nobody_on_duty" in reasons(decision, "R7")


def policy_with_roster(rows: Policy, *rosters: object) -> Policy:
    return policy(
        organisations=rows.organisations.values(),
        extensions=rows.extensions.values(),
        units=rows.units.values(),
        schedules=rows.schedules.values(),
        mailboxes=rows.mailboxes.values(),
        duty_rosters=rosters,
    )


def test_same_duty_never_rings_twice() -> None:
    rows = policy_with_roster(closed_unit(), roster(1, to_extension(3), to_extension(5)))
    decision = decided(rows, external(UNIT), TUESDAY_NOON)
    assert [met for met in way(decision, "1") if met.startswith("ring")] == ["ring 61003 x4", "ring 61005 x4"]
    assert "duty_already_tried" in reasons(decision, "R7")


def test_duty_handed_over_during_a_call_changes_the_next_call() -> None:
    handover = at("2026-11-24 23:00")
    shifts = (
        shift(1, at("2026-11-24 17:00"), handover, to_extension(1)),
        shift(1, handover, at("2026-11-25 08:00"), to_extension(2)),
    )
    rows = policy_with_roster(closed_unit(duty_phone=None), roster(1, to_extension(4), shifts=shifts))
    before, after = (decided(rows, external(UNIT), now) for now in (at("2026-11-24 22:59"), handover))
    assert way(before, "1")[1] == "ring 61001 x4"
    assert way(after, "1")[1] == "ring 61002 x4"
    assert "on_duty_by_shift" in reasons(after, "R7")
    assert way(decided(rows, external(UNIT), at("2026-11-25 08:00")), "1")[1] == "ring 61004 x4"


def test_duty_on_a_mobile_must_confirm() -> None:
    rows = policy_with_roster(closed_unit(duty_phone=None), roster(1, to_number("+46701740699")))
    decision = decided(rows, external(UNIT), TUESDAY_NIGHT)
    assert way(decision, "1")[1] == "ring +46701740699 x4"
    assert any(leg.confirm for step in decision.plan.steps for leg in getattr(step, "legs", ()))


def test_duty_phone_and_roster_are_taken_from_above_and_last_from_the_organisation() -> None:
    rows = policy(
        organisations=[organisation(duty_roster_id=1)],
        extensions=[extension(3), extension(4)],
        units=[
            unit(1, parent_id=2, telephone_schedule_id=1),
            unit(2, duty_phone=to_extension(3), working_schedule_id=2, duty_roster_id=404),
        ],
        schedules=[schedule(1), schedule(2, (480, 1020))],
        duty_rosters=[roster(1, to_extension(4))],
        mailboxes=[mailbox(9)],
    )
    assert way(decided(rows, external(UNIT), TUESDAY_NOON), "1")[1] == "ring 61003 x4"
    decision = decided(rows, external(UNIT), TUESDAY_NIGHT)
    assert way(decision, "1")[1] == "ring 61004 x4"
    assert "roster_missing" in reasons(decision, "R7")


def test_duty_with_no_mailbox_of_its_own_ends_at_the_units_as_urgent() -> None:
    rows = policy_with_roster(closed_unit(), roster(1, mailbox_id=404))
    decision = decided(rows, external(UNIT), TUESDAY_NIGHT)
    assert way(decision, "1")[1] == "voicemail 70001 urgent"
    assert "mailbox_missing" in reasons(decision, "R11")


def test_duty_phone_alone_with_no_mailbox_anywhere_ends_in_words() -> None:
    decision = decided(
        policy(
            extensions=[extension(3, name="Jour 3")],
            units=[unit(1, telephone_schedule_id=1, duty_phone=to_extension(3))],
            schedules=[schedule(1)],
        ),
        external(UNIT),
        TUESDAY_NOON,
    )
    assert way(decision, "1")[1:] == [
        "ring 61003 x4",
        "say Jour 3 [does-not-answer] [nobody-can-answer] [call-again]",
        *END,
    ]
    assert "last_resort_words" in reasons(decision, "R23")


def test_internal_caller_rings_as_usual_outside_telephone_hours() -> None:
    decision = decided(closed_unit(), internal("61901"), TUESDAY_NIGHT)
    assert decision.outcome is Outcome.UNIT_CLOSED
    assert way(decision)[0] == "ring 61001 x4"
    assert "internal_rings_as_usual" in reasons(decision, "R6")


def test_holiday_is_closed_and_said_by_name() -> None:
    decision = decided(closed_unit(), external(UNIT), at("2026-12-25 10:00"))
    assert said(menu_of(decision)).startswith(f"Enhet 1 [is-closed] [closed-today] juldagen {WEEK} [opens-again]")


def test_half_day_before_a_holiday_is_said_by_name() -> None:
    decision = decided(closed_unit(), external(UNIT), at("2026-12-23 14:00"))
    assert decision.outcome is Outcome.UNIT_CLOSED
    hours = "[hours-today] dagen före julafton [clock] [hour-9] [to] [hour-11] [minute-30]"
    assert said(menu_of(decision)).startswith(f"Enhet 1 [is-closed] {hours} {WEEK}")


def test_unit_closed_for_good_tells_no_hours() -> None:
    shut = schedule(1, exceptions=(exception("2020-01-01", "2050-12-31", "nedlagd"),), hours=())
    rows = policy(units=[unit(1, telephone_schedule_id=1)], schedules=[shut])
    assert way(decided(rows, external(UNIT))) == [
        "say Enhet 1 [is-closed] [closed-today] nedlagd",
        "say [call-again]",
        *END,
    ]


def test_confidential_unit_keeps_its_name_when_it_tells_its_hours() -> None:
    decision = decided(closed_unit(confidential=True), external(UNIT), TUESDAY_NOON)
    assert said(menu_of(decision)).startswith("[telephone-is-closed] [hours-are]")


def test_confidential_unit_keeps_the_names_of_its_exceptions_but_tells_holidays() -> None:
    def told(now: datetime) -> str:
        closed = schedule(1, exceptions=(exception("2026-11-24", "2026-11-24", "Socialjouren flyttar"),))
        rows = policy(
            organisations=[organisation(holiday_calendar_id=1)],
            units=[unit(1, telephone_schedule_id=1, confidential=True)],
            schedules=[closed],
            holiday_calendars=[calendar(1, ("2026-12-25", "juldagen"))],
        )
        return said(decided(rows, external(UNIT), now).plan.steps[0])

    assert told(TUESDAY_TEN).startswith("[telephone-is-closed] [hours-are]")
    assert told(at("2026-12-25 10:00")).startswith("[telephone-is-closed] [closed-today] juldagen [hours-are]")


def test_group_of_a_confidential_unit_is_not_named() -> None:
    rows = policy(
        extensions=[extension(1, name="Anna"), extension(2, unit_id=2)],
        ring_groups=[group(1, 2)],
        units=[unit(1, to_extension(1), to_group(1)), unit(2, confidential=True)],
    )
    assert way(decided(rows, external(UNIT)))[1] == "say Anna [does-not-answer] [transfer-on]"


def test_telephone_hours_come_from_above_then_working_hours_then_the_switchboards() -> None:
    def is_open(now_hours: int, **values: object) -> bool:
        rows = policy(
            organisations=[organisation(switchboard_schedule_id=3)],
            extensions=[extension(1)],
            units=[
                unit(1, to_extension(1), parent_id=2, working_schedule_id=values.pop("working", None)),
                unit(2, **values),
            ],
            schedules=[schedule(1, (600, 660)), schedule(2, (480, 1020)), schedule(3, (420, 1200))],
        )
        now = at(f"2026-11-24 {now_hours:02}:30")
        return decided(rows, external(UNIT), now).outcome is Outcome.UNIT_OPEN

    assert is_open(10, telephone_schedule_id=1, working=2)
    assert not is_open(12, telephone_schedule_id=1, working=2)
    assert is_open(12, working=2)
    assert not is_open(18, working=2)
    assert is_open(18)
    assert is_open(18, telephone_schedule_id=404)
    assert not is_open(21)


def test_schedule_of_a_missing_organisation_still_tells_its_hours() -> None:
    rows = policy(
        organisations=[],
        units=[unit(1, organisation_id=404, telephone_schedule_id=1)],
        schedules=[schedule(1, organisation_id=404)],
    )
    met = way(decided(rows, external(UNIT), TUESDAY_NOON))
    assert "[opens-again] [today] [clock] [hour-13]" in met[0]


def test_place_can_be_the_switchboard() -> None:
    rows = policy(
        organisations=[organisation(operator_group_id=1)],
        extensions=[extension(2)],
        ring_groups=[group(1, 2)],
        units=[unit(1, to_switchboard())],
    )
    assert way(decided(rows, external(UNIT), TUESDAY_TEN))[0] == "say [welcome-to] Umeå kommun"


def test_long_chain_stops_at_the_last_resort() -> None:
    rows = policy(
        organisations=[organisation(mailbox_id=1)],
        extensions=[extension(number) for number in range(1, 60)],
        units=[unit(1, *(to_extension(number) for number in range(1, 60)))],
        mailboxes=[mailbox(1)],
    )
    decision = decided(rows, external(UNIT))
    assert "plan_too_long" in reasons(decision, "R8")
    assert way(decision)[-3:] == ["voicemail 70001", *END]
    assert len(decision.plan.steps) <= 60


def test_places_without_end_stop_at_the_last_resort() -> None:
    rows = policy(
        units=[unit(number, *(to_unit(other) for other in range(1, 9))) for number in range(1, 9)],
    )
    decision = decided(rows, external(UNIT))
    assert "plan_too_long" in reasons(decision, "R8")
    assert way(decision)[-1] == "hangup normal"


def test_ways_that_differ_only_in_who_failed_meet_at_the_next_place() -> None:
    rows = policy(
        extensions=[
            CALLER,
            extension(1, name="Anna", diversions=(diversion("busy", to_extension(3)),)),
            extension(2, name="Beda"),
            extension(3, name="Cecilia"),
        ],
        units=[unit(1, to_extension(1), to_extension(2), mailbox_id=1)],
        mailboxes=[mailbox(1)],
    )
    decision = decided(rows, external(UNIT))
    assert way(decision)[1] == "say Anna [does-not-answer] [transfer-to] Beda"
    assert way(decision, "busy", "busy")[3] == "say Cecilia [is-busy] [transfer-to] Beda"
    assert way(decision, "unreachable")[1] == "say Anna [cannot-be-reached] [transfer-to] Beda"
    assert [rung(step) for step in decision.plan.steps].count(("61002",)) == 1
