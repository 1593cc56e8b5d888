"""The policy check: what in the policy breaks a rule, loses calls, or does nothing. Pure: no clock, no I/O."""

from collections.abc import Iterable
from datetime import UTC, datetime

from callflow.policy.checks.answers import answer_findings
from callflow.policy.checks.diversions import diversion_findings
from callflow.policy.checks.duty import duty_findings
from callflow.policy.checks.extensions import extension_findings
from callflow.policy.checks.finding import CODES, Finding, Severity, Subject, SubjectKind
from callflow.policy.checks.groups import group_findings
from callflow.policy.checks.look import Look
from callflow.policy.checks.mailboxes import mailbox_findings
from callflow.policy.checks.numbers import number_findings
from callflow.policy.checks.places import place_findings
from callflow.policy.checks.rights import right_findings
from callflow.policy.checks.schedules import schedule_findings
from callflow.policy.checks.targets import target_findings
from callflow.policy.checks.units import unit_findings
from callflow.policy.model import Policy
from callflow.policy.overrides import as_planned

__all__ = ["CODES", "Finding", "Severity", "Subject", "SubjectKind", "check"]

_PARTS = (
    unit_findings,
    answer_findings,
    group_findings,
    place_findings,
    duty_findings,
    diversion_findings,
    target_findings,
    right_findings,
    number_findings,
    extension_findings,
    mailbox_findings,
    schedule_findings,
)
_SUBJECTS = tuple(SubjectKind)


def check(policy: Policy, now: datetime) -> tuple[Finding, ...]:
    """Return all that the policy check finds at `now`, and as far ahead as each finding's text says.

    It judges what is planned, not what somebody has set for a time: units forced, and duty taken over.

    Organisation by organisation, errors first, then by subject and code; what is no organisation's comes last. The
    same for the same policy, in whatever order its rows were read.

    Raises:
        ValueError: `now` has no time zone; pass an aware datetime, such as `datetime.now(tz=UTC)`.
    """
    if now.tzinfo is None:
        raise ValueError("`now` has no time zone: pass an aware datetime, such as datetime.now(tz=UTC)")
    look = Look(policy=as_planned(policy), now=now.astimezone(UTC))
    return _in_order(finding for part in _PARTS for finding in part(look))


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=_place))


def _place(row: Finding) -> tuple[object, ...]:
    subject = row.subject
    return (
        subject.organisation_id is None,
        subject.organisation_id or 0,
        row.severity,
        _SUBJECTS.index(subject.kind),
        subject.id,
        row.code,
        sorted(row.values.items()),
    )
