"""What kind of number a number is: the policy's table first, then the numbering plans of Sweden and the world."""

from collections.abc import Mapping

import phonenumbers
from phonenumbers import PhoneNumberType

from callflow.policy.barrings import Category

_SWEDISH_TYPES = {
    PhoneNumberType.FIXED_LINE: Category.NATIONAL,
    PhoneNumberType.UAN: Category.NATIONAL,
    PhoneNumberType.MOBILE: Category.MOBILE,
    PhoneNumberType.TOLL_FREE: Category.FREEPHONE,
    PhoneNumberType.SHARED_COST: Category.SHARED_COST,
    PhoneNumberType.PREMIUM_RATE: Category.PREMIUM,
}


def categories_of(number: str, classes: Mapping[str, Category]) -> tuple[Category, ...]:
    """Return every category that a number falls in, at least one; `UNCLASSIFIED` where nobody knows what it is.

    `number` is E.164 (`+46701740605`), a number without area code (`118118`, `1177`), or one behind an operator
    prefix (`95…`). `classes` is `Policy.classes`, whose longest prefix wins over the numbering plans.
    """
    if not number.startswith("+46"):
        return (Category.INTERNATIONAL,)
    parsed = phonenumbers.parse(number, None)
    return (_SWEDISH_TYPES.get(phonenumbers.number_type(parsed), Category.UNCLASSIFIED),)
