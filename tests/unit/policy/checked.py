"""A policy that the policy check finds nothing in, and what it finds in others."""

from datetime import datetime
from typing import Any

from callflow.policy.check import Finding, check
from callflow.policy.model import Policy
from tests.builders import (
    TUESDAY_TEN,
    extension,
    group,
    mailbox,
    organisation,
    person,
    policy,
    roster,
    schedule,
    to_extension,
    unit,
)

OFFICE = schedule(1, (8 * 60, 16 * 60), name="Kontorstid")
MAIN = organisation(operator_group_id=1, duty_roster_id=1, switchboard_schedule_id=1)
UNIT = unit(1, to_extension(1), manager_id=1, telephone_contact_id=1, telephone_schedule_id=1)
PHONE = extension(1)
OPERATOR = extension(2)


def sound(**tables: Any) -> Policy:
    """Return a policy of one organisation, unit and phone with operator, duty and manager, or other rows instead."""
    defaults: dict[str, Any] = {
        "organisations": [MAIN],
        "units": [UNIT],
        "extensions": [PHONE, OPERATOR],
        "ring_groups": [group(1, 2)],
        "people": [person(1)],
        "schedules": [OFFICE],
        "duty_rosters": [roster(1, to_extension(1))],
        "mailboxes": [mailbox(1, email="enhet@umea.example"), mailbox(9, email="jour@umea.example")],
    }
    return policy(**{**defaults, **tables})


def codes(rows: Policy, now: datetime = TUESDAY_TEN) -> list[str]:
    """Return the codes of all findings, in their order."""
    return [finding.code for finding in check(rows, now)]


def found(rows: Policy, code: str, now: datetime = TUESDAY_TEN) -> list[Finding]:
    """Return the findings of one code."""
    return [finding for finding in check(rows, now) if finding.code == code]


def values(rows: Policy, code: str, now: datetime = TUESDAY_TEN) -> list[dict[str, str]]:
    """Return the values of the findings of one code."""
    return [dict(finding.values) for finding in found(rows, code, now)]


def names(rows: Policy, code: str, now: datetime = TUESDAY_TEN) -> list[str]:
    """Return the names of the subjects that have a finding of one code."""
    return [finding.subject.name for finding in found(rows, code, now)]
