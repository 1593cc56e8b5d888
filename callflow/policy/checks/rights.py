"""Exemptions and barrings (R18) that have run out, run for ever, or change nothing."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from callflow.policy.barrings import BARRED_BY_DEFAULT, NEVER_OPENED, Barring, Exemption
from callflow.policy.checks.finding import Finding, Subject, finding, of_extension, of_organisation, of_unit
from callflow.policy.checks.look import Look
from callflow.policy.model import Extension, Policy
from callflow.policy.outgoing import Mover, barred_for, nearest_manager, scopes_of

_PRACTICALLY_FOR_EVER = timedelta(days=5 * 365)


def right_findings(look: Look) -> Iterator[Finding]:
    """Yield what is wrong with exemptions and barrings."""
    for exemption in look.policy.exemptions.values():
        extension = look.policy.extensions.get(exemption.extension_id)
        if extension is not None:
            yield from _exemption(look, exemption, extension)
    yield from _barrings(look.policy)


def _exemption(look: Look, row: Exemption, extension: Extension) -> Iterator[Finding]:
    subject = of_extension(look.policy, extension)
    common = {"exemption": row.id, "category": row.category.value}
    until = {"ends_at": look.local(extension.organisation_id, row.ends_at)}
    if row.ends_at <= look.now:
        yield finding("exemption_ended", subject, **common, **until)
        return
    if row.ends_at - look.now > _PRACTICALLY_FOR_EVER:
        yield finding("exemption_without_end", subject, **common, **until)
    manager = nearest_manager(look.policy, extension)
    if manager is None or manager.id != row.approver_id:
        approver = look.policy.people.get(row.approver_id)
        names = {"approver": approver.full_name if approver is not None else row.approver_id}
        names["manager"] = manager.full_name if manager is not None else "-"
        yield finding("exemption_approver_not_manager", subject, **common, **names)
    if row.category not in barred_for(look.policy, extension) - NEVER_OPENED:
        yield finding("exemption_opens_nothing", subject, **common)


def _barrings(policy: Policy) -> Iterator[Finding]:
    """Yield for each scope what it bars though that is barred already: by default, or by a scope above it."""
    by_scope: dict[str, list[Barring]] = defaultdict(list)
    movers: dict[str, tuple[Mover, Subject]] = {}
    for row in policy.barrings.values():
        found = _whose(policy, row)
        if found is not None:
            scope = scopes_of(policy, found[0])[0]
            movers[scope] = found
            by_scope[scope].append(row)
    for scope, rows in by_scope.items():
        mover, subject = movers[scope]
        above = {category for wider in scopes_of(policy, mover)[1:] for category in policy.barred.get(wider, ())}
        by_default = [row for row in rows if row.category in BARRED_BY_DEFAULT]
        repeated = [row for row in rows if row.category in above and row.category not in BARRED_BY_DEFAULT]
        for code, these in (("barring_by_default", by_default), ("barring_above", repeated)):
            if these:
                yield finding(code, subject, **_told(these))


def _told(rows: list[Barring]) -> dict[str, str]:
    in_order = sorted(rows, key=lambda row: (row.category.value, row.id))
    return {
        "category": " ".join(row.category.value for row in in_order),
        "barrings": " ".join(str(row.id) for row in in_order),
    }


def _whose(policy: Policy, row: Barring) -> tuple[Mover, Subject] | None:
    """Return whose barring it is; None where that row is missing."""
    if (extension := policy.extensions.get(row.extension_id or 0)) is not None:
        return extension, of_extension(policy, extension)
    if (unit := policy.units.get(row.unit_id or 0)) is not None:
        return unit, of_unit(unit)
    if (organisation := policy.organisations.get(row.organisation_id or 0)) is not None:
        return organisation, of_organisation(organisation)
    return None
