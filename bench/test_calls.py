"""Whole cost of a call, delay before ringing, and most calls a second: Callflow, a bare `Dial()`, and two peers.

make bench                                         # everything
.venv/bin/pytest -s bench/test_calls.py            # this alone
CALLFLOW_BENCH_ROUNDS=1 .venv/bin/pytest -s bench/test_calls.py   # quicker, with no spread
"""

import os
import random
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.callers import PHONE_HOST, TRUNK_HOST, Sipp
from bench.capture import may_capture
from bench.fleet import System, started
from bench.measure import Round, most_calls, one_round, undisturbed
from bench.region import BenchRegion, made_region
from bench.table import Measured, told, write_results
from tests.asterisks import shared_tools
from tests.ports import free_port

ROUNDS = int(os.environ.get("CALLFLOW_BENCH_ROUNDS", "5"))
CALL_SECONDS = 8.0
IDLE_SECONDS = 3.0
RAMPED = ("bare", "ours")
MOST_RAMPS = 3


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="callflow-bench-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.timeout(1800)
async def test_calls_cost_little_more_than_a_bare_dial_and_ring_as_soon(folder: Path) -> None:
    tools = shared_tools()
    udp = socket.SOCK_DGRAM
    ports = {"trunk_port": free_port(udp, TRUNK_HOST), "phone_port": free_port(udp, PHONE_HOST)}
    sipp = Sipp(tools=tools, folder=folder, **ports)
    region = await made_region(folder)
    try:
        numbers = numbers_file(folder, region)
        async with started(folder, tools, region, sipp.trunk_port) as systems:
            for system in systems:
                await sipp.register([(row.username, row.password) for row in region.called], system.sip_port)
            async with sipp.phones():
                measured = await measure(systems, sipp, numbers)
    finally:
        region.postgres.stop()
    print(told(measured))
    write_results(measured)
    assert all(one.rounds for one in measured.values())


def numbers_file(folder: Path, region: BenchRegion) -> Path:
    path = folder / "numbers.csv"
    path.write_text("\n".join(("SEQUENTIAL", *(f"{row.number};" for row in region.called), "")))
    return path


async def measure(systems: list[System], sipp: Sipp, numbers: Path) -> dict[str, Measured]:
    """Load the systems in turn, in another order each round; one unmeasured round first, to warm caches."""
    measured = {system.name: Measured() for system in systems}
    for system in systems:
        await one_round(system, sipp, numbers, seconds=2, idle=1)
    if not may_capture():
        print("The delay is not measured: reading packets needs root or CAP_NET_RAW.")
    for _ in range(ROUNDS):
        for system in random.sample(systems, len(systems)):
            with undisturbed():
                one = await one_round(system, sipp, numbers, seconds=CALL_SECONDS, idle=IDLE_SECONDS)
            print(line_of(system, one), flush=True)
            measured[system.name].rounds.append(one)
    for _ in range(min(ROUNDS, MOST_RAMPS)):
        for system in (it for it in systems if it.name in RAMPED):
            with undisturbed():
                most = await most_calls(system, sipp, numbers)
            print(f"{system.name:<8} most calls a second {most:.0f}", flush=True)
            measured[system.name].most_calls.append(most)
    return measured


def line_of(system: System, one: Round) -> str:
    parts = " + ".join(f"{name} {cost:.2f}" for name, cost in one.cost.items())
    return f"{system.name:<8} {one.whole:5.2f} ms CPU a call ({parts}); {len(one.delays)} calls rang"
