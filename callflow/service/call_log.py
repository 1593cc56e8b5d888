"""One readable line per call, for whoever watches a system: who called whom, and what becomes of it."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from callflow.policy.decision import Call, Decision
from callflow.policy.extensions import extension_name
from callflow.policy.model import Extension, Organisation, Policy, Target, TargetKind, Unit
from callflow.policy.numbers import normalise
from callflow.policy.plan import Dial, Emergency, Hangup, HangupCause, Menu, Plan, Say, Step, Voicemail
from callflow.policy.schedule import zone_of
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
        "listen": "lyssnar av röstbrevlåda {mailbox}",
        "urgent": "brådskande meddelande {mailbox}",
        "emergency": "nödsamtal {number}",
        "hangup": "avslut",
        "rejected": "nekas",
        "unallocated": "numret används inte",
        "decision": "beslut",
        "stored": "ändringen sparad",
        "not_stored": "ändringen inte sparad",
        "not_known": "oklart om ändringen sparades",
        "refused": "ändringen nekad",
    },
    "en": {
        "withheld": "withheld number",
        "ring": "rings {rings} {signals}",
        "signal": "time",
        "signals": "times",
        "say": "spoken message",
        "menu": "choice {digits}",
        "voicemail": "voicemail {mailbox}",
        "listen": "listens to voicemail {mailbox}",
        "urgent": "urgent message {mailbox}",
        "emergency": "emergency call {number}",
        "hangup": "end",
        "rejected": "refused",
        "unallocated": "number not in use",
        "decision": "decision",
        "stored": "change saved",
        "not_stored": "change not saved",
        "not_known": "not clear whether the change was saved",
        "refused": "change refused",
    },
}


def call_line(decided: DecidedCall, language: str) -> str:
    """Return the call in one line, in the words of `language` (`sv` or `en`) and the called organisation's time."""
    words = _WORDS.get(language, _WORDS["sv"])
    call, policy = decided.call, decided.policy
    target = _called(call, policy)
    at = decided.at.astimezone(_zone(target, policy))
    way = " → ".join([*_change(decided.decision, words), *_main_way(decided.decision.plan, words)]) or words["hangup"]
    called = " ".join(filter(None, (call.called_number, _called_name(target, policy))))
    caller = call.caller_number or words["withheld"]
    return f"{at:%H:%M:%S}  {caller} → {called}: {way} [{words['decision']} {decided.decision_id}]"


def call_log(write: Callable[[str], None], language: str) -> Callable[[DecidedCall], None]:
    """Return what `CallControl` tells of each call, writing a line of it."""

    def decided(call: DecidedCall) -> None:
        write(call_line(call, language))

    return decided


def _called_name(target: Target | None, policy: Policy) -> str:
    """Return who has the called number: a person, unit or organisation; empty for a number that is not ours."""
    if target is None or target.id is None:
        return ""
    if target.kind is TargetKind.UNIT:
        return policy.units[target.id].name
    if target.kind is TargetKind.SWITCHBOARD:
        return policy.organisations[target.id].name
    extension = policy.extensions[target.id]
    return extension_name(policy, extension) or ""


def _change(decision: Decision, words: dict[str, str]) -> list[str]:
    """Tell what came of what the call was to change, nothing where it was to change nothing."""
    if decision.change is not None:
        return [words["stored"]]
    reasons = {line.reason for line in decision.trace}
    return [words[word] for word in ("not_stored", "not_known", "refused") if f"change_{word}" in reasons]


def _main_way(plan: Plan, words: dict[str, str]) -> list[str]:
    """Tell the way of a caller whom nobody answers and who presses nothing, cut after a few steps."""
    told: list[str] = []
    at = 0
    while at < len(plan.steps) and len(told) < _SHOWN_STEPS:
        step = plan.steps[at]
        if not (told and isinstance(step, Hangup) and step.cause is HangupCause.NORMAL):
            told.append(_step(step, words))
        if isinstance(step, Hangup | Emergency | Voicemail):
            return _without_repeats(told)
        at = _next(step)
    return [*_without_repeats(told), "…"]


def _without_repeats(told: list[str]) -> list[str]:
    return [one for one, before in zip(told, ["", *told], strict=False) if one != before]


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
            return words[step.use].format(mailbox=step.mailbox)
        case Emergency():
            return words["emergency"].format(number=step.number)
        case Hangup():
            return words.get(step.cause.value, words["hangup"])


def _called(call: Call, policy: Policy) -> Target | None:
    number = normalise(call.called_number, policy, internal=call.caller_extension_id is not None).number
    return policy.numbers.get(number or "")


def _zone(target: Target | None, policy: Policy) -> ZoneInfo:
    match policy.row(target) if target is not None else None:
        case Organisation() as organisation:
            return zone_of(policy, organisation.id)
        case Unit() | Extension() as row:
            return zone_of(policy, row.organisation_id)
        case _:
            return zone_of(policy, None)
