"""Tones as wav files (8 kHz, 16 bit, mono), and hearing them in a recording."""

import math
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path

RATE = 8000
FRAME_MS = 20
RING_HZ = 425.0
LOUD_ENOUGH = 1e-3


def write_tone(path: Path, bursts: Sequence[tuple[float, float]], *, hertz: float = RING_HZ) -> Path:
    """Write `bursts` of (seconds of tone, seconds of silence) to `path` and return it."""
    samples = array("h")
    for tone, pause in bursts:
        samples.extend(int(8000 * math.sin(2 * math.pi * hertz * index / RATE)) for index in range(int(tone * RATE)))
        samples.extend([0] * int(pause * RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def heard_bursts(
    path: Path, *, hertz: float | None = RING_HZ, shortest_ms: int = 60, bridge_ms: int = 0
) -> list[tuple[float, float]]:
    """Return when the tone was heard in a recording, as (start, end) in seconds from its beginning.

    Any sound counts when `hertz` is None. Silence of up to `bridge_ms` within a tone, as on a busy machine that
    loses packets, does not divide it.
    """
    loud = [_is_tone(frame, hertz) for frame in frames(path)]
    bursts: list[tuple[float, float]] = []
    start: int | None = None
    for index, tone in enumerate([*loud, False]):
        if tone and start is None:
            start = index
        elif not tone and start is not None:
            begins, ends = start * FRAME_MS / 1000, index * FRAME_MS / 1000
            if bursts and begins - bursts[-1][1] <= bridge_ms / 1000:
                bursts[-1] = (bursts[-1][0], ends)
            elif (index - start) * FRAME_MS >= shortest_ms:
                bursts.append((begins, ends))
            start = None
    return bursts


def frames(path: Path) -> list[Sequence[int]]:
    """Return a recording's samples, 20 ms each."""
    with wave.open(str(path), "rb") as file:
        samples = array("h", file.readframes(file.getnframes()))
    size = RATE * FRAME_MS // 1000
    return [samples[at : at + size] for at in range(0, len(samples) - size, size)]


def loudness(frame: Sequence[int]) -> float:
    """Return how loud it is on the average, 1 being as loud as can be."""
    return math.sqrt(sum(sample * sample for sample in frame) / len(frame)) / 32768


def _is_tone(frame: Sequence[int], hertz: float | None) -> bool:
    """Goertzel: whether most of the frame's energy is at `hertz`."""
    loud = loudness(frame)
    if hertz is None or loud <= LOUD_ENOUGH:
        return loud > LOUD_ENOUGH
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    before = last = 0.0
    for sample in frame:
        before, last = last, sample / 32768 + coefficient * last - before
    power = (before * before + last * last - coefficient * before * last) / (len(frame) / 2)
    return power > loud**2 * len(frame) / 2
