"""How calls fare hour by hour: tried once for each combination of schedules open and closed that they depend on."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise

from callflow.policy.checks.look import Look, Span
from callflow.policy.hours import switchboard_hours, telephone_hours
from callflow.policy.model import Schedule, Target, TargetKind

WEEK = 7
"""How many days are looked at, today first."""


def by_verdict(
    look: Look, hours: tuple[Span, ...], places: Iterable[Target], judge: Callable[[datetime], str]
) -> Mapping[str, list[Span]]:
    """Return these hours by what `judge` says of them; `places` are where the calls may come, for their schedules."""
    schedules = _schedules_on_the_way(look, places)
    known: dict[tuple[bool, ...], str] = {}
    found: dict[str, list[Span]] = defaultdict(list)
    for span in _cells(look, hours, schedules):
        open_ones = tuple(_is_open(look, schedule, span.starts) for schedule in schedules)
        if open_ones not in known:
            known[open_ones] = judge(span.starts)
        found[known[open_ones]].append(span)
    return found


def _cells(look: Look, hours: tuple[Span, ...], schedules: tuple[Schedule, ...]) -> Iterator[Span]:
    """Yield the hours, cut wherever a schedule opens or closes."""
    spans = [*hours, *(span for schedule in schedules for span in look.open_spans(schedule, WEEK))]
    for starts, ends in pairwise(sorted({edge for span in spans for edge in (span.starts, span.ends)})):
        if any(span.starts <= starts < span.ends for span in hours):
            yield Span(starts, ends)


def _is_open(look: Look, schedule: Schedule, at: datetime) -> bool:
    return any(span.starts <= at < span.ends for span in look.open_spans(schedule, WEEK))


def _schedules_on_the_way(look: Look, places: Iterable[Target]) -> tuple[Schedule, ...]:
    """Return the schedules, by id, of these places and of all that calls may go on to from them."""
    waiting = [look.resolved(target) for target in places]
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
