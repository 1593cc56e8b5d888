"""`callflow codes` on the sample region: the employees' card."""

from pathlib import Path

import pytest

from tests.command_line import CommandLine

ROOT = Path(__file__).parents[2]


@pytest.fixture
def callflow(tmp_path: Path, sample_database_url: str) -> CommandLine:
    return CommandLine(tmp_path, sample_database_url)


def test_card_in_the_documentation_is_the_one_that_the_command_prints(callflow: CommandLine) -> None:
    assert callflow.shows("codes", "umea") == (ROOT / "docs" / "snabbkort.md").read_text(encoding="utf-8")


def test_cards_of_all_organisations_are_printed_one_after_another(callflow: CommandLine) -> None:
    told = callflow.shows("codes")
    assert told.count("# Snabbkort: ") == 6
    assert "`*22*" in told


def test_card_is_english_where_that_is_set_and_an_organisation_that_there_is_not_is_told(
    callflow: CommandLine,
) -> None:
    assert "Ingen organisation heter ”lund”" in callflow.refuses("codes", "lund")
    callflow.environment["CALLFLOW_LANGUAGE"] = "en"
    assert callflow.shows("codes", "umea").startswith("# Card: feature codes at Umeå kommun\n")
