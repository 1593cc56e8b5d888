"""What who calls a voicemail hears: the owner's own greeting, or the prompts, told by their sound (R11)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from callflow.phone.tones import heard_bursts
from tests.e2e.by_ear import SURELY, likeness
from tests.e2e.helpers import eventually
from tests.e2e.listening import has_seconds, listens, mailbox_folder, messages, plays, records
from tests.e2e.test_voicemail import NUMBER, OWN, PIN, owner_with_pin
from tests.e2e.town import Town

SPOKEN = [(1.0, 0.5), (0.6, 0.5)]
"""What the owner says: seconds of tone and of silence."""
PITCH = 1500.0
STANDARD = ("vm-theperson", "vm-isunavail")
NOT_SHORTER, NOT_LONGER = 0.5, 10.0
"""Seconds of a prompt."""


@pytest.fixture(autouse=True)
def empty_mailbox(town: Town) -> Iterator[None]:
    """Take away what other tests have left, and what this one leaves."""
    shutil.rmtree(mailbox_folder(town, OWN), ignore_errors=True)
    yield
    shutil.rmtree(mailbox_folder(town, OWN), ignore_errors=True)


@pytest.fixture(autouse=True)
async def answered_soon(town: Town) -> None:
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", OWN)


def spoken_in(recording: Path) -> list[float]:
    """Return how long each burst of the owner's tone is in a recording."""
    bursts = heard_bursts(recording, hertz=PITCH, bridge_ms=200)
    return [end - start for start, end in bursts if end - start > 0.3]


def prompt(town: Town, name: str, language: str = "sv") -> Path:
    return town.region.settings.sounds_folder / language / f"{name}.wav"


async def hears(town: Town, recording: Path, what: str) -> None:
    """Call the mailbox, record all that is heard of its prompt `what` and what comes after, and leave a message."""
    call = await town.call_from_outside(NUMBER)
    await call.record(recording)
    await town.step("voicemail", 40, containing=f"{OWN}@")
    await call.wait_for("media")
    await plays(town, what)
    await town.speak(call)
    await call.hang_up()
    await call.wait_for("closed")


async def test_greeting_that_the_owner_has_recorded_is_what_callers_hear_before_they_leave_a_message(
    town: Town, tmp_path: Path
) -> None:
    greeting, heard = mailbox_folder(town, OWN) / "unavail.wav", tmp_path / "heard.wav"
    call = await listens(town, await owner_with_pin(town), "*98#", PIN)
    await records(town, call, "1", greeting, SPOKEN, hertz=PITCH)
    await call.hang_up()
    assert spoken_in(greeting) == pytest.approx([1.0, 0.6], abs=0.15)
    assert not await has_seconds(greeting, sum(map(sum, SPOKEN)) + 3)
    await hears(town, heard, f"{OWN}/unavail")
    assert spoken_in(heard) == pytest.approx([1.0, 0.6], abs=0.15)
    sounds, tones = (heard_bursts(heard, hertz=hertz, bridge_ms=200) for hertz in (None, PITCH))
    assert [start for start, _ in sounds[:2]] == pytest.approx([start for start, _ in tones[:2]], abs=0.1)
    assert likeness(prompt(town, "vm-intro"), heard) > SURELY
    await eventually(lambda: has_message(town), 20, "the message never came")


async def has_message(town: Town) -> bool:
    return len(messages(town, OWN)) == 1


@pytest.mark.parametrize(("language", "other"), [("sv", "en"), ("en", "sv")])
async def test_prompts_of_a_voicemail_are_heard_in_the_language_of_the_organisation(
    town: Town, tmp_path: Path, language: str, other: str
) -> None:
    await town.sql("UPDATE organisation SET language = $1 WHERE key = 'umea'", language)
    await hears(town, tmp_path / "heard.wav", "vm-theperson")
    for name in (*STANDARD, "vm-intro"):
        spoken = prompt(town, name, language)
        sounds = [end - start for start, end in heard_bursts(spoken, hertz=None, bridge_ms=300)]
        assert NOT_SHORTER < sum(sounds) < NOT_LONGER
        assert likeness(spoken, tmp_path / "heard.wav") > SURELY, name
        assert likeness(prompt(town, name, other), tmp_path / "heard.wav") < SURELY, name
