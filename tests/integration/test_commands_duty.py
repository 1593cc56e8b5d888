"""`callflow duty` and `callflow unit` on the sample region (R4 to R7)."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callflow.storage.connection import connected
from tests.command_line import CommandLine

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TO_COME = datetime.now(STOCKHOLM).date() + timedelta(days=30)
STANDING = [
    "Bygglov har sin jour från Bygglovs jour:",
    "  nivå 1: 090161211 Magnus Boström (stående jour)",
    "  nivå 2: 090161212 Elin Sundqvist (stående jour)",
]


@pytest.fixture
def callflow(tmp_path: Path, sample_database_url: str) -> CommandLine:
    return CommandLine(tmp_path, sample_database_url)


def test_duty_is_shown_taken_over_and_handed_back(callflow: CommandLine) -> None:
    assert callflow.shows("duty", "61200").splitlines() == STANDING
    told = callflow.shows("duty", "61200", "--take", "61202", "--until", f"{TO_COME} 07:00").splitlines()
    assert told == [
        STANDING[0],
        "  nivå 1: 090161202 Ulrika Norberg (har tagit över)",
        STANDING[2],
        f"Nästa byte: {TO_COME} 07:00.",
    ]
    assert callflow.shows("duty", "61200", "--back").splitlines() == STANDING


def test_duty_from_above_is_that_of_the_organisation(callflow: CommandLine) -> None:
    told = callflow.shows("duty", "61020").splitlines()
    assert told[0] == "Stadsledningskontoret har sin jour från Tjänsteman i beredskap:"
    assert told[1].endswith("(enligt schemat)")
    assert told[-1].startswith("Nästa byte: ")


def test_unit_is_closed_opened_and_as_usual(callflow: CommandLine) -> None:
    usual = "Bygglov följer sina vanliga tider.\n"
    assert callflow.shows("unit", "61200") == usual
    told = callflow.shows("unit", "61200", "--closed-until", f"{TO_COME} 08:00")
    assert told.startswith("Bygglov är satt stängd från ")
    assert f" till {TO_COME} 08:00, av cli:" in told
    assert told.endswith("  ← nu\n")
    told = callflow.shows("unit", "090161200", "--open-until", f"{TO_COME}")
    assert told.count("\n") == 1
    assert told.startswith("Bygglov är satt öppen från ")
    assert callflow.shows("unit", "61200", "--as-usual") == usual


async def test_next_time_that_the_clock_shows_is_meant(callflow: CommandLine, sample_database_url: str) -> None:
    now = datetime.now(STOCKHOLM)
    minute = (now - timedelta(minutes=2)).strftime("%H:%M")
    callflow.shows("unit", "61200", "--closed-until", minute)
    async with connected(sample_database_url) as connection:
        ends = (await connection.fetchval("SELECT ends_at FROM unit_override")).astimezone(STOCKHOLM)
    assert f"{ends:%H:%M}" == minute
    assert timedelta(hours=22) < ends - now < timedelta(hours=26)


async def test_planned_rows_are_shown_with_who_planned_them(callflow: CommandLine, sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection, connection.transaction():
        await connection.execute("SET LOCAL callflow.actor = 'åsa'")
        await connection.execute(
            "INSERT INTO unit_override (unit_id, is_open, starts_at, ends_at) SELECT id, false, now() + interval"
            " '2 days', now() + interval '3 days' FROM unit WHERE number = '+4690161200'"
        )
    told = callflow.shows("unit", "61200").splitlines()
    assert told[0] == "Bygglov följer sina vanliga tider."
    assert told[1].endswith(", av åsa")


def test_words_are_english_where_that_is_set(callflow: CommandLine) -> None:
    callflow.environment["CALLFLOW_LANGUAGE"] = "en"
    assert callflow.shows("unit", "61200") == "Bygglov follows its usual hours.\n"
    assert callflow.shows("duty", "61200").splitlines()[1].endswith("Magnus Boström (standing duty)")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("duty", "61100"), "är ingen enhet hos oss"),
        (("duty", "61200", "--take", "61202", "--until", "2020-01-01"), "har redan varit"),
        (("duty", "61200", "--take", "61200", "--until", "07:00"), "är ingen anknytning hos oss"),
        (("duty", "61200", "--take", "61202", "--until", "snart"), "är ingen tid"),
        (("unit", "61200", "--closed-until", "2020-01-01"), "har redan varit"),
        (("unit", "61300", "--open-until", "25:00"), "är ingen tid"),
    ],
)
def test_what_cannot_be_is_refused_in_words(callflow: CommandLine, arguments: tuple[str, ...], says: str) -> None:
    assert says in callflow.refuses(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("duty", "61200", "--take", "61202"),
        ("duty", "61200", "--until", "07:00"),
        ("duty", "61200", "--take", "61202", "--until", "07:00", "--back"),
        ("unit", "61200", "--closed-until", "14:00", "--as-usual"),
        ("unit", "61200", "--closed-until", "14:00", "--open-until", "15:00"),
    ],
)
def test_options_that_do_not_go_together_are_refused(callflow: CommandLine, arguments: tuple[str, ...]) -> None:
    assert "Ange" in callflow.refuses(*arguments, code=2)


async def test_unit_without_a_roster_has_no_duty(callflow: CommandLine, sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute("UPDATE organisation SET duty_roster_id = NULL")
    assert "Stadsledningskontoret har ingen jourlista" in callflow.refuses("duty", "61020")
    async with connected(sample_database_url) as connection:
        await connection.execute("DELETE FROM duty_shift; DELETE FROM duty_level")
    told = callflow.refuses("duty", "61200", "--take", "61202", "--until", "07:00")
    assert "Bygglovs jour har inga nivåer" in told
