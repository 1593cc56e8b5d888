"""What all routing shares: dialling, going to a place, speaking, and the ends.

A plan is built back to front, so what comes after a step is built first: each routing function takes `otherwise`,
which builds what follows when nobody answers there.
"""

from callflow.policy.barrings import Category
from callflow.policy.builder import Node
from callflow.policy.lineage import is_confidential
from callflow.policy.model import MOST_RINGS, Extension, Organisation, Target, TargetKind, Unit
from callflow.policy.outgoing import Permission
from callflow.policy.plan import REASONS, WHY, HangupCause, Leg, Phrase
from callflow.policy.route import (
    MOST_PLACES,
    MOST_PLACES_IN_A_ROW,
    MOST_SPOKEN_OR_RUNG,
    UNTOLD,
    UNTOLD_PHRASE,
    Failure,
    Otherwise,
    Route,
    State,
)
from callflow.policy.spoken import prompt, text


def dial(  # noqa: PLR0913, PLR0917 - what rings, for how long, called what, and what follows each outcome
    route: Route,
    legs: tuple[Leg, ...],
    limit: int,
    name: str | None,
    state: State,
    no_answer: Otherwise,
    busy: Otherwise | None = None,
    unreachable: Otherwise | None = None,
) -> Node:
    """Ring `legs` for at most `limit` rings, or fewer if the caller has fewer left; speak first if none is left."""
    if route.spoken_or_rung >= MOST_SPOKEN_OR_RUNG:
        return too_long(route, state)
    if state.rings_left <= 0:
        phrases = (*failure_phrases(state), *transfer_phrases(name))
        route.spoken_or_rung += 1
        route.note("R8", True, "spoken_before_more_rings")
        ringing = dial(route, legs, limit, name, state.heard(), no_answer, busy, unreachable)
        return route.builder.say(phrases, ringing)
    rings = max(1, min(limit, state.rings_left, MOST_RINGS))
    key = ("dial", legs, rings, name, state.rings_left, state.visited, no_answer, busy, unreachable)
    known = route.memo.get(key)
    if known is None:
        route.spoken_or_rung += 1
        ended = state.after_ringing(rings, Failure(None, name))
        first = no_answer(ended)
        after = (
            first,
            first if busy is None else busy(ended),
            first if unreachable is None else unreachable(ended),
        )
        known = route.memo[key] = route.builder.dial(legs, rings, route.ring_ms, after)
    return known


def reach_place(route: Route, target: Target, state: State, otherwise: Otherwise, limit: int = MOST_RINGS) -> Node:
    """Go to a target unless this path has been there; then, or when too much has been looked at, go on.

    Where `target` may be a number outside, `state` says by whom the call is moved there.
    """
    if target.kind is not TargetKind.NUMBER and state.mover is not None:
        state = state.moved_by(None)
    key = ("place", target, state, otherwise, limit)
    known = route.memo.get(key)
    if known is None:
        if route.places >= MOST_PLACES or route.depth >= MOST_PLACES_IN_A_ROW:
            return too_long(route, state)
        route.places += 1
        route.depth += 1
        route.deepest = max(route.deepest, route.depth)
        known = route.memo[key] = _reach_new(route, target, state, otherwise, limit)
        route.depth -= 1
    return known


def _reach_new(route: Route, target: Target, state: State, otherwise: Otherwise, limit: int) -> Node:
    route.asked.add(target)
    if target in state.visited:
        route.note("R9", True, "loop_skipped", place=place_name(route, target))
        return otherwise(state)
    return route.reach(route, target, state, otherwise, limit)


def place_name(route: Route, target: Target) -> str:
    """Return how the trace calls a target."""
    route.asked.add(target)
    row = route.policy.row(target)
    name = target.number or getattr(row, "name", None) or getattr(row, "number", None) or target.id
    return f"{target.kind.value} {name}"


def failure_phrases(state: State) -> tuple[Phrase, ...]:
    """Return what the caller hears about the place that did not answer, if one did not."""
    if state.failure is None:
        return ()
    if state.failure is UNTOLD:
        return (UNTOLD_PHRASE,)
    who = text(state.failure.name) if state.failure.name else prompt("the-one-you-seek")
    return (who, prompt(REASONS[state.failure.kind]) if state.failure.kind is not None else WHY)


def transfer_phrases(name: str | None) -> tuple[Phrase, ...]:
    """Return "you are put through to …", without a name where there is none to tell."""
    return (prompt("transfer-to"), text(name, "someone-else")) if name else (prompt("transfer-on"),)


def name_for_caller(route: Route, name: str | None, unit: Unit | None) -> str | None:
    """Return a name as this caller may hear it: an outsider hears none of a unit that is confidential or missing."""
    if not route.internal and (unit is None or is_confidential(route.policy, unit)):
        route.note("R17", True, "name_withheld")
        return None
    return name


def note_barred(route: Route, number: str, permission: Permission) -> None:
    """Tell in the trace why a number outside is not called."""
    if Category.UNCLASSIFIED in permission.barred:
        route.note("R18", True, "number_unclassified", number=number)
    route.note("R18", True, "outside_number_barred", number=number, category=" ".join(permission.barred))


def note_exemptions(route: Route, mover: Extension | Unit | Organisation | None) -> None:
    """Note when what an extension may call becomes another."""
    if isinstance(mover, Extension):
        for row in route.policy.exempted.get(mover.id, ()):
            route.changes_at(row.starts_at)
            route.changes_at(row.ends_at)


def goodbye(route: Route, cause: HangupCause = HangupCause.NORMAL) -> Node:
    """Say goodbye and hang up."""
    return speak(route, ("goodbye",), hang_up(route, cause))


def hang_up(route: Route, cause: HangupCause = HangupCause.NORMAL) -> Node:
    """Hang up; only ever after a voice."""
    return route.builder.hang_up(cause)


def speak(route: Route, prompts: tuple[str, ...], next_step: Node, before: tuple[Phrase, ...] = ()) -> Node:
    """Speak prompts by name, after `before`."""
    return route.builder.say((*before, *map(prompt, prompts)), next_step)


def voicemail(route: Route, mailbox_id: int | None, *, urgent: bool = False) -> Node | None:
    """Let the caller leave a message; None where the mailbox is missing."""
    if mailbox_id is None:
        return None
    route.asked.add(Target(TargetKind.MAILBOX, mailbox_id))
    mailbox = route.policy.mailboxes.get(mailbox_id)
    if mailbox is None:
        route.note("R11", False, "mailbox_missing", id=str(mailbox_id))
        return None
    key = ("voicemail", mailbox_id, urgent)
    if key not in route.memo:
        route.memo[key] = route.builder.voicemail(mailbox.number, goodbye(route), urgent=urgent)
    return route.memo[key]


def menu(route: Route, phrases: tuple[Phrase, ...], choices: tuple[tuple[str, Node], ...], no_choice: Node) -> Node:
    """Offer choices; with none to offer just speak and go on."""
    route.spoken_or_rung += 1
    if not choices:
        return route.builder.say(phrases, no_choice)
    return route.builder.menu(phrases, choices, no_choice)


def too_long(route: Route, state: State) -> Node:
    """End a call for which too much has been looked at; with what is kept this is decided anew, without."""
    route.limited = True
    route.note("R8", True, "plan_too_long")
    return last_resort(route, state)


def last_resort(route: Route, state: State) -> Node:
    """End a call for which nothing else is left: the organisation's mailbox, else words and goodbye (R23)."""
    message = voicemail(route, route.organisation.mailbox_id)
    if message is not None:
        route.note("R23", True, "last_resort_message", organisation=route.organisation.name)
        return message
    route.note("R23", True, "last_resort_words", organisation=route.organisation.name)
    return speak(route, ("nobody-can-answer", "call-again"), goodbye(route), failure_phrases(state))
