"""What becomes of every way to dial (R18), by three tables beside this file that people can read."""

import re
from pathlib import Path

import pytest

from callflow.policy.barrings import Category
from callflow.policy.numbering_plan import categories_of
from callflow.policy.numbers import normalise
from tests.builders import CALLER, decided, extension, internal, policy, rung

TOWN = policy(extensions=[CALLER, extension(1)])
OUTCOMES = {
    "allowed": "outside",
    "barred": "refused",
    "unreadable": "refused",
    "unused": "refused",
    "ours": "extension",
    "emergency": "emergency",
}
WAYS_ABROAD = ("00{}", "+{}", "00 {}", "0-0-{}", "(00){}", "tel:+{}", "sip:%2B{}@example.org", "00{}#", "+{};ext=1")
WAYS_AT_HOME = ("0{}", "+46{}", "0046{}", "+46(0){}", "0046 (0) {}", "+460{}", "(0){}", "tel:+46-{}", "0{}#")


def table(name: str) -> list[tuple[str, ...]]:
    """Return the rows of a table beside this file; a line of `;` or `==` is for people."""
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    rows = (
        tuple(cell.strip() for cell in line.split(" | ")) for line in lines if line and line[:1] not in {";", "="}
    )
    return list(rows)


def as_dialled(written: str) -> str:
    dialled = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), written)
    return "" if dialled == "(nothing)" else dialled


def outcome(dialled: str) -> tuple[str, tuple[str, ...]]:
    """Return what an extension that is exempted from nothing gets, and every address that may ring."""
    decision = decided(TOWN, internal(dialled))
    return decision.outcome.value, tuple(address for step in decision.plan.steps for address in rung(step))


@pytest.mark.parametrize(("written", "number", "categories", "happens"), table("dialled_strings.txt"))
def test_dialled_string_is_read_classed_and_allowed_or_barred(
    written: str, number: str, categories: str, happens: str
) -> None:
    dialled = as_dialled(written)
    read = normalise(dialled, TOWN, internal=True)
    assert (read.number or "-") == number
    if happens in {"unreadable", "emergency"}:
        assert (categories, read.form) == ("-", happens)
    else:
        assert " ".join(categories_of(number, TOWN.classes)) == categories
    reached, rings = outcome(dialled)
    assert reached == OUTCOMES[happens]
    assert (number in rings) == (happens == "allowed")
    if happens in {"barred", "unreadable"}:
        assert rings == ()


@pytest.mark.parametrize(("area_code", "town"), table("area_codes.txt"))
def test_every_area_code_of_sweden_may_be_called(area_code: str, town: str) -> None:
    number = f"{area_code[1:]}123456"
    for way in WAYS_AT_HOME:
        assert outcome(way.format(number)) == ("outside", (f"+46{number}",)), (town, way)


@pytest.mark.parametrize(("country_code", "number", "country"), table("country_codes.txt"))
def test_no_country_may_be_called_however_it_is_dialled(country_code: str, number: str, country: str) -> None:
    whole = f"{country_code}{number}"
    expected = [Category.INTERNATIONAL] + ([Category.UNCLASSIFIED] if country == "-" else [])
    assert list(categories_of(f"+{whole}", {})) == expected
    for way in WAYS_ABROAD:
        dialled = way.format(whole)
        assert normalise(dialled, TOWN, internal=True).number == f"+{whole}", dialled
        assert outcome(dialled) == ("refused", ()), dialled


def test_tables_are_whole() -> None:
    assert len(table("dialled_strings.txt")) >= 300
    assert len(table("area_codes.txt")) == 264, "PTS has 264 area codes"
    countries = {row[0] for row in table("country_codes.txt")}
    assert {code[0] for code in countries} == set("123456789")
    assert len(countries) >= 240
