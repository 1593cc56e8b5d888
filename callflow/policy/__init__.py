"""The policy and the decision: pure, standard library only."""

from callflow.policy.decision import Call, Decision, Outcome, TraceLine
from callflow.policy.evaluate import decide
from callflow.policy.model import Policy, build_policy
from callflow.policy.plan import Plan

__all__ = ["Call", "Decision", "Outcome", "Plan", "Policy", "TraceLine", "build_policy", "decide"]
