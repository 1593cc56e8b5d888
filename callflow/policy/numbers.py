"""Reading what was dialled, or what the trunk delivered, as a number in E.164."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from urllib.parse import unquote

from callflow.policy.model import NumberRange, Policy

EMERGENCY_NUMBERS = {
    **dict.fromkeys(("112", "0112", "00112", "+46112", "0046112", "112#"), "112"),
    **dict.fromkeys(("*112", "*112#"), "*112"),
}
"""The emergency number and the number that tests the way to it, as they are dialled.

dialplan/emergency.conf has them too, and takes them before any decision."""

COUNTRY = "46"
_SEPARATORS = re.compile(r"[\s\-./()\u2010-\u2015]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_FULL_LENGTH = 10
"""The fewest digits that a number with its country code but without `+` has; shorter ones are short numbers."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """What was dialled: `number` in E.164 or, for an emergency, `112` or `*112`; None when it cannot be read.

    `form` is a stable word: `emergency`, `international`, `national`, `short`, `trunk` or `unreadable`.
    """

    number: str | None
    form: str


def normalise(dialled: str, policy: Policy, *, internal: bool) -> Dialled:
    """Read a dialled string: `+46…`, `0046…`, `090…`, a short number (from inside), `tel:` and `sip:`, `46…`.

    Only an internal caller can dial a short number; only the trunk may deliver a national number without its 0,
    and then only one of ours.
    """
    digits = bare(dialled)
    if digits in EMERGENCY_NUMBERS:
        return Dialled(EMERGENCY_NUMBERS[digits], "emergency")
    if digits.startswith("+"):
        return _e164(digits[1:], "international")
    if not (digits.isascii() and digits.isdigit()):
        return Dialled(None, "unreadable")
    if digits.startswith("00"):
        return _e164(digits[2:], "international")
    if digits.startswith("0"):
        return _e164(COUNTRY + digits[1:], "national")
    return _without_prefix(digits, policy, internal=internal)


def range_of(number: str, policy: Policy) -> NumberRange | None:
    """Return our number range that holds this E.164 number, or None when it is not ours."""
    at = bisect_right(policy.range_order, (len(number), number), key=lambda row_id: _first(policy, row_id))
    if at == 0:
        return None
    row = policy.number_ranges[policy.range_order[at - 1]]
    return row if len(number) == len(row.last_number) and number <= row.last_number else None


def national(number: str) -> str:
    """Return a Swedish number as people write it (`090161000`); any other as it is."""
    country = f"+{COUNTRY}"
    return "0" + number[len(country) :] if number.startswith(country) else number


def bare(dialled: str) -> str:
    """Return what was dialled without separators, scheme and escapes: digits, `+`, `*`, `#` where it is readable."""
    text = dialled.strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"tel", "sip", "sips"}:
        text = rest.split("@", 1)[0].split(";", 1)[0]
    return _SEPARATORS.sub("", unquote(text).replace("(0)", ""))


def _e164(digits: str, form: str) -> Dialled:
    if digits.startswith(COUNTRY + "0"):
        digits = COUNTRY + digits[len(COUNTRY) + 1 :]
    number = f"+{digits}"
    return Dialled(number, form) if _E164.fullmatch(number) else Dialled(None, "unreadable")


def _without_prefix(digits: str, policy: Policy, *, internal: bool) -> Dialled:
    if internal and (number := _from_short(digits, policy)) is not None:
        return Dialled(number, "short")
    if digits.startswith(COUNTRY) and len(digits) >= _FULL_LENGTH:
        return _e164(digits, "trunk")
    ours = _e164(COUNTRY + digits, "trunk")
    if not internal and ours.number is not None and range_of(ours.number, policy) is not None:
        return ours
    return Dialled(None, "unreadable")


def _from_short(digits: str, policy: Policy) -> str | None:
    for prefix_length in range(len(digits)):
        key = f"{digits[:prefix_length]}/{len(digits) - prefix_length}"
        for row_id in policy.short_ranges.get(key, ()):
            row = policy.number_ranges[row_id]
            ending = digits[prefix_length:]
            number = row.first_number[: -len(ending)] + ending
            if row.first_number <= number <= row.last_number:
                return number
    return None


def _first(policy: Policy, row_id: int) -> tuple[int, str]:
    first = policy.number_ranges[row_id].first_number
    return (len(first), first)
