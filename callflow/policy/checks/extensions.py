"""Extensions that cannot ring as they should (R9, R18), and people away for very long (R10)."""

from collections.abc import Iterator
from datetime import timedelta

from callflow.policy.checks.finding import Finding, finding, of_extension, of_person
from callflow.policy.checks.look import Look
from callflow.policy.model import Extension, ExtensionKind
from callflow.policy.outgoing import may_call

LONG_ABSENCE = timedelta(days=90)


def extension_findings(look: Look) -> Iterator[Finding]:
    """Yield extensions whose mobile is missing or barred, or that have no phone, and absences without return."""
    for extension in look.policy.extensions.values():
        yield from _phones(look, extension)
    for person in look.policy.people.values():
        for absence in person.absences:
            if absence.returns_at is None and look.now - absence.starts_at > LONG_ABSENCE:
                since = look.local(person.organisation_id, absence.starts_at)
                yield finding("absence_without_return", of_person(person), absence=absence.id, since=since)


def _phones(look: Look, extension: Extension) -> Iterator[Finding]:
    mobile = extension.mobile_number if extension.kind is not ExtensionKind.DESK else None
    if mobile:
        yield from _barred(look, extension, mobile)
    elif extension.kind is not ExtensionKind.DESK:
        yield finding("mobile_number_missing", of_extension(look.policy, extension), kind=extension.kind.value)
    elif not extension.sip_username and not look.diverted_away(extension):
        yield finding("extension_without_phone", of_extension(look.policy, extension))


def _barred(look: Look, extension: Extension, mobile: str) -> Iterator[Finding]:
    """Ask as the routing does when it rings the mobile."""
    barred = may_call(look.policy, extension, mobile, look.now).barred
    if barred:
        subject = of_extension(look.policy, extension)
        yield finding("mobile_number_barred", subject, number=mobile, category=" ".join(barred))
