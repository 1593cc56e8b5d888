"""`callflow absence` on the sample region (R10)."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callflow.storage.connection import connected
from tests.command_line import CommandLine

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ANNA, NAME = "61100", "Anna Lindgren"
NONE = f"{NAME} har ingen frånvaro, varken nu eller planerad.\n"
TO_COME = datetime.now(STOCKHOLM).date() + timedelta(days=30)


@pytest.fixture
def callflow(tmp_path: Path, sample_database_url: str) -> CommandLine:
    return CommandLine(tmp_path, sample_database_url)


def test_absence_is_reported_replaced_and_ended(callflow: CommandLine) -> None:
    assert callflow.shows("absence", ANNA) == NONE
    told = callflow.shows("absence", ANNA, "4", "--until", f"{TO_COME}", "--refer", "61104")
    assert told.startswith(f"{NAME} har semester, från {datetime.now(STOCKHOLM):%Y-%m-%d}")
    assert told.endswith(f" till {TO_COME} 00:00, hänvisar till Eva Sandberg  ← nu\n")
    told = callflow.shows("absence", ANNA, "1")
    assert told.count("\n") == 1
    assert "är på sammanträde" in told
    assert told.endswith(" till vidare  ← nu\n")
    assert callflow.shows("absence", ANNA, "--back") == NONE


def test_planned_absences_stand_beside_each_other(callflow: CommandLine) -> None:
    callflow.shows("absence", ANNA, "8")
    for reason, starts, until in (("2", "12:00", "13.30"), ("1", "09:00", "10:00")):
        told = callflow.shows("absence", ANNA, reason, "--from", f"{TO_COME} {starts}", "--until", until)
    assert told.splitlines()[1:] == [
        f"{NAME} är på sammanträde, från {TO_COME} 09:00 till {TO_COME} 10:00",
        f"{NAME} är på lunch, från {TO_COME} 12:00 till {TO_COME} 13:30",
    ]
    assert "har gått för dagen" in told.splitlines()[0]


async def test_audit_names_who_reported(callflow: CommandLine, sample_database_url: str) -> None:
    callflow.shows("absence", ANNA, "1")
    async with connected(sample_database_url) as connection:
        actor = await connection.fetchval("SELECT actor FROM audit ORDER BY id DESC LIMIT 1")
    assert actor.startswith("cli:")


def test_words_are_english_where_that_is_set(callflow: CommandLine) -> None:
    callflow.environment["CALLFLOW_LANGUAGE"] = "en"
    assert callflow.shows("absence", ANNA) == f"{NAME} has no absence, neither now nor planned.\n"
    assert callflow.shows("absence", ANNA, "2").endswith(" to further notice  ← now\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("0",), "Ingen orsak har siffran ”0”. De som finns är: 1 är på sammanträde, 2 är på lunch"),
        (("2", "--until", "2020-01-01"), "Frånvaron slutar 2020-01-01 00:00 och måste sluta efter"),
        (("2", "--until", "i morgon"), "är ingen tid"),
        (("2", "--until", "9999-12-31T23:59-05:00"), "är ingen tid som går att räkna med"),
        (("2", "--from", "2020-01-01"), "2020-01-01 00:00 har redan varit"),
        (("2", "--refer", "09001234567"), "090161100 kan inte hänvisa till ”09001234567”: numret är spärrat."),
        (("2", "--refer", "61998"), "används inte"),
        (("2", "--refer", "hemma"), "är inget telefonnummer"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    callflow: CommandLine, arguments: tuple[str, ...], says: str
) -> None:
    assert says in callflow.refuses("absence", ANNA, *arguments)
    assert callflow.shows("absence", ANNA) == NONE


async def test_extension_of_nobody_has_no_absence(callflow: CommandLine, sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute("UPDATE extension SET person_id = NULL WHERE sip_username = $1", ANNA)
    assert "090161100 tillhör ingen person" in callflow.refuses("absence", ANNA)
    assert "är ingen anknytning" in callflow.refuses("absence", "99999", "2")


@pytest.mark.parametrize("arguments", [("2", "--back"), ("--until", "13:00"), ("--refer", "61104", "--back")])
def test_options_that_do_not_go_together_are_refused(callflow: CommandLine, arguments: tuple[str, ...]) -> None:
    assert "callflow absence" in callflow.refuses("absence", ANNA, *arguments, code=2)
