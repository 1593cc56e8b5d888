"""Every text of the policy that a plan may speak, so that its sound can be made ahead of the call."""

from collections.abc import Iterator

from callflow.policy.absences import reason_words
from callflow.policy.model import Policy

_DEFAULT_LANGUAGE = "sv"


def policy_texts(policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield each (language, text) once, in every language that an organisation speaks.

    A call may pass several organisations and keeps the language it began in, hence every language for each text.
    """
    languages = sorted({row.language for row in policy.organisations.values()} or {_DEFAULT_LANGUAGE})
    reasons = policy.absence_reasons.values()
    spoken = {(value, language) for value in _texts(policy) for language in languages}
    spoken |= {(reason_words(row, language), language) for row in reasons for language in languages}
    for value, language in sorted(spoken):
        yield language, value


def _texts(policy: Policy) -> Iterator[str]:
    yield from (row.name for row in policy.organisations.values())
    yield from (row.name for row in policy.units.values())
    yield from (row.name for row in policy.ring_groups.values())
    yield from (row.name for row in policy.extensions.values() if row.name)
    yield from (row.full_name for row in policy.people.values())
    for schedule in policy.schedules.values():
        yield from (row.name for row in schedule.exceptions)
    for calendar in policy.holiday_calendars.values():
        yield from (row.name for row in calendar.days)
