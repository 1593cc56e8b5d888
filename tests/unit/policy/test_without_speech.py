"""What is heard while the policy's own texts have no speech, as with a broken engine: whole sentences (R10)."""

from typing import Any

import pytest

from callflow.policy.barrings import Barring, Category
from callflow.policy.decision import Call
from callflow.policy.evaluate import decide
from callflow.policy.explain import spoken_text
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Policy
from callflow.policy.plan import Menu, Phrase, PhraseKind, Say
from callflow.speech.prompt_texts import PROMPTS_FOLDER, read_prompts
from tests.builders import (
    OUTSIDER,
    TUESDAY_TEN,
    absence,
    calendar,
    diversion,
    extension,
    group,
    mailbox,
    organisation,
    person,
    policy,
    reason,
    schedule,
    to_extension,
    unit,
)

PROMPTS = read_prompts(PROMPTS_FOLDER / "sv.txt")
LUNCH = absence("2026-11-24 09:30", "2026-11-24 13:00", referral=to_extension(2))
FOR_ANOTHER = FeatureCode(id=1, organisation_id=1, code="*#210*", action="divert_all_for_another_ask")


def town(**tables: Any) -> Policy:
    """Return a policy in which extension 1 is Åsa's, whose unit's manager is Bo, and 2 is Bo's."""
    defaults: dict[str, Any] = {
        "organisations": [organisation(name="Umeå kommun", operator_group_id=1)],
        "units": [unit(1, number="+4690161900", name="Bygglov", manager_id=2)],
        "people": [person(1), person(2)],
        "extensions": [
            extension(1, name="Åsa Öberg", person_id=1, mailbox_id=1),
            extension(2, name="Bo Ek", person_id=2),
            extension(3, name="Växeln"),
        ],
        "ring_groups": [group(1, 3)],
        "mailboxes": [mailbox(1)],
        "absence_reasons": [reason(1)],
        "feature_codes": [FOR_ANOTHER],
    }
    return policy(**{**defaults, **tables})


def heard(rows: Policy, called: str, caller: int | None = None) -> list[str]:
    """Return in Swedish what each step of the call says while no text has speech."""
    call = Call(called_number=called, caller_number=None if caller else OUTSIDER, caller_extension_id=caller)
    said = [step.phrases for step in decide(rows, call, TUESDAY_TEN).plan.steps if isinstance(step, Say | Menu)]
    return [spoken_text(_without_speech(phrases), PROMPTS) for phrases in said]


def _without_speech(phrases: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
    left = []
    for phrase in phrases:
        if phrase.kind is not PhraseKind.TEXT:
            left.append(phrase)
        elif phrase.stand_in is not None:
            left.append(Phrase(PhraseKind.PROMPT, phrase.stand_in))
    return tuple(left)


def test_absence() -> None:
    [told, *_] = heard(town(people=[person(1, absences=(LUNCH,)), person(2)]), "+4690161001")
    assert told == (
        "Den du söker är inte på plats och är åter klockan tretton. Vill du kopplas till någon annan tryck 1. "
        "Vill du lämna ett meddelande, tryck 2. Vill du tala med växeln, tryck 0."
    )


def test_greeting_of_the_switchboard() -> None:
    assert heard(town(), "+4690161000")[0].startswith("Välkommen till vår växel")


def test_who_does_not_answer_and_where_the_call_goes_on() -> None:
    diverted = extension(1, name="Åsa Öberg", diversions=(diversion("no_answer", to_extension(2)),))
    words = " ".join(heard(town(extensions=[diverted, extension(2, name="Bo Ek")]), "+4690161001"))
    assert "Den du söker svarar inte" in words
    assert "Du kopplas vidare till någon annan" in words


def test_holiday_that_closes() -> None:
    closed = town(
        organisations=[organisation(holiday_calendar_id=1)],
        units=[unit(1, to_extension(1), number="+4690161900", name="Bygglov", telephone_schedule_id=1)],
        schedules=[schedule(1, (540, 900))],
        holiday_calendars=[calendar(1, ("2026-11-24", "en helgdag"))],
    )
    [told, *_] = heard(closed, "+4690161900")
    assert told.startswith("Den du söker har ingen telefontid just nu. Stängt i dag,. Du når oss måndag till fredag")


@pytest.mark.parametrize(("manager", "words"), [(2, "Den som kan öppna spärren är din närmaste chef,"), (None, "")])
def test_whom_to_ask_about_a_barring(manager: int | None, words: str) -> None:
    barred = town(
        units=[unit(1, manager_id=manager)],
        barrings=[Barring(id=1, category=Category.MOBILE, organisation_id=1)],
    )
    assert words in heard(barred, "0701740606", caller=1)[0]


def test_whose_diversion_it_is() -> None:
    diverted = extension(1, name="Åsa Öberg", person_id=1, diversions=(diversion("all", to_extension(2)),))
    rows = town(extensions=[diverted, extension(2, name="Bo Ek", person_id=2)])
    assert heard(rows, "*#210*61001#", caller=2)[0] == (
        "Det gäller anknytningen du slog. Alla samtal kopplas vidare till någon annan"
    )
