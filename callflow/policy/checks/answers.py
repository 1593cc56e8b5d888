"""Whether somebody answers in the hours told to the public (R4): units' answering places and switchboards.

The next seven days are looked at, today first, by the real routing.
"""

from collections.abc import Iterator
from datetime import datetime

from callflow.policy.checks.finding import Finding, finding, of_organisation, of_unit
from callflow.policy.checks.look import Look
from callflow.policy.checks.ways import WEEK, by_verdict
from callflow.policy.checks.weekly import local_week, told
from callflow.policy.decision import Call
from callflow.policy.evaluate import decide
from callflow.policy.extensions import group_legs
from callflow.policy.hours import telephone_hours
from callflow.policy.lineage import lineage
from callflow.policy.model import Target, TargetKind, Unit
from callflow.policy.plan import Dial, Menu, Say, Voicemail
from callflow.policy.units import in_order


def answer_findings(look: Look) -> Iterator[Finding]:
    """Yield units that nobody answers at when they are open, and switchboards without operators."""
    for unit in look.policy.units.values():
        if not any(look.rings_itself(place.target) for place in in_order(unit)[:1]):
            yield from _silence(look, unit)
    for organisation in look.policy.organisations.values():
        group = look.policy.ring_groups.get(organisation.operator_group_id or 0)
        if group is None or not group_legs(look.route(look.now), group)[0]:
            yield finding("switchboard_without_operators", of_organisation(organisation))


def _silence(look: Look, unit: Unit) -> Iterator[Finding]:
    """Yield what a unit comes to whose first place has no phones of its own that always ring."""
    schedule = telephone_hours(look.route(look.now), unit).schedule
    hours = look.open_spans(schedule, WEEK) if schedule is not None else (look.ahead(WEEK),)
    above = [Target(TargetKind.UNIT, row.id) for row in lineage(look.policy, unit)]
    places = [*above, Target(TargetKind.SWITCHBOARD, unit.organisation_id)]
    silent = by_verdict(look, hours, places, lambda at: _answer(look, unit, at))
    here = look.zone_of(unit.organisation_id)
    for code in ("nobody_answers", "only_voicemail_answers", "answering_places_reach_nobody"):
        if code in silent:
            yield finding(code, of_unit(unit), hours=told(local_week(silent[code], here)))
    if "no_answering_places" in silent:
        yield finding("no_answering_places", of_unit(unit))


def _answer(look: Look, unit: Unit, at: datetime) -> str:
    """Return what a call to the unit comes to at a time when it is open, as a finding's code; `` for an answer."""
    mover = Target(TargetKind.UNIT, unit.id)
    for place in in_order(unit):
        way = look.try_place(place.target, mover, at)
        if way.rings:
            return ""
        if not way.leads_on:
            break
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
