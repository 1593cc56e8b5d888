"""Plans as the variables that the dialplan's interpreter runs."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from callflow.asterisk.conf_text import ConfigurationError
from callflow.asterisk.plan_variables import HEADER, SoundOf, plan_variables
from callflow.policy.plan import (
    Dial,
    Emergency,
    Hangup,
    HangupCause,
    Leg,
    LegKind,
    Menu,
    Phrase,
    PhraseKind,
    Plan,
    Presentation,
    Say,
    Step,
    Voicemail,
)
from callflow.policy.together import that_ring

INTERPRETER = Path(__file__).parents[3] / "dialplan" / "interpreter.conf"
PHONE = Leg(LegKind.PHONE, "61001")
MOBILE = Leg(LegKind.TRUNK, "+46701740605")
CONFIRMING = Leg(LegKind.TRUNK, "+46701740605", confirm=True)


def no_speech(_language: str, _text: str, _mailbox: str | None) -> str | None:
    return None


def prompt(name: str) -> Phrase:
    return Phrase(PhraseKind.PROMPT, name)


def dial(*legs: Leg, rings: int = 4, ring_ms: int = 6000) -> Dial:
    return Dial(legs=legs, rings=rings, ring_ms=ring_ms, no_answer=1, busy=2, unreachable=3)


def fields_of(plan: Plan, sound: SoundOf = no_speech) -> list[str]:
    """Return the fields of the plan's variable: `HEADER` of them, then the steps."""
    [(name, value)] = plan_variables(plan, sound, "0a1b2c").items()
    assert name == "CF_PLAN"
    return value.split("|")


def encoded(*steps: Step) -> list[str]:
    """Return each of `steps`, with hang-ups behind them for their successors."""
    return fields_of(Plan(language="sv", steps=(*steps, *([Hangup()] * 3))))[HEADER:]


def test_a_phone_rings_for_its_rings_and_is_given_up_when_it_does_not_ring() -> None:
    assert encoded(dial(PHONE))[0] == "phone,1(PJSIP/61001,24^5,24^5,24000,1,2,3)"


def test_a_mobile_gets_more_time_until_the_call_is_answered() -> None:
    assert encoded(dial(MOBILE))[0] == "watched,1(PJSIP/+46701740605@trunk,32^10,24^10,24000,1,2,3)"


def test_a_twin_that_confirms_rings_beside_its_desk_phone() -> None:
    legs = "PJSIP/61001&Local/+46701740605@callflow-confirm/n"
    assert encoded(dial(PHONE, CONFIRMING))[0].startswith(f"watched,1({legs},")


def test_phones_that_ring_together_are_ours_to_the_last() -> None:
    assert encoded(dial(PHONE, replace(PHONE, address="61002")))[0].startswith("dial,1(PJSIP/61001&PJSIP/61002,")


def test_a_leg_named_twice_rings_once() -> None:
    assert encoded(dial(PHONE, PHONE))[0].startswith("dial,1(PJSIP/61001,24^5")


def test_a_short_cadence_keeps_its_fractions_of_a_second() -> None:
    assert "1.6^5" in encoded(dial(PHONE, ring_ms=400))[0]


def test_swedish_is_what_asterisk_calls_se() -> None:
    assert fields_of(Plan(language="sv", steps=(Hangup(),))) == ["se", "", "", "", "0a1b2c", "hangup,1(16)"]


def test_how_the_caller_is_shown_stands_before_the_steps() -> None:
    shown = Presentation(number="+4690161001", name="Åsa | Öberg")
    hidden = Presentation(number=None, hidden_inside=True)
    for presentation, fields in ((shown, ["+4690161001", "Åsa Öberg", ""]), (hidden, ["hidden", "", "1"])):
        plan = Plan(language="sv", steps=(Hangup(),), presentation=presentation)
        assert fields_of(plan)[1:4] == fields


def test_prompts_and_speech_are_joined_in_order() -> None:
    phrases = (prompt("policy/transfer-to"), Phrase(PhraseKind.TEXT, "Åsa Öberg"))
    plan = Plan(language="sv", steps=(Say(phrases=phrases, next_step=1), Hangup()))
    assert (
        fields_of(plan, lambda language, *_: f"policy/{language}/0a1b")[HEADER]
        == "say,1(policy/transfer-to&policy/sv/0a1b,1)"
    )


def test_whose_recording_may_be_heard_is_asked_with_the_name() -> None:
    say = Say(phrases=(Phrase(PhraseKind.TEXT, "Åsa Öberg", mailbox="61001"), prompt("policy/is-away")), next_step=1)
    plan = Plan(language="sv", steps=(say, Hangup()))
    fields = fields_of(plan, lambda language, text, mailbox: f"{mailbox}/{language}-{text[0]}")
    assert fields[HEADER] == "say,1(61001/sv-Å&policy/is-away,1)"


def test_a_name_without_speech_is_spoken_of_in_general() -> None:
    name = Phrase(PhraseKind.TEXT, "Åsa Öberg", "policy/the-one-you-seek")
    holiday = Phrase(PhraseKind.TEXT, "juldagen")
    say = Say(phrases=(name, prompt("policy/is-closed"), holiday), next_step=1)
    assert encoded(say)[0] == "say,1(policy/the-one-you-seek&policy/is-closed,1)"


def test_a_menu_has_the_step_of_each_digit() -> None:
    menu = Menu(phrases=(prompt("a"),), choices=(("1", 2), ("0", 3)), no_choice=1, wait_ms=4500, times=3)
    assert encoded(menu)[0] == "menu,1(a,4.5,3,1,:d1:2:d0:3)"


@pytest.mark.parametrize(("urgent", "options"), [(False, "u"), (True, "uU")])
def test_an_urgent_message_is_marked(*, urgent: bool, options: str) -> None:
    assert encoded(Voicemail(mailbox="70001", urgent=urgent, next_step=1))[0] == (
        f"voicemail,1(70001@callflow,{options},1)"
    )


def test_a_voicemail_that_is_listened_to_is_a_step_of_its_own() -> None:
    assert encoded(Voicemail(mailbox="70001", listen=True, next_step=1))[0] == "messages,1(70001@callflow,1)"


@pytest.mark.parametrize(
    ("cause", "number"),
    [(HangupCause.NORMAL, 16), (HangupCause.UNALLOCATED, 1), (HangupCause.BUSY, 17), (HangupCause.REJECTED, 21)],
)
def test_the_network_is_told_why_a_call_ends(cause: HangupCause, number: int) -> None:
    assert encoded(Hangup(cause=cause))[0] == f"hangup,1({number})"


@pytest.mark.parametrize(
    "step",
    [
        dial(Leg(LegKind.PHONE, "61001&PJSIP/900@trunk")),
        dial(Leg(LegKind.PHONE, "61001,30,g")),
        dial(Leg(LegKind.TRUNK, "112)&Local/s@from-trunk")),
        dial(Leg(LegKind.TRUNK, "+46${SHELL(id)}", confirm=True)),
        dial(),
        Voicemail(mailbox="1@other", next_step=1),
        Say(phrases=(prompt("a,9"),), next_step=1),
        Say(phrases=(prompt("a&b"),), next_step=1),
        Menu(phrases=(prompt("a"),), choices=(("#", 1),), no_choice=1),
        Emergency(number="113"),
    ],
    ids=lambda step: type(step).__name__,
)
def test_nothing_in_a_plan_can_become_dialplan(step: Step) -> None:
    with pytest.raises(ConfigurationError):
        encoded(step)


@pytest.mark.parametrize("successor", [0, -1, 9])
def test_a_plan_that_goes_back_or_out_is_refused(successor: int) -> None:
    with pytest.raises(ConfigurationError, match="only goes forward"):
        encoded(Say(phrases=(prompt("a"),), next_step=successor))


def test_a_plan_without_steps_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="silence"):
        plan_variables(Plan(language="sv", steps=()), no_speech, "")


def test_a_language_without_prompts_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="en, sv"):
        plan_variables(Plan(language="fi", steps=(Hangup(),)), no_speech, "")


def test_every_verb_and_its_number_of_arguments_are_the_interpreters() -> None:
    variables = encoded(
        dial(PHONE, replace(PHONE, address="61002")),
        Say(phrases=(prompt("a"),), next_step=2),
        Menu(phrases=(prompt("a"),), choices=(), no_choice=3),
        Voicemail(mailbox="70001", next_step=4),
        Voicemail(mailbox="70001", listen=True, next_step=5),
        Emergency(number="112"),
    )
    sent = {}
    for number in range(7):
        verb, arguments = re.fullmatch(r"(\w+),1\((.*)\)", variables[number]).groups()  # type: ignore[union-attr]
        sent[verb] = arguments.count(",") + 1
    assert sent == _arguments_of_verbs()


def _arguments_of_verbs() -> dict[str, int]:
    """Return the highest ARGn that each subroutine of callflow-run uses (`dial`: also what goes on there)."""
    text = INTERPRETER.read_text(encoding="utf-8").split("\n[")[1]
    highest: dict[str, int] = {}
    for block in re.split(r"^exten => ", text, flags=re.MULTILINE)[1:]:
        verb = re.match(r"_?([a-z]+)", block)
        used = [int(number) for number in re.findall(r"\bARG(\d)\b", block)]
        if verb and used:
            name = "dial" if verb[1] in {"phone", "watched"} else verb[1]
            highest[name] = max(highest.get(name, 0), *used)
    return highest


def test_a_dial_of_as_many_legs_as_the_policy_lets_ring_can_be_read_whole() -> None:
    longest = [Leg(LegKind.PHONE, f"{at:064d}") for at in range(300)]
    outside = [Leg(LegKind.TRUNK, f"+{at:024d}", confirm=bool(at % 2)) for at in range(300)]
    for legs in (longest, outside, longest[:9] + outside):
        ringing = that_ring(legs)
        [step, *_] = encoded(dial(*ringing))
        assert len(legs) > step.count("&") > 50
        assert len(step) > 3700


def test_a_step_that_asterisk_would_lose_the_end_of_is_refused() -> None:
    legs = [replace(CONFIRMING, address=f"+4670174{at:04d}") for at in range(120)]
    with pytest.raises(ConfigurationError, match=r"step 0 \(watched\) has 4594"):
        encoded(dial(*legs))
    with pytest.raises(ConfigurationError, match=r"step 0 \(say\) has"):
        encoded(Say(phrases=(prompt("policy/minute-å"),) * 260, next_step=1))


def test_a_plan_that_ari_would_close_its_websocket_over_is_refused() -> None:
    long = Say(phrases=(prompt("policy/minute-15"),) * 200, next_step=20)
    with pytest.raises(ConfigurationError, match="a plan of 6"):
        encoded(*[long] * 18)
