"""What a decision is asked and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from callflow.policy.model import Absence, Diversion, DiversionCondition, DutyShift, UnitOverride
from callflow.policy.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it came in.

    `called_number` is as dialled or as the trunk gave it. `caller_extension_id` is set only by what Asterisk
    authenticated; a number that merely claims to be ours leaves it None, and the call counts as external.
    `caller_number` is None when withheld. `mover_extension_id` is who transferred the call here: it has the mover's
    rights, whoever the caller is (R18).
    """

    called_number: str
    caller_number: str | None = None
    caller_extension_id: int | None = None
    mover_extension_id: int | None = None


class Outcome(StrEnum):
    """What became of a call, in one stable word."""

    EMERGENCY = "emergency"
    EXTENSION = "extension"
    UNIT_OPEN = "unit_open"
    UNIT_CLOSED = "unit_closed"
    SWITCHBOARD_OPEN = "switchboard_open"
    SWITCHBOARD_CLOSED = "switchboard_closed"
    OUTSIDE = "outside"
    FEATURE_CODE = "feature_code"
    REFUSED = "refused"


class TraceLine(NamedTuple):
    """One rule that was tried: its name in the rules (`R8`), whether it matched, and why.

    `reason` is a stable word with a text per language in `callflow.policy.texts`; `values` fill it in.
    """

    rule: str
    matched: bool
    reason: str
    values: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiversionChange:
    """What a feature code changes (R9): these conditions of an extension get `diversion`, or none where it is None.

    `if_not_saved` is the plan that tells the caller when the change could not be stored; nothing is changed then.
    `if_not_known` is the one for when the database was lost just as it stored: it may or may not have.
    """

    extension_id: int
    conditions: tuple[DiversionCondition, ...]
    diversion: Diversion | None
    if_not_saved: Plan
    if_not_known: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceChange:
    """What a feature code changes (R10): a person's absences that are in force at `at` end, and `absence` begins.

    `absence` is None where nothing begins; its id is not known yet. The plans are as those of a `DiversionChange`.
    """

    extension_id: int
    person_id: int
    at: datetime
    absence: Absence | None
    if_not_saved: Plan
    if_not_known: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class LockChange:
    """What a feature code changes (R21): the extension is locked as lost if `pin` is that of its mailbox.

    `extension_id` is None where none has the number that was dialled. `if_refused` is the one plan for all that may
    be wrong, so that nobody learns what it was; the other plans are as those of a `DiversionChange`.
    """

    extension_id: int | None
    pin: str = field(repr=False)
    if_refused: Plan
    if_not_saved: Plan
    if_not_known: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyChange:
    """What a feature code changes (R7): an extension takes duty over by `shift`, or hands back all it has (None).

    What was taken over before at that level of the roster is so no longer. The plans are as those of a
    `DiversionChange`.
    """

    extension_id: int
    roster_id: int | None
    at: datetime
    shift: DutyShift | None
    if_not_saved: Plan
    if_not_known: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """What a feature code changes (R4): what a unit is forced to be at `at` ends, and `override` begins (None: none).

    The plans are as those of a `DiversionChange`.
    """

    extension_id: int
    unit_id: int
    at: datetime
    override: UnitOverride | None
    if_not_saved: Plan
    if_not_known: Plan


Change = DiversionChange | AbsenceChange | LockChange | DutyChange | UnitChange
_RULES: Mapping[type, str] = MappingProxyType(
    {DiversionChange: "R9", AbsenceChange: "R10", LockChange: "R21", DutyChange: "R7", UnitChange: "R4"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer: what the call becomes, the plan that does it, every rule tried, by which revision.

    `change` has to be stored before the plan, which tells that it was, may begin.
    """

    outcome: Outcome
    plan: Plan
    trace: tuple[TraceLine, ...]
    policy_revision: int
    change: Change | None = None


def not_stored(decision: Decision, change: Change) -> Decision:
    """Return the decision whose change could not be stored: it changes nothing and tells so."""
    told = TraceLine(rule=_RULES[type(change)], matched=False, reason="change_not_stored")
    return _otherwise(decision, change.if_not_saved, told)


def not_known(decision: Decision, change: Change) -> Decision:
    """Return the decision of whose change nobody knows whether it was stored: it claims neither."""
    told = TraceLine(rule=_RULES[type(change)], matched=False, reason="change_not_known")
    return _otherwise(decision, change.if_not_known, told)


def refused(decision: Decision, change: LockChange) -> Decision:
    """Return the decision whose change the database did not take: it changes nothing and does not tell why."""
    told = TraceLine(rule=_RULES[type(change)], matched=False, reason="change_refused")
    return _otherwise(decision, change.if_refused, told)


def _otherwise(decision: Decision, plan: Plan, told: TraceLine) -> Decision:
    plan = replace(plan, presentation=decision.plan.presentation)
    return replace(decision, plan=plan, trace=(*decision.trace, told), change=None)
