"""A plan as the one channel variable that dialplan/interpreter.conf runs: setting many takes Asterisk much longer.

`CF_PLAN` has fields with `|` between them. First `HEADER` of them: the language as Asterisk names it; the number that
legs through the trunk show, or `hidden`, empty for a caller who is shown as it came; the name shown with it; `1`
where phones of ours show no number either; the decision's id. Then one for each step, `verb,1(arguments)`, as Gosub
takes it:

- `dial,1(legs,seconds,seconds once answered,ms of ringing,no answer,busy,unreachable)`; a time is `seconds^seconds
  without any ringing`. Instead of `dial`, `watched` where a leg goes through the trunk and the service ends the
  ringing, and `phone` where one phone of ours is called alone
- `say,1(sounds,next)`
- `menu,1(sounds,seconds to wait,times,no choice,choices)`; choices are `:d<digit>:<step>` for each valid digit
- `voicemail,1(mailbox,options,next)`
- `messages,1(mailbox,next)`, a voicemail that is listened to
- `hangup,1(Q.850 cause)`
- `emergency,1(112)`, for an emergency call that the dialplan did not know by its number

Sounds are joined with `&`; `policy/why` stands for the one that tells why the last dial was not answered.

Nothing is expanded when it is read, but `,`, `&`, `|` and parentheses separate, so every value must match a narrow
pattern or the plan is refused.
"""

import re
from collections.abc import Callable

from callflow.asterisk.conf_text import ConfigurationError, asterisk_language, display_name, seconds, telephone_number
from callflow.asterisk.dial_strings import dial_strings, progress_seconds
from callflow.policy.builder import successors
from callflow.policy.numbers import EMERGENCY_NUMBERS
from callflow.policy.plan import (
    Dial,
    Emergency,
    Hangup,
    HangupCause,
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

TRUNK_ALLOWANCE_MS = 8000
"""Added to Dial's own time-out when a leg goes through the trunk: a mobile rings only after some seconds.

The service ends the ringing at its limit, counted from the first ringing (R8); Dial's time-out is the net behind.
"""

CAUSES = {
    HangupCause.NORMAL: 16,
    HangupCause.UNALLOCATED: 1,
    HangupCause.BUSY: 17,
    HangupCause.REJECTED: 21,
}
"""Q.850; chan_pjsip makes 404, 486 and 603 of the last three before an answer."""

VOICEMAIL_CONTEXT = "callflow"

MOST_OF_A_STEP = 4000
"""Bytes; Asterisk reads 4095 of what a function gives, and the interpreter puts some of its own around arguments."""
MOST_OF_A_PLAN = 60_000
"""Bytes; Asterisk closes ARI's websocket to whoever sends more than 65,535 in one message."""

HIDDEN = "hidden"
PLAN_VARIABLE = "CF_PLAN"
BETWEEN = "|"
HEADER = 5

SoundOf = Callable[[str, str, str | None], str | None]
"""(language, text, mailbox whose owner may have recorded it) -> path without extension, None while there is none."""

_SOUND = re.compile(r"[\w./-][\w./ -]*")
_DIGIT = re.compile(r"[0-9*]")
_MAILBOX = re.compile(r"[0-9]{1,24}")


def plan_variables(plan: Plan, sound: SoundOf, decision_id: str) -> dict[str, str]:
    """Return the channel variable of `plan`; raise `ConfigurationError` for a plan that Asterisk must not get."""
    if not plan.steps:
        raise ConfigurationError("a plan without steps leaves the caller in silence; end it with a hang-up")
    for number, step in enumerate(plan.steps):
        _check_successors(number, step, len(plan.steps))
    steps = [_encoded(step, plan.language, sound) for step in plan.steps]
    header = (asterisk_language(plan.language), *_presentation(plan), decision_id)
    whole = BETWEEN.join((*header, *steps))
    _check_sizes(whole, steps)
    return {PLAN_VARIABLE: whole}


def _check_sizes(whole: str, steps: list[str]) -> None:
    if (size := len(whole.encode())) <= MOST_OF_A_STEP:
        return
    for number, step in enumerate(steps):
        if (read := len(step.encode())) > MOST_OF_A_STEP:
            verb = step.partition(",")[0]
            raise ConfigurationError(f"step {number} ({verb}) has {read} bytes; Asterisk reads {MOST_OF_A_STEP}")
    if size > MOST_OF_A_PLAN:
        raise ConfigurationError(f"a plan of {size} bytes; Asterisk takes {MOST_OF_A_PLAN} in one message")


def _presentation(plan: Plan) -> tuple[str, str, str]:
    """Return number, name and whether both are hidden inside; all empty for a caller who is shown as it came."""
    if plan.presentation is None:
        return "", "", ""
    return *shown_outside(plan.presentation), "1" if plan.presentation.hidden_inside else ""


def shown_outside(shown: Presentation) -> tuple[str, str]:
    """Return number, or `hidden`, and name as a leg through the trunk shows a caller; raise `ConfigurationError`."""
    number = HIDDEN if shown.number is None else telephone_number(shown.number)
    return number, display_name(shown.name or "")


def _encoded(step: Step, language: str, sound: SoundOf) -> str:
    match step:
        case Dial():
            return _dial(step)
        case Say(phrases=phrases, next_step=next_step):
            return f"say,1({_sounds(phrases, language, sound)},{next_step})"
        case Menu(phrases=phrases):
            wait = seconds(step.wait_ms)
            choices = "".join(f":d{_digit(digit)}:{to}" for digit, to in step.choices)
            return f"menu,1({_sounds(phrases, language, sound)},{wait},{step.times},{step.no_choice},{choices})"
        case Voicemail():
            return _voicemail(step)
        case Hangup(cause=cause):
            return f"hangup,1({CAUSES[cause]})"
        case Emergency(number=number):
            return f"emergency,1({_emergency(number)})"


def _dial(step: Dial) -> str:
    if not step.legs:
        raise ConfigurationError("a dial without legs rings nobody; leave the step out")
    ringing = step.rings * step.ring_ms
    allowance = TRUNK_ALLOWANCE_MS if any(leg.kind is LegKind.TRUNK for leg in step.legs) else 0
    progress = progress_seconds(step.legs)
    times = f"{seconds(ringing + allowance)}^{progress},{seconds(ringing)}^{progress},{ringing}"
    legs = dial_strings(step.legs)
    verb = "watched" if allowance else "dial" if len(step.legs) > 1 else "phone"
    return f"{verb},1({legs},{times},{step.no_answer},{step.busy},{step.unreachable})"


def _voicemail(step: Voicemail) -> str:
    box = voicemail_box(step.mailbox)
    if step.listen:
        return f"messages,1({box},{step.next_step})"
    return f"voicemail,1({box},{'uU' if step.urgent else 'u'},{step.next_step})"


def voicemail_box(mailbox: str) -> str:
    """Return a mailbox number as VoiceMail takes it; raise `ConfigurationError` for one that is no number."""
    if not _MAILBOX.fullmatch(mailbox):
        raise ConfigurationError(f"mailbox {mailbox!r} is not a number of 1 to 24 digits")
    return f"{mailbox}@{VOICEMAIL_CONTEXT}"


def _sounds(phrases: tuple[Phrase, ...], language: str, sound: SoundOf) -> str:
    names = [name for phrase in phrases if (name := _sound(phrase, language, sound)) is not None]
    for name in names:
        if not _SOUND.fullmatch(name):
            raise ConfigurationError(f"{name!r} cannot name a sound; use letters, digits, dot, dash and slash")
    return "&".join(names)


def _sound(phrase: Phrase, language: str, sound: SoundOf) -> str | None:
    if phrase.kind is PhraseKind.TEXT:
        return sound(language, phrase.value, phrase.mailbox) or phrase.stand_in
    return phrase.value


def _digit(digit: str) -> str:
    if not _DIGIT.fullmatch(digit):
        raise ConfigurationError(f"{digit!r} is no digit that a menu can offer; use 0 to 9 or *")
    return digit


def _emergency(number: str) -> str:
    if number not in EMERGENCY_NUMBERS.values():
        raise ConfigurationError(f"{number!r} is no emergency number that the dialplan has")
    return number


def _check_successors(number: int, step: Step, count: int) -> None:
    for successor in successors(step):
        if not number < successor < count:
            raise ConfigurationError(
                f"step {number} goes on to step {successor}: a plan only goes forward, to a step it has"
            )
