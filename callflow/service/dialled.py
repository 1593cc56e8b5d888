"""What was dialled, as a log may have it: without PINs (R12, R21)."""

from collections.abc import Callable

from callflow.policy.lost_codes import hide_every_code, hide_pin
from callflow.service.policy_holder import PolicyInUse


def hide_by(policy: PolicyInUse) -> Callable[[str], str]:
    """Return what takes PINs out of what was dialled, by the policy held; without one it takes out more."""

    def hide(dialled: str) -> str:
        held = policy.held
        return hide_every_code(dialled) if held is None else hide_pin(dialled, held.policy)

    return hide
