"""Calls to a unit: its hours, its answering places in order, and what is left when nobody is there (R4, R6)."""

from callflow.policy.builder import Node
from callflow.policy.choices import closed_menu, unanswered_menu
from callflow.policy.decision import Outcome
from callflow.policy.hours import HoursNow, telephone_hours
from callflow.policy.keeping import kept, kept_after
from callflow.policy.lineage import lineage
from callflow.policy.model import AnsweringPlace, Target, TargetKind, Unit
from callflow.policy.route import Otherwise, Route, State
from callflow.policy.routing import name_for_caller, reach_place, voicemail
from callflow.policy.schedule import zone_of


def call_unit(route: Route, unit: Unit) -> tuple[Outcome, Node]:
    """Route a call to a unit's own number."""
    return kept(route, ("call", unit.id), lambda inner: _call_unit(inner, unit))


def _call_unit(route: Route, unit: Unit) -> tuple[Outcome, Node]:
    state = State().at(Target(TargetKind.UNIT, unit.id))
    hours = _hours(route, unit)
    if _shut(route, unit, hours):
        return Outcome.UNIT_CLOSED, _closed(route, unit, hours, state)
    outcome = Outcome.UNIT_OPEN if hours.is_open else Outcome.UNIT_CLOSED
    return outcome, _ring_places(route, unit, state, _after(route, lineage(route.policy, unit)))


def pass_through_unit(route: Route, unit: Unit, state: State, otherwise: Otherwise) -> Node:
    """Try a unit's answering places on the way of a call; when it is shut to this caller go on at once."""
    if _shut(route, unit, _hours(route, unit)):
        return otherwise(state)
    return _ring_places(route, unit, state, otherwise)


def fall_back_to_unit(route: Route, unit: Unit | None, organisation_id: int, state: State) -> Node:
    """End an unanswered call at the unit of the one who was called, else above it, else at the switchboard.

    The caller hears a voice before anything rings.
    """
    what = ("unit", unit and unit.id, organisation_id)
    return kept_after(route, what, state, lambda inner, here: _fall_back(inner, unit, organisation_id, here))


def _fall_back(route: Route, unit: Unit | None, organisation_id: int, state: State) -> Node:
    if unit is None:
        return _after_units(route, None, organisation_id, state)
    here = Target(TargetKind.UNIT, unit.id)
    after = _after(route, lineage(route.policy, unit))
    hours = _hours(route, unit)
    if _shut(route, unit, hours):
        return _closed(route, unit, hours, state)
    route.asked.add(here)
    return after(state) if here in state.visited else _ring_places(route, unit, state.at(here), after)


def _hours(route: Route, unit: Unit) -> HoursNow:
    hours = telephone_hours(route, unit)
    if hours.override is not None:
        ends = hours.override.ends_at.astimezone(zone_of(route.policy, unit.organisation_id))
        route.note(
            "R4",
            hours.is_open,
            "unit_is_forced_open" if hours.is_open else "unit_is_forced_closed",
            unit=unit.name,
            until=f"{ends:%Y-%m-%d %H:%M}",
        )
    elif hours.schedule is None:
        route.note("R4", True, "always_open", unit=unit.name)
    elif hours.is_open:
        route.note("R4", True, "telephone_hours_open", unit=unit.name, schedule=hours.schedule.name)
    else:
        route.note("R4", False, "telephone_hours_closed", unit=unit.name, schedule=hours.schedule.name)
    return hours


def _shut(route: Route, unit: Unit, hours: HoursNow) -> bool:
    """Tell whether a unit is shut to this caller; to those inside, and whom they transfer, it never is (R6)."""
    if hours.is_open:
        return False
    if route.actor is not None:
        route.note("R6", True, "internal_rings_as_usual", unit=unit.name)
        return False
    route.note("R6", True, "external_hears_the_hours", unit=unit.name)
    return True


def _closed(route: Route, unit: Unit, hours: HoursNow, state: State) -> Node:
    name = name_for_caller(route, unit.name, unit)
    return closed_menu(route, hours, name, lineage(route.policy, unit), unit.organisation_id, state)


def _ring_places(route: Route, unit: Unit, state: State, otherwise: Otherwise) -> Node:
    """Try the answering places in order, then `otherwise`; a place's own detours do not count for the next one."""
    places = in_order(unit)
    if not places:
        route.note("R4", False, "no_answering_places", unit=unit.name)
    way = _back_here(route, unit, state.visited, otherwise)
    for place in reversed(places):
        way = _place(route, unit, place, state.visited, way)
    return way(state)


def in_order(unit: Unit) -> list[AnsweringPlace]:
    """Return a unit's answering places as a call comes to them."""
    return sorted(unit.answering_places, key=lambda place: (place.position, repr(place)))


def _back_here(route: Route, unit: Unit, visited: frozenset[Target], otherwise: Otherwise) -> Otherwise:
    def nobody_there(state: State) -> Node:
        route.note("R4", True, "nobody_at_the_unit", unit=unit.name)
        return otherwise(state.on_path(visited))

    return route.way(("unit", unit.id, visited, otherwise), nobody_there)


def _place(
    route: Route, unit: Unit, place: AnsweringPlace, visited: frozenset[Target], otherwise: Otherwise
) -> Otherwise:
    def try_place(state: State) -> Node:
        route.note("R4", True, "answering_place", unit=unit.name, position=str(place.position))
        here = state.on_path(visited).moved_by(Target(TargetKind.UNIT, unit.id))
        return reach_place(route, place.target, here, otherwise, place.ring_limit)

    return route.way(("place", unit.id, place, visited, otherwise), try_place)


def _after(route: Route, above: tuple[Unit, ...]) -> Otherwise:
    """Return what follows when nobody answers at the first of these units: its voicemail, else the unit above."""
    unit, rest = above[0], above[1:]

    def after(state: State) -> Node:
        message = voicemail(route, unit.mailbox_id)
        if message is not None:
            route.note("R4", True, "voicemail_of_unit", unit=unit.name)
            return message
        if not rest:
            return _after_units(route, unit, unit.organisation_id, state)
        route.note("R4", True, "unit_above", unit=rest[0].name)
        what = ("above", *(row.id for row in rest))
        return kept_after(route, what, state, lambda inner, here: _above(inner, rest, here))

    return route.way(("after", unit.id, rest), after)


def _above(route: Route, units: tuple[Unit, ...], state: State) -> Node:
    return reach_place(route, Target(TargetKind.UNIT, units[0].id), state, _after(route, units))


def _after_units(route: Route, unit: Unit | None, organisation_id: int, state: State) -> Node:
    """Go on to the organisation's switchboard, and when it does not answer to a message or the duty."""
    what = ("switchboard", organisation_id, unit and unit.id)
    return kept_after(route, what, state, lambda inner, here: _switchboard(inner, unit, organisation_id, here))


def _switchboard(route: Route, unit: Unit | None, organisation_id: int, state: State) -> Node:
    def no_switchboard(after: State) -> Node:
        return unanswered_menu(route, lineage(route.policy, unit), organisation_id, after)

    way = route.way(("switchboard", organisation_id, unit and unit.id), no_switchboard)
    return reach_place(route, Target(TargetKind.SWITCHBOARD, organisation_id), state, way)
