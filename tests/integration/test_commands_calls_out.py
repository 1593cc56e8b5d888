"""`callflow barring` and `callflow exemption` on a real database: what is barred and why, and what opens it (R18)."""

import asyncpg
import pytest

from tests.command_line import CommandLine

ANNA, EVA = "61100", "61104"
NORWAY = "004722334455"
MANAGER = "Ingrid Hägglund"
PRESCHOOL = "61700"


def test_exemptions_are_shown_with_approver_reason_and_whether_they_count(callflow: CommandLine) -> None:
    shown = callflow.shows("exemption", ANNA)
    assert "i kraft: utland (international), 2026-01-01 till och med 2027-12-30" in shown
    assert f"godkänt av {MANAGER}: Vänortsutbyte med Vasa" in shown
    assert "slut: utland (international), 2025-02-01 till och med 2025-10-30" in callflow.shows("exemption", "61101")
    callflow.environment["CALLFLOW_LANGUAGE"] = "en"
    assert f"in force: international (international), 2026-01-01 through 2027-12-30, approved by {MANAGER}" in (
        callflow.shows("exemption", "+4690161100", "international")
    )
    assert "No exemptions." in callflow.shows("exemption", ANNA, "premium")


async def test_an_exemption_is_given_by_the_nearest_manager_until_the_end_of_its_last_day(
    callflow: CommandLine, sample_database_url: str
) -> None:
    given = callflow.shows("exemption", EVA, "utland", "--until", "2199-12-30", "--reason", "Möte i Norge")
    assert "i kraft: utland (international)" in given
    assert f"till och med 2199-12-30, godkänt av {MANAGER}: Möte i Norge" in given
    connection = await asyncpg.connect(sample_database_url.replace("+asyncpg", ""))
    ends = await connection.fetchval(
        "SELECT (ends_at AT TIME ZONE 'Europe/Stockholm')::text FROM exemption WHERE reason = 'Möte i Norge'"
    )
    actor = await connection.fetchval("SELECT actor FROM audit ORDER BY id DESC LIMIT 1")
    await connection.close()
    assert ends == "2199-12-31 00:00:00"
    assert actor.startswith("cli:")
    assert "har redan ett undantag" in callflow.refuses(
        "exemption", EVA, "utland", "--until", "2199-12-30", "--reason", "igen"
    )


def test_an_exemption_opens_and_ends_at_once_with_those_to_come(callflow: CommandLine) -> None:
    question = ("barring", "--number", NORWAY, EVA)
    assert "får inte ringa dit" in callflow.shows(*question)
    coming = (
        "--from",
        "2190-01-01",
        "--until",
        "2190-01-31 12:00",
        "--reason",
        "Resa",
        "--approver",
        MANAGER.upper(),
    )
    given = callflow.shows("exemption", EVA, "international", *coming)
    assert "kommande: utland (international), 2190-01-01 till 2190-01-31 12:00" in given
    assert "får inte ringa dit" in callflow.shows(*question)
    callflow.shows("exemption", EVA, "international", "--until", "2189-12-31", "--reason", "Möte i Norge")
    assert "Eva Sandberg får ringa dit." in callflow.shows(*question)
    ended = callflow.shows("exemption", EVA, "utland", "--end")
    assert "undantaget för utland (international) är avslutat" in ended
    assert "det kommande undantaget för utland (international) är återkallat" in ended
    assert "kommande:" not in ended
    assert "får inte ringa dit" in callflow.shows(*question)
    assert "inget undantag för utland (international) att avsluta" in callflow.refuses(
        "exemption", EVA, "utland", "--end"
    )


GIVE = ("--until", "2190-01-01", "--reason", "x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("61104", "premium", *GIVE, "--approver", "Anna Lindgren"), f"närmaste chef, {MANAGER}"),
        (("61104", "premium", *GIVE, "--approver", "Ingen Alls"), "heter ”Ingen Alls”"),
        (("61104", "premium", *GIVE, "--approver", "999999"), "”999999”"),
        (("61104", "unclassified", *GIVE), "number_class"),
        (("61104", "utlandet", *GIVE), "”utlandet” är inget slag av nummer. Välj något av: utland (international)"),
        (("61104", "premium", "--until", "2001-01-01", "--reason", "x"), "efter början"),
        (("61104", "premium", "--until", "9999-12-31", "--reason", "x"), "”9999-12-31”"),
        (("61104", "premium", "--until", "snart", "--reason", "x"), "”snart” är ingen tid"),
        (("61104", "premium", "--until", "2190-01-01", "--reason", " "), "reason"),
        (("40101", "premium", *GIVE), "Ingen chef kan godkänna"),
        (("99999", "premium", *GIVE), "är ingen anknytning hos oss"),
    ],
)
def test_an_exemption_that_cannot_be_given_is_one_clear_message(
    callflow: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    assert message in callflow.refuses("exemption", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        (EVA, "--end"),
        (EVA, *GIVE),
        (EVA, "premium", "--until", "2190-01-01"),
        (EVA, "premium", "--reason", "x"),
        (EVA, "premium", *GIVE, "--end"),
    ],
)
def test_half_an_exemption_is_a_question_of_usage(callflow: CommandLine, arguments: tuple[str, ...]) -> None:
    callflow.refuses("exemption", *arguments, code=2)


def test_what_is_barred_is_shown_with_why_and_what_is_open(callflow: CommandLine) -> None:
    anna = callflow.shows("barring", ANNA)
    assert "öppet:   utland (international), av ett undantag; annars spärrat för alla från början (R18)" in anna
    assert "spärrat: betalnummer (premium), för alla från början (R18)" in anna
    assert "Undantag i kraft:\n  i kraft: utland (international)" in anna
    teacher = callflow.shows("barring", "61701")
    assert "spärrat: delad kostnad (shared_cost), av enheten Förskolan Tallbacken: Förskolan beställer" in teacher
    assert "Undantag" not in teacher
    assert "vidarekoppling ut (outside_diversion), av Robertsfors kommun" in callflow.shows(
        "barring", "--organisation", "robertsfors"
    )
    umea = callflow.shows("barring", "--organisation", "umea")
    assert "spärrat: utland" in umea
    assert "090161100 Anna Lindgren, i kraft: utland (international)" in umea
    everybody = callflow.shows("barring")
    assert everybody.startswith("Alla organisationer\n")
    assert "Förskolan Tallbacken" in everybody
    assert "Robertsfors kommun" in everybody


@pytest.mark.parametrize("scope", [("--unit", PRESCHOOL), ("--unit", "förskolan tallbacken"), ("61701",)])
def test_a_row_bars_and_is_removed_again(callflow: CommandLine, scope: tuple[str, ...]) -> None:
    question = ("barring", "--number", "0701740605", "61701")
    assert "Camilla Berglund får ringa dit." in callflow.shows(*question)
    added = callflow.shows("barring", *scope, "mobile", "--reason", "Bara fast telefon")
    assert added.startswith("Spärren är satt.\n")
    assert "spärrat: mobil (mobile), av " in added
    assert "får inte ringa dit" in callflow.shows(*question)
    assert "finns redan" in callflow.refuses("barring", "mobil", *scope, "--reason", "igen")
    assert "fritt:   mobil (mobile)" in callflow.shows("barring", "mobil", *scope, "--remove")
    assert "inget att ta bort" in callflow.refuses("barring", "mobil", *scope, "--remove")


def test_what_cannot_be_removed_tells_what_to_do_instead(callflow: CommandLine) -> None:
    default = callflow.refuses("barring", EVA, "utland", "--remove")
    assert "för alla från början, och den spärren kan inte tas bort (R18)" in default
    assert f"godkänt av närmaste chef ({MANAGER}):\n  callflow exemption 090161104 international" in default
    above = callflow.refuses("barring", "61701", "shared_cost", "--remove")
    assert "inte spärrat just där, utan av enheten Förskolan Tallbacken" in above


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--unit", "Finnsinte"), 1, "”Finnsinte”"),
        (("--unit", "Förskolan"), 1, "(Förskolan Bäverhyddan, Bjurholms kommun)"),
        (("--organisation", "lund"), 1, "Nycklarna är"),
        ((EVA, "--unit", PRESCHOOL), 2, "bara ett av dem"),
        (("mobil", "--reason", "x"), 2, "Ange var"),
        ((EVA, "--remove"), 2, "behöver ett slag"),
        ((EVA, "mobil", "--remove", "--reason", "x"), 2, "bara ett av dem"),
        ((EVA, ANNA), 2, "högst en anknytning"),
        (("mobil", "--number", NORWAY), 2, "frågar bara"),
        (("--number", "hej"), 1, "inget telefonnummer"),
        (("--number", "*21*61102#"), 1, "inget nummer som går att ringa"),
    ],
)
def test_barring_refuses_what_makes_no_sense(
    callflow: CommandLine, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = callflow("barring", *arguments)
    assert done.returncode == code, done.stderr
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("0771123456",), ("+46771123456: fast eller vanligt nummer (national)", "Vem som helst får ringa dit")),
        ((NORWAY,), ("+4722334455: utland (international)", "Ingen får ringa dit utan undantag.")),
        ((NORWAY, EVA), ("Eva Sandberg får inte ringa dit.", f"godkänt av närmaste chef ({MANAGER})")),
        ((NORWAY, ANNA), ("Anna Lindgren får ringa dit.",)),
        (("9547" + NORWAY, ANNA), ("operatörsprefix (operator_prefix), utland (international)", "får inte ringa")),
        (("0740123456", ANNA), ("okänt slag (unclassified)", "Ingen vet vad numret är")),
        (("0701740605", "40101"), ("Solveig Burman får ringa dit.", "får inte vidarekoppla dit.", "Robertsfors")),
        (("0701740605", "--unit", PRESCHOOL), ("Förskolan Tallbacken får ringa dit.",)),
        (("112",), ("112: nödnumret",)),
        (("61102",), ("vårt eget nummer, 090161102 Maria Nyström",)),
        ((PRESCHOOL,), ("vårt eget nummer, Förskolan Tallbacken",)),
        (("61000",), ("vårt eget nummer, Umeå kommun",)),
        (("61999",), ("ett av våra nummer, som inte används",)),
    ],
)
def test_a_number_is_told_what_it_is_and_who_may_call_it(
    callflow: CommandLine, arguments: tuple[str, ...], lines: tuple[str, ...]
) -> None:
    told = callflow.shows("barring", "--number", *arguments)
    assert [line for line in lines if line not in told] == []


def test_a_locked_phone_may_call_only_the_emergency_number(callflow: CommandLine) -> None:
    callflow.shows("extension", "set", EVA, "--locked")
    told = callflow.shows("barring", "--number", "0701740605", EVA)
    assert "bara ringa nödnumret (R21)" in told
    assert "får ringa dit" not in told


def test_what_is_barred_for_everybody_is_not_told_by_the_row_of_one_unit(callflow: CommandLine) -> None:
    callflow.shows("barring", "--unit", PRESCHOOL, "international", "--reason", "Dubbelt håller bäst")
    assert "Dubbelt" in callflow.shows("barring", "--number", NORWAY, "61701")
    assert "Dubbelt" not in callflow.shows("barring", "--number", NORWAY)
