"""The table of measured calls beside the aims, printed and kept in RESULTS.md."""

import platform
import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.measure import RATE, Round
from bench.region import CALLED, EXTENSIONS
from tests.asterisks import shared_tools

RESULTS = Path(__file__).parent / "RESULTS.md"
BEGIN, END = "<!-- calls: written by bench/test_calls.py -->", "<!-- end of calls -->"
COST_AIM, COST_MOST, DELAY_AIM_MS = 1.2, 1.3, 10.0
PARTS = ("Asterisk", "service", "PostgreSQL")


@dataclass(slots=True)
class Measured:
    """A system's rounds, and the most calls a second of each ramp."""

    rounds: list[Round] = field(default_factory=list)
    most_calls: list[float] = field(default_factory=list)


def told(measured: dict[str, Measured]) -> str:
    """Return the tables in Markdown."""
    return "\n".join((*_cost(measured), "", *_delay(measured), "", *_most(measured)))


def _cost(measured: dict[str, Measured]) -> list[str]:
    bare = [one.whole for one in measured["bare"].rounds]
    lines = [
        f"CPU time a call at {RATE:.0f} calls/s, idle off; median (least to most) of {len(bare)} rounds in turn:",
        "",
        f"| system | whole, ms | {', ms | '.join(PARTS)}, ms | against bare |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in measured.items():
        whole = [each.whole for each in one.rounds]
        parts = (_spread([each.cost[part] for each in one.rounds if part in each.cost]) for part in PARTS)
        ratio = statistics.median(whole) / statistics.median(bare)
        verdict = f"{ratio:.2f}{_verdict(ratio) if name == 'ours' else ''}"
        lines.append(f"| {name} | {_spread(whole)} | {' | '.join(parts)} | {verdict} |")
    return lines


def _verdict(ratio: float) -> str:
    if ratio <= COST_AIM:
        return f" (aim {COST_AIM}: met)"
    return f" (aim {COST_AIM}: missed; at most {COST_MOST}: {'met' if ratio <= COST_MOST else 'MISSED'})"


def _delay(measured: dict[str, Measured]) -> list[str]:
    if not measured["bare"].rounds[0].delays:
        return ["Delay not measured: reading packets needs root or CAP_NET_RAW."]
    lines = [
        f"From INVITE to 180 on the wire at {RATE:.0f} calls/s (kernel time stamps), ms:",
        "",
        "| system | p50 | p99 | added at p50 | added at p99 |",
        "|---|---|---|---|---|",
    ]
    bare = {share: [_quantile(one.delays, share) for one in measured["bare"].rounds] for share in (0.5, 0.99)}
    for name, one in measured.items():
        cells = {share: [_quantile(each.delays, share) for each in one.rounds] for share in (0.5, 0.99)}
        added = {share: statistics.median(cells[share]) - statistics.median(bare[share]) for share in cells}
        verdict = f" (aim under {DELAY_AIM_MS:.0f}: {'met' if added[0.99] < DELAY_AIM_MS else 'MISSED'})"
        last = f"{added[0.99]:.2f}{verdict if name == 'ours' else ''}"
        lines.append(f"| {name} | {_spread(cells[0.5])} | {_spread(cells[0.99])} | {added[0.5]:.2f} | {last} |")
    return lines


def _most(measured: dict[str, Measured]) -> list[str]:
    found = {name: one.most_calls for name, one in measured.items() if one.most_calls}
    if not found:
        return []
    lines = [f"Most calls a second before the first fails (SIPp on the same {psutil.cpu_count()} processors):", ""]
    return [
        *lines,
        "| system | calls/s |",
        "|---|---|",
        *(f"| {name} | {_spread(it, 0)} |" for name, it in found.items()),
    ]


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _spread(values: Sequence[float], digits: int = 2) -> str:
    if not values:
        return "–"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def write_results(measured: dict[str, Measured]) -> None:
    """Put the tables into their place in RESULTS.md, with the machine, the versions and the date."""
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else f"# Results\n\n{BEGIN}\n{END}\n"
    text = "\n".join((BEGIN, "", *machine(), "", told(measured), "", END))
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    found = pattern.sub(lambda _: text, before) if pattern.search(before) else f"{before.rstrip()}\n\n{text}\n"
    RESULTS.write_text(found, encoding="utf-8")


def machine() -> list[str]:
    """Return what the figures depend on, a line each."""
    asterisk = _said([*shared_tools().command("asterisk"), "-V"])
    sipp = _said([*shared_tools().command("sipp"), "-v"])
    commit = _said(["git", "-C", str(RESULTS.parent), "describe", "--always", "--dirty"])
    model = next(
        (line.partition(": ")[2] for line in _cpu_lines() if line.startswith("model name")), platform.machine()
    )
    memory = psutil.virtual_memory().total / 2**30
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}, `make bench`.",
        f"Machine: {psutil.cpu_count()} processors ({model.strip()}), {memory:.0f} GB, Linux {platform.release()}.",
        f"{asterisk.splitlines()[0]}, Python {platform.python_version()}, {_words(sipp)}.",
        f"{EXTENSIONS} extensions, {CALLED} of them called in turn, calls of 0.35 s, two legs, no media.",
    ]


def _cpu_lines() -> list[str]:
    return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()


def _said(command: list[str]) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def _words(said: str) -> str:
    found = re.search(r"SIPp v?[\d.]+", said)
    return found[0] if found else "SIPp"
