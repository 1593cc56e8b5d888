"""A feature code's change is stored before the caller hears that it was (R9)."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from callflow.policy.decision import Call, Change, Decision, DiversionChange, LockChange, Outcome
from callflow.policy.model import Diversion, DiversionCondition, Target, TargetKind
from callflow.policy.plan import Hangup, HangupCause, Plan, Presentation
from callflow.service import feature_changes
from callflow.service.feature_changes import settle_by
from tests.fakes.calls import small_policy
from tests.fakes.changes import MemoryChanges

SAVED = Plan(language="sv", steps=(Hangup(),), presentation=Presentation(number="+4690161001"))
SORRY = Plan(language="sv", steps=(Hangup(cause=HangupCause.REJECTED),))
DIVERSION = Diversion(condition=DiversionCondition.ALL, target=Target(TargetKind.NUMBER, number="+46701740605"))
UNCLEAR = Plan(language="sv", steps=(Hangup(cause=HangupCause.UNALLOCATED),))
SET = DiversionChange(
    extension_id=7,
    conditions=(DiversionCondition.ALL,),
    diversion=DIVERSION,
    if_not_saved=SORRY,
    if_not_known=UNCLEAR,
)


def decision(change: Change | None = SET) -> Decision:
    return Decision(outcome=Outcome.FEATURE_CODE, plan=SAVED, trace=(), policy_revision=1, change=change)


@dataclass
class Holder:
    """Knows the revisions up to `known`."""

    known: int = 99
    asked: list[int] = field(default_factory=list)

    async def wait_for_revision(self, revision: int) -> object:
        self.asked.append(revision)
        if revision > self.known:
            await asyncio.Event().wait()
        return None


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_changes, "STORE_SECONDS", 0.05)


def database(**values: object) -> MemoryChanges:
    return replace(MemoryChanges(diversions={7: ()}), **values)  # type: ignore[arg-type]


async def settled(
    changes: MemoryChanges, holder: Holder | None = None, change: Change | None = SET, caller: int = 7
) -> Decision:
    call = Call(called_number="*21*0701740605#", caller_extension_id=caller)
    return await settle_by(changes, holder or Holder())(decision(change), call, small_policy(), "d1")


async def test_change_is_stored_by_the_phone_and_known_before_the_plan_begins() -> None:
    changes, holder = database(), Holder()
    assert await settled(changes, holder) == decision()
    assert changes.diversions[7] == (DIVERSION,)
    assert (changes.actors, changes.decisions) == (["phone:+4690161001"], ["d1"])
    assert holder.asked == [changes.revision]


async def test_phone_of_an_extension_that_is_gone_is_named_by_its_id() -> None:
    changes = database()
    await settled(changes, caller=8)
    assert changes.actors == ["phone:8"]


async def test_change_for_another_is_made_by_the_phone_that_dialled() -> None:
    changes = MemoryChanges(diversions={8: ()})
    await settled(changes, change=replace(SET, extension_id=8))
    assert changes.actors == ["phone:+4690161001"]


async def test_call_that_changes_nothing_asks_nobody() -> None:
    holder = Holder()
    assert await settled(database(away=True), holder, change=None) == decision(None)
    assert holder.asked == []


@pytest.mark.parametrize("trouble", ["away", "hung"])
async def test_caller_hears_that_nothing_was_stored_where_the_database_is(
    trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = database(away=True) if trouble == "away" else database(hung=asyncio.Event())
    async with asyncio.timeout(5):
        told = await settled(changes)
    assert told.plan == replace(SORRY, presentation=SAVED.presentation)
    assert told.change is None
    assert [line.reason for line in told.trace] == ["change_not_stored"]
    assert changes.diversions[7] == ()
    said = capsys.readouterr().out
    assert "change_not_stored" in said
    assert ("is away" if trouble == "away" else "gave no answer") in said


async def test_stored_change_is_told_as_stored_also_when_the_policy_is_slow_to_know_it() -> None:
    changes, slow = database(), Holder(known=1)
    assert await settled(changes, slow) == decision()
    assert slow.asked == [changes.revision]


async def test_caller_hears_that_it_is_unclear_where_the_database_was_lost_as_it_stored(
    capsys: pytest.CaptureFixture[str],
) -> None:
    holder = Holder()
    told = await settled(database(lost=True), holder)
    assert told.plan == replace(UNCLEAR, presentation=SAVED.presentation)
    assert told.change is None
    assert [line.reason for line in told.trace] == ["change_not_known"]
    assert holder.asked == []
    assert "change_not_known" in capsys.readouterr().out


REFUSED = Plan(language="sv", steps=(Hangup(cause=HangupCause.BUSY),))
LOCK = LockChange(extension_id=7, pin="135790", if_refused=REFUSED, if_not_saved=SORRY, if_not_known=UNCLEAR)


async def test_lock_with_the_right_pin_is_stored() -> None:
    changes = database(pins={7: "135790"})
    assert await settled(changes, change=LOCK) == decision(LOCK)
    assert changes.locked == {7}


@pytest.mark.parametrize("lock", [replace(LOCK, pin="1"), replace(LOCK, extension_id=None)])
async def test_lock_that_is_refused_is_told_in_one_way_and_leaves_no_pin_in_the_log(
    lock: LockChange, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = database(pins={7: "246801"})
    told = await settled(changes, change=lock)
    assert told.plan == replace(REFUSED, presentation=SAVED.presentation)
    assert told.change is None
    assert changes.locked == set()
    said = capsys.readouterr().out
    assert "lock_refused" in said
    assert "135790" not in said
