"""What is spoken and what is written: every name used has its words, in both languages."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from callflow.policy.decision import Outcome, TraceLine
from callflow.policy.model import Hours
from callflow.policy.plan import Phrase, PhraseKind
from callflow.policy.policy_texts import policy_texts
from callflow.policy.spoken import PROMPTS, moment, spoken_hours, text, week
from callflow.policy.texts import LANGUAGES, OUTCOMES, REASONS, outcome_text, reason_text
from tests.builders import at, calendar, exception, extension, group, organisation, person, policy, schedule, unit

ROOT = Path(__file__).parents[3]


def words(phrases: tuple[Phrase, ...], language: str) -> str:
    texts = prompts_of(language)
    return " ".join(texts[phrase.value] if phrase.kind is PhraseKind.PROMPT else phrase.value for phrase in phrases)


def prompts_of(language: str) -> dict[str, str]:
    lines = (ROOT / "prompts" / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if line.startswith("policy/"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_prompts_have_words_for_exactly_the_names_that_plans_use(language: str) -> None:
    assert set(prompts_of(language)) == {f"policy/{name}" for name in PROMPTS}


def strings_in_the_policy() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "callflow" / "policy").glob("*.py"):
        if path.name in {"texts.py", "spoken.py"}:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return found


def test_every_prompt_is_used() -> None:
    composed = re.compile(
        r"(hour|minute|weekday|day|month|after-ring)-\d+|and|to|clock|the|today|tomorrow|on-weekday|on-date|until|until-clock|around-the-clock"
    )
    unused = {name for name in PROMPTS if not composed.fullmatch(name)} - strings_in_the_policy()
    assert not unused


def noted() -> dict[str, set[str]]:
    """Return each reason that code notes in a trace, with the names of its values."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "callflow" / "policy").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "note":
                values = {keyword.arg for keyword in node.keywords if keyword.arg}
                for reason in reasons_of(node.args[2]):
                    assert found.setdefault(reason, values) == values, reason
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "TraceLine":
                found |= {reason: set() for reason in literal_reasons(node)}
    return found


def literal_reasons(line: ast.Call) -> list[str]:
    reasons = [keyword.value for keyword in line.keywords if keyword.arg == "reason"]
    return [str(reason.value) for reason in reasons if isinstance(reason, ast.Constant)]


def reasons_of(argument: ast.expr) -> list[str]:
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    assert isinstance(argument, ast.IfExp), "a trace's reason is a word, or one of two"
    return reasons_of(argument.body) + reasons_of(argument.orelse)


def test_every_reason_noted_has_words_and_every_word_is_noted() -> None:
    assert set(noted()) == set(REASONS)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_words_of_a_reason_use_only_values_that_it_has_and_the_same_in_both_languages(reason: str) -> None:
    used = [{name for _, name, _, _ in Formatter().parse(words) if name} for words in REASONS[reason]]
    assert used[0] == used[1]
    assert used[0] <= noted()[reason]


def test_reason_and_outcome_are_told_in_the_language_asked_for() -> None:
    line = TraceLine(rule="R8", matched=True, reason="extension_rings", values={"extension": "x", "rings": "4"})
    assert reason_text(line, "sv") == "Anknytning x ringer högst 4 signaler."
    assert reason_text(line, "en") == "Extension x rings at most 4 times."
    assert outcome_text(Outcome.EMERGENCY, "sv") == "Nödsamtal"
    assert outcome_text(Outcome.EMERGENCY, "en") == "Emergency call"
    assert set(OUTCOMES) == set(Outcome)


def test_weekly_hours_join_like_days_in_a_row() -> None:
    assert words(week(schedule().hours), "sv") == (
        "måndag till fredag klockan nio till elva trettio och tretton till femton"
    )
    assert words(week(schedule().hours), "en") == "Monday to Friday at nine to eleven thirty and thirteen to fifteen"


def test_weekly_hours_tell_other_days_apart() -> None:
    mixed = (
        *schedule(1, (540, 600), days=range(1, 3)).hours,
        *schedule(1, (540, 605), days=range(3, 4)).hours,
        *schedule(1, (540, 600), days=range(4, 5)).hours,
        *schedule(1, (0, 1440), days=range(6, 8)).hours,
    )
    assert words(week(mixed), "sv") == (
        "måndag och tisdag klockan nio till tio onsdag klockan nio till tio noll fem "
        "torsdag klockan nio till tio lördag och söndag dygnet runt"
    )
    assert week(()) == ()


def test_hours_until_midnight_are_told_as_twenty_four() -> None:
    assert words(spoken_hours((Hours(opens=1200, closes=1440),)), "sv") == "klockan tjugo till tjugofyra"
    assert spoken_hours(()) == ()


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("2026-11-24 13:30", "i dag klockan tretton trettio"),
        ("2026-11-25 09:00", "i morgon klockan nio"),
        ("2026-11-30 09:00", "måndag klockan nio"),
        ("2026-12-01 09:00", "tisdag den första december klockan nio"),
    ],
)
def test_moment_is_told_as_one_says_it(when: str, told: str) -> None:
    assert words(moment(at(when), at("2026-11-24 10:00")), "sv") == told


def test_every_text_that_a_plan_may_speak_is_listed_in_every_language_spoken() -> None:
    rows = policy(
        organisations=[organisation(), organisation(2, language="en", name="Vännäs kommun")],
        extensions=[extension(1, name="Expeditionen"), extension(2, name=None)],
        people=[person(5)],
        units=[unit(1)],
        ring_groups=[group(1)],
        schedules=[schedule(1, exceptions=(exception("2026-01-01", "2026-01-02", "utbildning"),))],
        holiday_calendars=[calendar(1, ("2026-12-25", "juldagen"))],
    )
    texts = {
        "Umeå kommun",
        "Vännäs kommun",
        "Expeditionen",
        "Åsa Öberg 5",
        "Enhet 1",
        "Grupp 1",
        "utbildning",
        "juldagen",
    }
    assert list(policy_texts(rows)) == [(language, value) for value in sorted(texts) for language in ("en", "sv")]
    assert list(policy_texts(policy(organisations=[]))) == [("sv", "Enhet 1")]


def test_text_is_spoken_as_it_is() -> None:
    assert text("Åsa") == Phrase(PhraseKind.TEXT, "Åsa", "policy/the-one-you-seek")
