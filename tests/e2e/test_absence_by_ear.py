"""The spoken referral as it sounds in the caller's phone: name, reason, return and choices, whole (R10)."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from callflow.phone.tones import FRAME_MS, frames, heard_bursts
from tests.e2e.by_ear import SURELY, likeness
from tests.e2e.listening import plays
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.test_absence import AT_HOME, DURING, LUNCH, MEETING, NAME, NUMBER, is_away
from tests.e2e.town import Town

NAMES = (NAME, "Karin Åström", "Erik Johansson")
REASONS = tuple(text for _, text in (MEETING, LUNCH, AT_HOME))
LAST = "switchboard-press-0"
PAUSE_MS = 1000
"""Longer than any pause between two prompts, and shorter than what a menu waits for a digit."""
MARGIN = 0.15
"""The part of its length by which a referral may be longer or shorter: each sound begins in a packet of its own."""


def sounds_of(town: Town, plan: str) -> list[Path]:
    """Return the files of all that a menu says, in their order."""
    names = plan.partition("(")[2].partition(",")[0].split("&")
    return [
        Path(f"{name}.wav") if name.startswith("/") else prompt(town, name.removeprefix("policy/")) for name in names
    ]


def prompt(town: Town, name: str) -> Path:
    return town.region.settings.sounds_folder / "sv" / "policy" / f"{name}.wav"


def wav_of(town: Town, text: str) -> Path:
    return Path(f"{sound_of(town, text)}.wav")


def heard_of(sounds: Iterable[Path], recording: Path) -> Path:
    """Return which of these sounds, of about the same length, is in a recording: the one most like a part of it."""
    return max(sounds, key=lambda sound: likeness(sound, recording))


def seconds(sound: Path) -> float:
    return len(frames(sound)) * FRAME_MS / 1000


async def test_referral_is_heard_whole_with_its_name_its_reason_its_return_and_its_choices(
    town: Town, tmp_path: Path
) -> None:
    await is_away(town, LUNCH)
    for text in (*NAMES, *REASONS):
        await speech_is_made(town, text)
    heard = tmp_path / "heard.wav"
    call = await town.call_from_outside(NUMBER, at=DURING)
    await call.record(heard)
    said = sounds_of(town, (await town.step("menu")).fields["Plan"])
    await plays(town, f"policy/{LAST}")
    await plays(town, f"sv/{said[0].stem}")  # all is said once more
    await call.hang_up()
    await call.wait_for("closed")
    assert said[:2] == [wav_of(town, NAME), wav_of(town, LUNCH[1])]
    assert said[-1] == prompt(town, LAST)
    for sound in said:
        assert likeness(sound, heard) > SURELY, sound
    assert heard_of([wav_of(town, text) for text in NAMES], heard) == wav_of(town, NAME)
    assert heard_of([wav_of(town, text) for text in REASONS], heard) == wav_of(town, LUNCH[1])
    assert prompt(town, "hour-13") in said
    began, ended = heard_bursts(heard, hertz=None, bridge_ms=PAUSE_MS)[0]
    assert ended - began == pytest.approx(sum(map(seconds, said)), rel=MARGIN)
