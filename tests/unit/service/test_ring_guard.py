"""The ring guard: what ends the ringing, and what does not (R8)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from callflow.policy.feature_actions import FeatureCode
from callflow.policy.lost_codes import hide_every_code
from callflow.service.dialled import hide_by
from callflow.service.ring_guard import Hide, RingGuard
from callflow.service.telephony import (
    LegDialled,
    LegEnded,
    LegRinging,
    MailboxChanged,
    PlanReported,
    RingEvent,
    RingingLost,
)
from tests.fakes.calls import HoldsPolicy, held, small_policy
from tests.fakes.running import running
from tests.fakes.switch import FakeRinging
from tests.fakes.waiting import until

RING_MS = 60


def dialled(leg: str, caller: str = "1.1") -> LegDialled:
    return LegDialled(caller_id=caller, leg_channel=leg)


def rings(leg: str, caller: str = "1.1", ring_ms: int | None = RING_MS) -> LegRinging:
    return LegRinging(
        caller_id=caller,
        caller_channel=f"PJSIP/trunk-{caller}",
        leg_channel=leg,
        ring_ms=ring_ms,
        dial=f"{ring_ms}:0",
    )


def early_media(leg: str, ring_ms: int | None = RING_MS) -> LegRinging:
    return replace(rings(leg, ring_ms=ring_ms), early_media=True)


def ended(leg: str, *, answered: bool = False) -> LegEnded:
    return LegEnded(caller_id="1.1", leg_channel=leg, answered=answered)


@asynccontextmanager
async def guarded(*events: RingEvent) -> AsyncIterator[FakeRinging]:
    ringing = FakeRinging()
    async with running(RingGuard(ringing).run()):
        for event in events:
            ringing.queue.put_nowait(event)
        yield ringing


async def the_time_is_up() -> None:
    """Wait until a clock that began now would have rung: timers fire in order."""
    up = asyncio.Event()
    asyncio.get_running_loop().call_later(RING_MS / 1000 + 0.02, up.set)
    await up.wait()


async def test_every_leg_of_the_caller_is_ended_when_the_rings_have_sounded() -> None:
    async with guarded(dialled("desk"), dialled("mobile"), rings("desk")) as ringing:
        await until(lambda: ringing.ended)
    assert ringing.ended == [("PJSIP/trunk-1.1", f"{RING_MS}:0", ("desk", "mobile"))]


async def test_the_clock_begins_with_the_first_ringing_of_any_leg() -> None:
    both = dialled("desk"), dialled("mobile")
    async with guarded(*both, rings("desk"), rings("mobile", ring_ms=10_000)) as ringing:
        await until(lambda: ringing.ended)


async def test_early_media_begins_the_clock() -> None:
    async with guarded(dialled("mobile"), early_media("mobile")) as ringing:
        await until(lambda: ringing.ended)


async def test_ringing_after_early_media_begins_the_clock_anew() -> None:
    async with guarded(early_media("mobile"), rings("mobile", ring_ms=10_000)) as ringing:
        await the_time_is_up()
    assert ringing.ended == []


async def test_early_media_beside_what_rings_changes_nothing() -> None:
    async with guarded(rings("desk"), early_media("mobile", ring_ms=10_000)) as ringing:
        await until(lambda: ringing.ended)


async def test_an_answered_call_is_left_alone() -> None:
    async with guarded(dialled("desk"), rings("desk"), ended("desk", answered=True)) as ringing:
        await the_time_is_up()
    assert ringing.ended == []


async def test_when_one_leg_is_answered_the_others_are_left_to_the_dial() -> None:
    async with guarded(dialled("mobile"), rings("desk"), ended("desk", answered=True)) as ringing:
        await the_time_is_up()
    assert ringing.ended == []


async def test_two_legs_that_rang_leave_no_clock_behind() -> None:
    first_place = (rings("a"), rings("b"), ended("a"), ended("b"))
    async with guarded(*first_place, rings("second", ring_ms=10_000)) as ringing:
        await the_time_is_up()
    assert ringing.ended == []


async def test_a_leg_that_has_ended_is_not_ended_again() -> None:
    async with guarded(dialled("desk"), dialled("mobile"), rings("desk"), ended("mobile")) as ringing:
        await until(lambda: ringing.ended)
    assert ringing.ended == [("PJSIP/trunk-1.1", f"{RING_MS}:0", ("desk",))]


async def test_the_next_place_has_a_clock_of_its_own() -> None:
    async with guarded(rings("first", ring_ms=RING_MS), ended("first"), rings("second", ring_ms=10_000)) as ringing:
        await the_time_is_up()
    assert ringing.ended == []


async def test_a_call_that_is_not_ours_may_ring() -> None:
    async with guarded(dialled("desk"), rings("desk", ring_ms=None)) as ringing:
        await the_time_is_up()
    assert ringing.ended == []


async def test_a_caller_who_hangs_up_takes_the_legs_along_and_ends_the_watch() -> None:
    async with guarded(rings("desk"), dialled("mobile"), ended("desk"), ended("mobile")) as ringing:
        await the_time_is_up()
    assert ringing.ended == []


async def test_after_a_lost_connection_nothing_is_ended_that_may_have_been_answered() -> None:
    async with guarded(rings("desk"), RingingLost()) as ringing:
        await the_time_is_up()
    assert ringing.ended == []


async def test_a_service_started_while_it_rings_guards_that_call_too() -> None:
    async with guarded(rings("desk")) as ringing:
        await until(lambda: ringing.ended)


async def test_what_plans_report_disturbs_nothing() -> None:
    report = PlanReported(event="plan_ended", call_id="1.1", fields={"path": "0:NOANSWER"})
    async with guarded(rings("desk"), report) as ringing:
        await until(lambda: ringing.ended)


@pytest.mark.parametrize(("hide", "shown"), [(lambda _: "hidden", "hidden"), (hide_every_code, "*29*…")])
async def test_what_was_dialled_is_told_without_what_nobody_may_read(hide: Hide, shown: str) -> None:
    ringing = FakeRinging()
    fields = {"dialled": "*29*61100*135790#", "path": "0:said"}
    with capture_logs() as lines:
        async with running(RingGuard(ringing, hide).run()):
            ringing.queue.put_nowait(PlanReported(event="plan_ended", call_id="1.1", fields=fields))
            await until(lambda: lines)
    assert lines == [
        {"event": "plan_ended", "call_id": "1.1", "log_level": "info", "dialled": shown, "path": "0:said"}
    ]


async def test_what_does_not_ring_is_handed_on_as_it_came() -> None:
    ringing, told = FakeRinging(), list[RingEvent]()
    report = PlanReported(event="plan_ended", call_id="1.1", fields={"dialled": "0701740605"}, account="61100")
    news: list[RingEvent] = [report, MailboxChanged("61100"), RingingLost()]
    async with running(RingGuard(ringing, hide_every_code, told.append).run()):
        for event in (rings("a"), *news):
            ringing.queue.put_nowait(event)
        await until(lambda: told == news)


def test_log_hides_by_the_policy_held_and_without_one_all_that_follows_a_code() -> None:
    codes = {"*29*": "lock_lost", "*21*": "divert_all"}
    rows = {n: FeatureCode(id=n, organisation_id=1, code=row, action=it) for n, (row, it) in enumerate(codes.items())}
    holder = HoldsPolicy(None)
    hide = hide_by(holder)
    assert hide("*21*61104#") == "*21*…"
    holder.held = held(replace(small_policy(), feature_codes=rows))
    assert hide("*21*61104#") == "*21*61104#"
    assert hide("*29*61104*135790#") == "*29*…"
