"""What callers hear of an absence, word for word, in each language (R10)."""

import pytest

from callflow.policy.explain import spoken_text
from callflow.policy.model import Policy
from callflow.policy.plan import Menu
from callflow.speech.prompt_texts import LANGUAGES, PROMPTS_FOLDER, read_prompts
from tests.builders import (
    TUESDAY_TEN,
    absence,
    decided,
    extension,
    external,
    group,
    mailbox,
    organisation,
    person,
    policy,
    reason,
    to_extension,
)

PROMPTS = {language: read_prompts(PROMPTS_FOLDER / f"{language}.txt") for language in LANGUAGES}
TODAY_AT_ONE = "2026-11-24 13:00"
TOMORROW, MONDAY, DECEMBER = "2026-11-25", "2026-11-30", "2026-12-14"


def town(language: str, returns: str | None, *, operators: int | None = None, refers: bool = False) -> Policy:
    """Return a policy in which Anna Lindgren is at lunch since nine on a Tuesday and has voicemail."""
    lunch = absence("2026-11-24 09:00", returns, referral=to_extension(2) if refers else None)
    return policy(
        organisations=[organisation(language=language, operator_group_id=operators)],
        people=[person(1, absences=(lunch,))],
        absence_reasons=[reason(1)],
        extensions=[
            extension(1, name="Anna Lindgren", person_id=1, mailbox_id=1),
            extension(2, name="Eva Sandberg"),
        ],
        ring_groups=[group(1, 2)],
        mailboxes=[mailbox(1)],
    )


def heard(rows: Policy, language: str) -> str:
    """Return the whole referral in the words of the prompts."""
    decision = decided(rows, external("+4690161001"), TUESDAY_TEN)
    assert decision.plan.language == language
    first = decision.plan.steps[0]
    assert isinstance(first, Menu)
    return spoken_text(first.phrases, PROMPTS[language])


@pytest.mark.parametrize(
    ("returns", "words"),
    [
        (TODAY_AT_ONE, "klockan tretton"),
        ("2026-11-24 13:30", "klockan tretton trettio"),
        ("2026-11-24 14:05", "klockan fjorton noll fem"),
        (f"{TOMORROW} 08:00", "i morgon klockan åtta"),
        (f"{TOMORROW} 00:00", "i morgon"),
        (f"{MONDAY} 07:30", "på måndag klockan sju trettio"),
        (f"{MONDAY} 00:00", "på måndag"),
        (f"{DECEMBER} 08:00", "den fjortonde december klockan åtta"),
        (f"{DECEMBER} 00:00", "den fjortonde december"),
    ],
)
def test_return_in_swedish(returns: str, words: str) -> None:
    told = f"Anna Lindgren är på lunch och är åter {words}. Vill du lämna ett meddelande, tryck 2."
    assert heard(town("sv", returns), "sv") == told


@pytest.mark.parametrize(
    ("returns", "words"),
    [
        (TODAY_AT_ONE, "at thirteen"),
        ("2026-11-24 13:30", "at thirteen thirty"),
        ("2026-11-24 14:05", "at fourteen oh five"),
        (f"{TOMORROW} 08:00", "tomorrow at eight"),
        (f"{TOMORROW} 00:00", "tomorrow"),
        (f"{MONDAY} 07:30", "on Monday at seven thirty"),
        (f"{MONDAY} 00:00", "on Monday"),
        (f"{DECEMBER} 08:00", "on the fourteenth of December at eight"),
        (f"{DECEMBER} 00:00", "on the fourteenth of December"),
    ],
)
def test_return_in_english(returns: str, words: str) -> None:
    told = f"Anna Lindgren is at lunch and is back {words}. To leave a message, press 2."
    assert heard(town("en", returns), "en") == told


ALL_CHOICES = {
    "sv": (
        "Anna Lindgren är på lunch och är åter klockan tretton. Vill du kopplas till Eva Sandberg tryck 1. "
        "Vill du lämna ett meddelande, tryck 2. Vill du tala med växeln, tryck 0."
    ),
    "en": (
        "Anna Lindgren is at lunch and is back at thirteen. To be put through to Eva Sandberg press 1. "
        "To leave a message, press 2. To speak to the switchboard, press 0."
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_may_be_chosen(language: str) -> None:
    assert heard(town(language, TODAY_AT_ONE, operators=1, refers=True), language) == ALL_CHOICES[language]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("sv", "Anna Lindgren är på lunch. Vill du lämna ett meddelande, tryck 2."),
        ("en", "Anna Lindgren is at lunch. To leave a message, press 2."),
    ],
)
def test_absence_without_a_known_return(language: str, words: str) -> None:
    assert heard(town(language, None), language) == words
