"""What is kept of one decision for the next: how a call goes on when nobody answers, which is the same for many.

What follows hangs on the policy, on a few things about the call (`Route.manner`), on the places that were gone
through before and are asked for again, and on the time, for as long as nothing that was looked at opens, closes,
begins or ends. A piece notes what it asked, and is used only where the answers are the same.

INVARIANT: a decision with pieces that are kept equals the one without, in plan and trace.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from callflow.policy.barrings import Category
from callflow.policy.builder import Key, Node

MOST_NODES = 200_000
"""How many steps are kept; with more, all is made anew."""
_MOST_TURNS = 4
"""For how many times of the day, or ways that led there, one piece is kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """What was made, the trace's lines, and what both hang on: `asked` are the places and rows that were looked at.

    It holds from `since` until `until` (not included, both as timestamps), for a call that has gone through `passed`
    of the places in `asked`. Making it took `whole`, without what is `inside` only `own`, for a call that had gone
    through `visited`, and as many places one after the other as `depth`.
    """

    made: Any
    lines: tuple[Mapping[Hashable, Any], ...]
    asked: frozenset[Any]
    passed: frozenset[Any]
    since: float
    until: float
    whole: "Effort"
    own: "Effort"
    visited: frozenset[Any]
    inside: "Taken"
    depth: int
    limited: bool


Taken = dict[tuple[Piece, frozenset[Any]], set[Any]]
"""The pieces that were taken, each for a call that had gone through some places, and how the last of these failed."""


in_use = Lock()
"""Held by the one decision at a time that uses what is kept; another, in another thread, does without."""


@dataclass(slots=True, eq=False)
class Kept:
    """What a policy keeps: pieces, the steps they consist of, lineages of units, and what these have barred."""

    pieces: dict[Hashable, tuple[Piece, ...]] = field(default_factory=dict)
    nodes: dict[Key, Node] = field(default_factory=dict)
    lineages: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    barred: dict[tuple[int, int], frozenset[Category]] = field(default_factory=dict)

    def add(self, key: Hashable, piece: Piece) -> None:
        """Keep a piece, in place of the oldest when there are many."""
        self.pieces[key] = (piece, *self.pieces.get(key, ())[: _MOST_TURNS - 1])

    def make_room(self) -> None:
        """Let everything go when there is too much of it."""
        if len(self.nodes) > MOST_NODES:
            self.pieces, self.nodes = {}, {}

    def without(self, changed: frozenset[Any]) -> "Kept":
        """Return what can be kept where only these extensions and mailboxes are others than before."""
        with in_use:
            pieces, nodes = list(self.pieces.items()), self.nodes
        still = ((key, tuple(piece for piece in some if piece.asked.isdisjoint(changed))) for key, some in pieces)
        return Kept(
            pieces={key: some for key, some in still if some}, nodes=nodes, lineages=self.lineages, barred=self.barred
        )


@dataclass(frozen=True, slots=True)
class Effort:
    """How much was looked at: places, and what is spoken or rung."""

    spoken_or_rung: int
    places: int


def looked_at(spoken_or_rung: int, places: int, taken: Taken) -> Effort:
    """Return how much is looked at with what was taken, where what is made for one call is made once.

    INVARIANT: never less than a decision without kept pieces counts. A piece that is taken again tells its first step
    anew, unless that too is the same.
    """
    seen: dict[tuple[Piece, frozenset[Any]], set[Any]] = {}
    ahead = [(piece, visited, why) for (piece, visited), whys in taken.items() for why in whys]
    while ahead:
        piece, visited, why = ahead.pop()
        known = seen.get((piece, visited))
        if known is None:
            seen[piece, visited] = {why}
            spoken_or_rung += piece.own.spoken_or_rung
            places += piece.own.places
            for (part, been), whys in piece.inside.items():
                where = (been - piece.visited) | visited if been else been
                ahead += [(part, where, inner) for inner in whys]
        elif why not in known:
            known.add(why)
            spoken_or_rung += 1
            places += piece.whole.places
    return Effort(spoken_or_rung, places)
