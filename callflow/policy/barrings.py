"""Barrings (R18): kinds of numbers, what is barred, and exemptions. What they come to is in `outgoing`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Category(StrEnum):
    """A kind of number outside, or of use, that can be barred."""

    INTERNATIONAL = "international"
    PREMIUM = "premium"
    MASS_CALL = "mass_call"
    DIRECTORY = "directory"
    SATELLITE = "satellite"
    OPERATOR_PREFIX = "operator_prefix"
    UNCLASSIFIED = "unclassified"
    NATIONAL = "national"
    MOBILE = "mobile"
    FREEPHONE = "freephone"
    SHARED_COST = "shared_cost"
    SERVICE = "service"
    OUTSIDE_DIVERSION = "outside_diversion"
    SMS_PURCHASE = "sms_purchase"
    DATA_PURCHASE = "data_purchase"


BARRED_BY_DEFAULT = frozenset(
    {
        Category.INTERNATIONAL,
        Category.PREMIUM,
        Category.MASS_CALL,
        Category.DIRECTORY,
        Category.SATELLITE,
        Category.OPERATOR_PREFIX,
        Category.UNCLASSIFIED,
        Category.SMS_PURCHASE,
        Category.DATA_PURCHASE,
    }
)
"""What every extension may not use until an exemption opens it (R18); no row of the database takes this away."""

NEVER_OPENED = frozenset({Category.UNCLASSIFIED})
"""What no exemption opens: nobody knows what it costs. A row in `number_class` says what the number is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberClass:
    """What numbers with this prefix are, whatever the numbering plan says; the longest prefix wins.

    `prefix` is `+` and digits for E.164 (`+46900`), or digits for a number without area code (`118`, `95`).
    """

    id: int
    prefix: str
    category: Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Barring:
    """A category barred for an organisation, a unit with those below it, or an extension; one of the three ids."""

    id: int
    category: Category
    organisation_id: int | None = None
    unit_id: int | None = None
    extension_id: int | None = None

    @property
    def scope(self) -> str:
        """Whom it counts for, as `Policy.barred` has it: `unit/5`."""
        if self.extension_id is not None:
            return f"extension/{self.extension_id}"
        if self.unit_id is not None:
            return f"unit/{self.unit_id}"
        return f"organisation/{self.organisation_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """An extension's permission for one category from `starts_at` (included) to `ends_at` (not included)."""

    id: int
    extension_id: int
    category: Category
    approver_id: int
    starts_at: datetime
    ends_at: datetime

    def in_force(self, now: datetime) -> bool:
        """Tell whether it counts at `now` (aware)."""
        return self.starts_at <= now < self.ends_at
