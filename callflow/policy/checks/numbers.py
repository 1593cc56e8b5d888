"""Whose numbers are (R1), what number classes add (R18), and feature codes that this version does not know (R9)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain

from callflow.policy.barrings import Category, NumberClass
from callflow.policy.checks.finding import (
    Finding,
    Subject,
    SubjectKind,
    finding,
    of_extension,
    of_organisation,
    of_unit,
)
from callflow.policy.checks.look import Look
from callflow.policy.feature_actions import FeatureAction, FeatureCode
from callflow.policy.model import Policy
from callflow.policy.numbering_plan import categories_of
from callflow.policy.numbers import range_of

_LENGTHS = {True: (7, 13), False: (3, 13)}
"""How many digits the numbers have that a class is tried on, fewest and most: in E.164, and without area code."""
_ENDINGS = (*(digit * 13 for digit in "0123456789"), "123456789012", "701740605123", "246813579024")


def number_findings(look: Look) -> Iterator[Finding]:
    """Yield numbers outside the organisation's own ranges, idle number classes and unknown feature codes."""
    policy = look.policy
    yield from _ranges(policy)
    for row in policy.number_classes.values():
        code = _idle(policy, row)
        if code is not None:
            subject = Subject(kind=SubjectKind.NUMBER_CLASS, id=row.id, name=row.prefix, organisation_id=None)
            yield finding(code, subject, prefix=row.prefix, category=row.category.value)
    yield from _unknown_codes(policy)


def _ranges(policy: Policy) -> Iterator[Finding]:
    owners = chain(
        ((row.main_number, of_organisation(row)) for row in policy.organisations.values()),
        ((row.number, of_unit(row)) for row in policy.units.values() if row.number is not None),
    )
    for number, subject in owners:
        yield from _range(policy, number, subject)
    for extension in policy.extensions.values():
        found = range_of(extension.number, policy)
        if found is None or found.organisation_id != extension.organisation_id:
            yield from _range(policy, extension.number, of_extension(policy, extension))


def _range(policy: Policy, number: str, subject: Subject) -> Iterator[Finding]:
    found = range_of(number, policy)
    if found is None:
        yield finding("number_outside_ranges", subject, number=number)
    elif found.organisation_id != subject.organisation_id:
        owner = policy.organisations.get(found.organisation_id)
        name = owner.name if owner is not None else found.organisation_id
        yield finding("number_of_another_organisation", subject, number=number, owner=name)


def _idle(policy: Policy, row: NumberClass) -> str | None:
    """Return the code of a class that no number needs; numbers under its prefix are tried with it and without it."""
    if row.prefix.lstrip("+").startswith("0"):
        return "number_class_never_matches"
    without = {prefix: category for prefix, category in policy.classes.items() if prefix != row.prefix}
    known = [number for number in _examples(row.prefix) if _is_known(number, without)]
    if not known or any(categories_of(one, without) != categories_of(one, policy.classes) for one in known):
        return None
    return "number_class_as_plan"


def _is_known(number: str, classes: Mapping[str, Category]) -> bool:
    return Category.UNCLASSIFIED not in categories_of(number, classes)


def _examples(prefix: str) -> Iterator[str]:
    """Yield numbers under a prefix, of every length that numbers have."""
    digits = len(prefix.lstrip("+"))
    fewest, most = _LENGTHS[prefix.startswith("+")]
    for length in range(max(digits, fewest), max(digits, most) + 1):
        for ending in _ENDINGS:
            yield prefix + ending[: length - digits]


def _unknown_codes(policy: Policy) -> Iterator[Finding]:
    known = {action.value for action in FeatureAction}
    unknown: dict[int, list[FeatureCode]] = defaultdict(list)
    for row in policy.feature_codes.values():
        if row.action not in known and row.organisation_id in policy.organisations:
            unknown[row.organisation_id].append(row)
    for organisation_id, rows in unknown.items():
        codes = ", ".join(f"{row.code} {row.action}" for row in sorted(rows, key=lambda row: (row.code, row.id)))
        yield finding(
            "feature_code_unknown_action", of_organisation(policy.organisations[organisation_id]), codes=codes
        )
