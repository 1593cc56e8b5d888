"""One call being decided: where its caller stands, what it may depend on, and what has been found out so far.

INVARIANT: `State.rings_left` is how many more rings the caller may hear before a voice (R8). A dial takes its rings
from it whatever its outcome, since a phone may decline, or a mobile be lost, after it has rung; a voice gives four.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from math import inf

from callflow.policy.builder import Node, PlanBuilder
from callflow.policy.decision import Call, TraceLine
from callflow.policy.kept import Kept, Piece, Taken, looked_at
from callflow.policy.model import MOST_RINGS, Extension, Organisation, Policy, Target
from callflow.policy.plan import Leg, Phrase, PhraseKind

MOST_SPOKEN_OR_RUNG = 42
"""How many dials, referrals and menus a plan may hold before it goes on to its last resort."""

MOST_PLACES = 300
"""How many places are looked at while one call is decided, so that no policy can make a decision slow."""

MOST_PLACES_IN_A_ROW = 40
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
    barrings count for a number outside (R18). `on_duty`: whoever is there has duty, and rings in spite of an absence.
    """

    rings_left: int = MOST_RINGS
    visited: frozenset[Target] = frozenset()
    failure: Failure | None = None
    mover: Target | None = None
    on_duty: bool = False

    def at(self, place: Target) -> "State":
        """Return the state with this place gone through."""
        return State(self.rings_left, self.visited | {place}, self.failure, on_duty=self.on_duty)

    def moved_by(self, mover: Target | None) -> "State":
        """Return the state in which `mover` sends the call on."""
        return State(self.rings_left, self.visited, self.failure, mover, self.on_duty)

    def for_duty(self, mover: Target) -> "State":
        """Return the state in which `mover` sends the call to whoever has duty."""
        return State(self.rings_left, self.visited, self.failure, mover, on_duty=True)

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


UNTOLD = Failure(None, "\0")
"""Stands for why the last place did not answer, where that is told only when a kept piece is used."""
UNTOLD_PHRASE = Phrase(PhraseKind.REASON, "\0")

Otherwise = Callable[[State], Node]
Reach = Callable[["Route", Target, State, Otherwise, int], Node]


@dataclass(slots=True, kw_only=True)
class Route:
    """One call being decided: what it may depend on, the plan and the trace as they grow."""

    policy: Policy
    call: Call
    now: datetime
    instant: float
    caller: Extension | None
    mover: Extension | None = None
    organisation: Organisation
    reach: Reach
    kept: Kept | None = None
    manner: Hashable = None
    builder: PlanBuilder = field(default_factory=PlanBuilder)
    noted: dict[Hashable, TraceLine] = field(default_factory=dict)
    lines: list[Mapping[Hashable, TraceLine]] = field(default_factory=list)
    memo: dict[Hashable, Node] = field(default_factory=dict)
    ways: dict[Hashable, Otherwise] = field(default_factory=dict)
    group_legs: dict[int, tuple[tuple[Leg, ...], tuple[int, ...]]] = field(default_factory=dict)
    spoken_or_rung: int = 0
    places: int = 0
    depth: int = 0
    deepest: int = 0
    asked: set[Target] = field(default_factory=set)
    since: float = -inf
    until: float = inf
    limited: bool = False
    taken: Taken = field(default_factory=dict)

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

    def note(self, rule: str, matched: bool, reason: str, **values: str) -> None:
        """Add a line to the trace, once."""
        key = (rule, matched, reason, *values, *values.values())
        if key not in self.noted:
            self.noted[key] = TraceLine(rule, matched, reason, values)

    def trace(self) -> tuple[TraceLine, ...]:
        """Return what was noted, in the order it was."""
        whole: dict[Hashable, TraceLine] = {}
        for lines in (*self.lines, self.noted):
            whole.update(lines)
        return tuple(whole.values())

    def changes_at(self, moment: datetime) -> None:
        """Note that what was asked has another answer before this moment (aware), or from it on."""
        at = moment.timestamp()
        if at <= self.instant:
            self.since = max(self.since, at)
        else:
            self.until = min(self.until, at)

    def changes_at_midnight(self, local: tzinfo) -> None:
        """Note that what was asked is told in other words on another day there."""
        today = self.now.astimezone(local).date()
        for day in (today, today + timedelta(days=1)):
            self.changes_at(datetime.combine(day, time(), local))

    def holds(self, since: float, until: float) -> None:
        """Note that what was asked has one answer from `since` until `until` (not included), as timestamps."""
        self.since = max(self.since, since)
        self.until = min(self.until, until)

    def take(self, piece: Piece, visited: frozenset[Target], failure: Failure | None) -> None:
        """Go on as if the piece had been made here, for a call that has gone through these places."""
        self.deepest = max(self.deepest, self.depth + piece.depth)
        self.limited = self.limited or piece.limited
        key = (piece, visited)
        whys = self.taken.get(key)
        if whys is None:
            whys = self.taken[key] = set()
            self.lines += (self.noted, *piece.lines)
            self.noted = {}
            self.asked |= piece.asked
            self.holds(piece.since, piece.until)
        whys.add(failure)

    def too_much(self) -> bool:
        """Tell whether more may have been looked at than is allowed, all that was taken with it."""
        if self.limited or self.deepest > MOST_PLACES_IN_A_ROW:
            return True
        spoken_or_rung, places = self.spoken_or_rung, self.places
        for (piece, _), whys in self.taken.items():
            spoken_or_rung += piece.whole.spoken_or_rung + len(whys)
            places += piece.whole.places * len(whys)
        if spoken_or_rung < MOST_SPOKEN_OR_RUNG and places <= MOST_PLACES:
            return False
        effort = looked_at(self.spoken_or_rung, self.places, self.taken)
        return effort.spoken_or_rung >= MOST_SPOKEN_OR_RUNG or effort.places > MOST_PLACES

    def let_go(self) -> None:
        """Forget what was remembered while deciding: it goes round in circles, which Python frees only later."""
        self.memo.clear()
        self.ways.clear()

    def way(self, key: Hashable, otherwise: Otherwise) -> Otherwise:
        """Return the first function kept under this key, so that what follows a place is built only once."""
        return self.ways.setdefault(key, otherwise)
