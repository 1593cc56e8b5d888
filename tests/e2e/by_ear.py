"""What a recording of a real phone holds, told by its sound."""

import statistics
from pathlib import Path

from callflow.phone.tones import frames, loudness

SURELY = 0.75
"""What a prompt that is heard exceeds, also with one packet of twenty lost; another prompt stays below 0.7."""


def likeness(prompt: Path, recording: Path) -> float:
    """Return how alike a recording is to a prompt in its loudness over time, where it is most alike (1: the same)."""
    wanted, heard = ([loudness(frame) for frame in frames(path)] for path in (prompt, recording))
    parts = (heard[at : at + len(wanted)] for at in range(len(heard) - len(wanted) + 1))
    return max((statistics.correlation(wanted, part) for part in parts if min(part) < max(part)), default=0.0)
