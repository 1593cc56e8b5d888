"""Whether a number can be a diversion's target: what it is, who bars it, whether it leads back (R9, R18)."""

import time
from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.policy.barrings import Barring, Category, Exemption
from callflow.policy.diversion_targets import Obstacle, TargetRefusal, check_target
from callflow.policy.model import Diversion, Extension, Policy, RingGroup, Target, TargetKind, Unit
from tests.builders import (
    TUESDAY_NOON,
    TUESDAY_TEN,
    diversion,
    extension,
    group,
    number_range,
    organisation,
    policy,
    to_extension,
    to_group,
    to_number,
    to_unit,
    unit,
)

OUTSIDE = "+46701740606"
CONDITIONS = ("all", "no_answer", "busy", "unreachable")


def town(extensions: Iterable[Extension], **tables: object) -> Policy:
    rows = {"organisations": [organisation()], "number_ranges": [number_range()], "units": [unit(1)], **tables}
    return policy(**rows, extensions=extensions)


def obstacle(rows: Policy, number: str, of: int = 1) -> Obstacle | None:
    found = check_target(rows, rows.extensions[of], number, TUESDAY_TEN)
    return found.obstacle if isinstance(found, TargetRefusal) else None


def test_barred_diversion_outside_needs_an_exemption_of_its_own() -> None:
    barring = Barring(id=1, category=Category.OUTSIDE_DIVERSION, organisation_id=1)
    assert obstacle(town([extension(1)], barrings=[barring]), OUTSIDE) is Obstacle.BARRED
    exemption = Exemption(
        id=1, extension_id=1, category=Category.OUTSIDE_DIVERSION, approver_id=1,
        starts_at=TUESDAY_TEN, ends_at=TUESDAY_NOON,
    )  # fmt: skip
    opened = town([extension(1), extension(2)], barrings=[barring], exemptions=[exemption])
    assert check_target(opened, opened.extensions[1], OUTSIDE, TUESDAY_TEN) == to_number(OUTSIDE)
    assert obstacle(opened, OUTSIDE, of=2) is Obstacle.BARRED
    late = check_target(opened, opened.extensions[1], OUTSIDE, TUESDAY_NOON)
    assert isinstance(late, TargetRefusal)
    assert late.permission is not None
    assert late.permission.barred == (Category.OUTSIDE_DIVERSION,)


def test_diversion_inside_needs_none() -> None:
    barring = Barring(id=1, category=Category.OUTSIDE_DIVERSION, organisation_id=1)
    assert obstacle(town([extension(1), extension(2)], barrings=[barring]), "61002") is None


@pytest.mark.parametrize("condition", CONDITIONS)
def test_only_a_diversion_of_all_calls_makes_a_loop_at_once(condition: str) -> None:
    rows = town([extension(1), extension(2, diversions=(diversion(condition, to_extension(1)),))])
    assert obstacle(rows, "61002") is (Obstacle.LOOP if condition == "all" else Obstacle.LOOP_LATER)


def test_loop_is_found_through_a_unit_and_its_group_where_all_in_it_lead_back() -> None:
    members = [extension(3, diversions=(diversion("all", to_extension(1)),)), extension(4)]
    away = [members[0], extension(4, diversions=(diversion("busy", to_number("61001")),))]
    units = [unit(1), unit(2, to_group(1), to_extension(1), number="+4690161950")]
    groups = [group(1, 3, 4)]
    assert obstacle(town([extension(1), *members], units=units, ring_groups=groups), "61950") is None
    assert obstacle(town([extension(1), *away], units=units, ring_groups=groups), "61950") is Obstacle.LOOP_LATER


def test_policy_with_places_that_all_lead_to_each_other_is_looked_through_at_once() -> None:
    everywhere = [to_unit(row) for row in range(2, 60)]
    units = [unit(1), *(unit(row, *everywhere, number=f"+46901618{row:02}") for row in range(2, 60))]
    began = time.process_time()
    assert obstacle(town([extension(1)], units=units), "61802") is None
    assert time.process_time() - began < 1


def test_chain_of_any_length_is_followed() -> None:
    chain = [extension(row, diversions=(diversion("all", to_extension(row + 1)),)) for row in range(2, 900)]
    rows = town([extension(1), *chain, extension(900, diversions=(diversion("all", to_extension(1)),))])
    assert obstacle(rows, "61002") is Obstacle.LOOP


PLACES = st.one_of(
    st.integers(1, 5).map(to_extension),
    st.integers(1, 5).map(lambda row: to_number(f"6100{row}")),
    st.integers(1, 4).map(to_unit),
    st.integers(1, 3).map(to_group),
    st.just(to_number(OUTSIDE)),
)
DIVERSIONS = st.lists(
    st.builds(
        lambda condition, target, hours: diversion(condition, target, ends_at=TUESDAY_TEN + timedelta(hours=hours)),
        st.sampled_from(CONDITIONS), PLACES, st.sampled_from([-1, 0, 1]),
    ),
    max_size=3,
).map(tuple)  # fmt: skip


@st.composite
def towns(draw: st.DrawFn) -> Policy:
    return town(
        [extension(row, diversions=draw(DIVERSIONS) if row != 1 else ()) for row in range(1, 6)],
        units=[unit(row, *draw(st.lists(PLACES, max_size=3)), number=f"+469016195{row}") for row in range(1, 5)],
        ring_groups=[group(row, *draw(st.sets(st.integers(1, 5)))) for row in range(1, 4)],
    )


@given(towns(), st.sampled_from(["61002", "61003", "61951", "61952"]))
def test_what_is_refused_as_a_loop_is_what_following_every_way_finds(rows: Policy, number: str) -> None:
    target = rows.numbers[f"+46901{number}"]
    at_once = _comes_home(rows, target, ("all",), frozenset())
    sometimes = _comes_home(rows, target, CONDITIONS, frozenset())
    expected = Obstacle.LOOP if at_once else Obstacle.LOOP_LATER if sometimes else None
    assert obstacle(rows, number) is expected


def _comes_home(rows: Policy, target: Target, conditions: tuple[str, ...], seen: frozenset[Target]) -> bool:
    """Follow every way by itself, as one would by hand; slow where there are many."""
    if target.kind is TargetKind.NUMBER:
        target = rows.numbers.get(f"+46901{target.number}", target)
    if target == to_extension(1):
        return True
    if target in seen or target.kind is TargetKind.NUMBER:
        return False
    row = _row(rows, target)
    if isinstance(row, Extension):
        onward = [it.target for it in row.diversions if _counts(it, conditions)]
        return any(_comes_home(rows, place, conditions, seen | {target}) for place in onward)
    places = (
        [it.target for it in row.answering_places]
        if isinstance(row, Unit)
        else [to_extension(it) for it in row.member_extension_ids]
    )
    return bool(places) and all(_comes_home(rows, place, conditions, seen | {target}) for place in places)


def _counts(row: Diversion, conditions: tuple[str, ...]) -> bool:
    return row.condition.value in conditions and (row.ends_at is None or row.ends_at > TUESDAY_TEN)


def _row(rows: Policy, target: Target) -> Extension | Unit | RingGroup:
    tables = {
        TargetKind.EXTENSION: rows.extensions,
        TargetKind.UNIT: rows.units,
        TargetKind.RING_GROUP: rows.ring_groups,
    }
    found = tables[target.kind][target.id or 0]
    assert isinstance(found, Extension | Unit | RingGroup)
    return found
