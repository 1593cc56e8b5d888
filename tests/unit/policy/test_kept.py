"""What is kept from one decision for the next never changes a decision, and is made only once."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.policy import kept as kept_module
from callflow.policy.barrings import Category, Exemption
from callflow.policy.changed import changed_policy
from callflow.policy.decision import Call, Decision
from callflow.policy.evaluate import decide
from callflow.policy.model import Extension, Mailbox, Person, Policy, build_policy
from callflow.policy.plan import WHY, Menu, Say
from tests.builders import (
    CALLER,
    TUESDAY_NIGHT,
    TUESDAY_TEN,
    at,
    diversion,
    exception,
    extension,
    external,
    forced,
    group,
    internal,
    mailbox,
    organisation,
    person,
    policy,
    reasons,
    roster,
    schedule,
    shift,
    to_extension,
    to_group,
    to_mailbox,
    to_number,
    unit,
)
from tests.unit.policy.test_properties import calls, moments, policy_of, tables, thorough

SECOND = timedelta(seconds=1)
FIRST, THIRD = "+4690161001", "+4690161003"


def anew(rows: Policy, call: Call, now: datetime) -> Decision:
    """Decide by a policy of the same rows that has kept nothing."""
    return decide(replace(rows), call, now)


@thorough
@given(made=tables, asked=st.lists(st.tuples(calls, moments), min_size=2, max_size=12))
def test_decision_does_not_depend_on_those_before_it(
    made: dict[str, list[Any]], asked: list[tuple[Call, datetime]]
) -> None:
    rows = policy_of(made)
    for call, now in asked:
        assert decide(rows, call, now) == anew(rows, call, now)


@thorough
@given(
    made=tables,
    other=tables,
    asked=st.lists(st.tuples(calls, moments), min_size=1, max_size=6),
    seed=st.integers(0, 99),
)
def test_decision_by_a_changed_policy_is_that_by_a_new_one(
    made: dict[str, list[Any]], other: dict[str, list[Any]], asked: list[tuple[Call, datetime]], seed: int
) -> None:
    order, before = random.Random(seed), numbered(made)
    rows = policy_of(before)
    for call, now in asked:
        decide(rows, call, now)
    new: dict[str, Any] = {
        name: some_of(numbered(other)[name], order) for name in ("people", "extensions", "mailboxes")
    }
    new["extensions"] = {row_id: row for row_id, row in new["extensions"].items() if row_id in rows.extensions}
    changed = changed_policy(rows, revision=2, **new)
    for call, now in asked:
        assert decide(changed, call, now) == anew(changed, call, now)


def numbered(made: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the tables with numbers that are unique, as a policy has them that can be changed row by row."""
    rows = [replace(row, number=f"+469016100{row.id}") for row in made["extensions"]]
    mains = [replace(row, main_number=f"+469016190{row.id}") for row in made["organisations"]]
    units = [replace(row, number=None) for row in made["units"]]
    return {**made, "extensions": rows, "organisations": mains, "units": units}


def some_of(rows: list[Any], order: random.Random) -> dict[int, Any]:
    return {row.id: row for row in rows if order.random() < 0.3}


OFFICE_ONLY = schedule(1, (480, 960))
ENDS = at("2026-11-24 12:00")


def places(**tables: Any) -> Policy:
    """A unit whose call goes on to one answering place, and whatever else the tables say."""
    defaults: dict[str, Any] = {
        "extensions": [extension(1, unit_id=1), extension(2), extension(3, unit_id=1), CALLER],
        "units": [unit(1, to_extension(2))],
    }
    return policy(**{**defaults, **tables})


CHANGING: dict[str, tuple[Policy, datetime]] = {
    "hours close": (
        places(units=[unit(1, to_extension(2), telephone_schedule_id=1)], schedules=[OFFICE_ONLY]),
        at("2026-11-24 16:00"),
    ),
    "hours open": (
        places(units=[unit(1, to_extension(2), telephone_schedule_id=1)], schedules=[OFFICE_ONLY]),
        at("2026-11-24 08:00"),
    ),
    "an exception begins at midnight": (
        places(
            units=[unit(1, to_extension(2), telephone_schedule_id=1)],
            schedules=[schedule(1, (0, 1440), exceptions=(exception("2026-11-25", "2026-11-25", "stängt"),))],
        ),
        at("2026-11-25 00:00"),
    ),
    "tomorrow is today": (
        places(
            units=[unit(1, to_extension(2), telephone_schedule_id=1)],
            schedules=[schedule(1, (480, 490))],
        ),
        at("2026-11-25 00:00"),
    ),
    "a diversion ends": (
        places(
            extensions=[
                extension(1, unit_id=1),
                extension(2, diversions=(diversion("all", to_extension(4), ends_at=ENDS),)),
                extension(3, unit_id=1),
                extension(4),
            ]
        ),
        ENDS,
    ),
    "a shift begins": (
        places(
            units=[unit(1)],
            organisations=[organisation(duty_roster_id=1)],
            duty_rosters=[roster(1, shifts=(shift(1, ENDS, ENDS + timedelta(hours=1), to_extension(2)),))],
        ),
        ENDS,
    ),
    "a shift ends": (
        places(
            units=[unit(1)],
            organisations=[organisation(duty_roster_id=1)],
            duty_rosters=[roster(1, shifts=(shift(1, ENDS - timedelta(hours=1), ENDS, to_extension(2)),))],
        ),
        ENDS,
    ),
    "a unit is forced closed": (
        places(
            units=[unit(1, to_extension(2), overrides=(forced("closed", "2026-11-24 12:00", "2026-11-24 14:00"),))]
        ),
        ENDS,
    ),
    "a unit is no longer forced closed": (
        places(
            units=[unit(1, to_extension(2), overrides=(forced("closed", "2026-11-24 11:00", "2026-11-24 12:00"),))]
        ),
        ENDS,
    ),
    "a unit that is forced closed opens today, not tomorrow": (
        places(
            units=[unit(1, to_extension(2), overrides=(forced("closed", "2026-11-24 11:00", "2026-11-25 12:00"),))]
        ),
        at("2026-11-25 00:00"),
    ),
    "a unit is no longer forced open": (
        places(
            units=[
                unit(
                    1,
                    to_extension(2),
                    telephone_schedule_id=1,
                    overrides=(forced("open", "2026-11-24 06:00", "2026-11-24 07:00"),),
                )
            ],
            schedules=[OFFICE_ONLY],
        ),
        at("2026-11-24 07:00"),
    ),
    "duty is taken over": (
        places(
            units=[unit(1)],
            organisations=[organisation(duty_roster_id=1)],
            duty_rosters=[
                roster(
                    1,
                    to_extension(4),
                    shifts=(shift(1, ENDS, ENDS + timedelta(hours=1), to_extension(2), taken_over=True),),
                )
            ],
        ),
        ENDS,
    ),
    "an exemption begins": (
        places(
            extensions=[
                extension(1, unit_id=1),
                extension(2, diversions=(diversion("all", to_number("+4790000000")),)),
                extension(3, unit_id=1),
            ],
            exemptions=[
                Exemption(
                    id=1,
                    extension_id=2,
                    category=Category.INTERNATIONAL,
                    approver_id=1,
                    starts_at=ENDS,
                    ends_at=ENDS + timedelta(hours=1),
                )
            ],
        ),
        ENDS,
    ),
}


@pytest.mark.parametrize("what", CHANGING)
def test_what_is_kept_holds_until_the_second_in_which_something_changes(what: str) -> None:
    rows, moment = CHANGING[what]
    before, after = decide(rows, external(FIRST), moment - SECOND), decide(rows, external(FIRST), moment)
    assert before.plan != after.plan
    for now in (moment, moment - SECOND, moment - timedelta(hours=30), moment + timedelta(hours=30)):
        assert decide(rows, external(THIRD), now) == anew(rows, external(THIRD), now)


def test_hour_that_shows_twice_is_not_taken_for_one_hour() -> None:
    night = schedule(1, (2 * 60, 2 * 60 + 30), days=range(1, 8))
    rows = places(units=[unit(1, to_extension(2), telephone_schedule_id=1)], schedules=[night])
    first = at("2026-10-25 02:40")
    for now in (first, first.replace(fold=1), first - timedelta(minutes=15), at("2026-10-25 02:20").replace(fold=1)):
        assert decide(rows, external(FIRST), now) == anew(rows, external(FIRST), now)


def pieces(rows: Policy) -> int:
    return sum(len(some) for some in rows.kept.pieces.values())


def test_what_follows_an_extension_is_made_once_for_all_of_its_unit() -> None:
    rows = places()
    first = decide(rows, external(FIRST), TUESDAY_TEN)
    made = pieces(rows)
    later = decide(rows, external(THIRD), TUESDAY_TEN + timedelta(hours=1))
    assert pieces(rows) == made > 0
    assert later == anew(rows, external(THIRD), TUESDAY_TEN)
    assert later.plan.steps[-1] is first.plan.steps[-1]


def test_units_below_one_share_what_follows_above_them() -> None:
    units = [unit(1, to_extension(2)), unit(2, to_extension(3), parent_id=1), unit(3, to_extension(4), parent_id=1)]
    rows = places(
        units=units,
        extensions=[extension(2), extension(3), extension(4), extension(5, unit_id=2), extension(6, unit_id=3)],
    )
    decide(rows, external("+4690161005"), TUESDAY_TEN)
    made = pieces(rows)
    decide(rows, external("+4690161006"), TUESDAY_TEN)
    assert pieces(rows) == made + 1


def test_caller_from_inside_does_not_get_what_was_kept_for_one_from_outside() -> None:
    rows = places(units=[unit(1, to_extension(2), name="HEMLIG", confidential=True)])
    for call in (external(FIRST), internal(FIRST), external(THIRD), internal(THIRD)):
        assert decide(rows, call, TUESDAY_TEN) == anew(rows, call, TUESDAY_TEN)


def test_answering_place_that_was_called_itself_is_skipped_whatever_was_kept_for_another() -> None:
    rows = places(
        extensions=[extension(1, unit_id=1), extension(2, unit_id=1), extension(3, unit_id=1)],
        units=[unit(1, to_extension(2), to_extension(3))],
    )
    for number in (FIRST, "+4690161002", THIRD, FIRST):
        assert decide(rows, external(number), TUESDAY_TEN) == anew(rows, external(number), TUESDAY_TEN)


def locked(rows: Policy) -> Policy:
    return changed(rows, extensions={2: replace(rows.extensions[2], locked=True)})


def renamed(rows: Policy) -> Policy:
    return changed(rows, people={1: person(1, given_name="Berit")})


def moved(rows: Policy) -> Policy:
    return changed(rows, mailboxes={1: mailbox(1, number="70077")})


def changed(
    rows: Policy,
    *,
    people: dict[int, Person | None] | None = None,
    extensions: dict[int, Extension | None] | None = None,
    mailboxes: dict[int, Mailbox | None] | None = None,
    others: dict[str, Any] | None = None,
) -> Policy:
    return changed_policy(
        rows,
        revision=2,
        people=people or {},
        extensions=extensions or {},
        mailboxes=mailboxes or {},
        others=others,
    )


@pytest.mark.parametrize("change", [locked, renamed, moved])
@pytest.mark.parametrize("place", [to_extension(2), to_group(1)], ids=["place", "member"])
def test_changed_row_is_seen_where_it_was_looked_at(change: Callable[[Policy], Policy], place: Any) -> None:
    rows = places(
        extensions=[extension(1, unit_id=1), extension(2, person_id=1, name=None), extension(3, unit_id=1)],
        units=[unit(1, place, mailbox_id=1)],
        ring_groups=[group(1, 2)],
        people=[person(1)],
        mailboxes=[mailbox(1)],
    )
    decide(rows, external(FIRST), TUESDAY_TEN)
    now = change(rows)
    assert decide(now, external(FIRST), TUESDAY_TEN) == anew(now, external(FIRST), TUESDAY_TEN)


def test_change_of_an_extension_lets_go_only_what_looked_at_it() -> None:
    rows = places()
    decide(rows, external(FIRST), TUESDAY_TEN)
    own = changed(rows, extensions={1: replace(rows.extensions[1], ring_limit=2)})
    assert pieces(own) == pieces(rows)
    assert decide(own, external(FIRST), TUESDAY_TEN) == anew(own, external(FIRST), TUESDAY_TEN)
    assert pieces(locked(rows)) < pieces(rows)


def test_change_of_a_number_or_of_another_table_lets_everything_go() -> None:
    rows = places()
    decide(rows, external(FIRST), TUESDAY_TEN)
    assert pieces(changed(rows, extensions={1: replace(rows.extensions[1], number="+4690161777")})) == 0
    others = {name: tuple(getattr(rows, name).values()) for name in OTHERS}
    assert pieces(changed(rows, others=others)) == 0


OTHERS = (
    "organisations", "number_ranges", "units", "ring_groups", "schedules", "holiday_calendars", "duty_rosters",
    "absence_reasons", "number_classes", "barrings", "exemptions", "feature_codes",
)  # fmt: skip


def without(rows: Policy, call: Call, now: datetime = TUESDAY_TEN) -> Decision:
    """Decide as beside another decision, which uses what is kept."""
    with kept_module.in_use:
        return decide(rows, call, now)


def test_decision_beside_another_one_does_without() -> None:
    rows = places()
    decision = without(rows, external(FIRST))
    assert not pieces(rows)
    assert decide(rows, external(FIRST), TUESDAY_TEN) == decision


@thorough
@given(made=tables, call=calls, now=moments)
def test_decision_with_what_is_kept_is_the_one_without(made: dict[str, list[Any]], call: Call, now: datetime) -> None:
    rows = policy_of(made)
    assert decide(rows, call, now) == without(rows, call, now) == decide(rows, call, now)


def test_group_that_rings_at_two_places_rings_the_same_phones_with_and_without() -> None:
    rows = places(
        organisations=[organisation(operator_group_id=1)], units=[unit(1, to_group(1))], ring_groups=[group(1, 2, 4)]
    )
    assert decide(rows, external(FIRST), TUESDAY_TEN) == without(rows, external(FIRST))


def test_closed_unit_that_two_ways_lead_to_tells_its_hours_once_with_and_without() -> None:
    rows = places(
        extensions=[extension(1, unit_id=1, diversions=(diversion("busy", to_mailbox(77)),))],
        units=[unit(1, telephone_schedule_id=1)],
        schedules=[OFFICE_ONLY],
    )
    decision = decide(rows, external(FIRST), TUESDAY_NIGHT)
    assert decision == without(rows, external(FIRST), TUESDAY_NIGHT)
    assert len([step for step in decision.plan.steps if isinstance(step, Menu | Say) and step.phrases[0] != WHY]) == 3


def diverted(row: int, busy: int, no_answer: int) -> Extension:
    ways = (diversion("busy", to_extension(busy)), diversion("no_answer", to_extension(no_answer)))
    return extension(row, unit_id=1, diversions=ways)


@pytest.mark.parametrize("called", [FIRST, "+4690161903"], ids=["extension", "unit"])
@pytest.mark.parametrize("levels", range(4))
def test_call_that_may_go_many_ways_is_cut_off_where_it_was(levels: int, called: str) -> None:
    tree = [diverted(row, 2 * row, 2 * row + 1) for row in range(1, 2**levels)]
    leaves = [extension(row, unit_id=1) for row in range(2**levels, 2 ** (levels + 1))]
    rows = places(
        extensions=[*tree, *leaves, diverted(60, 64, 65), *(extension(row) for row in range(61, 66))],
        units=[
            unit(1, to_extension(60), to_extension(61), parent_id=2),
            unit(2, to_extension(62), to_extension(63)),
            unit(3, to_extension(1), parent_id=1),
        ],
    )
    decision = decide(rows, external(called), TUESDAY_TEN)
    assert decision == without(rows, external(called))
    assert levels < 3 or "plan_too_long" in reasons(decision)


def test_never_more_is_kept_than_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "MOST_NODES", 3)
    rows = places()
    for number in (FIRST, THIRD, FIRST):
        assert decide(rows, external(number), TUESDAY_TEN) == anew(rows, external(number), TUESDAY_TEN)
        assert len(rows.kept.nodes) <= 3


def test_policies_are_equal_whatever_they_keep() -> None:
    rows = places()
    decide(rows, external(FIRST), TUESDAY_TEN)
    again = build_policy(revision=rows.revision, **{name: getattr(rows, name).values() for name in ALL})
    assert rows == again
    assert not pieces(again)


ALL = ("people", "extensions", "mailboxes", *OTHERS)
