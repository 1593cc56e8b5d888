"""The employees' card: an organisation's feature codes with an example each, as Markdown, from its policy alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from callflow.policy.absences import reason_words
from callflow.policy.code_lines import LINES, Example, Line, Section
from callflow.policy.dialled_times import DAY_FIRST
from callflow.policy.model import AbsenceReason, Organisation, Policy
from callflow.policy.numbers import national, range_of

OUTSIDE = "0701740605"
"""One of PTS's numbers for fiction."""
_SWEDISH: dict[str, Any] = {
    "title": "Snabbkort: tjänstekoder hos {name}",
    "intro": (
        "Slå koden som ett vanligt nummer. Telefonen läser upp vad som gäller, eller vad som var fel, och då är "
        "ingenting ändrat."
    ),
    "columns": ("Slå", "Vad som händer", "Sluta", "Fråga vad som gäller"),
    "reasons": "Orsaker: {reasons}.",
    "times": (
        "Klockslag slås med fyra siffror (1330), datum med {order}. För jour och enhetens tider gäller nästa gång "
        "klockan visar det; ett datum och ett klockslag slås med åtta siffror ({example})."
    ),
    "MMDD": "månad och dag (1224)",
    "DDMM": "dag och månad (2412)",
    "emergency": "112 går alltid fram, också från en spärrad telefon. `*112` provar vägen dit utan att ringa.",
}
_ENGLISH: dict[str, Any] = {
    "title": "Card: feature codes at {name}",
    "intro": (
        "Dial the code as any number. The phone tells what applies, or what was wrong: then nothing has been changed."
    ),
    "columns": ("Dial", "What happens", "Stop", "Ask what applies"),
    "reasons": "Reasons: {reasons}.",
    "times": (
        "Times are dialled with four digits (1330), dates with {order}. For duty and the unit's hours it is the next "
        "time the clock shows it; a date and a time are dialled with eight digits ({example})."
    ),
    "MMDD": "month and day (1224)",
    "DDMM": "day and month (2412)",
    "emergency": "112 always gets through, from a locked phone too. `*112` tests the way there without calling.",
}


def code_card(policy: Policy, organisation: Organisation, language: str) -> str:
    """Return the card of an organisation's code set, in `sv` or `en`."""
    swedish = language == "sv"
    texts, examples = _SWEDISH if swedish else _ENGLISH, _examples(policy, organisation)
    lines = [f"# {texts['title'].format(name=organisation.name)}", "", texts["intro"]]
    for section, of_section in LINES.items():
        rows = [row for line in of_section for row in _rows(policy, organisation, line, examples, swedish=swedish)]
        if rows:
            lines += ["", f"## {section.value[0 if swedish else 1]}", "", *_table(texts["columns"], rows)]
        if rows and section is Section.ABSENCE:
            reasons = [f"{row.digit} {reason_words(row, language)}" for row in _reasons(policy, organisation)]
            lines += ["", texts["reasons"].format(reasons=", ".join(reasons) or "–")]
    day_first = organisation.absence_date_order == DAY_FIRST
    times = texts["times"].format(order=texts["DDMM" if day_first else "MMDD"], example=f"{examples['date']}0800")
    return "\n".join([*lines, "", times, "", texts["emergency"], ""])


Row = tuple[str, str, str, str]
ALWAYS_THERE = 2
"""Columns that each table has: what is dialled, and what it does."""


def _table(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Return a table in Markdown, without the columns that are empty in all rows but the first two."""
    used = [at for at in range(len(columns)) if at < ALWAYS_THERE or any(row[at] for row in rows)]
    table = [[columns[at] for at in used], ["---"] * len(used), *([row[at] for at in used] for row in rows)]
    return [f"| {' | '.join(cells)} |" if cells[0] != "---" else f"|{'|'.join(cells)}|" for cells in table]


def _rows(
    policy: Policy, organisation: Organisation, line: Line, values: Mapping[str, str], *, swedish: bool
) -> list[Row]:
    """Return a row for each code by which the organisation does this; one without code for what only ends or asks."""
    told = (line.swedish if swedish else line.english).format_map(values)
    ended, asked = (
        " ".join(_dialled_codes(policy, organisation, example, values)) for example in (line.ended, line.asked)
    )
    does = _dialled_codes(policy, organisation, line.does, values)
    return [(code, told, ended, asked) for code in does or ([""] if ended or asked else [])]


def _dialled_codes(
    policy: Policy, organisation: Organisation, example: Example | None, values: Mapping[str, str]
) -> list[str]:
    """Return what is dialled for an example, by each code that the organisation has for it."""
    if example is None:
        return []
    codes = sorted(row.code for row in policy.codes.get(organisation.id, ()) if row.action == example.action)
    return [f"`{code}{example.dialled.format_map(values)}{'#' if code.endswith('*') else ''}`" for code in codes]


def _examples(policy: Policy, organisation: Organisation) -> dict[str, str]:
    """Return real numbers of the organisation, short where they have a short form, or else likely ones."""
    phones = sorted(row.number for row in policy.extensions.values() if row.organisation_id == organisation.id)
    units = sorted(
        row.number for row in policy.units.values() if row.organisation_id == organisation.id and row.number
    )
    number, other, *_ = [*(_dialled(policy, row) for row in phones), "61104", "61100"]
    unit, *_ = [*(_dialled(policy, row) for row in units), "61200"]
    digit = next((row.digit for row in _reasons(policy, organisation) if not row.returns_by_date), "1")
    dated = next((row.digit for row in _reasons(policy, organisation) if row.returns_by_date), digit)
    date = "2412" if organisation.absence_date_order == DAY_FIRST else "1224"
    numbers = {"number": number, "other": other, "unit": unit, "outside": OUTSIDE}
    return {**numbers, "digit": digit, "dated": dated, "date": date}


def _dialled(policy: Policy, number: str) -> str:
    row = range_of(number, policy)
    return f"{row.short_prefix}{number[-row.short_digits :]}" if row is not None else national(number)


def _reasons(policy: Policy, organisation: Organisation) -> list[AbsenceReason]:
    rows = policy.absence_reasons.values()
    return sorted((row for row in rows if row.organisation_id == organisation.id), key=lambda row: row.digit)
