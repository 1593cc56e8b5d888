"""What health says of calendars, and the words for what can be wrong with one."""

from typing import Any

import pytest

from callflow.calendars.source import WebCalendars
from callflow.service import calendar_problems
from callflow.service.calendar_problems import CalendarProblemError, problem_words
from callflow.service.calendars import CalendarReader, CalendarsState
from callflow.service.health_parts import calendars_facts
from callflow.storage.calendar_feeds import PostgresCalendars


def facts(**state: Any) -> dict[str, Any]:
    store = PostgresCalendars("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    reader = CalendarReader(store, WebCalendars(local=False), 300.0)
    reader.state = CalendarsState(**state)
    return calendars_facts(reader)


def test_all_is_well_with_no_calendar_and_with_calendars_that_can_be_read() -> None:
    assert facts() == {"ok": True, "error": None, "feeds": 0, "failing": 0, "late_seconds": 0.0}
    assert facts(feeds=7, late_seconds=20.04) == {
        "ok": True, "error": None, "feeds": 7, "failing": 0, "late_seconds": 20.0
    }  # fmt: skip


def test_each_calendar_that_cannot_be_read_is_told_up_to_a_few() -> None:
    told = facts(feeds=7, failing=3, problems=((2, "too_slow"), (4, "status:404")))
    assert told["error"] == "feed 2: the server did not answer in time; feed 4: the server answered 404; 1 more"
    assert not told["ok"]


def test_calendars_that_wait_too_long_are_told() -> None:
    assert facts(feeds=1, late_seconds=700.0)["error"] == "a calendar has waited 700 s for its turn"


@pytest.mark.parametrize("word", calendar_problems.WORDS)
def test_each_problem_has_words_in_both_languages(word: str) -> None:
    swedish, english = (problem_words(f"{word}:17", language) for language in ("sv", "en"))
    assert swedish != english
    assert "{" not in swedish + english
    assert ("17" in swedish) == ("17" in english)


def test_problem_of_a_newer_version_is_told_as_it_is() -> None:
    assert problem_words("something_new:4", "sv") == "something_new"
    assert CalendarProblemError("too_large", "2").problem == "too_large:2"
    assert str(CalendarProblemError("too_slow")) == "the server did not answer in time"
