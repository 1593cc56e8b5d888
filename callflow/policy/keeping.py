"""Making what follows an unanswered call once, and using it again (`callflow.policy.kept`)."""

from collections.abc import Callable, Hashable
from typing import TypeVar

from callflow.policy.builder import Node, keep_end
from callflow.policy.kept import Effort, Piece, looked_at
from callflow.policy.model import Target
from callflow.policy.route import UNTOLD, UNTOLD_PHRASE, Failure, Route, State
from callflow.policy.routing import failure_phrases

Made = TypeVar("Made")
_NOWHERE: frozenset[Target] = frozenset()


def kept(
    route: Route,
    what: Hashable,
    make: Callable[[Route], Made],
    visited: frozenset[Target] = _NOWHERE,
    failure: Failure | None = None,
) -> Made:
    """Return what `make` makes, or has made for a call of this manner that has been at the same places.

    INVARIANT: `what` names all that `make` hangs on beside the route and its policy.
    """
    if route.kept is None:
        return make(route)
    key = (what, route.manner)
    now = route.instant
    for piece in route.kept.pieces.get(key, ()):
        if piece.since <= now < piece.until and (not visited or piece.asked & visited == piece.passed):
            break
    else:
        piece = _piece(route, make, visited)
        if not piece.limited:
            route.kept.add(key, piece)
    route.take(piece, visited, failure)
    made: Made = piece.made
    return made


def kept_after(route: Route, what: Hashable, state: State, make: Callable[[Route, State], Node]) -> Node:
    """Return what follows at a place where the caller must hear a voice first, as `kept` does.

    Why the last place did not answer is told by the first step, so that what comes after is the same for many.
    """
    if route.kept is None:
        return make(route, state.must_hear())
    untold = State(0, state.visited, UNTOLD if state.failure is not None else None)
    first = kept(
        route,
        (what, state.failure is None),
        lambda inner: keep_end(make(inner, untold)),
        state.visited,
        state.failure,
    )
    return route.builder.told(first, UNTOLD_PHRASE, failure_phrases(state))


def _piece(route: Route, make: Callable[[Route], Made], visited: frozenset[Target]) -> Piece:
    inner = Route(
        policy=route.policy,
        call=route.call,
        now=route.now,
        instant=route.instant,
        caller=route.caller,
        mover=route.mover,
        organisation=route.organisation,
        reach=route.reach,
        kept=route.kept,
        manner=route.manner,
        builder=route.builder,
    )
    was, route.builder.keeping = route.builder.keeping, True
    made = make(inner)
    route.builder.keeping = was
    inner.let_go()
    asked = frozenset(inner.asked)
    return Piece(
        made=made,
        lines=tuple(lines for lines in (*inner.lines, inner.noted) if lines),
        asked=asked,
        passed=asked & visited,
        since=inner.since,
        until=inner.until,
        whole=looked_at(inner.spoken_or_rung, inner.places, inner.taken),
        own=Effort(inner.spoken_or_rung, inner.places),
        visited=visited,
        inside=inner.taken,
        depth=inner.deepest,
        limited=inner.too_much(),
    )
