"""Call control: what is claimed, decided, handed over and let go."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import structlog
from structlog.testing import capture_logs

from callflow.policy.decision import Call, Decision, Outcome
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Policy
from callflow.service import calls
from callflow.service.call_log import call_line
from callflow.service.calls import DecidedCall
from callflow.service.policy_holder import Held
from callflow.service.telephony import CallArrived, CallEntered, WaitingCall
from tests.fakes.calls import HoldsPolicy, Room, hang_up_at_once, held, small_policy
from tests.fakes.switch import FakeSwitch
from tests.fakes.waiting import until

CALL = WaitingCall(channel_id="1.1", endpoint="trunk", called_number="+4690161001", caller_number="+46701740605")
AT = "2026-03-10T10:00:00+01:00"


async def test_an_arriving_call_is_claimed_and_gets_no_plan_yet() -> None:
    room = Room()
    async with room.open():
        room.switch.queue.put_nowait(CallArrived(CALL))
        await until(lambda: room.switch.claimed == ["1.1"])
    assert room.switch.plans == {}


async def test_a_call_in_our_hands_gets_its_whole_plan_under_the_decisions_id() -> None:
    room = Room()
    decided = await room.decision_of(CALL)
    assert room.switch.plans["1.1"] == {"CALLFLOW_DECISION": decided.decision_id, "CF_LANG": "sv"}
    assert decided.call == Call(called_number="+4690161001", caller_number="+46701740605")


async def test_who_transfers_is_an_extension_of_ours_or_nobody() -> None:
    moved = WaitingCall(channel_id="1.1", endpoint="trunk", called_number="61002", mover="61001")
    assert (await Room().decision_of(moved)).call.mover_extension_id == 7
    unknown = WaitingCall(channel_id="1.1", endpoint="61001", called_number="61002", mover="")
    assert (await Room().decision_of(unknown)).call.mover_extension_id == calls.NOBODYS_ID
    assert (await Room().decision_of(CALL)).call.mover_extension_id is None


async def test_a_caller_is_internal_by_the_authenticated_account_alone() -> None:
    inside = await Room().decision_of(WaitingCall(channel_id="1.1", endpoint="61001", called_number="61002"))
    assert inside.call.caller_extension_id == 7
    unknown = await Room().decision_of(WaitingCall(channel_id="1.1", endpoint="61009", called_number="61002"))
    assert unknown.call.caller_extension_id == calls.NOBODYS_ID
    claims = WaitingCall(channel_id="1.1", endpoint="trunk", called_number="x", caller_number="+4690161001")
    outside = await Room().decision_of(claims)
    assert outside.call.caller_extension_id is None


@pytest.mark.parametrize("tryout", [True, False])
async def test_a_call_may_carry_its_time_only_where_one_tries_out(tryout: bool) -> None:
    carries = WaitingCall(channel_id="1.1", endpoint="trunk", called_number="x", at=AT)
    decided = await Room(tryout=tryout).decision_of(carries)
    assert (decided.at == datetime.fromisoformat(AT)) is tryout


async def test_a_time_that_cannot_be_read_is_no_time() -> None:
    carries = WaitingCall(channel_id="1.1", endpoint="trunk", called_number="x", at="2026-03-10T10:00")
    decided = await Room(tryout=True).decision_of(carries)
    assert decided.at > datetime(2026, 6, 1, tzinfo=UTC)


async def test_a_failing_decision_is_told_and_the_call_falls_back(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_policy: Policy, _call: Call, _at: datetime) -> Decision:
        raise ZeroDivisionError("a bug")

    room = Room(decide=fail)
    async with room.open():
        room.switch.queue.put_nowait(CallEntered(CALL))
        await until(lambda: room.switch.fell_back == ["1.1"])
    said = capsys.readouterr().out
    assert "call_falls_back" in said
    assert "ZeroDivisionError" in said


async def test_a_plan_that_asterisk_refuses_lets_the_call_fall_back() -> None:
    room = Room(switch=FakeSwitch(refuses_plans=True))
    async with room.open():
        room.switch.queue.put_nowait(CallEntered(CALL))
        await until(lambda: room.switch.fell_back == ["1.1"])
    assert room.decided == []


async def test_call_that_cannot_be_told_goes_by_its_plan_all_the_same() -> None:
    def fails(_decided: DecidedCall) -> None:
        raise OSError(24, "Too many open files")

    room = Room(tell=fails)
    async with room.open():
        room.switch.queue.put_nowait(CallEntered(CALL))
        room.switch.queue.put_nowait(CallEntered(replace(CALL, channel_id="1.2")))
        await until(lambda: set(room.switch.plans) == {"1.1", "1.2"})
    assert room.switch.fell_back == []


async def test_plan_and_log_tell_what_came_of_a_change() -> None:
    async def not_saved(decision: Decision, call: Call, policy: Policy, decision_id: str) -> Decision:
        assert decision_id
        assert call.called_number == CALL.called_number
        assert policy.revision == 1
        return replace(decision, plan=replace(decision.plan, language="en"))

    room = Room(settle=not_saved)
    decided = await room.decision_of(CALL)
    assert room.switch.plans["1.1"]["CF_LANG"] == "en"
    assert decided.decision.plan.language == "en"


async def test_without_a_policy_nothing_is_claimed_and_what_came_in_falls_back() -> None:
    room = Room(policy=HoldsPolicy(None))
    async with room.open():
        room.switch.queue.put_nowait(CallArrived(CALL))
        room.switch.queue.put_nowait(CallEntered(CALL))
        await until(lambda: room.switch.fell_back == ["1.1"])
    assert room.switch.claimed == []


async def test_one_call_never_waits_for_another() -> None:
    room = Room(switch=FakeSwitch(held_up=asyncio.Event()))
    async with room.open():
        room.switch.queue.put_nowait(CallEntered(CALL))
        await until(room.switch.queue.empty)
        room.switch.queue.put_nowait(CallArrived(WaitingCall(channel_id="1.2", endpoint="trunk", called_number="x")))
        await until(lambda: room.switch.claimed == ["1.2"])
        assert room.switch.plans == {}


async def test_no_call_waits_for_the_change_of_another() -> None:
    answered = asyncio.Event()

    async def slow_for_codes(decision: Decision, call: Call, policy: Policy, decision_id: str) -> Decision:
        del call, policy, decision_id
        if decision.outcome is Outcome.FEATURE_CODE:
            await answered.wait()
        return decision

    def codes_change(policy: Policy, call: Call, at: datetime) -> Decision:
        decision = hang_up_at_once(policy, call, at)
        return replace(decision, outcome=Outcome.FEATURE_CODE) if call.called_number == "*21#" else decision

    room = Room(decide=codes_change, settle=slow_for_codes)
    async with room.open():
        for number in range(50):
            room.switch.queue.put_nowait(CallEntered(replace(CALL, channel_id=f"code{number}", called_number="*21#")))
        room.switch.queue.put_nowait(CallEntered(CALL))
        await until(lambda: "1.1" in room.switch.plans)
        assert list(room.switch.plans) == ["1.1"]
        answered.set()
        await until(lambda: len(room.switch.plans) == 51)


async def test_a_stop_waits_for_a_claimed_call_to_come_in_and_claims_no_more() -> None:
    room = Room()
    async with room.open() as control:
        room.switch.queue.put_nowait(CallArrived(CALL))
        await until(lambda: room.switch.claimed == ["1.1"])
        stopping = asyncio.create_task(control.stop())
        await until(lambda: control.stopping)
        room.switch.queue.put_nowait(CallArrived(replace(CALL, channel_id="1.2")))
        await until(room.switch.queue.empty)
        assert not stopping.done()
        room.switch.queue.put_nowait(CallEntered(CALL))
        await asyncio.wait_for(stopping, 1)
    assert list(room.switch.plans) == ["1.1"]
    assert room.switch.claimed == ["1.1"]


async def test_a_stop_waits_no_longer_than_it_may_for_a_caller_who_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "ENTER_SECONDS", 0.05)
    room = Room()
    async with room.open() as control:
        room.switch.queue.put_nowait(CallArrived(CALL))
        await until(lambda: room.switch.claimed == ["1.1"])
        await asyncio.wait_for(control.stop(), 1)
        assert control.in_hand == 0


async def test_the_line_of_a_decided_call_has_every_id_of_it() -> None:
    room = Room()
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        decided = await room.decision_of(replace(CALL, sip_call_id="0815abc@192.0.2.7"))
    [line] = [line for line in logs if line["event"] == "call_decided"]
    assert line["call_id"] == "1.1"
    assert line["decision_id"] == decided.decision_id
    assert line["sip_call_id"] == "0815abc@192.0.2.7"


async def test_a_call_keeps_the_policy_that_it_began_with() -> None:
    policies: list[Held] = [held(small_policy(revision=1)), held(small_policy(revision=2))]
    room = Room(policy=HoldsPolicy(policies[0]), switch=FakeSwitch(held_up=asyncio.Event()))
    async with room.open():
        room.switch.queue.put_nowait(CallEntered(CALL))
        await until(room.switch.queue.empty)
        room.policy.held = policies[1]
        assert room.switch.held_up is not None
        room.switch.held_up.set()
        await until(lambda: room.decided)
    assert room.decided[0].policy.revision == 1


async def test_a_stop_finishes_the_calls_in_hand_and_claims_no_more() -> None:
    room = Room(switch=FakeSwitch(held_up=asyncio.Event()))
    async with room.open() as control:
        room.switch.queue.put_nowait(CallEntered(CALL))
        await until(room.switch.queue.empty)
        stop = asyncio.create_task(control.stop())
        await asyncio.sleep(0)
        room.switch.queue.put_nowait(CallArrived(WaitingCall(channel_id="1.2", endpoint="trunk", called_number="x")))
        await until(room.switch.queue.empty)
        assert not stop.done()
        assert room.switch.held_up is not None
        room.switch.held_up.set()
        await asyncio.wait_for(stop, 1)
    assert list(room.switch.plans) == ["1.1"]
    assert room.switch.claimed == []


async def test_pin_that_was_dialled_stands_neither_in_the_log_nor_in_what_is_told_of_the_call() -> None:
    code = FeatureCode(id=1, organisation_id=1, code="*29*", action="lock_lost")
    room = Room(policy=HoldsPolicy(held(replace(small_policy(), feature_codes={1: code}))))
    with capture_logs() as lines:
        told = await room.decision_of(
            WaitingCall(channel_id="1.1", endpoint="61001", called_number="*29*61100*135790#")
        )
        await until(lambda: [line for line in lines if line["event"] == "call_decided"])
    assert told.call.called_number == "*29*…"
    assert "135790" not in repr(lines)
    assert "135790" not in call_line(told, "sv", whole=True)
