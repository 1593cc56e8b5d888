"""Whether somebody answers in the hours told to the public (R4): units' answering places and switchboards.

The next seven days are looked at, today first, by the real routing: once for each combination of schedules open and
closed that a call to the unit depends on.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from callflow.policy.checks.finding import Finding, finding, of_organisation, of_unit
from callflow.policy.checks.look import Look, Span
from callflow.policy.checks.weekly import local_week, told
from callflow.policy.decision import Call
from callflow.policy.evaluate import decide
from callflow.policy.extensions import group_legs
from callflow.policy.hours import switchboard_hours, telephone_hours
from callflow.policy.lineage import lineage
from callflow.policy.model import Schedule, Target, TargetKind, Unit
from callflow.policy.plan import Dial, Menu, Say, Voicemail

_DAYS = 7


def answer_findings(look: Look) -> Iterator[Finding]:
    """Yield units that nobody answers at when they are open, and switchboards without operators."""
    for unit in look.policy.units.values():
        if not any(look.rings_itself(place.target) for place in unit.answering_places):
            yield from _silence(look, unit)
    for organisation in look.policy.organisations.values():
        group = look.policy.ring_groups.get(organisation.operator_group_id or 0)
        if group is None or not group_legs(look.route(look.now), group)[0]:
            yield finding("switchboard_without_operators", of_organisation(organisation))


def _silence(look: Look, unit: Unit) -> Iterator[Finding]:
    """Yield what a unit comes to that has no place whose own phones always ring."""
    mine = telephone_hours(look.route(look.now), unit).schedule
    others = _schedules_on_the_way(look, unit)
    known: dict[tuple[bool, ...], str] = {}
    silent: dict[str, list[Span]] = defaultdict(list)
    for span in _open_cells(look, mine, others):
        open_ones = tuple(_is_open(look, schedule, span.starts) for schedule in others)
        if open_ones not in known:
            known[open_ones] = _answer(look, unit, span.starts)
        silent[known[open_ones]].append(span)
    here = look.zone_of(unit.organisation_id)
    for code in ("nobody_answers", "only_voicemail_answers", "answering_places_reach_nobody"):
        if silent[code]:
            yield finding(code, of_unit(unit), hours=told(local_week(silent[code], here)))
    if silent["no_answering_places"]:
        yield finding("no_answering_places", of_unit(unit))


def _answer(look: Look, unit: Unit, at: datetime) -> str:
    """Return what a call to the unit comes to at a time when it is open, as a finding's code; `` for an answer."""
    mover = Target(TargetKind.UNIT, unit.id)
    if any(look.try_place(place.target, mover, at).rings for place in unit.answering_places):
        return ""
    elsewhere = "answering_places_reach_nobody" if unit.answering_places else "no_answering_places"
    if unit.number is None:
        return elsewhere if unit.answering_places else ""
    return _end(look, unit.number, at) or elsewhere


def _end(look: Look, number: str, at: datetime) -> str:
    """Follow a call from outside whose caller presses nothing; return `` where something rings."""
    steps = decide(look.policy, Call(called_number=number), at).plan.steps
    step = steps[0]
    while isinstance(step, Say | Menu):
        step = steps[step.next_step if isinstance(step, Say) else step.no_choice]
    if isinstance(step, Dial):
        return ""
    return "only_voicemail_answers" if isinstance(step, Voicemail) else "nobody_answers"


def _open_cells(look: Look, mine: Schedule | None, others: tuple[Schedule, ...]) -> Iterator[Span]:
    """Yield the unit's open hours, cut wherever a schedule on the way opens or closes; without hours it is open."""
    open_hours = look.open_spans(mine, _DAYS) if mine is not None else (look.ahead(_DAYS),)
    spans = [*open_hours, *(span for schedule in others for span in look.open_spans(schedule, _DAYS))]
    for starts, ends in pairwise(sorted({edge for span in spans for edge in (span.starts, span.ends)})):
        if any(span.starts <= starts < span.ends for span in open_hours):
            yield Span(starts, ends)


def _is_open(look: Look, schedule: Schedule, at: datetime) -> bool:
    return any(span.starts <= at < span.ends for span in look.open_spans(schedule, _DAYS))


def _schedules_on_the_way(look: Look, unit: Unit) -> tuple[Schedule, ...]:
    """Return the schedules that decide how far a call to an open unit comes, by id: the places', and those above."""
    above = [Target(TargetKind.UNIT, row.id) for row in lineage(look.policy, unit)]
    waiting = [*above, Target(TargetKind.SWITCHBOARD, unit.organisation_id)]
    seen = set(waiting)
    found: dict[int, Schedule] = {}
    while waiting:
        schedule, following = _place(look, waiting.pop())
        if schedule is not None:
            found[schedule.id] = schedule
        fresh = {look.resolved(target) for target in following} - seen
        seen |= fresh
        waiting += fresh
    return tuple(schedule for _, schedule in sorted(found.items()))


def _place(look: Look, place: Target) -> tuple[Schedule | None, list[Target]]:
    """Return the schedule of a place, and where calls may go on from it."""
    policy, row_id = look.policy, place.id or 0
    if place.kind is TargetKind.UNIT and (unit := policy.units.get(row_id)) is not None:
        hours = telephone_hours(look.route(look.now), unit)
        return hours.schedule, [answering.target for answering in unit.answering_places]
    if place.kind is TargetKind.SWITCHBOARD and (organisation := policy.organisations.get(row_id)) is not None:
        return switchboard_hours(look.route(look.now), organisation).schedule, []
    if place.kind is TargetKind.EXTENSION and (extension := policy.extensions.get(row_id)) is not None:
        return None, [diversion.target for diversion in extension.diversions]
    return None, []
