"""What a system's calls cost and how long they take to ring, and the most calls a second that it carries."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.callers import Load, Sipp
from bench.capture import captured, may_capture
from bench.cpu import cpu_of, spent
from bench.fleet import System
from tests.fakes.waiting import until_told

RATE = 50.0
"""Calls a second at which cost and delay are measured."""
LOCK = "CALLFLOW_BENCH_LOCK"
"""The environment variable that names a file to hold locked while it is measured, on a machine that others use."""
SETTLE_SECONDS = 0.7
FIRST_RATE = 80.0
FASTER = 1.25
FINEST = 0.04
"""The most calls a second are found to within so great a share."""
RAMP_SECONDS = 4.0
REACHED = 0.97
"""A rate was reached when so great a share of the calls was begun in time."""
LONGEST_CALL = 0.8
EMPTY_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One system's calls in one round: CPU milliseconds a call of each part, and each call's delay to ringing."""

    cost: dict[str, float]
    delays: list[float]
    load: Load

    @property
    def whole(self) -> float:
        """CPU milliseconds a call of all parts."""
        return sum(self.cost.values())


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold the lock that `CALLFLOW_BENCH_LOCK` names, if any."""
    path = os.environ.get(LOCK)
    if path is None:
        yield
        return
    with Path(path).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


async def one_round(system: System, sipp: Sipp, numbers: Path, *, seconds: float, idle: float) -> Round:
    """Measure the system idle, then under calls, and return the difference for each call."""
    parts = system.parts()
    before_idle = cpu_of(parts)
    await asyncio.sleep(idle)
    at_rest = spent(before_idle, cpu_of(parts))
    loop = asyncio.get_running_loop()
    with captured(sipp.trunk_port) if may_capture() else contextlib.nullcontext() as delays:
        began, before = loop.time(), cpu_of(parts)
        load = await sipp.call(numbers, system.sip_port, RATE, seconds)
        await asyncio.sleep(SETTLE_SECONDS)
        used, took = spent(before, cpu_of(parts)), loop.time() - began
    assert load.failed == 0, f"{load.failed} of {load.calls} calls of {system.name} failed; see {sipp.folder}"
    cost = {name: (used[name] - at_rest[name] * took / idle) / load.calls * 1000 for name in parts}
    return Round(cost=cost, delays=delays.milliseconds() if delays else [], load=load)


async def most_calls(system: System, sipp: Sipp, numbers: Path) -> float:
    """Return the highest rate, in calls a second, at which none fails and all are begun in time."""
    held, rate, failed = 0.0, FIRST_RATE, 0.0
    while not failed or (failed - held) / failed > FINEST:
        if await carries(system, sipp, numbers, rate):
            held = rate
        else:
            failed = rate
        rate = (held + failed) / 2 if failed else rate * FASTER
    return held


async def carries(system: System, sipp: Sipp, numbers: Path, rate: float) -> bool:
    """Return whether the system carries this rate: every call is answered, and decided by whoever is to decide."""
    before = await undecided(system)
    load = await sipp.call(numbers, system.sip_port, rate, RAMP_SECONDS)
    if load.failed:  # a call that SIPp has given up lasts until somebody ends it
        await system.asterisk.console("channel request hangup all")
    await until_told(lambda: is_empty(system), f"calls remain in {system.name}", EMPTY_SECONDS)
    in_time = load.seconds <= RAMP_SECONDS / REACHED + LONGEST_CALL
    return load.failed == 0 and in_time and await undecided(system) == before


async def is_empty(system: System) -> bool:
    """Return whether no channel is left."""
    return "0 active channels" in await system.asterisk.console("core show channels count")


async def undecided(system: System) -> float:
    """Return how many calls had to do without a decision so far."""
    return await system.undecided() if system.undecided else 0.0
