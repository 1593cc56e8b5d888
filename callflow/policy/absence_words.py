"""An absence in words: who is away, why, and when that person is back (R10)."""

from datetime import datetime, time, timedelta

from callflow.policy.absences import LONGEST_DAYS, reason_words
from callflow.policy.extensions import spoken_name
from callflow.policy.model import Absence, Extension
from callflow.policy.plan import Phrase
from callflow.policy.route import Route
from callflow.policy.spoken import prompt, returning, text


def told_absence(route: Route, extension: Extension, absence: Absence, back: datetime | None) -> tuple[Phrase, ...]:
    """Return "… is at lunch and is back at 13", as far as this caller may hear it; `back` is local time."""
    name = spoken_name(route, extension)
    mailbox = route.policy.mailboxes.get(extension.mailbox_id or 0)
    recorded_in = mailbox.number if mailbox is not None else None
    who = text(name, mailbox=recorded_in) if name else prompt("the-one-you-seek")
    reason = route.policy.absence_reasons.get(absence.reason_id)
    if reason is not None and (route.internal or reason.tell_external):
        why = text(reason_words(reason, route.organisation.language), "is-away")
    else:
        route.note("R10", True, "absence_reason_withheld")
        why = prompt("is-away")
    if back is None:
        return (who, why)
    now = route.now.astimezone(back.tzinfo)
    if back.date() - now.date() > timedelta(days=LONGEST_DAYS):
        return (who, why)
    route.changes_at(datetime.combine(now.date() + timedelta(days=1), time(), back.tzinfo))
    return (who, why, prompt("and-is-back"), *returning(back, now))
