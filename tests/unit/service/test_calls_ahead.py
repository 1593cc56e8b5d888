"""A call is decided while it is claimed, so that its plan is ready when it comes in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from callflow.policy.decision import Call, Decision, DiversionChange
from callflow.policy.model import Policy
from callflow.policy.plan import Hangup, Plan
from callflow.service.calls import CallControl
from callflow.service.telephony import CallArrived, CallEntered, WaitingCall
from tests.fakes.calls import HoldsPolicy, Room, hang_up_at_once, held
from tests.fakes.switch import FakeSwitch
from tests.fakes.waiting import until

CALL = WaitingCall(channel_id="1.1", endpoint="trunk", called_number="+4690161001", caller_number="+46701740605")


@dataclass
class Desk:
    """Call control that notes what it decides and settles; claims are answered when `switch` says so."""

    switch: FakeSwitch = field(default_factory=lambda: FakeSwitch(claims_answered=asyncio.Event()))
    policy: HoldsPolicy = field(default_factory=lambda: HoldsPolicy(held()))
    decided: list[Call] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    change: DiversionChange | None = None
    fails: bool = False

    def decide(self, policy: Policy, call: Call, at: datetime) -> Decision:
        self.decided.append(call)
        if self.fails:
            raise ZeroDivisionError("a bug")
        return replace(hang_up_at_once(policy, call, at), change=self.change)

    async def settle(self, decision: Decision, call: Call, policy: Policy, decision_id: str) -> Decision:
        del call, policy
        self.settled.append(decision_id)
        return decision

    def answer_claims(self) -> None:
        assert self.switch.claims_answered is not None
        self.switch.claims_answered.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[CallControl]:
        room = Room(switch=self.switch, policy=self.policy, decide=self.decide, settle=self.settle)
        async with room.open() as control:
            yield control

    async def arrive_and_enter(self, entered: WaitingCall = CALL) -> None:
        self.switch.queue.put_nowait(CallArrived(CALL))
        await until(lambda: bool(self.decided), "the decision while the claim is under way")
        self.answer_claims()
        self.switch.queue.put_nowait(CallEntered(entered))
        await until(lambda: "1.1" in self.switch.plans)


async def test_a_call_is_decided_once_while_its_claim_is_under_way() -> None:
    desk = Desk()
    async with desk.open():
        await desk.arrive_and_enter()
    assert len(desk.decided) == 1


async def test_in_a_crowd_claims_go_before_decisions() -> None:
    desk = Desk()
    async with desk.open():
        for number in range(20):
            desk.switch.queue.put_nowait(CallArrived(replace(CALL, channel_id=str(number))))
        await until(lambda: len(desk.switch.claimed) == 20)
        await asyncio.sleep(0)
        assert desk.decided == []
        desk.answer_claims()


async def test_a_call_that_comes_in_as_another_than_it_arrived_is_decided_as_that() -> None:
    desk = Desk()
    async with desk.open():
        await desk.arrive_and_enter(replace(CALL, called_number="+4690161000"))
    assert [call.called_number for call in desk.decided] == ["+4690161001", "+4690161000"]


async def test_nothing_is_kept_of_a_call_that_another_has() -> None:
    desk = Desk(switch=FakeSwitch(taken_by_another={"1.1"}))
    async with desk.open() as control:
        desk.switch.queue.put_nowait(CallArrived(CALL))
        await until(lambda: bool(desk.decided) and control.in_hand == 0)
        desk.switch.queue.put_nowait(CallEntered(CALL))
        await until(lambda: "1.1" in desk.switch.plans)
    assert len(desk.decided) == 2


async def test_nothing_is_stored_for_a_call_before_it_is_ours() -> None:
    sorry = Plan(language="sv", steps=(Hangup(),))
    change = DiversionChange(extension_id=7, conditions=(), diversion=None, if_not_saved=sorry, if_not_known=sorry)
    desk = Desk(change=change)
    async with desk.open():
        desk.switch.queue.put_nowait(CallArrived(CALL))
        await until(lambda: bool(desk.decided))
        assert desk.settled == []
        desk.answer_claims()
        desk.switch.queue.put_nowait(CallEntered(CALL))
        await until(lambda: "1.1" in desk.switch.plans)
    assert len(desk.settled) == 1


async def test_a_decision_that_fails_ahead_fails_again_where_it_is_told() -> None:
    desk = Desk(fails=True)
    async with desk.open():
        desk.switch.queue.put_nowait(CallArrived(CALL))
        await until(lambda: len(desk.decided) == 1)
        desk.answer_claims()
        desk.switch.queue.put_nowait(CallEntered(CALL))
        await until(lambda: desk.switch.fell_back == ["1.1"])
    assert len(desk.decided) == 2
