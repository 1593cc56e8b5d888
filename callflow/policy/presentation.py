"""How a caller of ours is shown (R17): the unit's policy, what one call may change of it, and what nothing may."""

from callflow.policy.extensions import extension_name
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.lineage import is_confidential, lineage
from callflow.policy.model import Extension, Policy, Unit
from callflow.policy.plan import Presentation

HIDDEN_EVERYWHERE = Presentation(number=None, hidden_inside=True)
HIDDEN_OUTSIDE = Presentation(number=None)


def presentation_of(policy: Policy, caller: Extension, once: FeatureAction | None = None) -> Presentation:
    """Return how a call from `caller` is shown; `once` is `HIDE_NUMBER_ONCE` or `SHOW_NUMBER_ONCE` for this call.

    INVARIANT: a confidential unit is hidden whatever else is asked for, and so is an extension whose unit is missing.
    The own number is shown only where the unit says so, or by `SHOW_NUMBER_ONCE`; what is not understood hides it.
    """
    unit = policy.units.get(caller.unit_id)
    if unit is None or is_confidential(policy, unit) or once is FeatureAction.HIDE_NUMBER_ONCE:
        return HIDDEN_EVERYWHERE
    if unit.presents == "own" or (unit.presents == "hidden" and once is FeatureAction.SHOW_NUMBER_ONCE):
        return Presentation(number=caller.number, name=extension_name(policy, caller))
    if unit.presents == "unit" and (shown := _numbered(policy, unit)) is not None:
        return Presentation(number=shown.number, name=shown.name)
    organisation = policy.organisations.get(caller.organisation_id)
    if unit.presents in {"unit", "organisation"} and organisation is not None:
        return Presentation(number=organisation.main_number, name=organisation.name)
    return HIDDEN_OUTSIDE


def _numbered(policy: Policy, unit: Unit) -> Unit | None:
    """Return the unit, or the nearest above it, that has a number of its own."""
    return next((above for above in lineage(policy, unit) if above.number is not None), None)
