"""Who may reach which number outside (R18): the barrings of the one who calls or moves the call, and exemptions."""

from dataclasses import dataclass
from datetime import datetime

from callflow.policy.barrings import BARRED_BY_DEFAULT, NEVER_OPENED, Category
from callflow.policy.lineage import lineage
from callflow.policy.model import Extension, Organisation, Person, Policy, Unit
from callflow.policy.numbering_plan import categories_of

Mover = Extension | Unit | Organisation
"""Who calls a number outside or has calls sent there: an extension, or a unit's or an organisation's own routing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether a number may be called: what it is, and which of that is `barred` (nothing where it may)."""

    categories: tuple[Category, ...]
    barred: tuple[Category, ...]

    @property
    def allowed(self) -> bool:
        """Whether the call may go ahead."""
        return not self.barred


def may_call(policy: Policy, mover: Mover | None, number: str, now: datetime) -> Permission:
    """Tell whether `mover` may have a call carried to `number`, which is not ours, at `now` (aware).

    Every category that the number falls in must be free. Without a mover the bars that nobody is free of count.
    """
    categories = categories_of(number, policy.classes)
    return Permission(categories=categories, barred=_barred(policy, mover, categories, now))


def may_divert(policy: Policy, mover: Mover | None, number: str, now: datetime) -> Permission:
    """Tell whether `mover` may divert calls to `number`, which is not ours: a call there, and diversions outside."""
    categories = (*categories_of(number, policy.classes), Category.OUTSIDE_DIVERSION)
    return Permission(categories=categories, barred=_barred(policy, mover, categories, now))


def may_send_on(policy: Policy, mover: Mover | None, number: str, now: datetime) -> Permission:
    """Tell whether `mover` may have calls to it sent on to `number`: an extension does so only by a diversion."""
    ask = may_divert if isinstance(mover, Extension) else may_call
    return ask(policy, mover, number, now)


def nearest_manager(policy: Policy, extension: Extension) -> Person | None:
    """Return who may approve exemptions: the manager of its unit or of one above, never its own person."""
    for unit in lineage(policy, policy.units.get(extension.unit_id)):
        if unit.manager_id is not None and unit.manager_id != extension.person_id:
            return policy.people.get(unit.manager_id)
    return None


def _barred(
    policy: Policy, mover: Mover | None, categories: tuple[Category, ...], now: datetime
) -> tuple[Category, ...]:
    barred = barred_for(policy, mover)
    return tuple(
        category for category in categories if category in barred and not _exempted(policy, mover, category, now)
    )


def barred_for(policy: Policy, mover: Mover | None) -> frozenset[Category]:
    """Return what is barred for a mover by default and by every row that counts, exemptions aside."""
    if not isinstance(mover, Extension):
        return _barred_by(policy, scopes_of(policy, mover))
    shared = (mover.unit_id, mover.organisation_id)
    barred = policy.kept.barred.get(shared)
    if barred is None:
        barred = policy.kept.barred[shared] = _barred_by(policy, scopes_of(policy, mover)[1:])
    return barred.union(policy.barred.get(f"extension/{mover.id}", ()))


def _barred_by(policy: Policy, scopes: list[str]) -> frozenset[Category]:
    return BARRED_BY_DEFAULT.union(*(policy.barred.get(scope, ()) for scope in scopes))


def scopes_of(policy: Policy, mover: Mover | None) -> list[str]:
    """Return the scopes whose barrings count for a mover, nearest first: its own, its units', its organisation's."""
    if mover is None:
        return []
    if isinstance(mover, Organisation):
        return [f"organisation/{mover.id}"]
    first = policy.units.get(mover.unit_id) if isinstance(mover, Extension) else mover
    units = [f"unit/{unit.id}" for unit in lineage(policy, first)]
    own = [f"extension/{mover.id}"] if isinstance(mover, Extension) else []
    return [*own, *units, f"organisation/{mover.organisation_id}"]


def _exempted(policy: Policy, mover: Mover | None, category: Category, now: datetime) -> bool:
    if not isinstance(mover, Extension) or category in NEVER_OPENED:
        return False
    return any(row.category is category and row.in_force(now) for row in policy.exempted.get(mover.id, ()))


def is_mobile(number: str) -> bool:
    """Tell whether an E.164 number is a Swedish mobile, whose operator's voicemail may answer before a person."""
    return Category.MOBILE in categories_of(number, {})
