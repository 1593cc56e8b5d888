"""What the policy check finds: a stable code with its rule and severity, about one subject."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from callflow.policy.extensions import extension_name
from callflow.policy.model import DutyRoster, Extension, Organisation, Person, Policy, RingGroup, Schedule, Unit


class Severity(StrEnum):
    """ERROR: a call is lost or a rule is broken. WARNING: most likely a mistake, or something to tidy."""

    ERROR = "error"
    WARNING = "warning"


class SubjectKind(StrEnum):
    """The kind of row that a finding is about."""

    ORGANISATION = "organisation"
    UNIT = "unit"
    RING_GROUP = "ring_group"
    DUTY_ROSTER = "duty_roster"
    SCHEDULE = "schedule"
    EXTENSION = "extension"
    PERSON = "person"
    NUMBER_CLASS = "number_class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The row that a finding is about, by id and by a name people know; `organisation_id` is None for no one's."""

    kind: SubjectKind
    id: int
    name: str
    organisation_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in the policy that somebody should do something about.

    `code` has its texts in `callflow.policy.check_texts`, which `values` fill in.
    """

    rule: str
    code: str
    severity: Severity
    subject: Subject
    values: Mapping[str, str] = field(default_factory=dict)


CODES: Mapping[str, tuple[str, Severity]] = {
    "unit_without_manager": ("R14", Severity.WARNING),
    "unit_without_telephone_contact": ("R14", Severity.WARNING),
    "working_hours_uncovered": ("R5", Severity.WARNING),
    "nobody_answers": ("R4", Severity.ERROR),
    "only_voicemail_answers": ("R4", Severity.WARNING),
    "answering_places_reach_nobody": ("R4", Severity.WARNING),
    "no_answering_places": ("R4", Severity.WARNING),
    "answering_place_never_reached": ("R4", Severity.WARNING),
    "answering_place_twice": ("R4", Severity.WARNING),
    "switchboard_without_operators": ("R3", Severity.ERROR),
    "ring_group_too_large": ("R4", Severity.WARNING),
    "no_duty_roster": ("R7", Severity.ERROR),
    "no_duty_phone": ("R7", Severity.WARNING),
    "duty_phone_reaches_nobody": ("R7", Severity.ERROR),
    "duty_roster_without_levels": ("R7", Severity.ERROR),
    "duty_gap": ("R7", Severity.ERROR),
    "duty_reaches_nobody": ("R7", Severity.ERROR),
    "diversion_loop": ("R9", Severity.ERROR),
    "diversion_never_applies": ("R9", Severity.WARNING),
    "no_answer_rings_beyond_limit": ("R8", Severity.WARNING),
    "outside_diversion_too_long": ("R18", Severity.ERROR),
    "target_missing": ("R9", Severity.ERROR),
    "target_unreadable": ("R9", Severity.ERROR),
    "target_emergency": ("R23", Severity.ERROR),
    "target_unused": ("R9", Severity.ERROR),
    "target_barred": ("R18", Severity.ERROR),
    "exemption_ended": ("R18", Severity.WARNING),
    "exemption_without_end": ("R18", Severity.WARNING),
    "exemption_approver_not_manager": ("R18", Severity.WARNING),
    "exemption_opens_nothing": ("R18", Severity.WARNING),
    "barring_by_default": ("R18", Severity.WARNING),
    "barring_above": ("R18", Severity.WARNING),
    "number_class_as_plan": ("R18", Severity.WARNING),
    "number_class_never_matches": ("R18", Severity.WARNING),
    "feature_code_unknown_action": ("R9", Severity.WARNING),
    "number_outside_ranges": ("R1", Severity.ERROR),
    "number_of_another_organisation": ("R1", Severity.ERROR),
    "messages_tell_nobody": ("R11", Severity.WARNING),
    "mobile_number_missing": ("R9", Severity.ERROR),
    "mobile_number_barred": ("R18", Severity.ERROR),
    "extension_without_phone": ("R9", Severity.WARNING),
    "absence_without_return": ("R10", Severity.WARNING),
    "schedule_exception_past": ("R4", Severity.WARNING),
    "schedule_exception_shadowed": ("R4", Severity.WARNING),
}
"""Every code with its rule and its severity; codes are never renamed, since scripts go by them."""


def finding(code: str, subject: Subject, **values: object) -> Finding:
    """Return a finding of this code about a subject."""
    rule, severity = CODES[code]
    return Finding(
        rule=rule,
        code=code,
        severity=severity,
        subject=subject,
        values={name: str(value) for name, value in values.items()},
    )


def of_organisation(organisation: Organisation) -> Subject:
    """Return an organisation as what a finding is about."""
    return Subject(
        kind=SubjectKind.ORGANISATION, id=organisation.id, name=organisation.name, organisation_id=organisation.id
    )


def of_unit(unit: Unit) -> Subject:
    """Return a unit as what a finding is about."""
    return Subject(kind=SubjectKind.UNIT, id=unit.id, name=unit.name, organisation_id=unit.organisation_id)


def of_group(group: RingGroup) -> Subject:
    """Return a ring group as what a finding is about."""
    return Subject(kind=SubjectKind.RING_GROUP, id=group.id, name=group.name, organisation_id=group.organisation_id)


def of_roster(roster: DutyRoster) -> Subject:
    """Return a duty roster as what a finding is about."""
    return Subject(
        kind=SubjectKind.DUTY_ROSTER, id=roster.id, name=roster.name, organisation_id=roster.organisation_id
    )


def of_schedule(schedule: Schedule) -> Subject:
    """Return a schedule as what a finding is about."""
    return Subject(
        kind=SubjectKind.SCHEDULE, id=schedule.id, name=schedule.name, organisation_id=schedule.organisation_id
    )


def of_person(person: Person) -> Subject:
    """Return a person as what a finding is about."""
    return Subject(
        kind=SubjectKind.PERSON, id=person.id, name=person.full_name, organisation_id=person.organisation_id
    )


def of_extension(policy: Policy, extension: Extension) -> Subject:
    """Return an extension as what a finding is about: its number, and its own name or its person's."""
    name = extension_name(policy, extension) or ""
    return Subject(
        kind=SubjectKind.EXTENSION,
        id=extension.id,
        name=f"{extension.number} {name}".rstrip(),
        organisation_id=extension.organisation_id,
    )
