"""Explaining a decision: as JSON whose shape is kept stable (docs/explain-json.md), and as text for people."""

from collections.abc import Mapping
from datetime import datetime

from callflow.policy.builder import successors
from callflow.policy.decision import (
    AbsenceChange,
    Call,
    Change,
    Decision,
    DiversionChange,
    DutyChange,
    LockChange,
    TraceLine,
    UnitChange,
)
from callflow.policy.evaluate import decide
from callflow.policy.lost_codes import without_pin
from callflow.policy.model import Absence, Diversion, DutyShift, Policy, Target, UnitOverride
from callflow.policy.plan import (
    REASONS,
    Dial,
    Hangup,
    Menu,
    Phrase,
    PhraseKind,
    Presentation,
    Say,
    Step,
    Voicemail,
)
from callflow.policy.spoken import prompt
from callflow.policy.texts import LANGUAGES, outcome_text, reason_text

Json = Mapping[str, object]

_CHANGED_BY = frozenset({"R4", "R7", "R9", "R10", "R21"})
"""The rules whose lines tell what a feature code changes."""
_WEEKDAYS = frozenset(prompt(f"weekday-{day}") for day in range(1, 8))
"""Written with a capital in English wherever they stand."""


def explain(policy: Policy, call: Call, now: datetime) -> dict[str, object]:
    """Decide and return the decision as JSON data: `outcome`, `steps`, `trace`, `policy_revision` and the question.

    Raises:
        ValueError: `now` has no time zone.
    """
    return as_json(decide(policy, call, now), without_pin(call, policy), now)


def as_json(decision: Decision, call: Call, now: datetime) -> dict[str, object]:
    """Return a decision that was made for this call at `now` as JSON data."""
    return {
        "outcome": decision.outcome.value,
        "steps": [_step_json(at, step) for at, step in enumerate(decision.plan.steps)],
        "trace": [_trace_json(line) for line in decision.trace],
        "policy_revision": decision.policy_revision,
        "language": decision.plan.language,
        "presentation": _presentation_json(decision.plan.presentation),
        "change": _change_json(decision.change),
        "call": {
            "called_number": call.called_number,
            "caller_number": call.caller_number,
            "caller_extension_id": call.caller_extension_id,
            "mover_extension_id": call.mover_extension_id,
        },
        "at": now.isoformat(),
    }


def _presentation_json(shown: Presentation | None) -> Json | None:
    if shown is None:
        return None
    return {"number": shown.number, "name": shown.name, "hidden_inside": shown.hidden_inside}


def _change_json(change: Change | None) -> Json | None:
    if change is None:
        return None
    if isinstance(change, AbsenceChange):
        absence = change.absence
        return {
            "extension_id": change.extension_id,
            "person_id": change.person_id,
            "absence": _absence_json(absence) if absence is not None else None,
        }
    if isinstance(change, LockChange):
        return {"extension_id": change.extension_id, "locks": True}
    if isinstance(change, DutyChange):
        shift = _shift_json(change.shift) if change.shift is not None else None
        return {"extension_id": change.extension_id, "roster_id": change.roster_id, "shift": shift}
    if isinstance(change, UnitChange):
        override = _override_json(change.override) if change.override is not None else None
        return {"extension_id": change.extension_id, "unit_id": change.unit_id, "override": override}
    return {
        "extension_id": change.extension_id,
        "conditions": [condition.value for condition in change.conditions],
        "diversion": _diversion_json(change.diversion) if change.diversion is not None else None,
    }


def _absence_json(absence: Absence) -> Json:
    return {
        "reason_id": absence.reason_id,
        "starts_at": absence.starts_at.isoformat(),
        "returns_at": absence.returns_at.isoformat() if absence.returns_at is not None else None,
    }


def _shift_json(shift: DutyShift) -> Json:
    return {
        "level": shift.level,
        "target": _target_json(shift.target),
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
    }


def _override_json(override: UnitOverride) -> Json:
    return {
        "is_open": override.is_open,
        "starts_at": override.starts_at.isoformat(),
        "ends_at": override.ends_at.isoformat(),
    }


def _target_json(target: Target) -> Json:
    return {"kind": target.kind.value, "id": target.id, "number": target.number}


def _diversion_json(diversion: Diversion) -> Json:
    return {
        "target": _target_json(diversion.target),
        "rings": diversion.rings,
        "ends_at": diversion.ends_at.isoformat() if diversion.ends_at is not None else None,
    }


def explain_text(
    policy: Policy, call: Call, now: datetime, language: str, prompts: Mapping[str, str] | None = None
) -> str:
    """Decide and return the decision as lines for a terminal, in `sv` or `en`.

    `prompts` gives what the prompts say (name to text, as in `prompts/<language>.txt`); without it names show.

    Raises:
        ValueError: `now` has no time zone.
    """
    return as_text(decide(policy, call, now), language, prompts)


def as_text(decision: Decision, language: str, prompts: Mapping[str, str] | None = None) -> str:
    """Return a decision as lines for a terminal, in `sv` or `en`."""
    swedish = language == "sv"
    revision = "policyrevision" if swedish else "policy revision"
    outcome = outcome_text(decision.outcome, language)
    lines = [f"{outcome} ({decision.outcome.value}), {revision} {decision.policy_revision}"]
    lines += _change_text(decision, language)
    lines += _presentation_text(decision, swedish=swedish)
    lines += ["", "Vad som händer:" if swedish else "What happens:"]
    words = prompts if prompts is not None else {}
    lines += [f"  {at:>2}  {_step_text(step, words, swedish=swedish)}" for at, step in enumerate(decision.plan.steps)]
    lines += ["", "Reglerna:" if swedish else "The rules:"]
    for line in decision.trace:
        mark = "✓" if line.matched else "–"
        lines.append(f"  {line.rule:<4}{mark} {reason_text(line, language)}")
    return "\n".join(lines)


def _change_text(decision: Decision, language: str) -> list[str]:
    """Return one line about what a feature code changes, in the words of the trace."""
    if decision.change is None:
        return []
    swedish, change = language == "sv", decision.change
    done = [reason_text(line, language) for line in decision.trace if line.rule in _CHANGED_BY and line.matched]
    diversion = change.diversion if isinstance(change, DiversionChange) else None
    if diversion is not None and diversion.rings is not None:
        done.append(f"{'Signaler före' if swedish else 'Rings before'}: {diversion.rings}.")
    if diversion is not None and diversion.ends_at is not None:
        done.append(f"{'Till' if swedish else 'Until'} {diversion.ends_at:%Y-%m-%d %H:%M}.")
    return [" ".join(["Ändras:" if swedish else "Changed:", *done])]


def _presentation_text(decision: Decision, *, swedish: bool) -> list[str]:
    """Return one line about how the caller is shown, where somebody is called at all."""
    shown = decision.plan.presentation
    if shown is None or not any(isinstance(step, Dial) for step in decision.plan.steps):
        return []
    if shown.hidden_inside:
        text = "inget nummer, inte heller på våra egna telefoner" if swedish else "no number, nor on our own phones"
    elif shown.number is None:
        text = "inget nummer" if swedish else "no number"
    else:
        text = " ".join(part for part in (shown.number, shown.name) if part)
    return [f"{'Visas utåt:' if swedish else 'Shown to the outside:'} {text}"]


def _trace_json(line: TraceLine) -> Json:
    return {
        "rule": line.rule,
        "matched": line.matched,
        "reason": line.reason,
        "values": dict(line.values),
        "text": {language: reason_text(line, language) for language in LANGUAGES},
    }


def _step_json(at: int, step: Step) -> Json:
    return {"step": at, "verb": type(step).__name__.lower(), **_details(step)}


def _details(step: Step) -> Json:
    match step:
        case Dial():
            legs = [{"kind": leg.kind.value, "address": leg.address, "confirm": leg.confirm} for leg in step.legs]
            return {
                "legs": legs,
                "rings": step.rings,
                "ring_ms": step.ring_ms,
                "no_answer": step.no_answer,
                "busy": step.busy,
                "unreachable": step.unreachable,
            }
        case Say():
            return {"phrases": _phrases_json(step.phrases), "next_step": step.next_step}
        case Menu():
            return {
                "phrases": _phrases_json(step.phrases),
                "choices": dict(step.choices),
                "no_choice": step.no_choice,
                "wait_ms": step.wait_ms,
                "times": step.times,
            }
        case Voicemail():
            return {
                "mailbox": step.mailbox,
                "urgent": step.urgent,
                "listen": step.listen,
                "next_step": step.next_step,
            }
        case Hangup():
            return {"cause": step.cause.value}
    return {"number": step.number}


def _phrases_json(phrases: tuple[Phrase, ...]) -> list[Json]:
    return [{"kind": phrase.kind.value, "value": phrase.value} for phrase in phrases]


def _step_text(step: Step, words: Mapping[str, str], *, swedish: bool) -> str:
    match step:
        case Dial():
            return _dial_text(step, swedish=swedish)
        case Say():
            said = "säg" if swedish else "say"
            return f"{said} ”{spoken_text(step.phrases, words)}” → {step.next_step}"
        case Menu():
            offered = "val" if swedish else "menu"
            otherwise = "annars" if swedish else "otherwise"
            choices = ", ".join(f"{digit} → {to}" for digit, to in step.choices)
            return f"{offered} ”{spoken_text(step.phrases, words)}” {choices}, {otherwise} → {step.no_choice}"
        case Voicemail():
            box = "röstbrevlåda" if swedish else "voicemail"
            use = {"urgent": (" (brådskande)", " (urgent)"), "listen": (" (avlyssning)", " (listening)")}
            return f"{box} {step.mailbox}{use.get(step.use, ('', ''))[not swedish]} → {step.next_step}"
        case Hangup():
            return f"{'lägg på' if swedish else 'hang up'} ({step.cause.value})"
    return f"{'nödsamtal' if swedish else 'emergency call'} {step.number}"


def _dial_text(step: Dial, *, swedish: bool) -> str:
    who = ", ".join(leg.address for leg in step.legs)
    rings = f"ring {who}, högst {step.rings} signaler" if swedish else f"ring {who}, at most {step.rings} rings"
    if len(set(successors(step))) == 1:
        return f"{rings}; {'utan svar' if swedish else 'unanswered'} → {step.no_answer}"
    no_answer, busy, gone = ("inget svar", "upptaget", "onåbar") if swedish else ("no answer", "busy", "unreachable")
    return f"{rings}; {no_answer} → {step.no_answer}, {busy} → {step.busy}, {gone} → {step.unreachable}"


def spoken_text(phrases: tuple[Phrase, ...], words: Mapping[str, str]) -> str:
    """Return what is heard as running text; `words` gives what the prompts say (name to text).

    A prompt that begins a new sentence ends the one before it. A reason that the call will tell is all three.
    """
    text = ""
    for phrase in phrases:
        may_begin = phrase.kind is PhraseKind.PROMPT and phrase not in _WEEKDAYS
        said = _said(phrase, words)
        if may_begin and said[:1].isupper() and text and text[-1] not in ".!?:":
            text += "."
        text = f"{text} {said}" if text else said
    return text


def _said(phrase: Phrase, words: Mapping[str, str]) -> str:
    match phrase.kind:
        case PhraseKind.PROMPT:
            return words.get(phrase.value, phrase.value)
        case PhraseKind.TEXT:
            return phrase.value
    reasons = (prompt(reason).value for reason in REASONS.values())
    return " / ".join(words.get(reason, reason).removesuffix(".") for reason in reasons) + "."
