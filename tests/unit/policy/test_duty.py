"""Who has duty (R7)."""

from callflow.policy.duty import on_duty
from callflow.policy.model import DutyLevel, DutyRoster, Target
from tests.builders import at, roster, shift, to_extension

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
    assert [(level.level, level.target, level.by_shift, level.ring_limit) for level in found] == [
        (1, None, False, 4),
        (2, BO, True, 4),
        (3, EVA, False, 2),
    ]


def test_of_overlapping_shifts_the_one_that_began_last_counts() -> None:
    shifts = (shift(1, NIGHT, MORNING, BO), shift(1, EVENING, MORNING, ANNA))
    for order in (shifts, shifts[::-1]):
        assert who(roster(1, shifts=order), "2026-11-24 23:30") == [BO]
