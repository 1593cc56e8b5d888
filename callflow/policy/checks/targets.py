"""Where the policy sends calls (R9, R18): targets that are missing, unused, barred, or cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass

from callflow.policy.checks.finding import Finding, Subject, finding, of_extension, of_person, of_roster, of_unit
from callflow.policy.checks.look import Look
from callflow.policy.model import Person, Target, TargetKind
from callflow.policy.numbers import NotOurs, leads_to
from callflow.policy.outgoing import Mover, may_send_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A target in use: whose it is, what for (`diversion busy`, `answering_place 2`), and whose barrings count."""

    subject: Subject
    what: str
    target: Target
    mover: Mover | None


def target_findings(look: Look) -> Iterator[Finding]:
    """Yield targets that are missing, unreadable, unused, barred, or the emergency number."""
    for use in _uses(look):
        problem = _number_problem(look, use) if use.target.kind is TargetKind.NUMBER else _row_problem(look, use)
        if problem is not None:
            yield problem


def _uses(look: Look) -> Iterator[Use]:
    policy = look.policy
    for extension in policy.extensions.values():
        for diversion in look.active_diversions(extension):
            subject, what = of_extension(policy, extension), f"diversion {diversion.condition.value}"
            yield Use(subject=subject, what=what, target=diversion.target, mover=extension)
    for unit in policy.units.values():
        for place in unit.answering_places:
            what = f"answering_place {place.position}"
            yield Use(subject=of_unit(unit), what=what, target=place.target, mover=unit)
        if unit.duty_phone is not None:
            yield Use(subject=of_unit(unit), what="duty_phone", target=unit.duty_phone, mover=unit)
    yield from _duties(look)
    yield from _referrals(look)


def _duties(look: Look) -> Iterator[Use]:
    for roster in look.policy.duty_rosters.values():
        standing = {(row.level, row.standing) for row in roster.levels if row.standing is not None}
        shifts = {(row.level, row.target) for row in roster.shifts if look.now < row.ends_at}
        owner = look.policy.organisations.get(roster.organisation_id)
        for level, target in standing | shifts:
            yield Use(subject=of_roster(roster), what=f"duty_level {level}", target=target, mover=owner)


def _referrals(look: Look) -> Iterator[Use]:
    away = [
        (person, absence.referral)
        for person in look.policy.people.values()
        for absence in person.absences
        if absence.referral is not None and (absence.returns_at is None or look.now < absence.returns_at)
    ]
    owners = {row.person_id: row for _, row in sorted(look.policy.extensions.items(), reverse=True)} if away else {}
    for person, referral in away:
        mover = owners.get(person.id)
        yield Use(subject=of_person(person), what="referral", target=referral, mover=mover or _unit_of(look, person))


def _unit_of(look: Look, person: Person) -> Mover | None:
    return look.policy.units.get(person.unit_id or 0)


def _row_problem(look: Look, use: Use) -> Finding | None:
    if look.policy.row(use.target) is not None:
        return None
    return finding("target_missing", use.subject, use=use.what, place=f"{use.target.kind.value} {use.target.id}")


def _number_problem(look: Look, use: Use) -> Finding | None:
    what, number = leads_to(use.target.number or "", look.policy)
    if isinstance(what, Target):
        return None
    if what is not NotOurs.OUTSIDE:
        return finding(f"target_{what.value}", use.subject, use=use.what, number=number)
    barred = may_send_on(look.policy, use.mover, number, look.now).barred
    if not barred:
        return None
    return finding("target_barred", use.subject, use=use.what, number=number, category=" ".join(barred))
