"""Ringing an extension: its diversions, its phones, and when it does not ring (R8, R9, R10, R21)."""

from callflow.policy.absences import is_away, person_of
from callflow.policy.builder import Node
from callflow.policy.keeping import kept
from callflow.policy.model import (
    Diversion,
    DiversionCondition,
    Extension,
    ExtensionKind,
    Policy,
    RingGroup,
    Target,
    TargetKind,
)
from callflow.policy.outgoing import may_call
from callflow.policy.plan import Leg, LegKind
from callflow.policy.route import Failure, FailureKind, Otherwise, Route, State
from callflow.policy.routing import (
    dial,
    name_for_caller,
    note_barred,
    note_exemptions,
    place_name,
    reach_place,
)
from callflow.policy.together import that_ring

_BY_ABSENCE = (DiversionCondition.ALL,)
_BY_DIVERSIONS = (DiversionCondition.ALL, DiversionCondition.NO_ANSWER, DiversionCondition.UNREACHABLE)
"""What a lost phone's calls follow, in order, while its holder is absent and otherwise."""


def ring_extension(route: Route, extension: Extension, state: State, otherwise: Otherwise, limit: int) -> Node:
    """Ring an extension, or go where it is diverted; with no answer and no diversion left go to `otherwise`."""
    active = _active_diversions(route, extension)
    everything = active.get(DiversionCondition.ALL)
    name = spoken_name(route, extension)
    if extension.locked:
        return _follow_referral(route, extension, active, state, otherwise)
    route.note("R21", False, "extension_not_locked", extension=extension.number)
    if everything is not None:
        no_answer = _divert(route, active.get(DiversionCondition.NO_ANSWER), extension, otherwise)
        way = _divert(route, everything, extension, no_answer)
        return way(state)
    route.note("R9", False, "no_diversion_of_all_calls", extension=extension.number)
    if not state.on_duty and is_away(route, extension):
        route.note("R10", True, "absent_does_not_ring", extension=extension.number)
        return otherwise(state.failed(Failure(FailureKind.NO_ANSWER, name)))
    return _ring(route, extension, name, state, otherwise, limit, active)


def _follow_referral(
    route: Route,
    extension: Extension,
    active: dict[DiversionCondition, Diversion],
    state: State,
    otherwise: Otherwise,
) -> Node:
    """Go where a lost phone's calls go, as if it did not answer: nobody hears that it is lost (R21).

    First its diversion of all calls; then the absence of its holder, which tells more than any diversion; else the
    diversions of unanswered calls and of those that cannot reach it; last `otherwise`. Its own mobile is lost too.
    """
    ways = {condition: row for condition, row in active.items() if not _to_own_mobile(extension, row)}
    absent = not state.on_duty and is_away(route, extension)
    order = _BY_ABSENCE if absent else _BY_DIVERSIONS
    followed = [condition for condition in order if condition in ways]
    why = followed[0].value if followed else "locked_absent" if absent else "locked_undiverted"
    route.note("R21", True, "extension_locked", extension=extension.number, why=why)
    way = otherwise
    for condition in reversed(followed):
        way = _divert(route, ways[condition], extension, way)
    return way(state.failed(Failure(FailureKind.NO_ANSWER, spoken_name(route, extension))))


def _to_own_mobile(extension: Extension, diversion: Diversion) -> bool:
    return extension.mobile_number is not None and diversion.target.number == extension.mobile_number


def _ring(  # noqa: PLR0913, PLR0917 - the extension with its diversions, and what is handed on
    route: Route,
    extension: Extension,
    name: str | None,
    state: State,
    otherwise: Otherwise,
    limit: int,
    active: dict[DiversionCondition, Diversion],
) -> Node:
    no_answer = active.get(DiversionCondition.NO_ANSWER)
    unreachable = _divert(route, active.get(DiversionCondition.UNREACHABLE), extension, otherwise)
    legs = legs_of(route, extension)
    if not legs:
        route.note("R23", False, "extension_has_no_phone", extension=extension.number)
        return unreachable(state.failed(Failure(FailureKind.UNREACHABLE, name)))
    rings = min(limit, extension.ring_limit)
    if no_answer is not None and no_answer.rings is not None:
        rings = min(rings, no_answer.rings)
    route.note("R8", True, "extension_rings", extension=extension.number, rings=str(max(1, rings)))
    return dial(
        route,
        legs,
        rings,
        name,
        state,
        no_answer=_divert(route, no_answer, extension, otherwise),
        busy=_divert(route, active.get(DiversionCondition.BUSY), extension, otherwise),
        unreachable=unreachable,
    )


def _divert(route: Route, diversion: Diversion | None, extension: Extension, otherwise: Otherwise) -> Otherwise:
    if diversion is None:
        return otherwise

    def diverted(state: State) -> Node:
        where = place_name(route, diversion.target)
        route.note(
            "R9", True, "diverted", extension=extension.number, condition=diversion.condition.value, place=where
        )
        mover = Target(TargetKind.EXTENSION, extension.id)
        return reach_place(route, diversion.target, state.moved_by(mover), otherwise)

    return route.way(("diversion", extension.id, diversion, otherwise), diverted)


def _active_diversions(route: Route, extension: Extension) -> dict[DiversionCondition, Diversion]:
    """Return the diversion of each condition that has not ended; of several (refused by the database) the least."""
    if not extension.diversions:
        return {}
    for row in extension.diversions:
        if row.ends_at is not None:
            route.changes_at(row.ends_at)
    rows = [row for row in extension.diversions if row.stands(route.now)]
    if len(rows) > 1:
        rows.sort(key=repr, reverse=True)
    return {row.condition: row for row in rows}


def legs_of(route: Route, extension: Extension) -> tuple[Leg, ...]:
    """Return what rings for an extension: its phone, its mobile through the trunk, or both."""
    legs = []
    if extension.kind is not ExtensionKind.MOBILE and extension.sip_username:
        legs.append(Leg(LegKind.PHONE, extension.sip_username))
    if extension.kind is not ExtensionKind.DESK and extension.mobile_number:
        permission = may_call(route.policy, extension, extension.mobile_number, route.now)
        note_exemptions(route, extension)
        if permission.allowed:
            legs.append(Leg(LegKind.TRUNK, extension.mobile_number, extension.mobile_confirms))
        else:
            note_barred(route, extension.mobile_number, permission)
    return tuple(legs)


def group_legs(route: Route, group: RingGroup) -> tuple[tuple[Leg, ...], tuple[int, ...]]:
    """Return what rings for a ring group, and its members' units; locked, diverted and absent members do not ring.

    Of a group with more phones than can ring at once, as many ring as can.
    """
    if group.id not in route.group_legs:
        route.group_legs[group.id] = kept(route, ("group", group.id), lambda inner: _group_legs(inner, group))
    return route.group_legs[group.id]


def _group_legs(route: Route, group: RingGroup) -> tuple[tuple[Leg, ...], tuple[int, ...]]:
    legs: set[Leg] = set()
    unit_ids: set[int] = set()
    for member_id in sorted(group.member_extension_ids):
        route.asked.add(Target(TargetKind.EXTENSION, member_id))
        member = route.policy.extensions.get(member_id)
        if member is None:
            route.note("R23", False, "place_missing", place=f"extension {member_id}")
            continue
        unit_ids.add(member.unit_id)
        away = member.locked or is_away(route, member)
        if away or DiversionCondition.ALL in _active_diversions(route, member):
            route.note("R9", True, "group_member_away", extension=member.number, group=group.name)
            continue
        legs.update(legs_of(route, member))
    ringing = that_ring(legs)
    if len(ringing) < len(legs):
        route.note(
            "R4", True, "group_rings_in_part", group=group.name, ringing=str(len(ringing)), phones=str(len(legs))
        )
    return ringing, tuple(sorted(unit_ids))


def spoken_name(route: Route, extension: Extension) -> str | None:
    """Return the name of an extension or its person as this caller may hear it."""
    return name_for_caller(route, extension_name(route.policy, extension), route.policy.units.get(extension.unit_id))


def extension_name(policy: Policy, extension: Extension) -> str | None:
    """Return an extension's own name, else its person's."""
    if extension.name:
        return extension.name
    person = person_of(policy, extension)
    return person.full_name if person is not None else None


def spoken_group_name(route: Route, group: RingGroup) -> str | None:
    """Return the name of a ring group as this caller may hear it: none where a member's unit is confidential."""
    name: str | None = group.name
    for unit_id in group_legs(route, group)[1]:
        name = name_for_caller(route, name, route.policy.units.get(unit_id))
    return name
