"""What one decision costs on regions of 1,000, 15,000 and 100,000 extensions, for a day's mix of calls."""

import gc
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callflow.policy.decision import Call, Outcome
from callflow.policy.evaluate import decide
from callflow.policy.model import (
    AnsweringPlace,
    DiversionCondition,
    Extension,
    Policy,
    RingGroup,
    Target,
    TargetKind,
    Unit,
    build_policy,
)
from callflow.service.pauses import keep_pauses_short
from callflow.storage.generator import generated_policy

SIZES = (1_000, 15_000, 100_000)
CALLS = 40_000
WARM_UP = 2_000
AIM_MICROSECONDS = 100.0
GROUP_SIZE = 8
KNOWN, FIRST = "nothing had to be made that is kept", "the first for a unit, or its way, at this hour"
"""How the calls divide by whether an earlier decision has made what follows when nobody answers."""

STOCKHOLM = ZoneInfo("Europe/Stockholm")
BY_DAY = datetime(2026, 1, 14, 10, 7, tzinfo=STOCKHOLM)
EVENING = datetime(2026, 1, 14, 20, 41, tzinfo=STOCKHOLM)


@dataclass(frozen=True, slots=True)
class Made:
    """One call of the mix: its kind, what is decided, and when."""

    kind: str
    call: Call
    now: datetime


class Mix:
    """Calls in the proportions of a day, each to and from somebody else; every number outside is new."""

    def __init__(self, policy: Policy, seed: int = 1) -> None:
        """Sort the region's rows by what a call to them becomes."""
        self._random = random.Random(seed)
        self._policy = policy
        extensions = list(policy.extensions.values())
        self._diverted = [row for row in extensions if diverts(row)]
        self._absent = [row for row in extensions if row.person_id and policy.people[row.person_id].absences]
        self._plain = [row for row in extensions if not diverts(row)]
        self._groups = [row for row in policy.units.values() if answers_by_group(row)]
        self._units = [row for row in policy.units.values() if not answers_by_group(row)]
        self._switchboards = list(policy.organisations.values())
        self._ranges = list(policy.number_ranges.values())

    def calls(self, count: int) -> Iterator[Made]:
        """Yield so many calls, kinds mixed as in `KINDS`."""
        for kind in self._random.choices(list(KINDS), [weight for weight, _, _ in KINDS.values()], k=count):
            _, make, now = KINDS[kind]
            yield Made(kind, make(self), now)

    def a_number(self) -> str:
        """Return a Swedish mobile or fixed number that nobody has called before."""
        kind = self._random.choice(("070", "072", "073", "076", "08", "031", "040"))
        return f"{kind}{self._random.randint(2_000_000, 9_999_999)}"

    def inward(self, number: str) -> Call:
        """Return a call from outside to a number."""
        return Call(called_number=number, caller_number="+46" + self.a_number()[1:])

    def outward(self, number: str) -> Call:
        """Return what a phone of ours dials."""
        caller = self._random.choice(self._plain)
        return Call(called_number=number, caller_number=caller.number, caller_extension_id=caller.id)

    def plain(self) -> Call:
        """Return a call from outside to an extension that is there."""
        return self.inward(self._random.choice(self._plain).number)

    def diverted(self) -> Call:
        """Return a call from outside to an extension that is diverted."""
        return self.inward(self._random.choice(self._diverted).number)

    def absent(self) -> Call:
        """Return a call from outside to an extension whose person is away."""
        return self.inward(self._random.choice(self._absent).number)

    def group(self) -> Call:
        """Return a call from outside to a unit whose people ring together."""
        return self.inward(self._random.choice(self._groups).number or "")

    def unit(self) -> Call:
        """Return a call from outside to a unit."""
        return self.inward(self._random.choice(self._units).number or "")

    def switchboard(self) -> Call:
        """Return a call from outside to a main number."""
        return self.inward(self._random.choice(self._switchboards).main_number)

    def internal(self) -> Call:
        """Return a call from one extension to another by its short number."""
        to = self._random.choice(self._plain)
        row = self._ranges[to.organisation_id - 1]
        return self.outward(row.short_prefix + to.number[-row.short_digits :])

    def national(self) -> Call:
        """Return a call from an extension to a Swedish number."""
        return self.outward(self.a_number())

    def foreign(self) -> Call:
        """Return a call from an extension to Norway, which is barred."""
        return self.outward(f"00472{self._random.randint(2_000_000, 9_999_999)}")

    def code(self) -> Call:
        """Return a feature code that diverts to a colleague."""
        to = self._random.choice(self._plain)
        return self.outward(f"*21*{to.number.replace('+46', '0')}#")

    def unused(self) -> Call:
        """Return a call from outside to a number of ours that nobody has."""
        return self.inward(f"{self._ranges[0].last_number[:-3]}{self._random.randint(100, 999)}")

    def transfer(self) -> Call:
        """Return a caller from outside whom an extension transfers to another."""
        mover, to = self._random.choice(self._plain), self._random.choice(self._plain)
        return replace(self.inward(to.number), mover_extension_id=mover.id)


KINDS: Mapping[str, tuple[int, Callable[[Mix], Call], datetime]] = {
    "outside to an extension, by day": (28, Mix.plain, BY_DAY),
    "outside to an extension, evening": (6, Mix.plain, EVENING),
    "outside to a diverted extension": (5, Mix.diverted, BY_DAY),
    "outside to an absent person": (3, Mix.absent, BY_DAY),
    "outside to a unit, by day": (6, Mix.unit, BY_DAY),
    "outside to a unit, evening": (4, Mix.unit, EVENING),
    "outside to a group, by day": (3, Mix.group, BY_DAY),
    "switchboard, by day": (8, Mix.switchboard, BY_DAY),
    "switchboard, evening": (2, Mix.switchboard, EVENING),
    "internal": (16, Mix.internal, BY_DAY),
    "outgoing, a number never called before": (11, Mix.national, BY_DAY),
    "outgoing, barred": (2, Mix.foreign, BY_DAY),
    "feature code": (1, Mix.code, BY_DAY),
    "number of ours not in use": (1, Mix.unused, BY_DAY),
    "transfer to an extension": (4, Mix.transfer, BY_DAY),
}


def diverts(extension: Extension) -> bool:
    """Tell whether all calls to an extension are diverted."""
    return any(row.condition is DiversionCondition.ALL for row in extension.diversions)


def answers_by_group(unit: Unit) -> bool:
    """Tell whether a unit's first answering place is a group."""
    return unit.answering_places[0].target.kind is TargetKind.RING_GROUP


def region(extensions: int) -> Policy:
    """Return a generated region in which every tenth unit answers by a group of eight before its own two places."""
    made = generated_policy(extensions)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row in made.extensions.values():
        members[row.unit_id].append(row.id)
    groups, units = list(made.ring_groups.values()), dict(made.units)
    for unit in list(made.units.values())[::10]:
        group = RingGroup(
            id=len(groups) + 1,
            organisation_id=unit.organisation_id,
            name=f"Svarsgrupp {unit.name}",
            member_extension_ids=tuple(members[unit.id][:GROUP_SIZE]),
        )
        groups.append(group)
        first = AnsweringPlace(position=0, target=Target(TargetKind.RING_GROUP, group.id))
        units[unit.id] = replace(unit, answering_places=(first, *unit.answering_places))
    tables = {row.name: getattr(made, row.name) for row in fields(Policy)}
    rows = {name: table.values() for name, table in tables.items() if is_table(table)}
    return build_policy(**{**rows, "revision": 1, "ring_groups": groups, "units": units.values()})


def is_table(value: object) -> bool:
    """Tell whether a field of a policy is a table of rows by id, and no index."""
    return isinstance(value, dict) and all(getattr(row, "id", None) == key for key, row in value.items())


def timed(policy: Policy, made: list[Made]) -> dict[str, list[float]]:
    """Return how many microseconds the decision of each call took, by kind: CPU time, since it waits for nothing."""
    took = defaultdict(list)
    clock = time.thread_time_ns
    for one in made:
        call, now, known = one.call, one.now, kept(policy)
        began = clock()
        decide(policy, call, now)
        spent = (clock() - began) / 1000
        took[one.kind].append(spent)
        took[KNOWN if kept(policy) == known else FIRST].append(spent)
    return took


def kept(policy: Policy) -> int:
    """Return how much of earlier decisions the policy keeps."""
    return len(policy.kept.pieces) + len(policy.kept.nodes)


def percentile(took: list[float], share: float) -> float:
    """Return the value that this share of all does not exceed."""
    return sorted(took)[min(len(took) - 1, int(len(took) * share))]


@pytest.fixture(autouse=True)
def as_the_service() -> Iterator[None]:
    """Collect garbage as `callflow serve` does."""
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    keep_pauses_short()
    yield
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)
    gc.unfreeze()


def test_what_a_decision_takes_at_three_sizes() -> None:
    whole: dict[int, list[float]] = {}
    first: list[float] = []
    by_kind: defaultdict[str, list[float]] = defaultdict(list)
    for size in SIZES:
        policy = region(size)
        mix = Mix(policy)
        made = list(mix.calls(WARM_UP + CALLS))
        gc.collect()
        gc.freeze()
        timed(policy, made[:WARM_UP])
        took = timed(policy, made[WARM_UP:])
        whole[size] = took[KNOWN] + took[FIRST]
        first.append(len(took[FIRST]) / len(whole[size]))
        for kind in (*KINDS, KNOWN, FIRST):
            by_kind[kind] += [statistics.median(took[kind]), percentile(took[kind], 0.99)]
    print(
        f"\nMicroseconds a decision, median and 99th percentile of {CALLS} calls a size; aim {AIM_MICROSECONDS:.0f}"
    )
    print(f"{'extensions':<46}" + "".join(f"{size:>16,}" for size in SIZES))
    for kind, figures in by_kind.items():
        print(
            f"{kind:<46}" + "".join(f"{a:>9.0f}{b:>7.0f}" for a, b in zip(figures[::2], figures[1::2], strict=True))
        )
    print(f"{'share of these first ones':<46}" + "".join(f"{share:>16.1%}" for share in first))
    all_calls = "".join(f"{statistics.median(some):>9.0f}{percentile(some, 0.99):>7.0f}" for some in whole.values())
    print(f"{'all':<46}{all_calls}")
    print(
        f"{'a thousandth takes longer than':<46}" + "".join(f"{percentile(s, 0.999):>16.0f}" for s in whole.values())
    )


def test_the_mix_is_decided_as_its_kinds_say() -> None:
    policy = region(SIZES[0])
    outcomes = defaultdict(set)
    for one in Mix(policy).calls(WARM_UP):
        outcomes[one.kind].add(decide(policy, one.call, one.now).outcome)
    assert outcomes["outgoing, a number never called before"] == {Outcome.OUTSIDE}
    assert outcomes["outgoing, barred"] == outcomes["number of ours not in use"] == {Outcome.REFUSED}
    assert outcomes["feature code"] == {Outcome.FEATURE_CODE}
    assert outcomes["internal"] == outcomes["transfer to an extension"] == {Outcome.EXTENSION}
    assert outcomes["switchboard, evening"] == {Outcome.SWITCHBOARD_CLOSED}
