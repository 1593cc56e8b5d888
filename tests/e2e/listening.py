"""Listening to voicemail with a real phone: which prompt Asterisk plays now, told by the file that it has open."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from callflow.phone.call import PhoneCall
from callflow.phone.client import Phone
from callflow.phone.tones import write_tone
from tests.e2e.helpers import eventually
from tests.e2e.town import Town


async def plays(town: Town, sound: str, seconds: float = 15.0) -> None:
    """Wait until Asterisk plays a sound, by its name and folder (`dialplan/pin`), or until it writes it."""

    async def has_it_open() -> bool:
        return any(name.endswith(f"/{sound}.wav") for name in _open_files(town))

    await eventually(has_it_open, seconds, f"{sound} was never played")


async def listens(town: Town, phone: Phone, code: str, pin: str) -> PhoneCall:
    """Dial a code for voicemail and give the PIN; return the call when the mailbox is open."""
    call = await town.call(phone, code)
    await gives_pin(town, call, pin)
    await is_inside(town)
    return call


async def gives_pin(town: Town, call: PhoneCall, pin: str) -> None:
    """Give a PIN as soon as it is asked for."""
    await call.wait_for("media")
    await plays(town, "dialplan/pin")
    await call.send_digits(f"{pin}#")


async def is_inside(town: Town) -> None:
    """Wait until somebody is in Asterisk's voicemail."""

    async def inside() -> bool:
        return "VoiceMailMain" in await town.region.asterisk.console("core show channels concise")

    await eventually(inside, 10, "the voicemail was never opened")


async def records(
    town: Town, call: PhoneCall, choice: str, recording: Path, bursts: Sequence[tuple[float, float]], *, hertz: float
) -> None:
    """Record a greeting or the name, by its `choice` among the settings of an open mailbox, and accept it."""
    await plays(town, "vm-opts")
    await call.send_digits("0")
    await plays(town, "vm-options")
    await call.send_digits(choice)
    new = recording.with_suffix(".tmp.wav")
    with tempfile.TemporaryDirectory() as folder:
        await plays(town, f"{recording.parent.name}/{new.stem}", 30)
        await call.play(write_tone(Path(folder) / "spoken.wav", bursts, hertz=hertz))
        seconds = sum(map(sum, bursts)) + 1
        await eventually(lambda: has_seconds(new, seconds), seconds + 10, f"{recording} was never recorded")
        await call.send_digits("#")
    await plays(town, "vm-review")
    await call.send_digits("1")
    await plays(town, "vm-msgsaved")


async def has_seconds(recording: Path, seconds: float) -> bool:
    """Tell whether there is a recording, of this length at least (8 kHz, 16 bits)."""
    return await asyncio.to_thread(lambda: recording.exists() and recording.stat().st_size > seconds * 16000)


def messages(town: Town, mailbox: str, folder: str = "INBOX") -> list[Path]:
    """Return the messages in a folder of a mailbox."""
    return sorted((mailbox_folder(town, mailbox) / folder).glob("msg*.txt"))


def mailbox_folder(town: Town, mailbox: str) -> Path:
    """Return where Asterisk keeps a mailbox."""
    return town.region.settings.asterisk_folder / "spool" / "voicemail" / "callflow" / mailbox


@asynccontextmanager
async def asked_anew(town: Town, mailbox: str) -> AsyncIterator[None]:
    """Forget afterwards how many wrong PINs a mailbox has had."""
    yield
    await town.region.asterisk.console(f"dialplan set global CF_PIN_{mailbox} 0")


def _open_files(town: Town) -> list[str]:
    found = []
    for file in Path(f"/proc/{town.region.asterisk.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(file.readlink()))
    return found


async def leaves_a_message(town: Town, number: str, mailbox: str) -> None:
    """Call from outside and speak a message; return when it is in the mailbox."""
    before = len(messages(town, mailbox))
    call = await town.call_from_outside(number)
    await town.step("voicemail", 40, containing=f"{mailbox}@")
    await call.wait_for("media")
    await town.speak(call)
    await call.hang_up()

    async def is_there() -> bool:
        return len(await asyncio.to_thread(messages, town, mailbox)) > before

    await eventually(is_there, 20, "the message never came")
