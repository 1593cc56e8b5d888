"""Units: who is responsible for them (R14), and whether their telephone hours cover their working hours (R5)."""

from collections.abc import Iterator

from callflow.policy.checks.finding import Finding, finding, of_unit
from callflow.policy.checks.look import Look
from callflow.policy.checks.weekly import told, uncovered
from callflow.policy.lineage import lineage
from callflow.policy.model import Policy, Schedule, Unit


def unit_findings(look: Look) -> Iterator[Finding]:
    """Yield units without manager or telephone contact, and those whose telephone hours fall short."""
    for unit in look.policy.units.values():
        above = lineage(look.policy, unit)
        if not any(row.manager_id in look.policy.people for row in above):
            yield finding("unit_without_manager", of_unit(unit))
        if not any(row.telephone_contact_id in look.policy.people for row in above):
            yield finding("unit_without_telephone_contact", of_unit(unit))
        yield from _hours(look.policy, unit, above)


def _hours(policy: Policy, unit: Unit, above: tuple[Unit, ...]) -> Iterator[Finding]:
    telephone = _first(policy, [row.telephone_schedule_id for row in above])
    working = _first(policy, [row.working_schedule_id for row in above])
    if telephone is None or working is None or telephone.id == working.id:
        return
    left = uncovered(working.hours, telephone.hours)
    if not left:
        return
    yield finding(
        "working_hours_uncovered",
        of_unit(unit),
        hours=told(left),
        telephone_schedule=telephone.name,
        working_schedule=working.name,
    )
    if all(row.duty_phone is None for row in above):
        yield finding("no_duty_phone", of_unit(unit), hours=told(left))


def _first(policy: Policy, schedule_ids: list[int | None]) -> Schedule | None:
    """Return the first of these schedules that is there: a unit's own, else the nearest above (as `hours` has it)."""
    found = (policy.schedules.get(schedule_id) for schedule_id in schedule_ids if schedule_id is not None)
    return next((schedule for schedule in found if schedule is not None), None)
