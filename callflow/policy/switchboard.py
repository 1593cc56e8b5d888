"""Calls to an organisation's main number: its greeting, its operators, and its hours (R1, R3)."""

from callflow.policy.builder import Node
from callflow.policy.choices import closed_menu, unanswered_menu
from callflow.policy.decision import Outcome
from callflow.policy.extensions import group_legs
from callflow.policy.hours import switchboard_hours
from callflow.policy.keeping import kept
from callflow.policy.model import MOST_RINGS, Organisation, Target, TargetKind
from callflow.policy.plan import Leg, Phrase
from callflow.policy.route import Otherwise, Route, State
from callflow.policy.routing import dial, failure_phrases
from callflow.policy.spoken import prompt, text

_ROUNDS = 3
"""How many times the operators ring, at most four rings each, before the caller may leave a message."""


def call_switchboard(route: Route, organisation: Organisation) -> tuple[Outcome, Node]:
    """Route a call to a main number."""
    return kept(route, ("main number", organisation.id), lambda inner: _call_switchboard(inner, organisation))


def _call_switchboard(route: Route, organisation: Organisation) -> tuple[Outcome, Node]:
    state = State().at(Target(TargetKind.SWITCHBOARD, organisation.id))
    hours = switchboard_hours(route, organisation)
    if not hours.is_open:
        route.note("R4", False, "switchboard_closed", organisation=organisation.name)
        greeting = (*_greeting(organisation), prompt("switchboard-is-closed"))
        return Outcome.SWITCHBOARD_CLOSED, closed_menu(route, hours, None, (), organisation.id, state, greeting)

    def unanswered(after: State) -> Node:
        return unanswered_menu(route, (), organisation.id, after)

    return Outcome.SWITCHBOARD_OPEN, pass_through_switchboard(route, organisation, state, unanswered)


def pass_through_switchboard(route: Route, organisation: Organisation, state: State, otherwise: Otherwise) -> Node:
    """Greet and ring the operators on the way of a call; when they are away go on at once."""
    if not switchboard_hours(route, organisation).is_open:
        route.note("R4", False, "switchboard_closed", organisation=organisation.name)
        return otherwise(state)
    group_id = organisation.operator_group_id
    group = route.policy.ring_groups.get(group_id) if group_id is not None else None
    legs = group_legs(route, group)[0] if group is not None else ()
    if not legs:
        route.note("R3", False, "no_operators", organisation=organisation.name)
        return otherwise(state)
    route.note("R3", True, "operators_ring", organisation=organisation.name)
    referred = (*failure_phrases(state), prompt("transfer-to-switchboard")) if state.failure else ()
    after = _round(route, organisation, legs, _ROUNDS, state.heard(), otherwise)
    return route.builder.say((*referred, *_greeting(organisation)), after)


def _round(  # noqa: PLR0913, PLR0917 - who rings, how many times more, and what follows
    route: Route, organisation: Organisation, legs: tuple[Leg, ...], rounds: int, state: State, otherwise: Otherwise
) -> Node:
    def again(after: State) -> Node:
        heard = after.heard()
        if rounds == 1:
            return otherwise(heard)
        following = _round(route, organisation, legs, rounds - 1, heard, otherwise)
        return route.builder.say((prompt("all-operators-busy"), prompt("please-wait")), following)

    way = route.way(("operators", organisation.id, legs, rounds, otherwise), again)
    return dial(route, legs, MOST_RINGS, organisation.name, state, way)


def _greeting(organisation: Organisation) -> tuple[Phrase, ...]:
    return (prompt("welcome-to"), text(organisation.name, "our-switchboard"))
