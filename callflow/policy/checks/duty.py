"""Duty (R7): rosters with gaps, duty that reaches nobody, and who has none, now and a month ahead."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import reduce
from itertools import pairwise

from callflow.policy.checks.finding import Finding, finding, of_organisation, of_roster, of_unit
from callflow.policy.checks.look import Look, Span, joined
from callflow.policy.checks.ways import WEEK, by_verdict
from callflow.policy.checks.weekly import always_open, local_week, told
from callflow.policy.duty import on_duty
from callflow.policy.hours import switchboard_hours, telephone_hours
from callflow.policy.lineage import lineage
from callflow.policy.model import DutyRoster, Organisation, Policy, Schedule, Target, TargetKind, Unit

DAYS_AHEAD = 31
"""How far ahead duty is looked at, in days."""


def duty_findings(look: Look) -> Iterator[Finding]:
    """Yield what is wrong with rosters, with duty phones, and with who has neither."""
    policy = look.policy
    users: dict[int, list[Unit | Organisation]] = defaultdict(list)
    for organisation in policy.organisations.values():
        if organisation.duty_roster_id in policy.duty_rosters:
            users[organisation.duty_roster_id or 0].append(organisation)
        elif _ever_closed(switchboard_hours(look.route(look.now), organisation).schedule):
            yield finding("no_duty_roster", of_organisation(organisation))
    for unit in policy.units.values():
        above = lineage(policy, unit)
        roster_id = _roster_id(policy, above)
        if roster_id is not None:
            users[roster_id].append(unit)
        elif [row.id for row in above if _closes(look, row)] == [unit.id]:
            yield finding("no_duty_roster", of_unit(unit))
        if unit.duty_phone is not None:
            yield from _duty_phone(look, unit, unit.duty_phone)
    for roster in policy.duty_rosters.values():
        yield from _roster(look, roster, users[roster.id])


def _roster_id(policy: Policy, above: tuple[Unit, ...]) -> int | None:
    """Return the roster that has a unit's duty, by the units' own or the organisation's (as `choices` has it)."""
    organisation = policy.organisations.get(above[0].organisation_id)
    ids = [
        *(unit.duty_roster_id for unit in above),
        organisation.duty_roster_id if organisation is not None else None,
    ]
    return next((roster_id for roster_id in ids if roster_id in policy.duty_rosters), None)


def _closes(look: Look, unit: Unit) -> bool:
    return _ever_closed(telephone_hours(look.route(look.now), unit).schedule)


def _ever_closed(schedule: Schedule | None) -> bool:
    return schedule is not None and not (schedule.open_on_holidays and always_open(schedule.hours))


def _duty_phone(look: Look, unit: Unit, phone: Target) -> Iterator[Finding]:
    """Try a duty phone in the working hours of the next seven days."""
    if look.rings_itself(phone):
        return
    mover = Target(TargetKind.UNIT, unit.id)

    def judge(at: datetime) -> str:
        return "" if look.try_place(phone, mover, at).rings else "silent"

    silent = by_verdict(look, look.working_spans(unit, WEEK), [phone], judge)
    if "silent" in silent:
        hours = told(local_week(silent["silent"], look.zone_of(unit.organisation_id)))
        yield finding("duty_phone_reaches_nobody", of_unit(unit), place=look.place_name(phone), hours=hours)


def _roster(look: Look, roster: DutyRoster, users: list[Unit | Organisation]) -> Iterator[Finding]:
    subject = of_roster(roster)
    if not roster.levels and not roster.shifts:
        yield finding("duty_roster_without_levels", subject)
        return
    spans: dict[str, list[Span]] = defaultdict(list)
    for span in _cells(look, roster):
        spans[_duty(look, roster, span)].append(span)
    excused = _covered_by_duty_phones(look, users) if spans.keys() - {""} else ()
    for code in ("duty_gap", "duty_reaches_nobody"):
        for bad in joined(piece for span in spans[code] for piece in _outside(span, excused)):
            starts, ends = (look.local(roster.organisation_id, edge) for edge in (bad.starts, bad.ends))
            yield finding(code, subject, starts=starts, ends=ends)


def _cells(look: Look, roster: DutyRoster) -> Iterator[Span]:
    """Yield the time ahead, cut at every hand-over."""
    frame = look.ahead(DAYS_AHEAD)
    edges = {edge for shift in roster.shifts for edge in (shift.starts_at, shift.ends_at)}
    within = {edge for edge in edges if frame.starts < edge < frame.ends}
    for starts, ends in pairwise(sorted({frame.starts, frame.ends} | within)):
        yield Span(starts, ends)


def _duty(look: Look, roster: DutyRoster, span: Span) -> str:
    """Return what duty comes to in a span that no hand-over cuts, as a finding's code; `` where somebody has it."""
    shifts = tuple(row for row in roster.shifts if row.starts_at <= span.starts < row.ends_at)
    levels = on_duty(replace(roster, shifts=shifts), span.starts)
    targets = [level.target for level in levels if level.target is not None]
    if not targets:
        return "duty_gap"
    mover = Target(TargetKind.SWITCHBOARD, roster.organisation_id)
    reached = any(look.rings_itself(target) or look.try_place(target, mover, span.starts).rings for target in targets)
    return "" if reached else "duty_reaches_nobody"


def _covered_by_duty_phones(look: Look, users: list[Unit | Organisation]) -> tuple[Span, ...]:
    """Return when none of those who use a roster needs it, since all of them have a duty phone in use."""
    in_use = {_duty_phone_in_use(look, user) for user in users}
    return reduce(_both, in_use) if in_use else ()


def _duty_phone_in_use(look: Look, user: Unit | Organisation) -> tuple[Span, ...]:
    if isinstance(user, Organisation) or not any(row.duty_phone for row in lineage(look.policy, user)):
        return ()
    return look.working_spans(user, DAYS_AHEAD)


def _both(some: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    pairs = ((one, other) for one in some for other in others)
    met = (Span(max(one.starts, other.starts), min(one.ends, other.ends)) for one, other in pairs)
    return tuple(span for span in met if span.starts < span.ends)


def _outside(span: Span, excused: tuple[Span, ...]) -> Iterator[Span]:
    """Yield what of a span is not excused; `excused` is in order and does not overlap."""
    starts = span.starts
    for other in excused:
        if starts < other.starts < span.ends:
            yield Span(starts, other.starts)
        if other.starts < span.ends:
            starts = max(starts, other.ends)
    if starts < span.ends:
        yield Span(starts, span.ends)
