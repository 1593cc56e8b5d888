"""What the one who is barred hears (R18): what is barred, and whom to ask."""

from callflow.policy.barrings import Category
from callflow.policy.lineage import lineage
from callflow.policy.model import Extension, Person, Policy
from callflow.policy.outgoing import Permission, nearest_manager
from callflow.policy.plan import Phrase
from callflow.policy.route import Route
from callflow.policy.spoken import prompt, text

_BARRED = {
    Category.INTERNATIONAL: "barred-international",
    Category.PREMIUM: "barred-premium",
    Category.MASS_CALL: "barred-mass-call",
    Category.DIRECTORY: "barred-directory",
    Category.SATELLITE: "barred-satellite",
    Category.OPERATOR_PREFIX: "barred-operator-prefix",
    Category.UNCLASSIFIED: "barred-unclassified",
    Category.NATIONAL: "barred-national",
    Category.MOBILE: "barred-mobile",
    Category.FREEPHONE: "barred-freephone",
    Category.SHARED_COST: "barred-shared-cost",
    Category.SERVICE: "barred-service",
    Category.OUTSIDE_DIVERSION: "barred-outside-diversion",
}


def barred_phrases(route: Route, extension: Extension, permission: Permission) -> tuple[Phrase, ...]:
    """Return the words for an extension that may not; `permission.barred` is not empty, and its first is told."""
    category = permission.barred[0]
    barred = prompt(_BARRED.get(category, "barred-unclassified"))
    if category is Category.OPERATOR_PREFIX:
        return (barred,)
    if category is Category.UNCLASSIFIED:
        contact = _telephone_contact(route.policy, extension)
        return (barred, prompt("ask-telephone-contact"), text(contact.full_name, None)) if contact else (barred,)
    manager = nearest_manager(route.policy, extension)
    if manager is None:
        return (barred, prompt("ask-a-manager"))
    return (barred, prompt("ask-nearest-manager"), text(manager.full_name, None))


def _telephone_contact(policy: Policy, extension: Extension) -> Person | None:
    for unit in lineage(policy, policy.units.get(extension.unit_id)):
        if unit.telephone_contact_id is not None:
            return policy.people.get(unit.telephone_contact_id)
    return None
