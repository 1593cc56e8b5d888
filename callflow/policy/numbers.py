"""Reading what was dialled, or what the trunk delivered, as a number in E.164."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from callflow.policy.model import NumberRange, Policy, Target, TargetKind
from callflow.policy.numbering_plan import COUNTRY, e164, is_service_number

EMERGENCY_NUMBERS = {
    **dict.fromkeys(
        (f"{form}{end}" for form in ("112", "0112", "00112", "+46112", "0046112") for end in ("", "#")), "112"
    ),
    **dict.fromkeys(("*112", "*112#"), "*112"),
}
"""The emergency number and the number that tests the way to it, as they are dialled.

dialplan/emergency.conf has them too, and takes them before any decision."""

_SEPARATORS = re.compile(
    r"[\s\-./()\u00ad\u00b7\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2069\u2212\ufe58\ufe63\ufeff\uff0d]+"
)
"""Spaces, dashes, dots, slashes and parentheses of every kind, and marks that nobody sees in a number copied."""
_TRUNK_ZERO = re.compile(r"^(\+|00)([\s\-./]*[1-9][0-9]{0,2}[\s\-./]*)\(0\)")
_OTHER_CONTEXT = re.compile(rf";phone-context=\+(?!{COUNTRY}(?![0-9]))", re.IGNORECASE)
_BEHIND_OPERATOR = re.compile(r"95[0-9]{7,20}")
_FULL_LENGTH = 10
"""The fewest digits that a number with its country code but without `+` has; shorter ones are short numbers."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """What was dialled: `number` in E.164, or digits that have no such form; None when it cannot be read.

    `form` is a stable word. With a number in E.164: `international`, `national`, `short`, `trunk`. With digits:
    `emergency` (`112` or `*112`), `service` (`1177`, `118118`), `operator_prefix` (`95…` and what stands behind).
    Without a number: `unreadable`.
    """

    number: str | None
    form: str


_UNREADABLE = Dialled(None, "unreadable")


def normalise(dialled: str, policy: Policy, *, internal: bool) -> Dialled:
    """Read a dialled string: `+46…`, `0046…`, `090…`, a short number (from inside), `tel:` and `sip:`, `46…`.

    One `#` that ends dialling counts for nothing; what begins with `*` or `#` is no number. Only an internal caller
    can dial short numbers, ours before the network's, and operator prefixes; only the trunk may deliver a national
    number without its 0, and then only one of ours.
    """
    digits = bare(dialled).removesuffix("#")
    if digits in EMERGENCY_NUMBERS:
        return Dialled(EMERGENCY_NUMBERS[digits], "emergency")
    if digits.startswith(("+", "0")):
        number = e164(digits)
        form = "international" if digits.startswith(("+", "00")) else "national"
        return Dialled(number, form) if number is not None else _UNREADABLE
    if not (digits.isascii() and digits.isdigit()):
        return _UNREADABLE
    return _from_inside(digits, policy) if internal else _from_trunk(digits, policy)


class NotOurs(StrEnum):
    """What a number is that leads to no row of ours; `UNUSED` lies in a range of ours."""

    UNREADABLE = "unreadable"
    EMERGENCY = "emergency"
    UNUSED = "unused"
    OUTSIDE = "outside"


def leads_to(written: str, policy: Policy) -> tuple[Target | NotOurs, str]:
    """Return what a number leads to, as one of us writes or dials it, and the number as `normalise` has it."""
    read = normalise(written, policy, internal=True)
    if read.number is None:
        return NotOurs.UNREADABLE, written
    if read.form == "emergency":
        return NotOurs.EMERGENCY, read.number
    target = policy.numbers.get(read.number)
    if target is not None:
        return target, read.number
    return NotOurs.UNUSED if range_of(read.number, policy) is not None else NotOurs.OUTSIDE, read.number


def range_of(number: str, policy: Policy) -> NumberRange | None:
    """Return our number range that holds this E.164 number, or None when it is not ours."""
    at = bisect_right(policy.range_order, (len(number), number), key=lambda row_id: _first(policy, row_id))
    if at == 0:
        return None
    row = policy.number_ranges[policy.range_order[at - 1]]
    return row if len(number) == len(row.last_number) and number <= row.last_number else None


def resolved(target: Target, policy: Policy) -> Target:
    """Return the row of ours that a number stands for; any other target as it is."""
    if target.kind is not TargetKind.NUMBER:
        return target
    ours, _ = leads_to(target.number or "", policy)
    return ours if isinstance(ours, Target) else target


def national(number: str) -> str:
    """Return a Swedish number as people write it (`090161000`); any other as it is."""
    country = f"+{COUNTRY}"
    return "0" + number[len(country) :] if number.startswith(country) else number


def bare(dialled: str) -> str:
    """Return what was dialled without separators, scheme, parameters and escapes: digits, `+`, `*`, `#` if readable.

    A number that says it is local to another country (RFC 3966) is none of ours to read, and nothing is left of it.
    """
    if dialled.removeprefix("+").isdigit() and dialled.isascii():
        return dialled
    text = dialled.strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"tel", "sip", "sips"}:
        text = rest.split("@", 1)[0]
    text, _, parameters = text.partition(";")
    text = unquote(text).strip()
    if not text.startswith("+") and _OTHER_CONTEXT.search(f";{parameters}"):
        return ""
    return _SEPARATORS.sub("", _TRUNK_ZERO.sub(r"\1\2", text))


def _from_inside(digits: str, policy: Policy) -> Dialled:
    number = _from_short(digits, policy)
    if number is not None:
        return Dialled(number, "short")
    if is_service_number(digits, policy.classes):
        return Dialled(digits, "service")
    if _BEHIND_OPERATOR.fullmatch(digits):
        return Dialled(digits, "operator_prefix")
    return _with_country(digits) or _UNREADABLE


def _from_trunk(digits: str, policy: Policy) -> Dialled:
    with_country = _with_country(digits)
    if with_country is not None:
        return with_country
    number = e164(f"+{COUNTRY}{digits}")
    if number is not None and range_of(number, policy) is not None:
        return Dialled(number, "trunk")
    return _UNREADABLE


def _with_country(digits: str) -> Dialled | None:
    if not digits.startswith(COUNTRY) or len(digits) < _FULL_LENGTH:
        return None
    number = e164(f"+{digits}")
    return Dialled(number, "trunk") if number is not None else None


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
