"""What everybody does who stores what phones change, the real one and the fake alike (R4, R7, R9, R10, R21)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from callflow.policy.decision import AbsenceChange, Change, DiversionChange, LockChange
from callflow.policy.model import (
    Absence,
    Diversion,
    DiversionCondition,
    DutyShift,
    Target,
    TargetKind,
    UnitOverride,
)
from callflow.policy.plan import Hangup, Plan
from callflow.service.feature_changes import ChangeNotStoredError, Changes, LockRefusedError
from callflow.storage.connection import connected
from callflow.storage.phone_changes import PostgresChanges
from callflow.storage.store import PostgresPolicyStore
from tests.databases import database_url, sample_database_url, shared_server
from tests.fakes.changes import MemoryChanges

__all__ = ["database_url", "sample_database_url"]

ALL, NO_ANSWER, BUSY = DiversionCondition.ALL, DiversionCondition.NO_ANSWER, DiversionCondition.BUSY
EVERY = tuple(DiversionCondition)
SORRY = Plan(language="sv", steps=(Hangup(),))
OUTSIDE = Target(TargetKind.NUMBER, number="+46701740699")
ENDS = datetime(2041, 5, 3, tzinfo=UTC)


@dataclass
class Subject:
    """Who stores, an extension without diversions, another one, and how to see what stands and who did it.

    `slow`: while it is open the database gives no answer.
    """

    changes: Changes
    away: Changes
    extension_id: int
    other_id: int
    diversions: Callable[[], Awaitable[tuple[Diversion, ...]]]
    actors: Callable[[], Awaitable[list[str]]]
    decisions: Callable[[], Awaitable[list[str]]]
    slow: Callable[[], AbstractAsyncContextManager[None]]
    person_id: int
    reason_id: int
    absences: Callable[[], Awaitable[tuple[Absence, ...]]]
    pin: str
    is_locked: Callable[[], Awaitable[bool]]
    roster_id: int
    shifts: Callable[[], Awaitable[tuple[DutyShift, ...]]]
    unit_id: int
    overrides: Callable[[], Awaitable[tuple[UnitOverride, ...]]]


@asynccontextmanager
async def postgres(url: str) -> AsyncIterator[Subject]:
    async with connected(url) as connection:
        extension, other = [
            await connection.fetchval("SELECT id FROM extension WHERE sip_username = $1", name)
            for name in ("61100", "61104")
        ]
        person, reason = await connection.fetchrow(
            "SELECT p.id, r.id FROM extension AS e JOIN person AS p ON p.id = e.person_id "
            "JOIN absence_reason AS r ON r.organisation_id = p.organisation_id WHERE e.id = $1 AND r.digit = '2'",
            extension,
        )
        unit, roster = await connection.fetchrow("SELECT id, duty_roster_id FROM unit WHERE number = '+4690161200'")
        for table in ("diversion", "absence", "duty_shift"):
            await connection.execute(f"DELETE FROM {table}")
        pin = await connection.fetchval(
            "SELECT m.pin FROM mailbox AS m JOIN extension AS e ON e.mailbox_id = m.id WHERE e.id = $1", extension
        )
        await connection.execute("UPDATE extension SET mailbox_id = NULL WHERE id = $1", other)
        before = await connection.fetchval("SELECT max(id) FROM audit")
    store, changes = PostgresPolicyStore(url, 2), PostgresChanges(url)

    async def diversions() -> tuple[Diversion, ...]:
        return (await store.load()).policy.extensions[extension].diversions

    async def absences() -> tuple[Absence, ...]:
        return (await store.load()).policy.people[person].absences

    async def is_locked() -> bool:
        return (await store.load()).policy.extensions[extension].locked

    async def shifts() -> tuple[DutyShift, ...]:
        return (await store.load()).policy.duty_rosters[roster].shifts

    async def overrides() -> tuple[UnitOverride, ...]:
        return (await store.load()).policy.units[unit].overrides

    async def actors() -> list[str]:
        async with connected(url) as connection:
            rows = await connection.fetch("SELECT actor FROM audit WHERE id > $1 ORDER BY id", before)
            return [row["actor"] for row in rows]

    async def decisions() -> list[str]:
        async with connected(url) as connection:
            rows = await connection.fetch("SELECT decision_id FROM audit WHERE id > $1 ORDER BY id", before)
            return [row["decision_id"] for row in rows]

    @asynccontextmanager
    async def slow() -> AsyncIterator[None]:
        async with connected(url) as administrator, administrator.transaction():
            await administrator.execute("UPDATE organisation SET name = name WHERE id = 1")
            yield

    away = PostgresChanges(shared_server().url_of("no_such_database"))
    seen = (diversions, actors, decisions, slow)
    yield Subject(
        changes, away, extension, other, *seen, person, reason, absences,
        pin, is_locked, roster, shifts, unit, overrides,
    )  # fmt: skip
    changes.close()


@asynccontextmanager
async def memory() -> AsyncIterator[Subject]:
    changes = MemoryChanges(
        diversions={1: (), 2: ()}, absences={3: ()}, pins={1: "135790", 2: None}, shifts={5: ()}, overrides={6: ()}
    )

    async def diversions() -> tuple[Diversion, ...]:
        return changes.diversions[1]

    async def absences() -> tuple[Absence, ...]:
        return changes.absences[3]

    async def is_locked() -> bool:
        return 1 in changes.locked

    async def shifts() -> tuple[DutyShift, ...]:
        return changes.shifts[5]

    async def overrides() -> tuple[UnitOverride, ...]:
        return changes.overrides[6]

    async def actors() -> list[str]:
        return changes.actors

    async def decisions() -> list[str]:
        return changes.decisions

    @asynccontextmanager
    async def slow() -> AsyncIterator[None]:
        changes.hung = asyncio.Event()
        yield
        changes.hung = None

    away = MemoryChanges(away=True)
    seen = (diversions, actors, decisions, slow)
    yield Subject(changes, away, 1, 2, *seen, 3, 4, absences, "135790", is_locked, 5, shifts, 6, overrides)


@pytest.fixture(params=["postgres", "memory"])
async def subject(request: pytest.FixtureRequest, sample_database_url: str) -> AsyncIterator[Subject]:
    async with postgres(sample_database_url) if request.param == "postgres" else memory() as made:
        yield made


def setting(subject: Subject, diversion: Diversion) -> DiversionChange:
    return DiversionChange(
        extension_id=subject.extension_id,
        conditions=(diversion.condition,),
        diversion=diversion,
        if_not_saved=SORRY,
        if_not_known=SORRY,
    )


def cancelling(subject: Subject, *conditions: DiversionCondition) -> DiversionChange:
    return DiversionChange(
        extension_id=subject.extension_id,
        conditions=conditions,
        diversion=None,
        if_not_saved=SORRY,
        if_not_known=SORRY,
    )


async def store(subject: Subject, change: Change, seconds: float = 10.0) -> int:
    deadline = asyncio.get_running_loop().time() + seconds
    return await subject.changes.store(change, actor="phone:+4690161100", decision_id="d1", deadline=deadline)


def outside(condition: DiversionCondition) -> Diversion:
    return Diversion(condition=condition, target=OUTSIDE)


async def test_diversion_is_set_as_it_was_given(subject: Subject) -> None:
    whole = Diversion(condition=NO_ANSWER, target=OUTSIDE, rings=2, ends_at=ENDS)
    await store(subject, setting(subject, whole))
    assert await subject.diversions() == (whole,)


async def test_each_setting_is_a_newer_revision(subject: Subject) -> None:
    first = await store(subject, setting(subject, outside(ALL)))
    assert await store(subject, setting(subject, outside(BUSY))) == first + 1


async def test_new_diversion_takes_the_place_of_the_one_before(subject: Subject) -> None:
    await store(subject, setting(subject, outside(ALL)))
    await store(subject, setting(subject, outside(BUSY)))
    inside = Diversion(condition=ALL, target=Target(TargetKind.EXTENSION, subject.other_id))
    await store(subject, setting(subject, inside))
    assert set(await subject.diversions()) == {outside(BUSY), inside}


async def test_cancelling_takes_away_what_it_names_alone(subject: Subject) -> None:
    for condition in EVERY:
        await store(subject, setting(subject, outside(condition)))
    await store(subject, cancelling(subject, BUSY))
    assert {row.condition for row in await subject.diversions()} == set(EVERY) - {BUSY}
    await store(subject, cancelling(subject, *EVERY))
    assert await subject.diversions() == ()


async def test_cancelling_what_is_not_there_changes_nothing(subject: Subject) -> None:
    before = await store(subject, setting(subject, outside(ALL)))
    assert await store(subject, cancelling(subject, BUSY)) == before
    assert await subject.actors() == ["phone:+4690161100"]
    assert await subject.decisions() == ["d1"]


async def test_audit_names_the_phone(subject: Subject) -> None:
    await store(subject, setting(subject, outside(ALL)))
    assert set(await subject.actors()) == {"phone:+4690161100"}


async def test_refused_change_leaves_what_stood(subject: Subject) -> None:
    await store(subject, setting(subject, outside(ALL)))
    itself = Diversion(condition=ALL, target=Target(TargetKind.EXTENSION, subject.extension_id))
    with pytest.raises(ChangeNotStoredError) as caught:
        await store(subject, setting(subject, itself))
    assert caught.value.code == "change_not_stored"
    assert await subject.diversions() == (outside(ALL),)
    await store(subject, cancelling(subject, ALL))
    assert await subject.diversions() == ()


async def test_diversions_that_would_go_round_are_refused(subject: Subject) -> None:
    there = Diversion(condition=ALL, target=Target(TargetKind.EXTENSION, subject.other_id))
    back = Diversion(condition=BUSY, target=Target(TargetKind.EXTENSION, subject.extension_id))
    of_other = replace(setting(subject, back), extension_id=subject.other_id)
    await store(subject, of_other)
    with pytest.raises(ChangeNotStoredError, match="går runt"):
        await store(subject, setting(subject, there))
    assert await subject.diversions() == ()
    await store(subject, replace(of_other, diversion=None))
    await store(subject, setting(subject, there))
    assert await subject.diversions() == (there,)


async def test_slow_database_is_given_up_and_sets_nothing_later(subject: Subject) -> None:
    await store(subject, setting(subject, outside(BUSY)))
    async with subject.slow():
        with pytest.raises(ChangeNotStoredError, match="gave no answer"):
            await store(subject, cancelling(subject, *EVERY), 0.3)
    await store(subject, setting(subject, outside(ALL)), 5)
    assert set(await subject.diversions()) == {outside(ALL), outside(BUSY)}


async def test_extension_that_is_gone_has_nothing_set(subject: Subject) -> None:
    with pytest.raises(ChangeNotStoredError):
        await store(subject, replace(setting(subject, outside(ALL)), extension_id=99_999_999))


async def test_lost_database_stores_nothing_and_says_so(subject: Subject) -> None:
    with pytest.raises(ChangeNotStoredError):
        await store(replace(subject, changes=subject.away), setting(subject, outside(ALL)))


async def test_many_phones_at_once_are_all_stored(subject: Subject) -> None:
    changes = [
        setting(subject, replace(outside(condition), ends_at=ENDS + timedelta(days=day)))
        for day in range(3)
        for condition in EVERY
    ]
    revisions = await asyncio.gather(*(store(subject, change) for change in changes))
    assert {row.condition for row in await subject.diversions()} == set(EVERY)
    assert max(revisions) - min(revisions) == len(changes) - 1


NOON = datetime(2041, 5, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def absent(subject: Subject, at: datetime, returns_at: datetime | None = None) -> AbsenceChange:
    absence = Absence(id=0, reason_id=subject.reason_id, starts_at=at, returns_at=returns_at)
    return replace(back(subject, at), absence=absence)


def back(subject: Subject, at: datetime) -> AbsenceChange:
    return AbsenceChange(
        extension_id=subject.extension_id,
        person_id=subject.person_id,
        at=at,
        absence=None,
        if_not_saved=SORRY,
        if_not_known=SORRY,
    )


async def spans(subject: Subject) -> list[tuple[datetime, datetime | None]]:
    """Return when each absence begins and ends, in order."""
    return sorted((row.starts_at, row.returns_at) for row in await subject.absences())


async def test_absence_is_set_as_it_was_given(subject: Subject) -> None:
    await store(subject, absent(subject, NOON, NOON + HOUR))
    [row] = await subject.absences()
    assert (row.reason_id, row.starts_at, row.returns_at) == (subject.reason_id, NOON, NOON + HOUR)
    assert set(await subject.actors()) == {"phone:+4690161100"}


async def test_new_absence_ends_those_in_force_and_leaves_the_others(subject: Subject) -> None:
    await store(subject, absent(subject, NOON + 4 * HOUR, NOON + 5 * HOUR))
    await store(subject, absent(subject, NOON - 2 * HOUR, NOON - HOUR))
    await store(subject, absent(subject, NOON - HOUR))
    await store(subject, absent(subject, NOON, NOON + HOUR))
    assert await spans(subject) == [
        (NOON - 2 * HOUR, NOON - HOUR),
        (NOON - HOUR, NOON),
        (NOON, NOON + HOUR),
        (NOON + 4 * HOUR, NOON + 5 * HOUR),
    ]


async def test_who_is_back_has_no_absence_in_force(subject: Subject) -> None:
    await store(subject, absent(subject, NOON))
    await store(subject, back(subject, NOON + HOUR))
    assert await spans(subject) == [(NOON, NOON + HOUR)]


async def test_absence_that_is_ended_as_it_begins_has_never_been(subject: Subject) -> None:
    await store(subject, absent(subject, NOON))
    await store(subject, back(subject, NOON))
    assert await spans(subject) == []


async def test_who_is_not_absent_changes_nothing_by_being_back(subject: Subject) -> None:
    before = await store(subject, absent(subject, NOON, NOON + HOUR))
    assert await store(subject, back(subject, NOON + 2 * HOUR)) == before


def locking(subject: Subject, pin: str, extension_id: int | None = 0) -> LockChange:
    """Return the change that locks the subject's extension, or another one."""
    return LockChange(
        extension_id=subject.extension_id if extension_id == 0 else extension_id,
        pin=pin,
        if_refused=SORRY,
        if_not_saved=SORRY,
        if_not_known=SORRY,
    )


async def test_phone_is_locked_by_the_pin_of_its_mailbox(subject: Subject) -> None:
    await store(subject, locking(subject, subject.pin))
    assert await subject.is_locked()
    assert await subject.actors() == ["phone:+4690161100"]
    assert await subject.decisions() == ["d1"]


async def test_phone_that_is_locked_already_stays_so_and_nothing_is_changed(subject: Subject) -> None:
    first = await store(subject, locking(subject, subject.pin))
    assert await store(subject, locking(subject, subject.pin)) == first
    assert len(await subject.actors()) == 1


@pytest.mark.parametrize("whose", ["the pin is wrong", "no mailbox", "no such extension", "no extension"])
async def test_lock_is_refused_in_the_same_way_whatever_is_wrong(subject: Subject, whose: str) -> None:
    others = {"no mailbox": subject.other_id, "no such extension": 99_999_999, "no extension": None}
    pin = "864209" if whose == "the pin is wrong" else subject.pin
    with pytest.raises(LockRefusedError) as caught:
        await store(subject, locking(subject, pin, others.get(whose, 0)))
    assert caught.value.code == "lock_refused"
    assert not await subject.is_locked()
    assert await subject.actors() == []


async def test_fifth_wrong_pin_is_the_last_that_is_taken(subject: Subject) -> None:
    for _ in range(5):
        with pytest.raises(LockRefusedError):
            await store(subject, locking(subject, "864209"))
    with pytest.raises(LockRefusedError):
        await store(subject, locking(subject, subject.pin))
    assert not await subject.is_locked()


async def test_four_wrong_pins_leave_a_fifth_try_which_counts(subject: Subject) -> None:
    for _ in range(4):
        with pytest.raises(LockRefusedError):
            await store(subject, locking(subject, "864209"))
    await store(subject, locking(subject, subject.pin))
    assert await subject.is_locked()


async def test_diversions_are_stored_after_a_lock_that_was_refused(subject: Subject) -> None:
    with pytest.raises(LockRefusedError):
        await store(subject, locking(subject, "864209"))
    await store(subject, setting(subject, outside(ALL)))
    assert await subject.diversions() == (outside(ALL),)
