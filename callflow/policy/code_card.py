"""The employees' card: an organisation's feature codes with an example each, as Markdown, from its policy alone."""

from collections.abc import Mapping

from callflow.policy.absences import reason_words
from callflow.policy.code_lines import LINES, Line, Section
from callflow.policy.dialled_times import DAY_FIRST
from callflow.policy.model import AbsenceReason, Organisation, Policy
from callflow.policy.numbers import national, range_of

OUTSIDE = "0701740605"
"""One of PTS's numbers for fiction."""
_SWEDISH = {
    "title": "Snabbkort: tjänstekoder hos {name}",
    "intro": (
        "Slå koden som ett vanligt nummer. Telefonen läser upp vad som gäller, eller vad som var fel, och då är "
        "ingenting ändrat."
    ),
    "head": "| Slå | Vad som händer |",
    "reasons": "Orsaker: {reasons}.",
    "times": (
        "Klockslag slås med fyra siffror (1330), datum med {order}. För jour och enhetens tider gäller nästa gång "
        "klockan visar det; ett datum och ett klockslag slås med åtta siffror ({example})."
    ),
    "MMDD": "månad och dag (1224)",
    "DDMM": "dag och månad (2412)",
    "emergency": "112 går alltid fram, också från en spärrad telefon. `*112` provar vägen dit utan att ringa.",
}
_ENGLISH = {
    "title": "Card: feature codes at {name}",
    "intro": (
        "Dial the code as any number. The phone tells what applies, or what was wrong: then nothing has been changed."
    ),
    "head": "| Dial | What happens |",
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
        rows = [
            _row(code, line, examples, swedish=swedish)
            for line in of_section
            for code in _codes(policy, organisation, line)
        ]
        if rows:
            lines += ["", f"## {section.value[0 if swedish else 1]}", "", texts["head"], "|---|---|", *rows]
        if rows and section is Section.ABSENCE:
            reasons = [f"{row.digit} {reason_words(row, language)}" for row in _reasons(policy, organisation)]
            lines += ["", texts["reasons"].format(reasons=", ".join(reasons) or "–")]
    day_first = organisation.absence_date_order == DAY_FIRST
    order, day = texts["DDMM" if day_first else "MMDD"], "24120800" if day_first else "12240800"
    return "\n".join([*lines, "", texts["times"].format(order=order, example=day), "", texts["emergency"], ""])


def _codes(policy: Policy, organisation: Organisation, line: Line) -> list[str]:
    return sorted(row.code for row in policy.codes.get(organisation.id, ()) if row.action == line.action)


def _row(code: str, line: Line, examples: Mapping[str, str], *, swedish: bool) -> str:
    closing = "#" if code.endswith("*") else ""
    told = (line.swedish if swedish else line.english).format_map(examples)
    return f"| `{code}{line.dialled.format_map(examples)}{closing}` | {told} |"


def _examples(policy: Policy, organisation: Organisation) -> dict[str, str]:
    """Return real numbers of the organisation, short where they have a short form, or else likely ones."""
    phones = sorted(row.number for row in policy.extensions.values() if row.organisation_id == organisation.id)
    units = sorted(
        row.number for row in policy.units.values() if row.organisation_id == organisation.id and row.number
    )
    number, other, *_ = [*(_dialled(policy, row) for row in phones), "61104", "61100"]
    unit, *_ = [*(_dialled(policy, row) for row in units), "61200"]
    digit = next((row.digit for row in _reasons(policy, organisation) if not row.returns_by_date), "1")
    return {"number": number, "other": other, "unit": unit, "outside": OUTSIDE, "digit": digit}


def _dialled(policy: Policy, number: str) -> str:
    row = range_of(number, policy)
    return f"{row.short_prefix}{number[-row.short_digits :]}" if row is not None else national(number)


def _reasons(policy: Policy, organisation: Organisation) -> list[AbsenceReason]:
    rows = policy.absence_reasons.values()
    return sorted((row for row in rows if row.organisation_id == organisation.id), key=lambda row: row.digit)
