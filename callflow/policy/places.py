"""Going to a target, whatever its kind."""

from callflow.policy import extensions, switchboard, units
from callflow.policy.builder import Node
from callflow.policy.model import Extension, Organisation, Target, TargetKind, Unit
from callflow.policy.numbers import NotOurs, leads_to
from callflow.policy.outgoing import Permission, is_mobile, may_send_on
from callflow.policy.plan import Leg, LegKind
from callflow.policy.route import Otherwise, Route, State
from callflow.policy.routing import (
    dial,
    note_barred,
    note_exemptions,
    place_name,
    reach_place,
    voicemail,
)


def reach(  # noqa: PLR0911 - one return a kind of place
    route: Route, target: Target, state: State, otherwise: Otherwise, limit: int
) -> Node:
    """Go to a target; what is missing or gone counts as nobody there, and the call goes on to `otherwise`."""
    if target.kind is TargetKind.NUMBER:
        return _reach_number(route, target, state, otherwise, limit)
    row_id = target.id if target.id is not None else 0
    policy, here = route.policy, state.at(target)
    if target.kind is TargetKind.EXTENSION and (extension := policy.extensions.get(row_id)) is not None:
        return extensions.ring_extension(route, extension, here, otherwise, limit)
    if target.kind is TargetKind.UNIT and (unit := policy.units.get(row_id)) is not None:
        return units.pass_through_unit(route, unit, here, otherwise)
    if target.kind is TargetKind.SWITCHBOARD and (organisation := policy.organisations.get(row_id)) is not None:
        return switchboard.pass_through_switchboard(route, organisation, here, otherwise)
    if target.kind is TargetKind.RING_GROUP and row_id in policy.ring_groups:
        return _ring_group(route, row_id, here, otherwise, limit)
    if target.kind is TargetKind.MAILBOX and (message := voicemail(route, row_id)) is not None:
        return message
    route.note("R23", False, "place_missing", place=place_name(route, target))
    return otherwise(state)


def _ring_group(route: Route, group_id: int, state: State, otherwise: Otherwise, limit: int) -> Node:
    group = route.policy.ring_groups[group_id]
    legs, _ = extensions.group_legs(route, group)
    if not legs:
        route.note("R4", False, "nobody_in_group", group=group.name)
        return otherwise(state)
    return dial(route, legs, limit, extensions.spoken_group_name(route, group), state, otherwise)


def _reach_number(route: Route, target: Target, state: State, otherwise: Otherwise, limit: int) -> Node:
    match leads_to(target.number or "", route.policy):
        case Target() as ours, _:
            return reach_place(route, ours, state, otherwise, limit)
        case NotOurs.OUTSIDE, number:
            return _reach_outside(route, number, state, otherwise, limit)
        case NotOurs.UNUSED, number:
            route.note("R9", False, "target_unused", number=number)
        case _:
            route.note("R9", False, "target_unreadable", number=str(target.number))
    return otherwise(state)


def _reach_outside(route: Route, number: str, state: State, otherwise: Otherwise, limit: int) -> Node:
    permission = _permission(route, state.mover, number)
    if not permission.allowed:
        note_barred(route, number, permission)
        return otherwise(state)
    route.note("R9", True, "outside_number", number=number)
    leg = Leg(LegKind.TRUNK, number, confirm=is_mobile(number))
    return dial(route, (leg,), limit, None, state, otherwise)


def _permission(route: Route, mover: Target | None, number: str) -> Permission:
    """Tell whether whoever sends the call to a number outside may (R18), checked anew with every call.

    A mover who is missing has the bars that nobody is free of.
    """
    row = route.policy.row(mover) if mover is not None else None
    who = row if isinstance(row, Extension | Unit | Organisation) else None
    note_exemptions(route, who)
    return may_send_on(route.policy, who, number, route.now)
