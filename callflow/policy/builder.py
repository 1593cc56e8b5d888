"""Building a plan back to front, so that every successor stands later.

A step is added after its successors; equal steps are one. `finish` numbers what the first step can reach from the
front. Steps that stay the same from call to call are kept (`callflow.policy.kept`), and so are the numbered steps of
a plan's end.
"""

from collections.abc import Mapping
from typing import Any

from callflow.policy.plan import (
    Dial,
    Emergency,
    Hangup,
    HangupCause,
    Leg,
    LegKind,
    Menu,
    Phrase,
    Plan,
    Presentation,
    Say,
    Step,
    Voicemail,
)

MOST_STEPS = 60
"""No plan is longer; it must fit in the channel variables of one request."""

_MOST_LENGTHS = 8
"""For how many lengths of a plan the numbered steps of its end are kept."""


class Node:
    """A step that is not numbered yet: its kind, its values, and the nodes that follow it.

    INVARIANT: of the nodes of one plan no two are equal, so that one is known by its identity.
    `leaves`: somebody may be called through the trunk from here on. `end` is what is kept of a plan's end.
    """

    __slots__ = ("after", "end", "kind", "leaves", "values")

    def __init__(self, kind: type[Step], values: tuple[Any, ...], after: "tuple[Node, ...]") -> None:
        """Make a node that is equal to no other."""
        self.kind = kind
        self.values = values
        self.after = after
        self.end: _End | None = None
        by_trunk = kind is Dial and any(leg.kind is LegKind.TRUNK for leg in values[0])
        self.leaves: bool = by_trunk or any(node.leaves for node in after)


Key = tuple[type[Step], tuple[Any, ...], tuple[Node, ...]]


class _End:
    """The end of many plans: every node from one on, each with its place from the back, and its numbered steps."""

    __slots__ = ("places", "steps")

    def __init__(self, first: Node) -> None:
        """Find the places of the nodes from `first` on."""
        self.places: dict[Node, int] = {}
        self.steps: dict[int, tuple[Step, ...]] = {}
        _place(first, self.places)

    def numbered(self, size: int) -> tuple[Step, ...]:
        """Return these steps as the last ones of a plan of so many."""
        steps = self.steps.get(size)
        if steps is None:
            steps = _numbered(list(self.places), self.places, size)
            if len(self.steps) < _MOST_LENGTHS:
                self.steps[size] = steps
        return steps


class PlanBuilder:
    """Collects the steps of a plan; those added while `keeping` go into `kept`, which outlives it."""

    __slots__ = ("_kept", "_own", "keeping")

    def __init__(self, kept: dict[Key, Node] | None = None) -> None:
        """Begin with the steps that are kept."""
        self._kept: dict[Key, Node] = kept if kept is not None else {}
        self._own: dict[Key, Node] = {}
        self.keeping = False

    def say(self, phrases: tuple[Phrase, ...], next_step: Node) -> Node:
        """Add a `Say`."""
        return self._add(Say, (phrases,), (next_step,))

    def dial(self, legs: tuple[Leg, ...], rings: int, ring_ms: int, after: tuple[Node, Node, Node]) -> Node:
        """Add a `Dial` with what follows: no answer, busy, unreachable."""
        return self._add(Dial, (legs, rings, ring_ms), after)

    def menu(self, phrases: tuple[Phrase, ...], choices: tuple[tuple[str, Node], ...], no_choice: Node) -> Node:
        """Add a `Menu`."""
        digits = tuple([digit for digit, _ in choices])
        return self._add(Menu, (phrases, digits), (*[to for _, to in choices], no_choice))

    def voicemail(self, mailbox: str, next_step: Node, *, urgent: bool = False, listen: bool = False) -> Node:
        """Add a `Voicemail`."""
        return self._add(Voicemail, (mailbox, urgent, listen), (next_step,))

    def hang_up(self, cause: HangupCause = HangupCause.NORMAL) -> Node:
        """Add a `Hangup`."""
        return self._add(Hangup, (cause,), ())

    def emergency(self, number: str) -> Node:
        """Add an `Emergency`."""
        return self._add(Emergency, (number,), ())

    def told(self, node: Node, untold: Phrase, phrases: tuple[Phrase, ...]) -> Node:
        """Return the node with these phrases where it speaks `untold` first; any other as it is."""
        if node.kind not in _SPEAKING or node.values[0][:1] != (untold,):
            return node
        spoken, *others = node.values
        return self._add(node.kind, ((*phrases, *spoken[1:]), *others), node.after)

    def finish(self, first: Node, language: str, presentation: Presentation | None = None) -> Plan:
        """Return the plan that begins at `first`."""
        front = first
        while front.end is None and front.after:
            front = front.after[0]
        if front.end is None:
            places: dict[Node, int] = {}
            ending: tuple[Step, ...] = ()
            _place(first, places)
            steps = _numbered(list(places), places, len(places))
        else:
            places = front.end.places.copy()
            known = len(places)
            _place(first, places)
            steps = _numbered(list(places)[known:], places, len(places))
            ending = front.end.numbered(len(places))
        return Plan(language=language, steps=steps + ending, presentation=presentation)

    def _add(self, kind: type[Step], values: tuple[Any, ...], after: tuple[Node, ...]) -> Node:
        """Return the node that is equal to this one, or add it; what has to be kept is so from now on."""
        key = (kind, values, after)
        node = self._kept.get(key)
        if node is None:
            node = self._own.get(key)
            if node is None:
                node = self._own[key] = Node(kind, values, after)
            if self.keeping:
                self._kept[key] = node
        return node


_SPEAKING = frozenset({Say, Menu})


def keep_end(node: Node) -> Node:
    """Return the node; the numbered steps of what follows it first are kept from now on."""
    if node.after and node.after[0].end is None:
        node.after[0].end = _End(node.after[0])
    return node


def successors(step: Step) -> tuple[int, ...]:
    """Return every step that may follow this one."""
    if isinstance(step, Dial):
        return (step.no_answer, step.busy, step.unreachable)
    if isinstance(step, Menu):
        return (*(to for _, to in step.choices), step.no_choice)
    if isinstance(step, Say | Voicemail):
        return (step.next_step,)
    return ()


def check_plan(plan: Plan) -> None:
    """Assert a plan's invariants: something to do, of bounded size, and every successor later in the plan."""
    size = len(plan.steps)
    assert 0 < size <= MOST_STEPS, f"a plan of {size} steps"
    for at, step in enumerate(plan.steps):
        assert all(at < to < size for to in successors(step)), f"step {at} does not lead on: {step}"
        if isinstance(step, Dial):
            assert step.legs, f"step {at} rings nothing"
            assert step.rings > 0, f"step {at} does not ring"


def _place(node: Node, places: dict[Node, int]) -> None:
    """Give a node, and first what follows it, the next places from the back; what has one keeps it."""
    if node in places:
        return
    for following in node.after:
        if following not in places:
            _place(following, places)
    places[node] = len(places)


def _numbered(nodes: list[Node], places: Mapping[Node, int], size: int) -> tuple[Step, ...]:
    """Return these nodes, last first, as steps of a plan of so many."""
    last = size - 1
    return tuple([_step(node, [last - places[to] for to in node.after]) for node in reversed(nodes)])


def _step(node: Node, after: list[int]) -> Step:
    kind, values = node.kind, node.values
    if kind is Dial:
        legs, rings, ring_ms = values
        no_answer, busy, unreachable = after
        return Dial(legs=legs, rings=rings, ring_ms=ring_ms, no_answer=no_answer, busy=busy, unreachable=unreachable)
    if kind is Say:
        return Say(phrases=values[0], next_step=after[0])
    if kind is Voicemail:
        mailbox, urgent, listen = values
        return Voicemail(mailbox=mailbox, urgent=urgent, listen=listen, next_step=after[0])
    if kind is Menu:
        phrases, digits = values
        return Menu(phrases=phrases, choices=tuple(zip(digits, after[:-1], strict=True)), no_choice=after[-1])
    return Hangup(cause=values[0]) if kind is Hangup else Emergency(number=values[0])
