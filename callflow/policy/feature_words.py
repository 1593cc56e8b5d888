"""What is spoken to the one who dials a feature code: what is diverted, to whom, when and until when (R9)."""

from datetime import datetime, timedelta

from callflow.policy.builder import Node
from callflow.policy.diversion_targets import Obstacle
from callflow.policy.extensions import extension_name, spoken_name
from callflow.policy.model import (
    MOST_RINGS,
    Diversion,
    DiversionCondition,
    Extension,
    Policy,
    Target,
    TargetKind,
)
from callflow.policy.numbers import national, normalise
from callflow.policy.plan import Hangup, Phrase, Plan, Say
from callflow.policy.route import Route
from callflow.policy.routing import goodbye, speak
from callflow.policy.schedule import zone_of
from callflow.policy.spoken import prompt, spoken_date, spoken_digits, text

REFUSED = {
    Obstacle.UNREADABLE: "target-not-understood",
    Obstacle.EMERGENCY: "target-is-emergency",
    Obstacle.UNUSED: "target-not-in-use",
    Obstacle.OWN_NUMBER: "target-is-own",
    Obstacle.LOOP: "target-loops",
    Obstacle.LOOP_LATER: "target-loops-later",
}
"""Why a target is refused; what is barred has words of its own."""

_CONDITIONS = {
    DiversionCondition.ALL: "calls-all",
    DiversionCondition.NO_ANSWER: "calls-no-answer",
    DiversionCondition.BUSY: "calls-busy",
    DiversionCondition.UNREACHABLE: "calls-unreachable",
}


def told(route: Route, extension: Extension, words: tuple[Phrase, ...]) -> Node:
    """Return the step that speaks to the one who dialled a code, and says goodbye; first whose, if another's."""
    if extension is not route.caller:
        name = spoken_name(route, extension)
        whose = (text(name, "the-extension-dialled"),) if name else spoken_digits(national(extension.number))
        words = (prompt("it-is-about"), *whose, *words)
    return speak(route, (), goodbye(route), words)


def extension_dialled(policy: Policy, number: str) -> Extension | None:
    """Return the extension whose number, short or whole, was dialled after a code; None where it is nobody's."""
    found = normalise(number, policy, internal=True).number
    target = policy.numbers.get(found or "")
    return (
        policy.extensions.get(target.id or 0) if target is not None and target.kind is TargetKind.EXTENSION else None
    )


def sorry(route: Route, word: str) -> Plan:
    """Return the plan that tells, by a prompt, that what was dialled could not be stored."""
    words = Say(phrases=(prompt(word), prompt("goodbye")), next_step=1)
    return Plan(language=route.organisation.language, steps=(words, Hangup()))


def condition_phrase(condition: DiversionCondition) -> Phrase:
    """Return which calls a diversion is about: "all calls", "calls that nobody answers"."""
    return prompt(_CONDITIONS[condition])


def told_diversion(route: Route, extension: Extension, diversion: Diversion) -> tuple[Phrase, ...]:
    """Return a diversion in words: "all calls are diverted to …, after two rings, until the third of May"."""
    return (
        condition_phrase(diversion.condition),
        prompt("are-diverted-to"),
        *target_phrases(route, extension, diversion.target),
        *_rings_phrases(diversion),
        *_end_phrases(route, extension, diversion.ends_at),
    )


def target_phrases(route: Route, extension: Extension, target: Target) -> tuple[Phrase, ...]:
    """Return a target as a colleague calls it, to the one whose `extension` it is about."""
    if target.kind is TargetKind.MAILBOX:
        return (prompt("your-voicemail" if target.id == extension.mailbox_id else "a-voicemail"),)
    name, number = name_and_number(route.policy, target)
    if target.kind is TargetKind.SWITCHBOARD and name:
        return (prompt("the-switchboard-of"), text(name, "someone-else"))
    if name:
        return (text(name, "someone-else"),)
    return spoken_digits(national(number)) if number else (prompt("nobody-any-more"),)


def name_and_number(policy: Policy, target: Target) -> tuple[str | None, str | None]:
    """Return what a colleague calls a target, and its number, each None where there is none."""
    row = policy.row(target)
    if isinstance(row, Extension):
        return extension_name(policy, row), row.number
    return (row.name if row is not None else None), target.number


def _rings_phrases(diversion: Diversion) -> tuple[Phrase, ...]:
    if diversion.rings is None:
        return ()
    return (prompt(f"after-ring-{min(MOST_RINGS, max(1, diversion.rings))}"),)


def _end_phrases(route: Route, extension: Extension, ends_at: datetime | None) -> tuple[Phrase, ...]:
    """Tell the last day on which a diversion stands, as one says it where the extension is."""
    if ends_at is None:
        return ()
    local = zone_of(route.policy, extension.organisation_id)
    last_day = (ends_at - timedelta(microseconds=1)).astimezone(local).date()
    return (prompt("until-and-with"), *spoken_date(last_day))
