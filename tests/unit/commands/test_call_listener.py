"""What `callflow call` tells of a call, line by line."""

import asyncio
from typing import cast

from callflow.commands.call_listener import Listener
from callflow.commands.call_texts import TEXTS
from callflow.phone.client import PhoneCall
from callflow.phone.events import Event
from callflow.policy.decision import Decision, Outcome
from callflow.policy.model import build_policy
from callflow.policy.plan import Dial, Hangup, HangupCause, Leg, LegKind, Plan
from tests.fakes.waiting import until

RINGS = 2


async def test_no_ring_is_told_beyond_those_of_the_step() -> None:
    dial = Dial(legs=(Leg(LegKind.PHONE, "61100"),), rings=RINGS, ring_ms=10, no_answer=1, busy=1, unreachable=1)
    plan = Plan(language="sv", steps=(dial, Hangup(cause=HangupCause.NORMAL)))
    lines: list[str] = []
    others = asyncio.all_tasks()
    listener = Listener(
        call=cast("PhoneCall", None),
        decision=Decision(outcome=Outcome.EXTENSION, plan=plan, trace=(), policy_revision=1),
        policy=build_policy(revision=1),
        prompts={},
        words=TEXTS["sv"],
        write=lines.append,
    )
    listener.reported("CallflowStep", {"Step": "0", "Why": ""})
    listener.phone_event(Event("ringing", at=0.0))
    await until(lambda: asyncio.all_tasks() <= others, "the end of the rings")
    assert [line.rpartition(" ")[2] for line in lines if "ringsignal" in line] == ["1", "2"]
    listener.close()
