"""The policy check's report: JSON that keeps its documented shape, and text for people."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from callflow.policy.barrings import Barring, Category, Exemption, NumberClass
from callflow.policy.check import CODES, Severity, check
from callflow.policy.check_report import as_json, as_text, of_organisation
from callflow.policy.check_texts import WORDINGS, finding_text, subject_text, what_to_do
from callflow.policy.checks.finding import Finding, Subject, SubjectKind, finding
from callflow.policy.checks.texts_answers import ANSWERS
from callflow.policy.checks.texts_numbers import NUMBERS
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Absence, Policy, build_policy
from callflow.policy.texts import LANGUAGES
from tests.builders import (
    TUESDAY_TEN,
    at,
    diversion,
    exception,
    extension,
    group,
    mailbox,
    mobile,
    organisation,
    person,
    policy,
    roster,
    schedule,
    to_extension,
    to_group,
    to_mailbox,
    to_number,
    unit,
)
from tests.unit.policy.checked import MAIN, OFFICE, OPERATOR, PHONE, UNIT, sound

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "policy-check.schema.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "policy-check.md").read_text(encoding="utf-8")
UNIT_1 = Subject(kind=SubjectKind.UNIT, id=1, name="Bygglov", organisation_id=1)


def rows_of_a_broken_policy() -> dict[str, list[Any]]:
    """Return rows with at least one finding of nearly every code."""
    main = replace(MAIN, operator_group_id=2, duty_roster_id=None, outside_diversion_days=5)
    other = organisation(2, name="Vännäs kommun", key="vannas", main_number="+46935140000", duty_roster_id=2)
    past, summer = exception("2026-01-01", "2026-01-02", "Flytt"), exception("2027-06-01", "2027-06-02", "Sommar")
    days = (exception("2027-06-01", "2027-06-01", "Ett"), exception("2027-06-02", "2027-06-02", "Två"))
    hours = replace(OFFICE, exceptions=(past, summer, *days))
    outside = diversion("all", to_number("+46701740605"))
    return {
        "organisations": [main, other],
        "units": [
            unit(1, to_extension(1), to_extension(1), telephone_schedule_id=1, working_schedule_id=2),
            unit(2, to_extension(3), organisation_id=2, duty_phone=to_mailbox(1)),
            unit(3, organisation_id=2),
            unit(4, to_mailbox(1), to_group(2), organisation_id=1, manager_id=1),
            unit(5, to_number("112"), to_number("hej"), to_extension(77), to_number("+4690161777")),
            unit(6, to_number("+4712345678"), number="+46935140000"),
        ],
        "people": [person(1, absences=(Absence(id=1, reason_id=1, starts_at=at("2020-01-01 08:00")),))],
        "extensions": [
            extension(1, ring_limit=2, diversions=(outside, diversion("busy", to_extension(4)))),
            extension(2, sip_username=None),
            extension(3, diversions=(diversion("all", to_extension(4)),)),
            extension(4, diversions=(diversion("no_answer", to_extension(3), rings=4),), ring_limit=2),
            mobile(5, mobile_number=None),
            mobile(6, mobile_number="+4740612345"),
        ],
        "ring_groups": [group(1, 1, 2), group(2)],
        "schedules": [hours, schedule(2, (420, 1080))],
        "duty_rosters": [roster(2), roster(3, None), roster(4, to_mailbox(1))],
        "mailboxes": [mailbox(1), mailbox(9)],
        "barrings": [
            Barring(id=1, category=Category.PREMIUM, organisation_id=1),
            Barring(id=2, category=Category.MOBILE, organisation_id=1),
            Barring(id=3, category=Category.MOBILE, unit_id=1),
        ],
        "exemptions": [
            Exemption(
                id=number,
                extension_id=1,
                category=category,
                approver_id=1,
                starts_at=at("2026-01-01 00:00"),
                ends_at=at(ends),
            )
            for number, category, ends in (
                (1, Category.INTERNATIONAL, "2026-02-01 00:00"),
                (2, Category.NATIONAL, "9999-12-31 00:00"),
            )
        ],
        "number_classes": [
            NumberClass(id=1, prefix="0900", category=Category.PREMIUM),
            NumberClass(id=2, prefix="+4640", category=Category.NATIONAL),
        ],
        "feature_codes": [FeatureCode(id=1, organisation_id=1, code="*990*", action="of_tomorrow")],
    }


def broken() -> Policy:
    return policy(**rows_of_a_broken_policy())


def document(findings: tuple[Finding, ...], **more: Any) -> dict[str, Any]:
    return as_json(findings, broken(), TUESDAY_TEN, **more)


def check_shape(shown: object) -> None:
    jsonschema.validate(shown, SCHEMA, format_checker=jsonschema.FormatChecker())


def test_json_keeps_to_its_schema() -> None:
    for rows in (sound(), broken()):
        shown = as_json(check(rows, TUESDAY_TEN), rows, TUESDAY_TEN)
        check_shape(shown)
        assert json.loads(json.dumps(shown)) == shown


def test_json_counts_errors_and_warnings_and_tells_revision_and_time() -> None:
    findings = check(broken(), TUESDAY_TEN)
    shown = document(findings)
    assert shown["policy_revision"] == 1
    assert shown["at"] == "2026-11-24T10:00:00+01:00"
    assert shown["organisation"] is None
    assert shown["errors"] == sum(row.severity is Severity.ERROR for row in findings)
    assert shown["errors"] + shown["warnings"] == len(shown["findings"]) == len(findings)


def test_a_finding_in_json_is_complete() -> None:
    [row] = [row for row in document(check(broken(), TUESDAY_TEN))["findings"] if row["code"] == "diversion_loop"]
    assert row == {
        "rule": "R9",
        "code": "diversion_loop",
        "severity": "error",
        "organisation": {"id": 1, "key": "o1", "name": "Umeå kommun"},
        "subject": {"kind": "extension", "id": 3, "name": "+4690161003 Anknytning 3"},
        "values": {"chain": "+4690161003 → +4690161004 → +4690161003"},
        "text": {
            "sv": "Vidarekopplingarna går runt: +4690161003 → +4690161004 → +4690161003.",
            "en": "The diversions go round: +4690161003 → +4690161004 → +4690161003.",
        },
        "what_to_do": {"sv": "Ändra eller ta bort en av dem.", "en": "Change or delete one of them."},
    }


def test_one_organisations_findings_are_its_own() -> None:
    findings = check(broken(), TUESDAY_TEN)
    other = broken().organisations[2]
    own = of_organisation(findings, other)
    shown = document(own, organisation=other)
    assert shown["organisation"] == "vannas"
    assert {row["organisation"]["key"] for row in shown["findings"]} == {"vannas"}
    check_shape(shown)


def test_nearly_every_code_is_among_the_findings_of_a_broken_policy() -> None:
    codes = {row.code for row in check(broken(), TUESDAY_TEN)}
    assert len(codes) > 0.8 * len(CODES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_goes_by_organisation_with_what_to_do(language: str) -> None:
    rows = broken()
    findings = check(rows, TUESDAY_TEN)
    text = as_text(findings, rows, language)
    headings = re.findall(r"^(\S.*)\n=+$", text, re.MULTILINE)
    assert headings == ["Umeå kommun", "Vännäs kommun", "Gemensamt" if language == "sv" else "In common"]
    assert text.count("→ ") >= len(findings)
    assert "{" not in text


def test_text_names_the_subject_and_counts() -> None:
    rows = sound(extensions=[PHONE, OPERATOR, extension(3, sip_username=None)])
    assert as_text(check(rows, TUESDAY_TEN), rows, "sv").splitlines() == [
        "Umeå kommun",
        "===========",
        "  VARNING R9 anknytning +4690161003 Anknytning 3 (extension_without_phone)",
        "      Anknytningen har ingen telefon.",
        "      → Ange ett SIP-konto (extension.sip_username), vidarekoppla alla samtal, eller ta bort anknytningen.",
        "",
        "0 fel, 1 varning.",
    ]
    assert as_text(check(rows, TUESDAY_TEN), rows, "en").endswith("0 errors, 1 warning.")
    assert as_text((), rows, "sv") == "0 fel, 0 varningar."
    assert as_text((), rows, "en") == "0 errors, 0 warnings."


def test_what_belongs_to_a_missing_organisation_is_told_in_common() -> None:
    rows = sound(units=[UNIT, replace(UNIT, id=2, organisation_id=5, number=None, manager_id=None)])
    assert "Gemensamt" in as_text(check(rows, TUESDAY_TEN), rows, "sv")


def test_the_order_of_rows_changes_nothing() -> None:
    expected = check(broken(), TUESDAY_TEN)
    for seed in range(5):
        tables = {
            name: random.Random(seed).sample(rows, len(rows)) for name, rows in rows_of_a_broken_policy().items()
        }
        shuffled = build_policy(revision=1, number_ranges=list(broken().number_ranges.values()), **tables)
        assert check(shuffled, TUESDAY_TEN) == expected


def test_errors_come_before_warnings_in_each_organisation() -> None:
    first = [row.severity for row in check(broken(), TUESDAY_TEN) if row.subject.organisation_id == 1]
    assert first == sorted(first)


def test_every_code_has_its_texts_and_stands_in_the_page() -> None:
    assert WORDINGS.keys() == CODES.keys()
    assert not ANSWERS.keys() & NUMBERS.keys()
    rows = dict(re.findall(r"^\| `(\w+)` \| (R\d+, \w+) \|", PAGE, re.MULTILINE))
    assert rows == {code: f"{rule}, {severity.value}" for code, (rule, severity) in CODES.items()}


def test_the_page_tells_in_the_code_s_own_words_what_to_do() -> None:
    for code, wording in WORDINGS.items():
        [line] = [line for line in PAGE.splitlines() if line.startswith(f"| `{code}` |")]
        assert line == f"| `{code}` | {CODES[code][0]}, {CODES[code][1].value} | {wording.en} | {wording.do_en} |"


def test_texts_in_both_languages_take_the_same_values() -> None:
    for code, wording in WORDINGS.items():
        swedish, english = (sorted(set(re.findall(r"{(\w+)}", text))) for text in (wording.sv, wording.en))
        assert swedish == english, code


def text_of(code: str, language: str = "sv", **values: object) -> str:
    return finding_text(finding(code, UNIT_1, **values), language)


@pytest.mark.parametrize(
    ("hours", "swedish"),
    [
        ("1 08:00-09:00", "måndag 08:00–09:00"),
        ("1 08:00-09:00;2 08:00-09:00", "måndag–tisdag 08:00–09:00"),
        ("1 08:00-09:00;3 08:00-09:00", "måndag 08:00–09:00; onsdag 08:00–09:00"),
        (
            "1 08:00-09:00,15:00-16:30;2 08:00-09:00,15:00-16:30;7 00:00-24:00",
            "måndag–tisdag 08:00–09:00, 15:00–16:30; söndag 00:00–24:00",
        ),
    ],
)
def test_hours_read_as_people_write_them(hours: str, swedish: str) -> None:
    assert text_of("nobody_answers", hours=hours).endswith(f": {swedish}.")


@pytest.mark.parametrize(
    ("use", "swedish", "english"),
    [
        ("diversion busy", "vidarekopplingen (upptaget)", "the diversion (busy)"),
        ("answering_place 2", "svarsplats 2", "answering place 2"),
        ("duty_phone", "jourtelefonen", "the duty phone"),
        ("duty_level 1", "journivå 1", "duty level 1"),
        ("referral", "frånvarons hänvisning", "the absence's referral"),
    ],
)
def test_what_a_target_is_used_for_is_told_in_words(use: str, swedish: str, english: str) -> None:
    assert text_of("target_missing", use=use, place="unit 7") == f"Målet för {swedish} finns inte: enhet 7."
    assert f"The target of {english} does not exist: unit 7." == text_of(
        "target_missing", "en", use=use, place="unit 7"
    )


def test_times_are_told_by_the_clock_and_no_end_in_words() -> None:
    common: dict[str, Any] = {"condition": "all", "number": "+46701740605", "days": 5}
    assert "gäller till 2026-12-04 10:01;" in text_of(
        "outside_diversion_too_long", **common, until="2026-12-04T10:01+01:00"
    )
    assert "gäller tills vidare;" in text_of("outside_diversion_too_long", **common, until="")
    assert "stands until cancelled;" in text_of("outside_diversion_too_long", "en", **common, until="")
    assert text_of("duty_gap", starts="2026-12-01T07:00+01:00", ends="2026-12-02T08:00+01:00") == (
        "Ingen har jour från 2026-12-01 07:00 till 2026-12-02 08:00."
    )


@pytest.mark.parametrize("category", Category)
def test_every_category_has_a_word(category: Category) -> None:
    text = text_of("exemption_opens_nothing", exemption=1, category=category)
    assert "_" not in text


@pytest.mark.parametrize("kind", SubjectKind)
def test_every_kind_of_subject_has_a_word(kind: SubjectKind) -> None:
    assert subject_text(replace(UNIT_1, kind=kind), "sv").endswith(" Bygglov")


def test_what_to_do_is_told_in_the_language() -> None:
    row = finding("target_missing", UNIT_1, use="duty_phone", place="unit 7")
    assert what_to_do(row, "sv") == "Ange ett annat mål."
    assert what_to_do(row, "de") == "Name another target."
