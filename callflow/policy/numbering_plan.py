"""What kind of number a number is: the policy's table first, then the plans of Sweden and the world (R18)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    number_type,
    parse,
)
from phonenumbers.re_util import enable_pattern_cache
from phonenumbers.shortnumberinfo import ShortNumberCost, expected_cost_for_region, is_valid_short_number_for_region

from callflow.policy.barrings import Category

enable_pattern_cache()  # else Python compiles some patterns again and again: they are more than it keeps

COUNTRY = "46"
_REGION = "SE"

# All at once: a country that is first looked up in a call would be read from disk there, and where that fails, as
# without a free file descriptor, phonenumbers keeps its lock: the next such call waits for ever, and all others too.
PhoneMetadata.load_all()
PhoneMetadata.short_metadata_for_region(_REGION)

_E164 = re.compile(rf"\+(?!{COUNTRY}0)[1-9][0-9]{{6,14}}")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{1,14}")
_SHORT = re.compile(r"[1-9][0-9]{2,5}")
_OPERATOR = re.compile(r"95[0-9]{2}")
_LONGEST_PREFIX = 24

_PREFIXES = {
    "+46900": Category.PREMIUM,
    "+46939": Category.PREMIUM,
    "+46944": Category.PREMIUM,
    "+4699": Category.MASS_CALL,
    "+46118": Category.DIRECTORY,
    "+870": Category.SATELLITE,
    "+881": Category.SATELLITE,
    "+882": Category.SATELLITE,
    "+883": Category.SATELLITE,
    "+979": Category.PREMIUM,
}
"""What a number is by how it begins, whatever its length: an exchange may throw away digits that are too many."""

_SWEDISH_TYPES = {
    PhoneNumberType.FIXED_LINE: Category.NATIONAL,
    PhoneNumberType.UAN: Category.NATIONAL,
    PhoneNumberType.MOBILE: Category.MOBILE,
    PhoneNumberType.TOLL_FREE: Category.FREEPHONE,
    PhoneNumberType.SHARED_COST: Category.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER: Category.SHARED_COST,
    PhoneNumberType.PREMIUM_RATE: Category.PREMIUM,
}

_DESCRIBED = {
    "general_desc": PhoneNumberType.UNKNOWN,
    "premium_rate": PhoneNumberType.PREMIUM_RATE,
    "toll_free": PhoneNumberType.TOLL_FREE,
    "shared_cost": PhoneNumberType.SHARED_COST,
    "voip": PhoneNumberType.VOIP,
    "personal_number": PhoneNumberType.PERSONAL_NUMBER,
    "pager": PhoneNumberType.PAGER,
    "uan": PhoneNumberType.UAN,
    "voicemail": PhoneNumberType.VOICEMAIL,
    "fixed_line": PhoneNumberType.FIXED_LINE,
    "mobile": PhoneNumberType.MOBILE,
}
"""What phonenumbers calls each kind of number in a country's plan, in its order."""

_SHORT_COSTS = {
    ShortNumberCost.TOLL_FREE: Category.SERVICE,
    ShortNumberCost.STANDARD_RATE: Category.SERVICE,
    ShortNumberCost.PREMIUM_RATE: Category.PREMIUM,
}


def categories_of(number: str, classes: Mapping[str, Category]) -> tuple[Category, ...]:
    """Return every category that a number falls in, at least one; `UNCLASSIFIED` where nobody knows what it is.

    `number` is E.164 (`+46701740605`), a number without area code (`118118`, `1177`), or one behind an operator
    prefix (`95…`), which is in that prefix's category and in those of what stands behind it. `classes` is
    `Policy.classes`, whose longest prefix wins over the numbering plans. Any string has an answer.
    """
    if _OPERATOR.match(number) is None:
        return _without_operator(number, classes)
    first = _by_prefix(number, classes) or Category.OPERATOR_PREFIX
    behind = e164(number[4:])
    rest = _without_operator(behind, classes) if behind is not None else (Category.UNCLASSIFIED,)
    return (first, *(category for category in rest if category is not first))


def e164(digits: str) -> str | None:
    """Return what was dialled with `+`, `00` or `0` before it in E.164, or None when it cannot be read so.

    One 0 that people leave standing after `+46` is taken away.
    """
    if digits.startswith("+"):
        international = digits[1:]
    elif digits.startswith("00"):
        international = digits[2:]
    elif digits.startswith("0"):
        international = COUNTRY + digits[1:]
    else:
        return None
    if international.startswith(f"{COUNTRY}0"):
        international = COUNTRY + international[len(COUNTRY) + 1 :]
    number = f"+{international}"
    return number if _E164.fullmatch(number) else None


def is_service_number(digits: str, classes: Mapping[str, Category]) -> bool:
    """Tell whether digits without area code are a number that the network has: 118118, 1177, or one in the table.

    What people cannot call at all, such as numbers for text messages, is none.
    """
    if _SHORT.fullmatch(digits) is None:
        return False
    return _by_prefix(digits, classes) is not None or _short(digits) in {Category.SERVICE, Category.DIRECTORY}


def _without_operator(number: str, classes: Mapping[str, Category]) -> tuple[Category, ...]:
    listed = _by_prefix(number, classes)
    return (listed,) if listed is not None else _by_plan(number)


def _by_prefix(number: str, classes: Mapping[str, Category]) -> Category | None:
    for length in range(min(len(number), _LONGEST_PREFIX), 0, -1):
        if number[:length] in classes:
            return classes[number[:length]]
    return None


@lru_cache(maxsize=8192)
def _by_plan(number: str) -> tuple[Category, ...]:
    if _SHORT.fullmatch(number):
        return (_short(number),)
    if not _INTERNATIONAL.fullmatch(number):
        return (Category.UNCLASSIFIED,)
    known = _by_prefix(number, _PREFIXES)
    if known is not None:
        return (known,)
    return (_swedish(number),) if number.startswith(f"+{COUNTRY}") else _abroad(number)


def _short(digits: str) -> Category:
    """Return what a number without area code is.

    116000 to 116999 are free in all of Europe, also those that no one in Sweden answered when the data was made.
    """
    if digits.startswith("118"):
        return Category.DIRECTORY
    number = PhoneNumber(country_code=int(COUNTRY), national_number=int(digits))
    if not digits.startswith("116") and not is_valid_short_number_for_region(number, _REGION):
        return Category.UNCLASSIFIED
    return _SHORT_COSTS.get(expected_cost_for_region(number, _REGION), Category.UNCLASSIFIED)


def _swedish(number: str) -> Category:
    """Return what a Swedish number is, without `parse`: a third of the time, and it has nothing to take away here."""
    national = number[len(COUNTRY) + 1 :]
    if national.startswith("0") or not national:
        return Category.UNCLASSIFIED
    plan = _swedish_plan()
    if not _fits(national, plan[0]):
        return Category.UNCLASSIFIED
    return next((kind.category for kind in plan[1:] if _fits(national, kind)), Category.UNCLASSIFIED)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of Swedish number: its lengths (any where there are none), its pattern, and its category."""

    lengths: tuple[int, ...]
    pattern: re.Pattern[str]
    category: Category


def _fits(national: str, kind: _Kind) -> bool:
    return (not kind.lengths or len(national) in kind.lengths) and kind.pattern.fullmatch(national) is not None


@cache
def _swedish_plan() -> tuple[_Kind, ...]:
    """Return first what every Swedish number is, then its kinds in the order of `number_type`, which is slower."""
    plan = PhoneMetadata.metadata_for_region(_REGION)
    return tuple(
        _Kind(
            tuple(described.possible_length or ()),
            re.compile(described.national_number_pattern),
            _SWEDISH_TYPES.get(kind, Category.UNCLASSIFIED),
        )
        for kind, described in ((kind, getattr(plan, name)) for name, kind in _DESCRIBED.items())
        if described is not None and described.national_number_pattern
    )


def _abroad(number: str) -> tuple[Category, ...]:
    """Return what a number abroad is; one that `parse` would rewrite is dialled as nobody knows what."""
    try:
        parsed = parse(number, None)
    except NumberParseException:
        return (Category.INTERNATIONAL, Category.UNCLASSIFIED)
    kind = number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN or format_number(parsed, PhoneNumberFormat.E164) != number:
        return (Category.INTERNATIONAL, Category.UNCLASSIFIED)
    if kind == PhoneNumberType.PREMIUM_RATE:
        return (Category.INTERNATIONAL, Category.PREMIUM)
    return (Category.INTERNATIONAL,)
