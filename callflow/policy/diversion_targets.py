"""Whether an extension may be diverted to a number (R9, R18): what it is, who bars it, and whether it leads back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from callflow.policy.model import Diversion, DiversionCondition, Extension, Policy, Target, TargetKind
from callflow.policy.numbers import NotOurs, leads_to, resolved
from callflow.policy.outgoing import Permission, may_divert
from callflow.policy.schedule import zone_of

Counts = Callable[[Diversion], bool]


class Obstacle(StrEnum):
    """Why a number cannot be a diversion's target."""

    UNREADABLE = "target_unreadable"
    EMERGENCY = "target_is_emergency"
    UNUSED = "target_unused"
    OWN_NUMBER = "target_is_own"
    BARRED = "target_barred"
    LOOP = "target_loops"
    LOOP_LATER = "target_loops_later"


_NOT_A_TARGET = {
    NotOurs.UNREADABLE: Obstacle.UNREADABLE,
    NotOurs.EMERGENCY: Obstacle.EMERGENCY,
    NotOurs.UNUSED: Obstacle.UNUSED,
}


@dataclass(frozen=True, slots=True)
class TargetRefusal:
    """A number that cannot be a target, and for `BARRED` what is barred."""

    obstacle: Obstacle
    permission: Permission | None = None


def check_target(policy: Policy, extension: Extension, number: str, now: datetime) -> Target | TargetRefusal:
    """Return what a diversion of `extension` to `number`, as dialled, leads to, or why it may not be set at `now`."""
    found, read = leads_to(number, policy)
    if isinstance(found, Target):
        obstacle = _leads_home(policy, extension, found, now)
        return found if obstacle is None else TargetRefusal(obstacle)
    if found is not NotOurs.OUTSIDE:
        return TargetRefusal(_NOT_A_TARGET[found])
    permission = may_divert(policy, extension, read, now)
    if permission.allowed:
        return Target(TargetKind.NUMBER, number=read)
    return TargetRefusal(Obstacle.BARRED, permission)


def latest_end(policy: Policy, extension: Extension, target: Target, now: datetime) -> datetime | None:
    """Return when a diversion to a number outside must end, the last midnight within the days allowed; else None."""
    organisation = policy.organisations.get(extension.organisation_id)
    if target.kind is not TargetKind.NUMBER or organisation is None or organisation.outside_diversion_days is None:
        return None
    local = now.astimezone(zone_of(policy, extension.organisation_id))
    last_day = local.date() + timedelta(days=organisation.outside_diversion_days)
    return datetime.combine(last_day, time(), tzinfo=local.tzinfo)


def _leads_home(policy: Policy, extension: Extension, target: Target, now: datetime) -> Obstacle | None:
    """Tell whether calls sent to `target` come back to the extension: now, or at another hour or for another reason.

    Hours are not looked at: a loop that a schedule keeps open only sometimes is one.
    """
    home = Target(TargetKind.EXTENSION, extension.id)
    if target == home:
        return Obstacle.OWN_NUMBER

    def at_once(diversion: Diversion) -> bool:
        return diversion.condition is DiversionCondition.ALL and diversion.stands(now)

    if _leads_to(policy, target, home, at_once):
        return Obstacle.LOOP
    return Obstacle.LOOP_LATER if _leads_to(policy, target, home, lambda it: it.stands(now)) else None


def _leads_to(policy: Policy, target: Target, home: Target, counts: Counts) -> bool:
    """Tell whether `target` leads to `home`: an extension by any diversion that counts, others only by all they have.

    A unit or group with anybody else in it is no loop: calls are answered there. Nothing is looked at twice but to
    carry a finding on, so that no policy makes this slow.
    """
    ways = _ways(policy, target, home, counts)
    leading = {home}
    found = True
    while found:
        found = False
        for place, places in reversed(ways.items()):
            leads = any if place.kind is TargetKind.EXTENSION else all
            if place not in leading and places and leads(onward in leading for onward in places):
                leading.add(place)
                found = True
    return resolved(target, policy) in leading


def _ways(policy: Policy, first: Target, home: Target, counts: Counts) -> dict[Target, list[Target]]:
    """Return every place that calls to `first` may come to short of `home`, with where each sends them on."""
    ways: dict[Target, list[Target]] = {}
    ahead = [resolved(first, policy)]
    while ahead:
        place = ahead.pop()
        if place != home and place not in ways:
            ways[place] = [resolved(onward, policy) for onward in _onward(policy, place, counts)]
            ahead += ways[place]
    return ways


def _onward(policy: Policy, place: Target, counts: Counts) -> list[Target]:
    """Return where an extension diverts, or a unit or a group answers; nothing for what is its own end."""
    row_id = place.id or 0
    if place.kind is TargetKind.EXTENSION and (extension := policy.extensions.get(row_id)) is not None:
        return [diversion.target for diversion in extension.diversions if counts(diversion)]
    if place.kind is TargetKind.UNIT and (unit := policy.units.get(row_id)) is not None:
        return [answering.target for answering in unit.answering_places]
    if place.kind is TargetKind.RING_GROUP and (group := policy.ring_groups.get(row_id)) is not None:
        return [Target(TargetKind.EXTENSION, member) for member in group.member_extension_ids]
    return []
