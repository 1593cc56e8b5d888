"""Which of a person's absences counts at a moment, and when the person is back (R10)."""

from datetime import datetime

from callflow.policy.model import Absence, AbsenceReason, Extension, Person, Policy
from callflow.policy.route import Route
from callflow.policy.schedule import zone_of

LONGEST_DAYS = 300
"""A return further ahead is neither taken from a date that is dialled nor told: its year is not spoken."""


def person_of(policy: Policy, extension: Extension) -> Person | None:
    """Return whose extension it is; None for one that is nobody's, or whose person is missing."""
    return policy.people.get(extension.person_id) if extension.person_id is not None else None


def absence_at(person: Person, now: datetime) -> Absence | None:
    """Return the absence in force at `now` (aware): of several the one that began last, None where there is none."""
    in_force = [row for row in person.absences if _holds(row, now)]
    return max(in_force, key=lambda row: (row.starts_at, row.id), default=None)


def back_at(policy: Policy, person: Person, absence: Absence) -> datetime | None:
    """Return in local time when the person can be reached: after this absence and those that follow without a gap.

    None where one of them has no end. An absence in which the phone still rings keeps nobody from being reached.
    """
    ends = absence.returns_at
    following = [row for row in person.absences if row is not absence and not still_rings(policy, row)]
    while ends is not None:
        longer = next((row for row in following if _holds(row, ends)), None)
        if longer is None:
            return ends.astimezone(zone_of(policy, person.organisation_id))
        ends = longer.returns_at
    return None


def still_rings(policy: Policy, absence: Absence) -> bool:
    """Tell whether the phone rings in spite of the absence; one whose reason is missing does not let it."""
    reason = policy.absence_reasons.get(absence.reason_id)
    return reason is not None and reason.still_rings


def absence_now(route: Route, extension: Extension) -> Absence | None:
    """Return the absence in force of whose extension it is, and note when that becomes another."""
    person = person_of(route.policy, extension)
    if person is None or not person.absences:
        return None
    for row in person.absences:
        route.changes_at(row.starts_at)
        if row.returns_at is not None:
            route.changes_at(row.returns_at)
    return absence_at(person, route.now)


def is_away(route: Route, extension: Extension) -> bool:
    """Tell whether an extension does not ring because its person is absent."""
    absence = absence_now(route, extension)
    return absence is not None and not still_rings(route.policy, absence)


def reason_of_digit(policy: Policy, organisation_id: int, digit: str) -> AbsenceReason | None:
    """Return an organisation's reason with this digit, None where it has none."""
    rows = policy.absence_reasons.values()
    return next((row for row in rows if row.organisation_id == organisation_id and row.digit == digit), None)


def reason_words(reason: AbsenceReason, language: str) -> str:
    """Return the words of a reason in a language (`sv`; any other has the English ones), as they follow a name."""
    return reason.text_sv if language == "sv" else reason.text_en


def _holds(absence: Absence, now: datetime) -> bool:
    return absence.starts_at <= now and (absence.returns_at is None or now < absence.returns_at)
