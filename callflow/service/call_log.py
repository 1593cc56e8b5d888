"""One readable line per call, for whoever watches a system: who called whom, and what becomes of it.

Whole only where a system is tried out; else it says no more of a person than the log does (R12).
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from callflow.logs import mask_dialled
from callflow.policy.decision import Call, Decision
from callflow.policy.extensions import extension_name
from callflow.policy.lineage import is_confidential
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


def call_line(decided: DecidedCall, language: str, *, whole: bool) -> str:
    """Return the call in one line, in the words of `language` (`sv` or `en`) and the called organisation's time.

    Not `whole`: numbers are masked, and neither the name of an extension nor that of a confidential unit is told.
    """
    words = _WORDS.get(language, _WORDS["sv"])
    call, policy = decided.call, decided.policy
    shown = _as_it_is if whole else mask_dialled
    target = _called(call, policy)
    at = decided.at.astimezone(_zone(target, policy))
    main_way = _main_way(decided.decision.plan, words, shown)
    way = " → ".join([*_change(decided.decision, words), *main_way]) or words["hangup"]
    name = _called_name(target, policy, whole=whole)
    called = " ".join(filter(None, (shown(call.called_number), name)))
    caller = shown(call.caller_number) if call.caller_number else words["withheld"]
    return f"{at:%H:%M:%S}  {caller} → {called}: {way} [{words['decision']} {decided.decision_id}]"


def call_log(write: Callable[[str], None], language: str, *, whole: bool) -> Callable[[DecidedCall], None]:
    """Return what `CallControl` tells of each call, writing a line of it; `whole` as `call_line` has it."""

    def decided(call: DecidedCall) -> None:
        write(call_line(call, language, whole=whole))

    return decided


def _as_it_is(number: str) -> str:
    return number


def _called_name(target: Target | None, policy: Policy, *, whole: bool) -> str:
    """Return who has the called number: a person, unit or organisation; empty for a number that is not ours.

    Not `whole`: empty as well where the name may be a person's or is not to be known (R12, R17).
    """
    if target is None or target.id is None:
        return ""
    if target.kind is TargetKind.SWITCHBOARD:
        return policy.organisations[target.id].name
    if target.kind is TargetKind.UNIT:
        unit = policy.units[target.id]
        return unit.name if whole or not is_confidential(policy, unit) else ""
    return (extension_name(policy, policy.extensions[target.id]) or "") if whole else ""


def _change(decision: Decision, words: dict[str, str]) -> list[str]:
    """Tell what came of what the call was to change, nothing where it was to change nothing."""
    if decision.change is not None:
        return [words["stored"]]
    reasons = {line.reason for line in decision.trace}
    return [words[word] for word in ("not_stored", "not_known", "refused") if f"change_{word}" in reasons]


def _main_way(plan: Plan, words: dict[str, str], shown: Callable[[str], str]) -> list[str]:
    """Tell the way of a caller whom nobody answers and who presses nothing, cut after a few steps."""
    told: list[str] = []
    at = 0
    while at < len(plan.steps) and len(told) < _SHOWN_STEPS:
        step = plan.steps[at]
        if not (told and isinstance(step, Hangup) and step.cause is HangupCause.NORMAL):
            told.append(_step(step, words, shown))
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


def _step(step: Step, words: dict[str, str], shown: Callable[[str], str]) -> str:
    match step:
        case Dial():
            return words["ring"].format(rings=step.rings, signals=words["signal" if step.rings == 1 else "signals"])
        case Say():
            return words["say"]
        case Menu():
            return words["menu"].format(digits="/".join(digit for digit, _ in step.choices))
        case Voicemail():
            return words[step.use].format(mailbox=shown(step.mailbox))
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
