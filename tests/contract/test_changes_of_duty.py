"""Duty that is taken over and units that are forced, stored by the real one and the fake alike (R4, R7)."""

from datetime import datetime

import pytest

from callflow.policy.decision import DutyChange, UnitChange
from callflow.policy.model import DutyShift, Target, TargetKind, UnitOverride
from callflow.service.feature_changes import ChangeNotStoredError
from tests.contract.test_changes import HOUR, NOON, SORRY, Subject, database_url, sample_database_url, store, subject

__all__ = ["database_url", "sample_database_url", "subject"]

Span = tuple[datetime, datetime]


def taking(subject: Subject, by: int, at: datetime, ends_at: datetime, level: int = 1) -> DutyChange:
    """Return that a phone takes duty over until then."""
    phone = Target(TargetKind.EXTENSION, by)
    return DutyChange(
        extension_id=by,
        roster_id=subject.roster_id,
        at=at,
        shift=DutyShift(level=level, starts_at=at, ends_at=ends_at, target=phone, taken_over=True),
        if_not_saved=SORRY,
        if_not_known=SORRY,
    )


def handing_back(by: int, at: datetime) -> DutyChange:
    return DutyChange(extension_id=by, roster_id=None, at=at, shift=None, if_not_saved=SORRY, if_not_known=SORRY)


async def taken(subject: Subject) -> list[tuple[int | None, datetime, datetime]]:
    """Return who has taken over from when until when, in order."""
    rows = [row for row in await subject.shifts() if row.taken_over]
    return sorted(((row.target.id, row.starts_at, row.ends_at) for row in rows), key=lambda row: row[1])


async def test_duty_is_taken_over_as_it_was_given(subject: Subject) -> None:
    change = taking(subject, subject.extension_id, NOON, NOON + HOUR)
    await store(subject, change)
    assert await subject.shifts() == (change.shift,)
    assert set(await subject.actors()) == {"phone:+4690161100"}
    assert set(await subject.decisions()) == {"d1"}


async def test_later_one_has_it_from_then_on_and_the_one_before_no_more(subject: Subject) -> None:
    one, other = subject.extension_id, subject.other_id
    await store(subject, taking(subject, one, NOON, NOON + 9 * HOUR))
    await store(subject, taking(subject, other, NOON + HOUR, NOON + 2 * HOUR))
    assert await taken(subject) == [(one, NOON, NOON + HOUR), (other, NOON + HOUR, NOON + 2 * HOUR)]


async def test_what_was_to_be_taken_over_later_gives_way(subject: Subject) -> None:
    one, other = subject.extension_id, subject.other_id
    for hours in ((1, 2), (3, 6)):
        await store(subject, taking(subject, one, NOON + hours[0] * HOUR, NOON + hours[1] * HOUR))
    await store(subject, taking(subject, other, NOON, NOON + 4 * HOUR))
    assert await taken(subject) == [(other, NOON, NOON + 4 * HOUR), (one, NOON + 4 * HOUR, NOON + 6 * HOUR)]


async def test_each_level_is_taken_over_by_itself(subject: Subject) -> None:
    one, other = subject.extension_id, subject.other_id
    await store(subject, taking(subject, one, NOON, NOON + 2 * HOUR))
    await store(subject, taking(subject, other, NOON, NOON + 2 * HOUR, level=2))
    assert len(await taken(subject)) == 2


async def test_who_hands_back_has_it_no_more_and_others_keep_theirs(subject: Subject) -> None:
    one, other = subject.extension_id, subject.other_id
    await store(subject, taking(subject, one, NOON, NOON + 9 * HOUR))
    await store(subject, taking(subject, other, NOON, NOON + 9 * HOUR, level=2))
    await store(subject, handing_back(one, NOON + HOUR))
    assert set(await taken(subject)) == {(one, NOON, NOON + HOUR), (other, NOON, NOON + 9 * HOUR)}


async def test_duty_that_is_handed_back_as_it_begins_has_never_been(subject: Subject) -> None:
    await store(subject, taking(subject, subject.extension_id, NOON, NOON + HOUR))
    await store(subject, handing_back(subject.extension_id, NOON))
    assert await taken(subject) == []


async def test_who_has_nothing_changes_nothing_by_handing_back(subject: Subject) -> None:
    before = await store(subject, taking(subject, subject.extension_id, NOON, NOON + HOUR))
    assert await store(subject, handing_back(subject.other_id, NOON)) == before
    assert await store(subject, handing_back(subject.extension_id, NOON + 2 * HOUR)) == before


async def test_roster_that_is_gone_is_not_taken_over(subject: Subject) -> None:
    gone = DutyChange(
        extension_id=subject.extension_id,
        roster_id=99_999_999,
        at=NOON,
        shift=taking(subject, subject.extension_id, NOON, NOON + HOUR).shift,
        if_not_saved=SORRY,
        if_not_known=SORRY,
    )
    with pytest.raises(ChangeNotStoredError):
        await store(subject, gone)


def forcing(subject: Subject, at: datetime, ends_at: datetime | None, *, is_open: bool = False) -> UnitChange:
    """Return that a unit is forced from `at`, or no longer where there is no end."""
    override = UnitOverride(is_open=is_open, starts_at=at, ends_at=ends_at) if ends_at is not None else None
    return UnitChange(
        extension_id=subject.extension_id,
        unit_id=subject.unit_id,
        at=at,
        override=override,
        if_not_saved=SORRY,
        if_not_known=SORRY,
    )


async def forced(subject: Subject) -> list[tuple[bool, datetime, datetime]]:
    """Return what the unit is forced to be from when until when, in order."""
    rows = [(row.is_open, row.starts_at, row.ends_at) for row in await subject.overrides()]
    return sorted(rows, key=lambda row: row[1])


async def test_unit_is_forced_as_it_was_given(subject: Subject) -> None:
    await store(subject, forcing(subject, NOON, NOON + HOUR, is_open=True))
    assert await forced(subject) == [(True, NOON, NOON + HOUR)]
    assert set(await subject.actors()) == {"phone:+4690161100"}


async def test_new_one_takes_the_place_of_the_one_in_force_and_of_what_was_to_come(subject: Subject) -> None:
    await store(subject, forcing(subject, NOON + 3 * HOUR, NOON + 6 * HOUR))
    await store(subject, forcing(subject, NOON - HOUR, NOON + 2 * HOUR, is_open=True))
    await store(subject, forcing(subject, NOON, NOON + 4 * HOUR))
    assert await forced(subject) == [
        (True, NOON - HOUR, NOON),
        (False, NOON, NOON + 4 * HOUR),
        (False, NOON + 4 * HOUR, NOON + 6 * HOUR),
    ]


async def test_unit_as_usual_is_forced_no_longer_and_what_is_to_come_stays(subject: Subject) -> None:
    await store(subject, forcing(subject, NOON + 3 * HOUR, NOON + 4 * HOUR))
    await store(subject, forcing(subject, NOON, NOON + 2 * HOUR))
    await store(subject, forcing(subject, NOON + HOUR, None))
    assert await forced(subject) == [(False, NOON, NOON + HOUR), (False, NOON + 3 * HOUR, NOON + 4 * HOUR)]


async def test_what_ends_as_it_begins_has_never_been(subject: Subject) -> None:
    await store(subject, forcing(subject, NOON, NOON + HOUR))
    await store(subject, forcing(subject, NOON, None))
    assert await forced(subject) == []


async def test_unit_that_is_not_forced_changes_nothing_by_being_as_usual(subject: Subject) -> None:
    before = await store(subject, forcing(subject, NOON, NOON + HOUR))
    assert await store(subject, forcing(subject, NOON + 2 * HOUR, None)) == before
