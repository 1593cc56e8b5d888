"""CPU time of whole process trees, as the kernel counts it."""

from collections.abc import Mapping
from contextlib import suppress

import psutil


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, all below it, and all of its children that have ended."""
    root = psutil.Process(pid)
    times = root.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in root.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            own = child.cpu_times()
            total += own.user + own.system
    return float(total)


def cpu_of(parts: Mapping[str, int]) -> dict[str, float]:
    """Return the CPU seconds of each part by its root process."""
    return {name: cpu_seconds(pid) for name, pid in parts.items()}


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return what each part used between two readings."""
    return {name: after[name] - before[name] for name in before}
