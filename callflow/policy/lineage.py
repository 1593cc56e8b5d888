"""A unit and those above it, and what holds for it because of one of them."""

from callflow.policy.model import Policy, Unit


def lineage(policy: Policy, unit: Unit | None) -> tuple[Unit, ...]:
    """Return the unit and those above it, nearest first; a parent that is missing or comes again ends it."""
    if unit is None:
        return ()
    known = policy.kept.lineages.get(unit.id)
    if known is None or known[0] is not unit:
        known = policy.kept.lineages[unit.id] = _lineage(policy, unit)
    return known


def is_confidential(policy: Policy, unit: Unit | None) -> bool:
    """Tell whether a unit or one above it is confidential (R17); one that is missing counts as confidential."""
    for above in lineage(policy, unit):
        if above.confidential or (above.parent_id is not None and above.parent_id not in policy.units):
            return True
    return False


def _lineage(policy: Policy, first: Unit) -> tuple[Unit, ...]:
    found: dict[int, Unit] = {}
    unit: Unit | None = first
    while unit is not None and unit.id not in found:
        found[unit.id] = unit
        unit = policy.units.get(unit.parent_id) if unit.parent_id is not None else None
    return tuple(found.values())
