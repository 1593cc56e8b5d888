"""What all routing shares: the call's context, the caller's state along a path, dialling, and the ends.

A plan is built back to front, so what comes after a step is built first: each routing function takes `otherwise`,
which builds what follows when nobody answers there.

INVARIANT: `State.rings_left` is how many more rings the caller may hear before a voice (R8). A dial takes its rings
from it whatever its outcome, since a phone may decline, or a mobile be lost, after it has rung; a voice gives four.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from callflow.policy.barrings import Category
from callflow.policy.builder import PlanBuilder
from callflow.policy.decision import Call, TraceLine
from callflow.policy.lineage import is_confidential
from callflow.policy.model import MOST_RINGS, Extension, Organisation, Policy, Target, TargetKind, Unit
from callflow.policy.outgoing import Permission
from callflow.policy.plan import REASONS, WHY, Dial, Hangup, HangupCause, Leg, Menu, Phrase, Say, Voicemail
from callflow.policy.spoken import prompt, text

_MOST_SPOKEN_OR_RUNG = 42
"""How many dials, referrals and menus a plan may hold before it goes on to its last resort."""

_MOST_PLACES = 300
"""How many places are looked at while one call is decided, so that no policy can make a decision slow."""

_MOST_PLACES_IN_A_ROW = 40
"""How many places are looked at one after the other; each is a few nested calls of Python."""


class FailureKind(StrEnum):
    """Why the last place did not answer."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a place did not answer, and its name as this caller may hear it.

    `kind` is None after a dial: Asterisk tells which of its outcomes it was.
    """

    kind: FailureKind | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where the caller stands: rings left before a voice, the places gone through, what has just failed.

    `mover` is the extension, unit or organisation (its switchboard) that sends the call to where it goes next: its
    barrings count for a number outside (R18).
    """

    rings_left: int = MOST_RINGS
    visited: frozenset[Target] = frozenset()
    failure: Failure | None = None
    mover: Target | None = None

    def at(self, place: Target) -> "State":
        """Return the state with this place gone through."""
        return State(self.rings_left, self.visited | {place}, self.failure)

    def moved_by(self, mover: Target | None) -> "State":
        """Return the state in which `mover` sends the call on."""
        return State(self.rings_left, self.visited, self.failure, mover)

    def heard(self) -> "State":
        """Return the state after a voice has spoken, which told of any failure."""
        return State(MOST_RINGS, self.visited)

    def must_hear(self) -> "State":
        """Return the state in which a voice has to come before the next ring."""
        return State(0, self.visited, self.failure)

    def failed(self, failure: Failure) -> "State":
        """Return the state in which a place has failed to answer without ringing."""
        return State(self.rings_left, self.visited, failure)

    def on_path(self, visited: frozenset[Target]) -> "State":
        """Return the state as on another path, one that has gone through these places."""
        return State(self.rings_left, visited, self.failure)

    def after_ringing(self, rings: int, failure: "Failure") -> "State":
        """Return the state after these rings at a place that then failed to answer."""
        return State(self.rings_left - rings, self.visited, failure)


Otherwise = Callable[[State], int]
Reach = Callable[["Route", Target, State, Otherwise, int], int]


@dataclass(slots=True, kw_only=True)
class Route:
    """One call being decided: what it may depend on, the plan and the trace as they grow."""

    policy: Policy
    call: Call
    now: datetime
    caller: Extension | None
    mover: Extension | None = None
    organisation: Organisation
    reach: Reach
    builder: PlanBuilder = field(default_factory=PlanBuilder)
    noted: dict[tuple[str, bool, str, tuple[tuple[str, object], ...]], None] = field(default_factory=dict)
    memo: dict[Hashable, int] = field(default_factory=dict)
    ways: dict[Hashable, Otherwise] = field(default_factory=dict)
    group_legs: dict[int, tuple[tuple[Leg, ...], tuple[int, ...]]] = field(default_factory=dict)
    spoken_or_rung: int = 0
    places: int = 0
    depth: int = 0

    @property
    def internal(self) -> bool:
        """Whether an authenticated extension of ours calls."""
        return self.caller is not None

    @property
    def actor(self) -> Extension | None:
        """Who sends the call to the number called: the extension that transfers it, else the one that calls.

        INVARIANT: a call that was transferred never has the caller's own rights, also when nobody knows by whom.
        """
        return self.mover if self.call.mover_extension_id is not None else self.caller

    @property
    def ring_ms(self) -> int:
        """One ring's length with its pause, as the called organisation has it."""
        return self.organisation.ring_ms

    def note(self, rule: str, matched: bool, reason: str, **values: object) -> None:
        """Add a line to the trace, once."""
        self.noted.setdefault((rule, matched, reason, tuple(values.items())))

    def trace(self) -> tuple[TraceLine, ...]:
        """Return what was noted, in the order it was."""
        return tuple(
            TraceLine(rule=rule, matched=matched, reason=reason, values={name: str(value) for name, value in values})
            for rule, matched, reason, values in self.noted
        )

    def way(self, key: Hashable, otherwise: Otherwise) -> Otherwise:
        """Return the first function kept under this key, so that what follows a place is built only once."""
        return self.ways.setdefault(key, otherwise)


def dial(  # noqa: PLR0913, PLR0917 - what rings, for how long, called what, and what follows each outcome
    route: Route,
    legs: tuple[Leg, ...],
    limit: int,
    name: str | None,
    state: State,
    no_answer: Otherwise,
    busy: Otherwise | None = None,
    unreachable: Otherwise | None = None,
) -> int:
    """Ring `legs` for at most `limit` rings, or fewer if the caller has fewer left; speak first if none is left."""
    if route.spoken_or_rung >= _MOST_SPOKEN_OR_RUNG:
        route.note("R8", True, "plan_too_long")
        return last_resort(route, state)
    if state.rings_left <= 0:
        phrases = (*failure_phrases(state), *transfer_phrases(name))
        route.spoken_or_rung += 1
        route.note("R8", True, "spoken_before_more_rings")
        after = dial(route, legs, limit, name, state.heard(), no_answer, busy, unreachable)
        return route.builder.add(Say(phrases=phrases, next_step=after))
    rings = max(1, min(limit, state.rings_left, MOST_RINGS))
    key = ("dial", legs, rings, name, state.rings_left, state.visited, no_answer, busy, unreachable)
    known = route.memo.get(key)
    if known is None:
        route.spoken_or_rung += 1
        ended = state.after_ringing(rings, Failure(None, name))
        first = no_answer(ended)
        step = Dial(
            legs=legs,
            rings=rings,
            ring_ms=route.ring_ms,
            no_answer=first,
            busy=first if busy is None else busy(ended),
            unreachable=first if unreachable is None else unreachable(ended),
        )
        known = route.memo[key] = route.builder.add(step)
    return known


def reach_place(route: Route, target: Target, state: State, otherwise: Otherwise, limit: int = MOST_RINGS) -> int:
    """Go to a target unless this path has been there; then, or when too much has been looked at, go on.

    Where `target` may be a number outside, `state` says by whom the call is moved there.
    """
    if target.kind is not TargetKind.NUMBER and state.mover is not None:
        state = state.moved_by(None)
    key = ("place", target, state, otherwise, limit)
    known = route.memo.get(key)
    if known is None:
        if route.places >= _MOST_PLACES or route.depth >= _MOST_PLACES_IN_A_ROW:
            route.note("R8", True, "plan_too_long")
            return last_resort(route, state)
        route.places += 1
        route.depth += 1
        known = route.memo[key] = _reach_new(route, target, state, otherwise, limit)
        route.depth -= 1
    return known


def _reach_new(route: Route, target: Target, state: State, otherwise: Otherwise, limit: int) -> int:
    if target in state.visited:
        route.note("R9", True, "loop_skipped", place=place_name(route, target))
        return otherwise(state)
    return route.reach(route, target, state, otherwise, limit)


def place_name(route: Route, target: Target) -> str:
    """Return how the trace calls a target."""
    row = route.policy.row(target)
    name = target.number or getattr(row, "name", None) or getattr(row, "number", None) or target.id
    return f"{target.kind.value} {name}"


def failure_phrases(state: State) -> tuple[Phrase, ...]:
    """Return what the caller hears about the place that did not answer, if one did not."""
    if state.failure is None:
        return ()
    who = text(state.failure.name) if state.failure.name else prompt("the-one-you-seek")
    return (who, prompt(REASONS[state.failure.kind]) if state.failure.kind is not None else WHY)


def transfer_phrases(name: str | None) -> tuple[Phrase, ...]:
    """Return "you are put through to …", without a name where there is none to tell."""
    return (prompt("transfer-to"), text(name)) if name else (prompt("transfer-on"),)


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


def goodbye(route: Route, cause: HangupCause = HangupCause.NORMAL) -> int:
    """Say goodbye and hang up."""
    return speak(route, ("goodbye",), hang_up(route, cause))


def hang_up(route: Route, cause: HangupCause = HangupCause.NORMAL) -> int:
    """Hang up; only ever after a voice."""
    return route.builder.add(Hangup(cause=cause))


def speak(route: Route, prompts: tuple[str, ...], next_step: int, before: tuple[Phrase, ...] = ()) -> int:
    """Speak prompts by name, after `before`."""
    return route.builder.add(Say(phrases=(*before, *map(prompt, prompts)), next_step=next_step))


def voicemail(route: Route, mailbox_id: int | None, *, urgent: bool = False) -> int | None:
    """Let the caller leave a message; None where the mailbox is missing."""
    mailbox = route.policy.mailboxes.get(mailbox_id) if mailbox_id is not None else None
    if mailbox is None:
        if mailbox_id is not None:
            route.note("R11", False, "mailbox_missing", id=mailbox_id)
        return None
    key = ("voicemail", mailbox_id, urgent)
    if key not in route.memo:
        step = Voicemail(mailbox=mailbox.number, urgent=urgent, next_step=goodbye(route))
        route.memo[key] = route.builder.add(step)
    return route.memo[key]


def menu(route: Route, phrases: tuple[Phrase, ...], choices: tuple[tuple[str, int], ...], no_choice: int) -> int:
    """Offer choices; with none to offer just speak and go on."""
    route.spoken_or_rung += 1
    if not choices:
        return route.builder.add(Say(phrases=phrases, next_step=no_choice))
    return route.builder.add(Menu(phrases=phrases, choices=choices, no_choice=no_choice))


def last_resort(route: Route, state: State) -> int:
    """End a call for which nothing else is left: the organisation's mailbox, else words and goodbye (R23)."""
    message = voicemail(route, route.organisation.mailbox_id)
    if message is not None:
        route.note("R23", True, "last_resort_message", organisation=route.organisation.name)
        return message
    route.note("R23", True, "last_resort_words", organisation=route.organisation.name)
    return speak(route, ("nobody-can-answer", "call-again"), goodbye(route), failure_phrases(state))
