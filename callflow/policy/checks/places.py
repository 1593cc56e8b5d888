"""Answering places that no call ever comes to: behind one that always answers, or a place named before (R4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from callflow.policy.checks.finding import Finding, finding, of_unit
from callflow.policy.checks.look import Look
from callflow.policy.model import AnsweringPlace, DiversionCondition, Target, TargetKind, Unit
from callflow.policy.units import in_order

_LATER = timedelta(days=31)
"""What answers today by a diversion for some days is no reason to take away the places behind it."""

_UNANSWERED = {DiversionCondition.NO_ANSWER, DiversionCondition.BUSY, DiversionCondition.UNREACHABLE}


def place_findings(look: Look) -> Iterator[Finding]:
    """Yield answering places behind a voicemail, or that are in the list twice."""
    for unit in look.policy.units.values():
        if len(unit.answering_places) > 1:
            places = in_order(unit)
            yield from _twice(look, unit, places)
            yield from _behind(look, unit, places)


def _twice(look: Look, unit: Unit, places: list[AnsweringPlace]) -> Iterator[Finding]:
    first: dict[Target, int] = {}
    for place in places:
        target = look.resolved(place.target)
        if target in first:
            values = {"position": place.position, "first": first[target], "place": look.place_name(target)}
            yield finding("answering_place_twice", of_unit(unit), **values)
        first.setdefault(target, place.position)


def _behind(look: Look, unit: Unit, places: list[AnsweringPlace]) -> Iterator[Finding]:
    last = next((at for at, place in enumerate(places) if _always_answers(look, unit, place.target)), len(places))
    for place in places[last + 1 :]:
        values = {"position": place.position, "behind": places[last].position}
        yield finding(
            "answering_place_never_reached",
            of_unit(unit),
            **values,
            place=look.place_name(place.target),
            answers=look.place_name(places[last].target),
        )


def _always_answers(look: Look, unit: Unit, target: Target) -> bool:
    """Tell whether no call ever goes on from a place, today and in a month."""
    if look.rings_itself(target) and not _diverts_unanswered(look, target):
        return False
    mover = Target(TargetKind.UNIT, unit.id)
    later = replace(look, now=look.now + _LATER, tried={}, opened={})
    return not any(one.try_place(target, mover, one.now).leads_on for one in (look, later))


def _diverts_unanswered(look: Look, target: Target) -> bool:
    """Tell whether a ringing extension has a diversion for all that may become of the call."""
    extension = look.policy.extensions.get(target.id or 0) if target.kind is TargetKind.EXTENSION else None
    rows = look.active_diversions(extension) if extension is not None else []
    return {row.condition for row in rows} >= _UNANSWERED
