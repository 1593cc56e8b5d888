"""The employees' card is made of the organisation's own codes, numbers and reasons."""

import re
from typing import Any

import pytest

from callflow.policy.code_card import code_card
from callflow.policy.code_lines import LINES, Section
from callflow.policy.feature_actions import FeatureAction, FeatureCode
from callflow.policy.feature_codes import read
from callflow.policy.model import Policy
from callflow.storage.generated_rights import CODES, feature_codes
from tests.builders import extension, organisation, policy, reason, unit

EVERY = [example for lines in LINES.values() for line in lines for example in line.examples]


def town(codes: list[FeatureCode] | None = None, **tables: Any) -> Policy:
    main = tables.get("organisations", [organisation()])[0]
    defaults: dict[str, Any] = {
        "units": [unit(1, organisation_id=2, number="+46935141000"), unit(2, number=None), unit(3)],
        "extensions": [extension(104), extension(100)],
        "absence_reasons": [reason(4, "har semester", returns_by_date=True), reason(2), reason(1, organisation_id=2)],
        "feature_codes": feature_codes([main]) if codes is None else codes,
    }
    return policy(**{**defaults, **tables})


def card(rows: Policy, language: str = "sv") -> list[str]:
    return code_card(rows, rows.organisations[1], language).splitlines()


def test_every_action_has_a_line_in_both_languages() -> None:
    assert {example.action for example in EVERY} == set(FeatureAction)
    assert set(LINES) == set(Section)
    assert all(line.swedish and line.english for lines in LINES.values() for line in lines)


@pytest.mark.parametrize(("language", "at"), [("sv", 0), ("en", 1)])
def test_card_has_a_row_for_every_line_of_the_whole_code_set_and_goes_on_one_page(language: str, at: int) -> None:
    lines = card(town(), language)
    rows = [line for line in lines if line.startswith("| `")]
    assert len(rows) == sum(map(len, LINES.values())) < 30
    assert len(lines) < 80
    assert [line for line in lines if line.startswith("## ")] == [f"## {section.value[at]}" for section in Section]


def test_each_example_is_read_as_the_action_that_it_stands_for() -> None:
    codes = town().codes[1]
    dialled = [code for line in card(town()) if line.startswith("| `") for code in re.findall("`([^`]+)`", line)]
    read_as = [found.action for code in dialled if (found := read(code, codes)) is not None]
    assert read_as == [example.action for example in EVERY]
    assert set(CODES.values()) == set(read_as)


def test_examples_are_numbers_and_reasons_of_the_organisation() -> None:
    lines = card(town())
    assert "| `*21*61100#` | Koppla alla samtal till 61100 | `#21#` | `*#21#` |" in lines
    assert (
        "| `*230*61104*2*1330#` | 61104 är frånvarande till klockan 13.30 | `#230*61104#` | `*#230*61104#` |" in lines
    )
    assert "| `*28*61903*0*1400#` | Stäng enheten 61903 till klockan 14 | `#28*61903#` | `*#28*61903#` |" in lines
    assert "| `#31#0701740605` | Ring 0701740605 och dölj ditt nummer |" in lines
    assert "Orsaker: 2 är på lunch, 4 har semester." in lines


def test_card_in_english() -> None:
    lines = card(town(), "en")
    assert lines[0] == "# Card: feature codes at Umeå kommun"
    assert "| `*27*0700#` | Take over your unit's duty until 7 | `#27#` | `*#27#` |" in lines
    assert "Reasons: 2 is at lunch, 4 is at lunch." in lines


@pytest.mark.parametrize(("order", "day"), [("MMDD", "1224"), ("DDMM", "2412")])
def test_dates_are_dialled_as_the_organisation_has_them(order: str, day: str) -> None:
    lines = card(town(organisations=[organisation(absence_date_order=order)]))
    assert f"| `*23*4*{day}#` | Frånvarande till julafton | `#23#` | `*#23#` |" in lines
    assert any(f"{day}0800" in line for line in lines)


def test_organisation_that_can_only_end_and_ask_has_those_codes_on_its_card() -> None:
    codes = [
        FeatureCode(id=1, organisation_id=1, code="#22#", action="divert_all_cancel"),
        FeatureCode(id=2, organisation_id=1, code="#23#", action="divert_all_cancel"),
        FeatureCode(id=3, organisation_id=1, code="*#22#", action="divert_all_ask"),
    ]
    lines = card(town(codes))
    assert "| Slå | Vad som händer | Sluta | Fråga vad som gäller |" in lines
    assert "|  | Koppla alla samtal till 61100 | `#22#` `#23#` | `*#22#` |" in lines


def test_only_what_the_organisation_has_is_on_its_card() -> None:
    codes = [
        FeatureCode(id=1, organisation_id=1, code="*22*", action="divert_all"),
        FeatureCode(id=2, organisation_id=1, code="*99*", action="not_known_here"),
        FeatureCode(id=3, organisation_id=2, code="*21*", action="divert_all"),
    ]
    bare = town(codes, extensions=[extension(1, number="+46850000001")], units=[], absence_reasons=[])
    lines = card(bare)
    assert [line for line in lines if line.startswith("| `")] == [
        "| `*22*0850000001#` | Koppla alla samtal till 0850000001 |"
    ]
    assert [line for line in lines if line.startswith("## ")] == ["## Vidarekoppla"]
    assert not any(line.startswith("Orsaker") for line in lines)
    assert code_card(town([]), organisation(7, name="Ny"), "sv").startswith("# Snabbkort: tjänstekoder hos Ny\n")
