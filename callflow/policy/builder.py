"""Building a plan back to front, so that every successor stands later.

A step is added after its successors and gets a handle; equal steps are one. `finish` keeps what the first step
can reach and numbers it from the front.
"""

from dataclasses import replace

from callflow.policy.plan import Dial, Menu, Plan, Presentation, Say, Step, Voicemail

MOST_STEPS = 60
"""No plan is longer; it must fit in the channel variables of one request."""


class PlanBuilder:
    """Collects steps whose successors are handles that `add` has returned."""

    __slots__ = ("_handles", "_steps")

    def __init__(self) -> None:
        """Begin with no step."""
        self._steps: list[Step] = []
        self._handles: dict[Step, int] = {}

    def add(self, step: Step) -> int:
        """Return the handle of a step, added unless an equal one is there."""
        handle = self._handles.setdefault(step, len(self._steps))
        if handle == len(self._steps):
            self._steps.append(step)
        return handle

    def finish(self, first: int, language: str, presentation: Presentation | None = None) -> Plan:
        """Return the plan that begins at `first`."""
        wanted = {first}
        for handle in range(first, -1, -1):
            if handle in wanted:
                wanted.update(successors(self._steps[handle]))
        order = sorted(wanted, reverse=True)
        index = {handle: at for at, handle in enumerate(order)}
        steps = tuple(_renumber(self._steps[handle], index) for handle in order)
        return Plan(language=language, steps=steps, presentation=presentation)


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


def _renumber(step: Step, index: dict[int, int]) -> Step:
    """Return the step with its handles made step numbers; built anew, since `replace` costs much more."""
    if isinstance(step, Dial):
        return Dial(
            legs=step.legs,
            rings=step.rings,
            ring_ms=step.ring_ms,
            no_answer=index[step.no_answer],
            busy=index[step.busy],
            unreachable=index[step.unreachable],
        )
    if isinstance(step, Menu):
        choices = tuple((digit, index[to]) for digit, to in step.choices)
        return replace(step, choices=choices, no_choice=index[step.no_choice])
    if isinstance(step, Say):
        return Say(phrases=step.phrases, next_step=index[step.next_step])
    if isinstance(step, Voicemail):
        return Voicemail(mailbox=step.mailbox, urgent=step.urgent, next_step=index[step.next_step])
    return step
