"""What the events of a calendar say of absence (R10)."""

from datetime import UTC, datetime

import pytest

from callflow.policy.calendar_absences import CalendarEvent, calendar_absence
from callflow.policy.model import AbsenceReason

MEETING, LUNCH, HOLIDAY = 11, 12, 14
REASONS = (
    AbsenceReason(id=HOLIDAY, organisation_id=1, digit="4", text_sv="har semester", text_en="is on holiday"),
    AbsenceReason(id=LUNCH, organisation_id=1, digit="2", text_sv="är på lunch", text_en="is at lunch"),
    AbsenceReason(id=MEETING, organisation_id=1, digit="1", text_sv="är på sammanträde", text_en="is in a meeting"),
)
STARTS, ENDS = datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC)


def reason_of(*categories: str) -> int:
    event = CalendarEvent(key="k", starts_at=STARTS, ends_at=ENDS, categories=categories)
    return calendar_absence(event, REASONS, MEETING).reason_id


def test_absence_has_the_times_of_its_event_and_names_it() -> None:
    absence = calendar_absence(CalendarEvent(key="k", starts_at=STARTS, ends_at=ENDS), (), HOLIDAY)
    assert (absence.starts_at, absence.returns_at, absence.calendar_event) == (STARTS, ENDS, "k")
    assert (absence.reason_id, absence.referral) == (HOLIDAY, None)


@pytest.mark.parametrize(
    ("categories", "reason"),
    [
        (("Lunch",), LUNCH),
        (("  är   på LUNCH ",), LUNCH),
        (("Röd kategori", "Semester"), HOLIDAY),
        (("Holiday",), HOLIDAY),
        (("Semester", "Lunch"), LUNCH),
    ],
)
def test_category_names_a_reason_by_its_text_or_the_last_words_of_it(
    categories: tuple[str, ...], reason: int
) -> None:
    assert reason_of(*categories) == reason


@pytest.mark.parametrize("category", ["", " ", "unch", 'Röd & "blå" 🗓️', "x" * 4000])
def test_category_that_names_none_leaves_the_reason_of_the_feed(category: str) -> None:
    assert reason_of(category) == MEETING
