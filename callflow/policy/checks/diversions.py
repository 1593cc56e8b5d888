"""Diversions that stand for too long (R18), that never apply, or that lead back to their extension (R9)."""

from collections.abc import Iterator
from datetime import timedelta

from callflow.policy.checks.finding import Finding, finding, of_extension
from callflow.policy.checks.look import Look
from callflow.policy.checks.rounds import rounds
from callflow.policy.model import Diversion, DiversionCondition, Extension, Policy, Target, TargetKind
from callflow.policy.numbers import NotOurs, leads_to


def diversion_findings(look: Look) -> Iterator[Finding]:
    """Yield diversions that stand outside for too long, never apply, or lead back to their extension."""
    for extension in look.policy.extensions.values():
        if extension.diversions:
            active = look.active_diversions(extension)
            yield from _too_long(look, extension, active)
            yield from _never_apply(look, extension, active)
            yield from _never_rings(look, extension, active)
    yield from _loops(look)


def _is_outside(policy: Policy, target: Target) -> bool:
    return target.number is not None and leads_to(target.number, policy)[0] is NotOurs.OUTSIDE


def _too_long(look: Look, extension: Extension, active: list[Diversion]) -> Iterator[Finding]:
    """Yield diversions outside that stand for longer than the organisation lets them."""
    organisation = look.policy.organisations.get(extension.organisation_id)
    days = organisation.outside_diversion_days if organisation is not None else None
    if days is None:
        return
    latest = look.now + timedelta(days=days)
    for row in active:
        if _is_outside(look.policy, row.target) and (row.ends_at is None or row.ends_at > latest):
            values = {"condition": row.condition.value, "number": row.target.number, "days": days}
            values["until"] = look.local(extension.organisation_id, row.ends_at) if row.ends_at is not None else ""
            yield finding("outside_diversion_too_long", of_extension(look.policy, extension), **values)


def _never_apply(look: Look, extension: Extension, active: list[Diversion]) -> Iterator[Finding]:
    """Yield diversions that one of all calls leaves nothing to.

    While all calls are diverted the phone neither rings nor is busy; the diversion for no answer is then where calls
    go that nobody answers, unless they end where they were diverted.
    """
    subject = of_extension(look.policy, extension)
    everything = next((row for row in active if row.condition is DiversionCondition.ALL), None)
    for row in active:
        if everything is None or row is everything or not _outlasts(everything, row):
            continue
        if row.condition is DiversionCondition.NO_ANSWER and _leads_on(look, extension, everything.target):
            continue
        values = {"condition": row.condition.value, "place": look.place_name(everything.target)}
        yield finding("diversion_never_applies", subject, **values)


def _never_rings(look: Look, extension: Extension, active: list[Diversion]) -> Iterator[Finding]:
    """Yield diversions after more rings than the extension ever rings."""
    for row in active:
        if row.condition is DiversionCondition.NO_ANSWER and row.rings and row.rings > extension.ring_limit:
            subject = of_extension(look.policy, extension)
            values = {"rings": row.rings, "ring_limit": extension.ring_limit}
            yield finding("no_answer_rings_beyond_limit", subject, **values)


def _outlasts(everything: Diversion, row: Diversion) -> bool:
    return everything.ends_at is None or (row.ends_at is not None and row.ends_at <= everything.ends_at)


def _leads_on(look: Look, extension: Extension, target: Target) -> bool:
    return look.try_place(target, Target(TargetKind.EXTENSION, extension.id), look.now).leads_on


def _loops(look: Look) -> Iterator[Finding]:
    """Yield diversions that lead back to their extension, whatever the conditions."""
    policy = look.policy
    following = {}
    for extension in policy.extensions.values():
        if extension.diversions:
            places = {look.resolved(row.target) for row in look.active_diversions(extension)}
            following[extension.id] = {place.id or 0 for place in places if place.kind is TargetKind.EXTENSION}
    for ids in rounds(following):
        numbers = [policy.extensions[row_id].number for row_id in (*ids, ids[0])]
        yield finding("diversion_loop", of_extension(policy, policy.extensions[ids[0]]), chain=" → ".join(numbers))
