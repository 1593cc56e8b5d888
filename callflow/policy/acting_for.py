"""Who may act for another from the own phone: for a colleague's extension, and for a unit (R9, R10, R14)."""

from callflow.policy.lineage import lineage
from callflow.policy.model import Extension, Policy, Unit


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


def is_operator(policy: Policy, caller: Extension, organisation_id: int) -> bool:
    """Tell whether an extension is one of the operators who answer for an organisation."""
    organisation = policy.organisations.get(organisation_id)
    group = policy.ring_groups.get((organisation.operator_group_id if organisation is not None else None) or 0)
    return group is not None and caller.id in group.member_extension_ids
