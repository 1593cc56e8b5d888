"""One readable line per call, for whoever watches a system: who called whom, and what becomes of it."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from callflow.policy.decision import Call
from callflow.policy.model import Policy, TargetKind
from callflow.policy.numbers import normalise
from callflow.policy.plan import Dial, Emergency, Hangup, Menu, Plan, Say, Step, Voicemail
from callflow.service.calls import DecidedCall

_SHOWN_STEPS = 4

_WORDS = {
    "sv": {
        "withheld": "dolt nummer",
        "ring": "ringer {rings} {signals}",
        "signal": "signal",
        "signals": "signaler",
        "say": "talat besked",
        "menu": "val {digits}",
        "voicemail": "röstbrevlåda {mailbox}",
        "urgent": "brådskande meddelande {mailbox}",
        "emergency": "nödsamtal {number}",
        "hangup": "avslut",
        "rejected": "nekas",
        "unallocated": "numret används inte",
        "decision": "beslut",
    },
    "en": {
        "withheld": "withheld number",
        "ring": "rings {rings} {signals}",
        "signal": "time",
        "signals": "times",
        "say": "spoken message",
        "menu": "choice {digits}",
        "voicemail": "voicemail {mailbox}",
        "urgent": "urgent message {mailbox}",
        "emergency": "emergency call {number}",
        "hangup": "end",
        "rejected": "refused",
        "unallocated": "number not in use",
        "decision": "decision",
    },
}


def call_line(decided: DecidedCall, language: str) -> str:
    """Return the call in one line, in the words of `language` (`sv` or `en`) and the called organisation's time."""
    words = _WORDS.get(language, _WORDS["sv"])
    call, policy = decided.call, decided.policy
    at = decided.at.astimezone(ZoneInfo(_time_zone(policy)))
    way = " → ".join(_main_way(decided.decision.plan, words)) or words["hangup"]
    called = " ".join(filter(None, (call.called_number, called_name(call, policy))))
    caller = call.caller_number or words["withheld"]
    return f"{at:%H:%M:%S}  {caller} → {called}: {way} [{words['decision']} {decided.decision_id}]"


def call_log(write: Callable[[str], None], language: str) -> Callable[[DecidedCall], None]:
    """Return what `CallControl` tells of each call, writing a line of it."""

    def decided(call: DecidedCall) -> None:
        write(call_line(call, language))

    return decided


def called_name(call: Call, policy: Policy) -> str:
    """Return who has the called number: a person, unit or organisation; empty for a number that is not ours."""
    number = normalise(call.called_number, policy, internal=call.caller_extension_id is not None).number
    target = policy.numbers.get(number or "")
    if target is None or target.id is None:
        return ""
    if target.kind is TargetKind.UNIT:
        return policy.units[target.id].name
    if target.kind is TargetKind.SWITCHBOARD:
        return policy.organisations[target.id].name
    extension = policy.extensions[target.id]
    person = policy.people.get(extension.person_id or 0)
    return f"{person.given_name} {person.family_name}" if person else extension.name or ""


def _main_way(plan: Plan, words: dict[str, str]) -> list[str]:
    """Tell the way of a caller whom nobody answers and who presses nothing, cut after a few steps."""
    told: list[str] = []
    at = 0
    while at < len(plan.steps) and len(told) < _SHOWN_STEPS:
        step = plan.steps[at]
        told.append(_step(step, words))
        if isinstance(step, Hangup | Emergency | Voicemail):
            return told if len(told) == 1 or not isinstance(step, Hangup) else told[:-1]
        at = _next(step)
    return [*told, "…"] if at < len(plan.steps) else told


def _next(step: Dial | Say | Menu) -> int:
    match step:
        case Dial():
            return step.no_answer
        case Say():
            return step.next_step
        case Menu():
            return step.no_choice


def _step(step: Step, words: dict[str, str]) -> str:
    match step:
        case Dial():
            return words["ring"].format(rings=step.rings, signals=words["signal" if step.rings == 1 else "signals"])
        case Say():
            return words["say"]
        case Menu():
            return words["menu"].format(digits="/".join(digit for digit, _ in step.choices))
        case Voicemail():
            return words["urgent" if step.urgent else "voicemail"].format(mailbox=step.mailbox)
        case Emergency():
            return words["emergency"].format(number=step.number)
        case Hangup():
            return words.get(step.cause.value, words["hangup"])


def _time_zone(policy: Policy) -> str:
    return next((row.time_zone for row in policy.organisations.values()), "Europe/Stockholm")
