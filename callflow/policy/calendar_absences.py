"""What the events of a person's calendar say of absence (R10): times and a reason, never what an event is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from callflow.policy.model import Absence, AbsenceReason


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """A time in which a calendar says that its person is busy; `key` tells it from every other, and tells no more.

    Another time makes another key. `categories` are words by which the person sorts events.
    """

    key: str
    starts_at: datetime
    ends_at: datetime
    categories: tuple[str, ...] = ()


def calendar_absence(event: CalendarEvent, reasons: Iterable[AbsenceReason], otherwise: int) -> Absence:
    """Return the absence that an event is; `otherwise` is the id of the reason where no category names one."""
    return Absence(
        id=0,
        reason_id=_reason_id(event, reasons, otherwise),
        starts_at=event.starts_at,
        returns_at=event.ends_at,
        calendar_event=event.key,
    )


def _reason_id(event: CalendarEvent, reasons: Iterable[AbsenceReason], otherwise: int) -> int:
    """Return the reason that a category names by its text or the last words of it: "Lunch" names "är på lunch"."""
    named = [f" {' '.join(category.split()).casefold()}" for category in event.categories if category.strip()]
    for reason in sorted(reasons, key=lambda row: row.digit):
        texts = [f" {text.casefold()}" for text in (reason.text_sv, reason.text_en)]
        if any(text.endswith(name) for text in texts for name in named):
            return reason.id
    return otherwise
