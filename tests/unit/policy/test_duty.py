"""Who has duty (R7)."""

from datetime import datetime
from typing import Any

import pytest

from callflow.policy.duty import DutyBy, duty_of, on_duty, taken_over, until_when
from callflow.policy.model import DutyLevel, DutyRoster, Target
from tests.builders import at, organisation, policy, roster, shift, to_extension, unit

ANNA, BO, EVA = (to_extension(number) for number in (1, 2, 3))
EVENING, NIGHT, MORNING = at("2026-11-24 17:00"), at("2026-11-24 23:00"), at("2026-11-25 08:00")


def who(rows: DutyRoster, moment: str) -> list[Target | None]:
    return [level.target for level in on_duty(rows, at(moment))]


def test_shift_counts_from_its_start_and_not_at_its_end() -> None:
    rows = roster(1, EVA, shifts=(shift(1, EVENING, NIGHT, ANNA), shift(1, NIGHT, MORNING, BO)))
    assert who(rows, "2026-11-24 16:59") == [EVA]
    assert who(rows, "2026-11-24 17:00") == [ANNA]
    assert who(rows, "2026-11-24 22:59") == [ANNA]
    assert who(rows, "2026-11-24 23:00") == [BO]
    assert who(rows, "2026-11-25 08:00") == [EVA]


def test_levels_come_in_order_also_those_with_shifts_alone() -> None:
    rows = DutyRoster(
        id=1,
        organisation_id=1,
        name="Jour",
        mailbox_id=1,
        levels=(DutyLevel(level=3, standing=EVA, ring_limit=2), DutyLevel(level=1)),
        shifts=(shift(2, EVENING, NIGHT, BO),),
    )
    found = on_duty(rows, at("2026-11-24 18:00"))
    assert [(level.level, level.target, level.by, level.ring_limit) for level in found] == [
        (1, None, DutyBy.STANDING, 4),
        (2, BO, DutyBy.SHIFT, 4),
        (3, EVA, DutyBy.STANDING, 2),
    ]


def test_of_overlapping_shifts_the_one_that_began_last_counts() -> None:
    shifts = (shift(1, NIGHT, MORNING, BO), shift(1, EVENING, MORNING, ANNA))
    for order in (shifts, shifts[::-1]):
        assert who(roster(1, shifts=order), "2026-11-24 23:30") == [BO]


TAKEN = shift(1, at("2026-11-24 20:00"), at("2026-11-25 02:00"), EVA, taken_over=True)


def test_shift_taken_over_wins_over_the_planned_one_and_leaves_it_as_it_was() -> None:
    rows = roster(1, None, shifts=(shift(1, EVENING, NIGHT, ANNA), TAKEN, shift(1, NIGHT, MORNING, BO)))
    for moment, target in (("19:59", ANNA), ("20:00", EVA), ("23:30", EVA)):
        assert who(rows, f"2026-11-24 {moment}") == [target]
    assert who(rows, "2026-11-25 02:00") == [BO]
    assert [level.by for level in on_duty(rows, at("2026-11-24 21:00"))] == [DutyBy.TAKEN_OVER]


def test_of_several_taken_over_the_one_that_began_last_counts() -> None:
    later = shift(1, at("2026-11-24 21:00"), NIGHT, BO, taken_over=True)
    for order in ((TAKEN, later), (later, TAKEN)):
        rows = roster(1, None, shifts=order)
        assert who(rows, "2026-11-24 22:00") == [BO]
        assert taken_over(rows, at("2026-11-24 22:00")) == (TAKEN, later)


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ("2026-11-24 16:00", EVENING),
        ("2026-11-24 18:00", TAKEN.starts_at),
        ("2026-11-24 21:00", TAKEN.ends_at),
        ("2026-11-25 03:00", MORNING),
        ("2026-11-25 09:00", None),
    ],
)
def test_duty_is_with_the_first_until_another_has_it(moment: str, ends: datetime | None) -> None:
    shifts = (shift(1, EVENING, NIGHT, ANNA), TAKEN, shift(1, NIGHT, MORNING, ANNA))
    assert until_when(roster(1, BO, shifts=shifts), at(moment)) == ends


def test_hand_over_to_oneself_is_none() -> None:
    shifts = (shift(1, EVENING, NIGHT, ANNA), shift(1, NIGHT, MORNING, ANNA))
    assert until_when(roster(1, BO, shifts=shifts), at("2026-11-24 18:00")) == MORNING


def test_duty_of_a_unit_is_its_own_or_from_above_or_its_organisations() -> None:
    own, above, main = roster(1), roster(2), roster(3)
    tables: dict[str, Any] = {"organisations": [organisation(duty_roster_id=3)], "duty_rosters": [own, above, main]}
    for of_unit, of_parent, found, whose in (
        (1, 2, own, "Enhet 2"),
        (None, 2, above, "Enhet 1"),
        (None, None, main, "Umeå kommun"),
        (77, None, main, "Umeå kommun"),
    ):
        units = [unit(1, duty_roster_id=of_parent), unit(2, parent_id=1, duty_roster_id=of_unit)]
        rows = policy(units=units, **tables)
        duty = duty_of(rows, rows.units[2])
        assert duty is not None
        assert (duty[0], duty[1].name) == (found, whose)
    nowhere = policy(organisations=[], units=[unit(1)])
    assert duty_of(nowhere, nowhere.units[1]) is None
