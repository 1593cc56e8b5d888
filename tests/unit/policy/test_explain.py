"""Explaining a decision: JSON that keeps its documented shape, and text for people."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from callflow.policy.decision import Call, TraceLine
from callflow.policy.explain import explain, explain_text, spoken_text
from callflow.policy.feature_actions import FeatureAction, FeatureCode
from callflow.policy.model import DiversionCondition, Policy, TargetKind
from callflow.policy.plan import Phrase, PhraseKind
from callflow.policy.texts import WORDS, reason_text
from tests.builders import (
    CALLER,
    OUTSIDER,
    TUESDAY_NIGHT,
    TUESDAY_TEN,
    at,
    diversion,
    extension,
    external,
    internal,
    mailbox,
    mobile,
    organisation,
    policy,
    roster,
    schedule,
    to_extension,
    unit,
)
from tests.unit.policy import test_absence_codes as absence_codes
from tests.unit.policy import test_duty_codes as duty_codes
from tests.unit.policy import test_lost_phone as lost_phone
from tests.unit.policy import test_unit_codes as unit_codes

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "docs" / "explain.schema.json").read_text(encoding="utf-8"))
ONE = "+4690161001"


def town() -> Policy:
    busy = (diversion("busy", to_extension(2)),)
    return policy(
        organisations=[organisation(duty_roster_id=1)],
        extensions=[CALLER, extension(1, name="Anna Lind", mailbox_id=1, diversions=busy), mobile(2)],
        units=[unit(1, to_extension(1), telephone_schedule_id=1)],
        schedules=[schedule(1)],
        duty_rosters=[roster(1, to_extension(2))],
        mailboxes=[mailbox(1), mailbox(9)],
    )


def check(document: object) -> None:
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize(
    ("call", "now"),
    [
        (external(ONE), TUESDAY_TEN),
        (external("+4690161901"), TUESDAY_NIGHT),
        (external("+4690161901", None), TUESDAY_TEN),
        (internal("112"), TUESDAY_TEN),
        (internal("0701740606"), TUESDAY_TEN),
        (external("hej"), TUESDAY_TEN),
        (external("+4690161000"), TUESDAY_TEN),
    ],
)
def test_json_keeps_to_its_schema(call: Call, now: Any) -> None:
    document = explain(town(), call, now)
    check(document)
    assert json.loads(json.dumps(document)) == document


def test_json_has_the_outcome_the_steps_the_trace_and_the_revision_at_its_top() -> None:
    document: dict[str, Any] = explain(town(), external(ONE), TUESDAY_TEN)
    assert document["outcome"] == "extension"
    assert document["policy_revision"] == 1
    assert document["language"] == "sv"
    assert document["at"] == "2026-11-24T10:00:00+01:00"
    assert document["presentation"] is None
    assert document["change"] is None
    assert document["call"] == {
        "called_number": ONE,
        "caller_number": OUTSIDER,
        "caller_extension_id": None,
        "mover_extension_id": None,
    }
    first = document["steps"][0]
    assert first["verb"] == "dial"
    assert first["legs"] == [{"kind": "phone", "address": "61001", "confirm": False}]
    assert (first["step"], first["rings"], first["ring_ms"]) == (0, 4, 6000)
    assert document["trace"][0] == {
        "rule": "R23",
        "matched": False,
        "reason": "not_emergency",
        "values": {},
        "text": {"sv": "Numret är inte nödnumret.", "en": "The number is not the emergency number."},
    }


@pytest.mark.parametrize("called", ["*21*0701740605#", "#21#"])
def test_json_tells_what_a_feature_code_changes(called: str) -> None:
    document: dict[str, Any] = explain(town_with_codes(), internal(called), TUESDAY_TEN)
    check(document)
    assert document["change"]["conditions"] == ["all"]
    assert (document["change"]["diversion"] is None) == (called == "#21#")


@pytest.mark.parametrize(("called", "begins"), [("*23*1*1300#", True), ("*23*1#", True), ("#23#", False)])
def test_json_tells_which_absence_a_feature_code_changes(called: str, begins: bool) -> None:
    document: dict[str, Any] = explain(absence_codes.town(absence_codes.MEETING), internal(called, 1), TUESDAY_TEN)
    check(document)
    assert document["change"]["person_id"] == 1
    assert (document["change"]["absence"] is not None) is begins


@pytest.mark.parametrize("called", ["*29*61002*135790#", "*29*61998*1#"])
def test_json_tells_what_a_feature_code_locks(called: str) -> None:
    check(explain(lost_phone.region(), internal(called, 1), TUESDAY_TEN))


@pytest.mark.parametrize(("called", "takes"), [("*27*0700#", True), ("#27#", False)])
def test_json_tells_which_duty_a_feature_code_changes(called: str, takes: bool) -> None:
    rows = duty_codes.town(duty_codes.taken(duty_codes.ANNA))
    document: dict[str, Any] = explain(rows, internal(called, duty_codes.ANNA), TUESDAY_NIGHT)
    check(document)
    assert (document["change"]["roster_id"], document["change"]["shift"] is not None) == (1 if takes else None, takes)


@pytest.mark.parametrize(("called", "forces"), [("*28*0*1400#", True), ("#28#", False)])
def test_json_tells_what_a_feature_code_forces_a_unit_to_be(called: str, forces: bool) -> None:
    document: dict[str, Any] = explain(unit_codes.town(unit_codes.CLOSED), internal(called, 1), TUESDAY_TEN)
    check(document)
    assert (document["change"]["unit_id"], document["change"]["override"] is not None) == (1, forces)


@pytest.mark.parametrize(
    ("rows", "called", "line"),
    [
        (
            duty_codes.town(),
            "*27*0700#",
            "Ändras: Anknytning +4690161001 tar över jouren (Jour 1) till 2026-11-25 07:00.",
        ),
        (
            unit_codes.town(),
            "*28*0*1400#",
            "Ändras: Anknytning +4690161001 sätter Bygglov: stängd till 2026-11-24 14:00.",
        ),
    ],
)
def test_text_tells_of_duty_and_of_what_a_unit_is_forced_to_be(rows: Policy, called: str, line: str) -> None:
    assert line in explain_text(rows, internal(called, 1), TUESDAY_TEN, "sv").splitlines()


def test_schema_refuses_what_is_not_documented() -> None:
    document = explain(town(), external(ONE), TUESDAY_TEN)
    with pytest.raises(jsonschema.ValidationError):
        check({**document, "more": 1})
    with pytest.raises(jsonschema.ValidationError):
        check({**document, "outcome": "nowhere"})


def test_example_in_the_documentation_keeps_to_the_schema() -> None:
    page = (ROOT / "docs" / "explain-json.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    assert examples
    for example in examples:
        check(json.loads(example))


def test_text_tells_what_happens_and_why_in_swedish() -> None:
    text = explain_text(town(), external(ONE), TUESDAY_TEN, "sv", {"policy/does-not-answer": "svarar inte."})
    lines = text.splitlines()
    assert lines[0] == "Samtal till en anknytning (extension), policyrevision 1"
    assert "   0  ring 61001, högst 4 signaler; inget svar → 3, upptaget → 1, onåbar → 3" in lines
    assert any(line.endswith("röstbrevlåda 70001 → 4") for line in lines)
    assert any(line.endswith("lägg på (normal)") for line in lines)
    assert "  R8  ✓ Anknytning +4690161001 ringer högst 4 signaler." in lines
    assert "  R21 – Anknytning +4690161001 är inte spärrad." in lines


def test_text_is_there_in_english_too() -> None:
    reasons = {
        "does-not-answer": "does not answer.",
        "is-busy": "is busy.",
        "cannot-be-reached": "cannot be reached.",
    }
    words = {f"policy/{name}": said for name, said in reasons.items()}
    text = explain_text(town(), external(ONE), TUESDAY_TEN, "en", words)
    assert text.startswith("Call to an extension (extension), policy revision 1\n\nWhat happens:\n")
    assert "ring 61001, at most 4 rings; no answer → 3, busy → 1, unreachable → 3" in text
    assert (
        "say ”Anna Lind does not answer / is busy / cannot be reached. policy/transfer-to Anknytning 2” → 2" in text
    )
    assert "ring +46701740602, at most 4 rings; unanswered → 3" in text
    assert "voicemail 70001 → 4" in text
    assert "hang up (normal)" in text
    assert "The rules:" in text


def test_text_tells_menus_and_urgent_messages() -> None:
    swedish = explain_text(town(), external("+4690161901"), TUESDAY_NIGHT, "sv")
    assert re.search(r"val ”Enhet 1 policy/is-closed .*” 1 → 2, annars → 1", swedish)
    assert "röstbrevlåda 70009 (brådskande)" in swedish
    english = explain_text(town(), external("+4690161901"), TUESDAY_NIGHT, "en")
    assert re.search(r"menu ”.*” 1 → 2, otherwise → 1", english)
    assert "voicemail 70009 (urgent)" in english


@pytest.mark.parametrize(("language", "words"), [("sv", "nödsamtal 112"), ("en", "emergency call 112")])
def test_text_tells_an_emergency_call(language: str, words: str) -> None:
    assert words in explain_text(town(), internal("112"), at("2026-11-24 03:00"), language)


def town_with_codes(**caller: Any) -> Policy:
    actions = {
        "*21*": FeatureAction.DIVERT_ALL,
        "*61*": FeatureAction.DIVERT_NO_ANSWER,
        "#21#": FeatureAction.DIVERT_ALL_CANCEL,
        "*#21#": FeatureAction.DIVERT_ALL_ASK,
        "##002#": FeatureAction.DIVERT_CANCEL_ALL,
        "#31#": FeatureAction.HIDE_NUMBER_ONCE,
    }
    return policy(
        organisations=[organisation(outside_diversion_days=30)],
        extensions=[extension(99, **{"name": "Åsa Ek", **caller}), extension(1)],
        units=[unit(1), unit(2, presents="hidden"), unit(3, confidential=True)],
        feature_codes=[
            FeatureCode(id=row_id, organisation_id=1, code=code, action=action)
            for row_id, (code, action) in enumerate(actions.items(), start=1)
        ],
    )


def shown_and_changed(called: str, language: str = "sv", **caller: Any) -> list[str]:
    """Return the lines between the outcome and what happens, for a call from a phone of ours."""
    lines = explain_text(town_with_codes(**caller), internal(called), TUESDAY_TEN, language).splitlines()
    return lines[1 : lines.index("")]


@pytest.mark.parametrize(
    ("called", "language", "line"),
    [
        ("*21*61001#", "sv", "{sv} vidarekopplas (alla samtal) till anknytning Anknytning 1."),
        ("*61*61001*6#", "en", "{en} is diverted (no answer) to extension Anknytning 1. Rings before: 1."),
        ("*61*61001*12#", "sv", "{sv} vidarekopplas (inget svar) till anknytning Anknytning 1. Signaler före: 2."),
        (
            "*21*0701740605#",
            "sv",
            "{sv} vidarekopplas (alla samtal) till nummer +46701740605. Till 2026-12-24 00:00.",
        ),
        ("*21*0701740605#", "en", "{en} is diverted (all calls) to number +46701740605. Until 2026-12-24 00:00."),
        ("#21#", "sv", "Ändras: Vidarekopplingen av anknytning +4690161099 tas bort (alla samtal)."),
        ("##002#", "en", "Changed: All diversions of extension +4690161099 are removed."),
    ],
)
def test_text_tells_what_a_feature_code_changes(called: str, language: str, line: str) -> None:
    begins = {"sv": "Ändras: Anknytning +4690161099", "en": "Changed: Extension +4690161099"}
    assert shown_and_changed(called, language) == [line.format_map(begins)]


@pytest.mark.parametrize("called", ["*#21#", "*21*hej#", "*21*004722334455#"])
def test_text_tells_of_no_change_where_a_code_asks_or_is_refused(called: str) -> None:
    assert shown_and_changed(called) == []


@pytest.mark.parametrize(
    ("called", "caller", "swedish", "english"),
    [
        ("0701740605", {}, "Visas utåt: +4690161099 Åsa Ek", "Shown to the outside: +4690161099 Åsa Ek"),
        ("61001", {"name": None}, "Visas utåt: +4690161099", "Shown to the outside: +4690161099"),
        ("0701740605", {"unit_id": 2}, "Visas utåt: inget nummer", "Shown to the outside: no number"),
        (
            "#31#0701740605",
            {},
            "Visas utåt: inget nummer, inte heller på våra egna telefoner",
            "Shown to the outside: no number, nor on our own phones",
        ),
        (
            "61001",
            {"unit_id": 3},
            "Visas utåt: inget nummer, inte heller på våra egna telefoner",
            "Shown to the outside: no number, nor on our own phones",
        ),
    ],
)
def test_text_tells_how_the_caller_is_shown(called: str, caller: Any, swedish: str, english: str) -> None:
    assert shown_and_changed(called, "sv", **caller) == [swedish]
    assert shown_and_changed(called, "en", **caller) == [english]


def test_text_tells_nothing_of_how_a_call_that_goes_nowhere_is_shown() -> None:
    assert shown_and_changed("004722334455") == []


def test_trace_is_swedish_also_in_the_words_of_the_model() -> None:
    values = {"extension": "+4690161103", "condition": "no_answer", "place": "extension +4690161104"}
    line = TraceLine(rule="R9", matched=True, reason="diverted", values=values)
    assert reason_text(line, "sv") == (
        "Anknytning +4690161103 är vidarekopplad (inget svar) till anknytning +4690161104."
    )
    assert reason_text(line, "en") == "Extension +4690161103 is diverted (no answer) to extension +4690161104."


@pytest.mark.parametrize("word", [*TargetKind, *DiversionCondition])
def test_every_word_of_the_model_has_a_word_in_both_languages(word: str) -> None:
    assert all(WORDS[word])


def test_a_new_sentence_ends_the_one_before_it() -> None:
    words = {"hours": "Du når oss", "day": "måndag", "again": "Vi öppnar igen"}
    phrases = (*(Phrase(PhraseKind.PROMPT, name) for name in words), Phrase(PhraseKind.TEXT, "Umeå kommun"))
    assert spoken_text(phrases, words) == "Du når oss måndag. Vi öppnar igen Umeå kommun"
