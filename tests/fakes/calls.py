"""Small parts for tests of call control: a policy, a decision, a holder."""

from datetime import datetime

from callflow.policy.decision import Call, Decision, Outcome
from callflow.policy.model import Extension, Organisation, Policy, build_policy
from callflow.policy.plan import Hangup, Plan
from callflow.service.clock import now
from callflow.service.policy_holder import Held, PolicySource
from callflow.service.ports import Snapshot


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


async def as_decided(decision: Decision, policy: Policy, decision_id: str) -> Decision:
    """Settle nothing: for calls that change nothing."""
    del policy, decision_id
    assert decision.change is None
    return decision
