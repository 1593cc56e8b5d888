"""Small parts for tests of call control: a policy, a decision, a holder."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from callflow.policy.decision import Call, Decision, Outcome
from callflow.policy.model import Extension, Organisation, Policy, build_policy
from callflow.policy.plan import Hangup, Plan
from callflow.service.calls import CallControl, Decide, DecidedCall
from callflow.service.clock import now
from callflow.service.feature_changes import Settle
from callflow.service.policy_holder import Held, PolicySource
from callflow.service.ports import Snapshot
from callflow.service.telephony import CallEntered, WaitingCall
from tests.fakes.running import running
from tests.fakes.switch import FakeSwitch
from tests.fakes.waiting import until


def small_policy(revision: int = 1) -> Policy:
    """One organisation with one extension, whose account is `61001`."""
    return build_policy(
        revision=revision,
        organisations=[Organisation(id=1, key="umea", name="Umeå kommun", main_number="+4690161000")],
        extensions=[Extension(id=7, organisation_id=1, unit_id=1, number="+4690161001", sip_username="61001")],
    )


def held(policy: Policy | None = None) -> Held:
    """The policy as the holder has it."""
    policy = policy or small_policy()
    return Held(Snapshot(policy=policy), PolicySource.DATABASE, now())


def hang_up_at_once(policy: Policy, call: Call, at: datetime) -> Decision:
    """Decide that the call ends."""
    del call, at
    plan = Plan(language="sv", steps=(Hangup(),))
    return Decision(outcome=Outcome.REFUSED, plan=plan, trace=(), policy_revision=policy.revision)


class HoldsPolicy:
    """A policy holder that holds what it is given."""

    def __init__(self, present: Held | None) -> None:
        self.held = present

    async def wait_for_revision(self, revision: int) -> Held | None:
        """Know every revision at once."""
        del revision
        return self.held


async def as_decided(decision: Decision, call: Call, policy: Policy, decision_id: str) -> Decision:
    """Settle nothing: for calls that change nothing."""
    del call, policy, decision_id
    assert decision.change is None
    return decision


@dataclass
class Room:
    """Call control with everything around it faked."""

    switch: FakeSwitch = field(default_factory=FakeSwitch)
    policy: HoldsPolicy = field(default_factory=lambda: HoldsPolicy(held()))
    decided: list[DecidedCall] = field(default_factory=list)
    decide: Decide = hang_up_at_once
    settle: Settle = as_decided
    tell: Callable[[DecidedCall], None] | None = None
    tryout: bool = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[CallControl]:
        """Take calls."""
        control = CallControl(
            switch=self.switch,
            policy=self.policy,
            decide=self.decide,
            settle=self.settle,
            plan_variables=lambda decision, decision_id: {
                "CALLFLOW_DECISION": decision_id,
                "CF_LANG": decision.plan.language,
            },
            decided=self.tell or self.decided.append,
            tryout=self.tryout,
        )
        async with running(control.run()):
            yield control

    async def decision_of(self, call: WaitingCall) -> DecidedCall:
        """Return what is decided for a call that comes in."""
        async with self.open():
            self.switch.queue.put_nowait(CallEntered(call))
            await until(lambda: self.decided, "the decision")
        return self.decided[0]
