"""Who may act for another from the own phone: for a colleague's extension, and for a unit (R9, R10, R14)."""

from callflow.policy.duty import duty_of
from callflow.policy.lineage import lineage
from callflow.policy.model import DutyRoster, Extension, Policy, Target, TargetKind, Unit
from callflow.policy.numbers import resolved


def may_act_for(policy: Policy, caller: Extension, other: Extension) -> bool:
    """Tell whether who calls from `caller` may report absence and divert for `other`.

    One may for oneself, the manager and the telephone contact of the other's unit and of those above it for everybody
    there, and the operators for whom they answer.
    """
    own = caller.person_id is not None and caller.person_id == other.person_id
    return caller.id == other.id or own or may_act_for_unit(policy, caller, policy.units.get(other.unit_id))


def may_act_for_unit(policy: Policy, caller: Extension, unit: Unit | None) -> bool:
    """Tell whether who calls from `caller` answers for a unit: its manager, telephone contact, or an operator."""
    if unit is None:
        return False
    answering = {
        person_id for above in lineage(policy, unit) for person_id in (above.manager_id, above.telephone_contact_id)
    }
    return (caller.person_id is not None and caller.person_id in answering) or is_operator(
        policy, caller, unit.organisation_id
    )


def may_force(policy: Policy, caller: Extension, unit: Unit) -> bool:
    """Tell whether who calls from `caller` may force a unit open or closed: who answers for it, and its members."""
    return caller.unit_id == unit.id or may_act_for_unit(policy, caller, unit)


def may_take_duty(policy: Policy, caller: Extension, unit: Unit, roster: DutyRoster) -> bool:
    """Tell whether who calls from `caller` may take over the duty that a unit has from a roster.

    Those may whose own unit has its duty from there too, who occur in the roster, and who answer for the unit.
    """
    own_unit = policy.units.get(caller.unit_id)
    own_duty = duty_of(policy, own_unit) if own_unit is not None else None
    if own_duty is not None and own_duty[0] is roster:
        return True
    targets = [*(row.standing for row in roster.levels if row.standing), *(row.target for row in roster.shifts)]
    own = Target(TargetKind.EXTENSION, caller.id)
    return own in [resolved(target, policy) for target in targets] or may_act_for_unit(policy, caller, unit)


def is_operator(policy: Policy, caller: Extension, organisation_id: int) -> bool:
    """Tell whether an extension is one of the operators who answer for an organisation."""
    organisation = policy.organisations.get(organisation_id)
    group = policy.ring_groups.get((organisation.operator_group_id if organisation is not None else None) or 0)
    return group is not None and caller.id in group.member_extension_ids
