"""Call control on a real Asterisk: claim, plan, fallback, two instances, what is left over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import pytest

from callflow.asterisk.ami_connection import AmiConnection, Lost
from callflow.asterisk.ami_event import AmiEvent
from callflow.asterisk.ari import Ari
from callflow.asterisk.ari_connection import AriConnection
from callflow.asterisk.plan_variables import plan_variables
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.policy.decision import Call, Decision
from callflow.policy.model import Policy
from callflow.service.calls import CallControl, Decide, DecidedCall
from callflow.service.telephony import CallArrived, CallEntered, SwitchEvent
from tests.asterisks import ami_address, ari_address, asterisk
from tests.fakes.calls import HoldsPolicy, as_decided, hang_up_at_once, held
from tests.fakes.waiting import until

__all__ = ["asterisk"]

Arrival = TypeVar("Arrival", CallArrived, CallEntered)
CALLED = "+4690161001"


def variables(decision: Decision, decision_id: str) -> dict[str, str]:
    return plan_variables(decision.plan, lambda *_: None, decision_id)


@dataclass
class Instance:
    """One `callflow serve` as far as call control goes."""

    connection: AriConnection
    decide: Decide = hang_up_at_once
    plan_variables: Callable[[Decision, str], dict[str, str]] = variables
    decided: list[DecidedCall] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Instance"]:
        control = CallControl(
            switch=Ari(self.connection),
            policy=HoldsPolicy(held()),
            decide=self.decide,
            settle=as_decided,
            plan_variables=self.plan_variables,
            decided=self.decided.append,
            tryout=True,
        )
        tasks = [asyncio.create_task(self.connection.run()), asyncio.create_task(control.run())]
        await until(lambda: self.connection.connected, "ARI connected")
        try:
            yield self
        finally:
            await control.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def reports(asterisk: EmbeddedAsterisk) -> AsyncIterator[list[AmiEvent]]:
    """What the dialplan reports by UserEvent."""
    connection = AmiConnection(ami_address(asterisk))
    found: list[AmiEvent] = []

    async def follow() -> None:
        async for event in connection.events():
            if not isinstance(event, Lost) and event.name == "UserEvent":
                found.append(event)  # noqa: PERF401 - each as it comes

    tasks = [asyncio.create_task(connection.run()), asyncio.create_task(follow())]
    await until(lambda: connection.connected, "AMI connected")
    yield found
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def call(asterisk: EmbeddedAsterisk) -> None:
    answer = await asterisk.console(f"channel originate Local/{CALLED}@from-trunk application Wait 5")
    if "No such command" in answer:  # the module is none that a running system needs
        await asterisk.console("module load res_clioriginate.so")
        await call(asterisk)


@asynccontextmanager
async def globals_set(asterisk: EmbeddedAsterisk, **values: str) -> AsyncIterator[None]:
    """Have the dialplan's global variables so for a while."""
    for name, value in values.items():
        await asterisk.console(f"dialplan set global {name} {value}")
    try:
        yield
    finally:
        await asterisk.console("dialplan reload")


async def first(events: AsyncIterator[SwitchEvent], kind: type[Arrival]) -> Arrival:
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError


def named(reports: list[AmiEvent], name: str) -> list[AmiEvent]:
    return [report for report in reports if report.get("UserEvent") == name]


async def test_a_call_is_claimed_decided_and_runs_its_plan(
    asterisk: EmbeddedAsterisk, reports: list[AmiEvent]
) -> None:
    async with Instance(AriConnection(ari_address(asterisk))).running() as instance:
        await call(asterisk)
        await until(lambda: named(reports, "CallflowEnd"), "the end of the plan")
    [decided] = instance.decided
    [end] = named(reports, "CallflowEnd")
    assert decided.call.called_number == CALLED
    assert end.get("Decision") == decided.decision_id


async def test_of_two_instances_one_takes_each_call(asterisk: EmbeddedAsterisk, reports: list[AmiEvent]) -> None:
    first, second = (Instance(AriConnection(ari_address(asterisk))) for _ in range(2))
    async with first.running(), second.running():
        for _ in range(5):
            await call(asterisk)
        await until(lambda: len(named(reports, "CallflowEnd")) == 5, "five calls ended")
    assert len(first.decided) + len(second.decided) == 5
    assert not named(reports, "CallflowFallback")


async def test_a_failing_decision_lets_the_call_fall_back_before_the_dead_mans_switch(
    asterisk: EmbeddedAsterisk, reports: list[AmiEvent]
) -> None:
    def fail(_policy: Policy, _call: Call, _at: datetime) -> Decision:
        raise LookupError("no such row")

    async with Instance(AriConnection(ari_address(asterisk)), decide=fail).running():
        await call(asterisk)
        await until(lambda: named(reports, "CallflowFallback"), "the fallback")
    assert [report.get("Reason") for report in named(reports, "CallflowFallback")] == ["SUCCESS"]


async def test_a_step_of_a_newer_service_leaves_the_call_to_the_net(
    asterisk: EmbeddedAsterisk, reports: list[AmiEvent]
) -> None:
    def newer(_decision: Decision, decision_id: str) -> dict[str, str]:
        return {"CF_PLAN": f"se||||{decision_id}|fly,1(1)|hangup,1(16)"}

    async with Instance(AriConnection(ari_address(asterisk)), plan_variables=newer).running():
        await call(asterisk)
        await until(lambda: named(reports, "CallflowFallback"), "the fallback")
    assert [report.get("Reason") for report in named(reports, "CallflowFallback")] == ["UNKNOWN_STEP"]


async def test_a_call_left_in_a_dead_process_is_taken_over(
    asterisk: EmbeddedAsterisk, reports: list[AmiEvent]
) -> None:
    dead = AriConnection(ari_address(asterisk))
    task = asyncio.create_task(dead.run())
    await until(lambda: dead.connected, "ARI connected")
    async with globals_set(asterisk, TRYOUT="0", CALLFLOW_AT="2026-12-24T10:00:00Z"):
        await call(asterisk)
        events = Ari(dead).events()
        arrived = await first(events, CallArrived)
        assert await Ari(dead).claim(arrived.call.channel_id)
    entered = await first(events, CallEntered)
    assert await Ari(dead).left_over() == (entered.call,)
    assert entered.call.at == "2026-12-24T10:00:00Z"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with Instance(AriConnection(ari_address(asterisk))).running() as instance:
        await until(lambda: named(reports, "CallflowEnd"), "the end of the plan", seconds=1.5)
        await until(lambda: len(instance.decided) == 1, "the decision")
    assert not named(reports, "CallflowFallback")
