"""Calls to an extension's own number: it rings, its absence is told, and where an unanswered call ends (R8, R10)."""

from callflow.policy import units
from callflow.policy.absences import absence_now
from callflow.policy.builder import Node
from callflow.policy.extensions import ring_extension
from callflow.policy.model import MOST_RINGS, Extension, Target, TargetKind
from callflow.policy.referral import refer
from callflow.policy.route import Route, State
from callflow.policy.routing import voicemail


def call_extension(route: Route, extension: Extension) -> Node:
    """Route a call to this extension's own number; its absence, its mailbox or its unit is where it ends unanswered.

    Also when the call is diverted: the message belongs to the one who was called, not to where the chain ended.
    """
    absence = absence_now(route, extension)

    def ends(state: State) -> Node:
        return _after_extension(route, extension, state)

    def unanswered(state: State) -> Node:
        return ends(state) if absence is None else refer(route, extension, absence, state, ends)

    state = State().at(Target(TargetKind.EXTENSION, extension.id))
    return ring_extension(route, extension, state, unanswered, MOST_RINGS)


def _after_extension(route: Route, extension: Extension, state: State) -> Node:
    """End at the extension's voicemail; without one speak a referral and go on to its unit (R8)."""
    message = voicemail(route, extension.mailbox_id)
    if message is not None:
        route.note("R8", True, "voicemail_of_extension", extension=extension.number)
        return message
    route.note("R8", False, "extension_without_mailbox", extension=extension.number)
    unit = route.policy.units.get(extension.unit_id)
    return units.fall_back_to_unit(route, unit, extension.organisation_id, state)
