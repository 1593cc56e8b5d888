"""Calls that a process of ours has left are taken over; those that another still has in hand are not."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from callflow.policy.decision import Call, Decision, DiversionChange
from callflow.policy.model import Policy
from callflow.service import left_over
from callflow.service.feature_changes import STORE_SECONDS
from callflow.service.left_over import LEFT_OVER_CHANGE_SECONDS
from callflow.service.telephony import CallEntered, SwitchConnected, WaitingCall
from tests.fakes.calls import Room, hang_up_at_once
from tests.fakes.switch import FakeSwitch
from tests.fakes.waiting import until

DEAD_MAN_SECONDS = 2.0
"""When a claimed call goes on without a plan (dialplan/entry.conf)."""
CODE = WaitingCall(channel_id="1.1", endpoint="61001", called_number="#21#")
CALL = WaitingCall(channel_id="1.2", endpoint="trunk", called_number="+4690161001")


@dataclass
class OneOfTwo(FakeSwitch):
    """A switch as one of two instances sees it; `calls` are in an application of ours until they have their plan."""

    calls: dict[str, WaitingCall] = field(default_factory=dict)
    looks: int = 0

    async def start_plan(self, channel_id: str, variables: Mapping[str, str]) -> None:
        await super().start_plan(channel_id, variables)
        del self.calls[channel_id]

    async def left_over(self) -> tuple[WaitingCall, ...]:
        self.looks += 1
        return tuple(self.calls.values())


@dataclass
class Database:
    """What was stored; it answers when it may."""

    stored: list[str] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def settle(self, decision: Decision, call: Call, policy: Policy, decision_id: str) -> Decision:
        del call, policy
        if decision.change is not None:
            self.stored.append(decision_id)
            await self.answers.wait()
        return decision


def codes_change(policy: Policy, call: Call, at: datetime) -> Decision:
    decision = hang_up_at_once(policy, call, at)
    change = DiversionChange(
        extension_id=7, conditions=(), diversion=None, if_not_saved=decision.plan, if_not_known=decision.plan
    )
    return replace(decision, change=change) if call.called_number.startswith("#") else decision


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_over, "LEFT_OVER_SECONDS", 0.01)
    monkeypatch.setattr(left_over, "LEFT_OVER_CHANGE_SECONDS", 0.5)


def test_call_that_changes_something_is_left_to_its_owner_for_as_long_as_storing_may_take() -> None:
    assert STORE_SECONDS < LEFT_OVER_CHANGE_SECONDS < DEAD_MAN_SECONDS


async def test_what_another_instance_is_storing_is_not_stored_again() -> None:
    waiting, database = {CODE.channel_id: CODE, CALL.channel_id: CALL}, Database()
    its_owners, others = OneOfTwo(calls=waiting), OneOfTwo(calls=waiting)
    owner, other = (Room(switch=it, decide=codes_change, settle=database.settle) for it in (its_owners, others))
    async with owner.open(), other.open():
        its_owners.queue.put_nowait(CallEntered(CODE))
        await until(lambda: database.stored, "the owner to store")
        others.queue.put_nowait(SwitchConnected())
        await until(lambda: CALL.channel_id in others.plans, "the call that changes nothing")
        database.answers.set()
        await until(lambda: CODE.channel_id in its_owners.plans, "the owner's plan")
        assert len(database.stored) == 1
        await until(lambda: others.looks == 3, "a last look")
    assert len(database.stored) == 1
    assert list(others.plans) == [CALL.channel_id]


async def test_a_code_that_a_dead_process_left_is_carried_out_when_nobody_can_be_storing_it() -> None:
    switch, database = OneOfTwo(calls={CODE.channel_id: CODE}), Database()
    database.answers.set()
    room = Room(switch=switch, decide=codes_change, settle=database.settle)
    async with room.open():
        switch.queue.put_nowait(SwitchConnected())
        await until(lambda: CODE.channel_id in switch.plans)
    assert (len(database.stored), switch.looks) == (1, 3)


async def test_a_call_left_over_that_cannot_be_decided_falls_back_at_once() -> None:
    def fail(_policy: Policy, _call: Call, _at: datetime) -> Decision:
        raise ZeroDivisionError("a bug")

    switch = OneOfTwo(calls={CODE.channel_id: CODE})
    async with Room(switch=switch, decide=fail).open():
        switch.queue.put_nowait(SwitchConnected())
        await until(lambda: switch.fell_back == [CODE.channel_id])
    assert switch.looks == 2


async def test_what_a_dead_process_left_is_taken_over_after_a_moment() -> None:
    switch = OneOfTwo(calls={CALL.channel_id: CALL})
    async with Room(switch=switch).open():
        switch.queue.put_nowait(SwitchConnected())
        await until(lambda: CALL.channel_id in switch.plans)
    assert switch.looks == 2
