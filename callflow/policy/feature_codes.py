"""Feature codes: reading them and carrying them out (R9)."""

from dataclasses import dataclass

from callflow.policy.decision import DiversionChange
from callflow.policy.feature_actions import FeatureAction, FeatureCode
from callflow.policy.model import Extension
from callflow.policy.routing import Route, goodbye


@dataclass(frozen=True, slots=True)
class FeatureCall:
    """A feature code that was dialled: what it asks for and what follows the code, its closing hash taken off."""

    action: FeatureAction
    rest: str


def read(digits: str, codes: tuple[FeatureCode, ...]) -> FeatureCall | None:
    """Return the feature code that the dialled `digits` begin with, the longest that fits."""
    known = set(FeatureAction)
    fitting = [code for code in codes if digits.startswith(code.code) and code.action in known]
    if not fitting:
        return None
    longest = max(fitting, key=lambda code: len(code.code))
    return FeatureCall(FeatureAction(longest.action), digits[len(longest.code) :].removesuffix("#"))


def carry_out(route: Route, extension: Extension, call: FeatureCall) -> tuple[int, DiversionChange | None]:
    """Return the plan's first step and the change."""
    return goodbye(route), None
