"""The text of a calendar -> when its person is busy: recurring events and time zones right (R10)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.calendars import events as events_module
from callflow.calendars.child import answer
from callflow.calendars.events import Events, NoCalendarError, TooManyEventsError, Window, read_events
from tests.calendars import STOCKHOLM_BY_OUTLOOK, calendar, event

STOCKHOLM = ZoneInfo("Europe/Stockholm")
OUTLOOK = "TZID=Kundanpassad tidszon"
ODD = 'Möte & "fika" <b>med</b> ’alla’; 🗓️👩‍👩‍👧 \\n\\, å ' + "x" * 4000


def read(
    body: bytes, first: datetime = datetime(2026, 10, 19, tzinfo=STOCKHOLM), days: int = 30, email: str | None = None
) -> Events:
    return read_events(
        body, Window(starts_at=first, ends_at=first + timedelta(days=days), zone=STOCKHOLM, email=email)
    )


def times(found: Events) -> list[str]:
    """Return the busy times as they are where the person is."""
    assert not found.unreadable
    return [
        f"{it.starts_at.astimezone(STOCKHOLM):%m-%d %H:%M}-{it.ends_at.astimezone(STOCKHOLM):%m-%d %H:%M}"
        for it in found.events
    ]


def at_nine(*lines: str, uid: str = "a@exempel") -> str:
    return event("DTSTART:20261102T090000", "DTEND:20261102T100000", *lines, uid=uid)


AT_NINE = ["11-02 09:00-11-02 10:00"]


def test_weekly_event_keeps_its_local_time_when_clocks_are_set_back() -> None:
    weekly = event(
        f"DTSTART;{OUTLOOK}:20261001T090000", f"DTEND;{OUTLOOK}:20261001T100000", "RRULE:FREQ=WEEKLY;BYDAY=TH"
    )
    found = read(calendar(weekly, more=[STOCKHOLM_BY_OUTLOOK]), days=21)
    assert times(found) == [f"{day} 09:00-{day} 10:00" for day in ("10-22", "10-29", "11-05")]
    assert [it.starts_at.hour for it in found.events] == [7, 8, 8]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("DTSTART:20261102T080000Z", "DTEND:20261102T090000Z", "11-02 09:00-11-02 10:00"),
        ("DTSTART;TZID=America/New_York:20261102T030000", "DURATION:PT1H", "11-02 09:00-11-02 10:00"),
        ("DTSTART;TZID=W. Europe Standard Time:20261102T090000", "DURATION:PT1H", "11-02 09:00-11-02 10:00"),
        ("DTSTART;TZID=Ingenstans/Alls:20261102T090000", "DURATION:PT1H", "11-02 09:00-11-02 10:00"),
        ("DTSTART:20261102T090000", "DURATION:PT1H", "11-02 09:00-11-02 10:00"),
        ("DTSTART;VALUE=DATE:20261102", "DTEND;VALUE=DATE:20261104", "11-02 00:00-11-04 00:00"),
        ("DTSTART;VALUE=DATE:20261102", "X-NO-END:1", "11-02 00:00-11-03 00:00"),
        ("DTSTART;VALUE=DATE:20261025", "DTEND;VALUE=DATE:20261026", "10-25 00:00-10-26 00:00"),
    ],
)
def test_times_of_each_kind_are_where_the_person_is(start: str, end: str, expected: str) -> None:
    assert times(read(calendar(event(start, end)))) == [expected]


def test_day_on_which_clocks_are_set_back_has_twenty_five_hours() -> None:
    (found,) = read(calendar(event("DTSTART;VALUE=DATE:20261025"))).events
    assert found.ends_at - found.starts_at == timedelta(hours=25)


def test_exceptions_and_moved_occurrences_count() -> None:
    daily = event(
        "DTSTART;TZID=Europe/Stockholm:20261102T090000",
        "DTEND;TZID=Europe/Stockholm:20261102T100000",
        "RRULE:FREQ=DAILY;COUNT=5",
        "EXDATE;TZID=Europe/Stockholm:20261103T090000",
        "RDATE;TZID=Europe/Stockholm:20261110T140000",
    )
    moved = event(
        "RECURRENCE-ID;TZID=Europe/Stockholm:20261104T090000",
        "DTSTART;TZID=Europe/Stockholm:20261104T130000",
        "DTEND;TZID=Europe/Stockholm:20261104T133000",
    )
    cancelled = event(
        "RECURRENCE-ID;TZID=Europe/Stockholm:20261105T090000",
        "DTSTART;TZID=Europe/Stockholm:20261105T090000",
        "DTEND;TZID=Europe/Stockholm:20261105T100000",
        "STATUS:CANCELLED",
    )
    assert times(read(calendar(daily, moved, cancelled))) == [
        "11-02 09:00-11-02 10:00",
        "11-04 13:00-11-04 13:30",
        "11-06 09:00-11-06 10:00",
        "11-10 14:00-11-10 15:00",
    ]


def test_google_tells_the_zone_of_utc_times_beside() -> None:
    weekly = event("DTSTART:20261022T070000Z", "DTEND:20261022T080000Z", "RRULE:FREQ=WEEKLY;COUNT=2")
    zone = ["X-WR-TIMEZONE:Europe/Stockholm\n"]
    assert times(read(calendar(weekly, more=zone))) == ["10-22 09:00-10-22 10:00", "10-29 09:00-10-29 10:00"]
    assert times(read(calendar(at_nine(), more=["X-WR-TIMEZONE:Ingenstans\n"]))) == AT_NINE


def test_what_goes_on_when_the_window_begins_counts_and_what_is_over_or_far_does_not() -> None:
    first = datetime(2026, 11, 2, 9, 30, tzinfo=STOCKHOLM)
    over, far = (
        event("DTSTART:20261102T080000", "DTEND:20261102T093000", uid="b"),
        event("DTSTART:20261203T090000", "DTEND:20261203T100000", uid="c"),
    )
    assert times(read(calendar(at_nine(), over, far), first)) == AT_NINE


@pytest.mark.parametrize(
    ("lines", "is_busy"),
    [
        ((), True),
        (("TRANSP:OPAQUE", "STATUS:CONFIRMED"), True),
        (("TRANSP:TRANSPARENT",), False),
        (("STATUS:CANCELLED",), False),
        (("STATUS:TENTATIVE",), False),
        (("X-MICROSOFT-CDO-BUSYSTATUS:BUSY",), True),
        (("X-MICROSOFT-CDO-BUSYSTATUS:oof",), True),
        (("X-MICROSOFT-CDO-BUSYSTATUS:FREE",), False),
        (("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",), False),
        (("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",), False),
        (("ATTENDEE;PARTSTAT=DECLINED:mailto:Anna@umea.example",), False),
        (("ATTENDEE;PARTSTAT=TENTATIVE:mailto:anna@umea.example",), False),
        (("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@umea.example",), False),
        (("ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@umea.example",), True),
        (("ATTENDEE;PARTSTAT=DECLINED:mailto:eva@umea.example", "ATTENDEE:mailto:anna@umea.example"), True),
        (("TRANSP:OPAQUE", "TRANSP:TRANSPARENT"), True),
    ],
)
def test_event_counts_that_takes_time_and_was_not_declined(lines: tuple[str, ...], *, is_busy: bool) -> None:
    assert times(read(calendar(at_nine(*lines)), email="anna@umea.example")) == (AT_NINE if is_busy else [])


def test_declining_is_nobodys_whose_address_is_not_known() -> None:
    assert times(read(calendar(at_nine("ATTENDEE;PARTSTAT=DECLINED:mailto:anna@umea.example")))) == AT_NINE


@pytest.mark.parametrize("name", ["SUMMARY", "DESCRIPTION", "LOCATION", "CATEGORIES", "X-ODD"])
def test_odd_and_long_text_costs_nothing_and_is_not_kept(name: str) -> None:
    found = read(calendar(at_nine(f"{name}:{ODD}")))
    assert times(found) == AT_NINE
    assert "x" * 201 not in repr(found)
    assert name == "CATEGORIES" or "fika" not in repr(found)


def test_odd_name_of_an_event_is_known_again_and_not_kept() -> None:
    (one,), (again,) = read(calendar(at_nine(uid=ODD))).events, read(calendar(at_nine(uid=ODD))).events
    assert one.key == again.key
    assert one.key != read(calendar(at_nine(uid="b"))).events[0].key
    assert len(one.key) == 32


def test_event_that_is_moved_or_made_longer_is_another() -> None:
    keys = {
        read(calendar(event(f"DTSTART:20261102T{start}", f"DTEND:20261102T{end}"))).events[0].key
        for start, end in (("090000", "100000"), ("090000", "110000"), ("083000", "100000"))
    }
    assert len(keys) == 3


def test_categories_stand_with_the_event() -> None:
    found = read(calendar(at_nine("CATEGORIES:Möte\\, kort,Lunch", "CATEGORIES:Övrigt")))
    assert found.events[0].categories == ("Möte, kort", "Lunch", "Övrigt")


@pytest.mark.parametrize(
    "bad",
    [
        event("DTSTART:2026xx01T000000Z", "DTEND:20261103T000000Z", uid="bad"),
        event("DTSTART:20261103T100000Z", "DURATION:en timme", uid="bad"),
        event("DTSTART:20261103T100000Z", "DURATION:PT1H", "RRULE:FREQ=ALDRIG", uid="bad"),
        event("DTSTART:20261103T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=XX", uid="bad"),
        event("DTSTART:20261103T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;UNTIL=snart", uid="bad"),
        event("SUMMARY:ingen tid alls", uid="bad"),
    ],
)
def test_event_that_cannot_be_understood_is_counted_and_costs_no_other(bad: str) -> None:
    found = read(calendar(bad, at_nine()))
    assert found.unreadable == 1
    assert len(found.events) == 1
    assert found.events[0].starts_at == datetime(2026, 11, 2, 8, tzinfo=UTC)


def test_series_with_a_change_that_cannot_be_understood_is_left_out_whole() -> None:
    moved = event("RECURRENCE-ID:20261102T090000", "DTSTART:kanske", "DURATION:PT1H")
    found = read(calendar(at_nine("RRULE:FREQ=DAILY;COUNT=3"), moved, at_nine(uid="b")))
    assert (found.unreadable, len(found.events)) == (1, 1)


def test_events_without_a_name_are_each_their_own() -> None:
    nameless = "BEGIN:VEVENT\nDTSTART:20261102T{0}0000\nDURATION:PT1H\nEND:VEVENT\n"
    bad = "BEGIN:VEVENT\nDTSTART:nej\nEND:VEVENT\n"
    found = read(calendar(nameless.format("09"), nameless.format("11"), bad))
    assert (found.unreadable, len(found.events)) == (1, 2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Logga in</body></html>",
        b"\x00\xff\xfe" * 1000,
        calendar(at_nine())[:-20],
        calendar(at_nine())[:90],
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n",
        at_nine().encode(),
    ],
)
def test_what_is_no_whole_calendar_is_refused(body: bytes) -> None:
    with pytest.raises(NoCalendarError):
        read(body)


def test_several_calendars_in_one_file_count_and_an_empty_one_is_no_error() -> None:
    assert times(read(calendar(at_nine()) + calendar(at_nine(uid="b")))) == AT_NINE * 2
    assert times(read(calendar())) == []


def test_mark_at_the_beginning_and_letters_of_an_old_code_do_no_harm() -> None:
    assert times(read(b"\xef\xbb\xbf" + calendar(at_nine()))) == AT_NINE
    assert times(read(calendar(at_nine("SUMMARY:M@te")).replace(b"M@te", "Möte".encode("latin-1")))) == AT_NINE


def test_more_events_than_anybody_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    hourly = at_nine("RRULE:FREQ=HOURLY")
    monkeypatch.setattr(events_module, "MOST_EVENTS", 20)
    with pytest.raises(TooManyEventsError):
        read(calendar(hourly))


def test_event_before_or_beyond_what_can_be_kept_is_cut() -> None:
    endless = event("DTSTART:19990101T000000Z", "DTEND:22501231T235959Z")
    (found,) = read(calendar(endless)).events
    assert (found.starts_at.year, found.ends_at.year) == (2000, 2199)


def test_process_answers_what_the_calendar_says_or_what_is_wrong() -> None:
    request = {
        "starts_at": "2026-10-19T00:00:00+00:00",
        "ends_at": "2026-11-18T00:00:00+00:00",
        "zone": "Europe/Stockholm",
        "email": None,
    }
    told = answer(request, calendar(at_nine("CATEGORIES:Lunch")))
    assert told["unreadable"] == 0
    assert told["events"][0]["starts_at"] == "2026-11-02T08:00:00+00:00"
    assert told["events"][0]["categories"] == ("Lunch",)
    assert answer(request, b"nej") == {"problem": "no_calendar"}
    thousands = [event("DTSTART:20261102T090000", "DURATION:PT1H", uid=f"{number}") for number in range(1001)]
    assert answer(request, calendar(*thousands)) == {"problem": "too_many", "detail": 1000}
