"""The scripts by which Asterisk leaves mail and PINs to the service, on a disk that does not take them at first."""

import asyncio
import os
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.waiting import until

TEMPLATES = Path(__file__).parents[3] / "asterisk-conf"
FAILS_ONCE = '#!/bin/sh\nif mkdir "{flag}" 2>/dev/null; then exit 1; fi\nexec /bin/{name} "$@"\n'
SHORT_SLEEP = '#!/bin/sh\ntouch "{flag}"\nexec /bin/sleep 0.01\n'


@dataclass
class Room:
    """A spool that may not be there yet, and commands that do as a full disk has them do."""

    folder: Path
    running: list[Process] = field(default_factory=list)

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def waited(self) -> bool:
        return (self.folder / "waited").exists()

    def command(self, name: str, text: str) -> None:
        """Have the scripts run this for the command of that name."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o700)

    async def start(self, name: str, *arguments: str, stdin: Path | None = None) -> Process:
        script = self.folder / name
        text = (TEMPLATES / name).read_text()
        script.write_text(text.replace("@MAIL_SPOOL@", str(self.spool)).replace("@PIN_SPOOL@", str(self.spool)))
        self.command("sleep", SHORT_SLEEP.format(flag=self.folder / "waited"))
        environment = {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        with Path(stdin or os.devnull).open("rb") as file:  # noqa: ASYNC230 - a few bytes on the local disk
            process = await asyncio.create_subprocess_exec(
                "/bin/sh", str(script), *arguments, stdin=file, stderr=DEVNULL, env=environment
            )
        self.running.append(process)
        return process


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    found = Room(tmp_path)
    yield found
    for process in found.running:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(process: Process) -> None:
    assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_mail_that_waits_for_room_is_written_though_asterisks_own_file_of_it_is_gone(room: Room) -> None:
    mail = room.folder / "astmail"
    mail.write_text("To: anna@umea.example\n\nHej!\n")
    process = await room.start("spool-mail.sh", stdin=mail)
    await until(lambda: room.waited, "the script waits for room")
    mail.unlink()
    room.spool.mkdir()
    await ended(process)
    [spooled] = room.spool.iterdir()
    assert (spooled.suffix, spooled.name[0] != ".") == (".eml", True)
    assert spooled.read_text() == "To: anna@umea.example\n\nHej!\n"


@pytest.mark.parametrize(
    ("script", "arguments"),
    [("spool-mail.sh", ()), ("spool-pin.sh", ("callflow", "61100", "590317"))],
    ids=["mail", "PIN"],
)
async def test_what_cannot_be_renamed_at_first_is_left_under_its_name_in_the_end(
    room: Room, script: str, arguments: tuple[str, ...]
) -> None:
    room.spool.mkdir()
    room.command("mv", FAILS_ONCE.format(flag=room.folder / "failed", name="mv"))
    await ended(await room.start(script, *arguments))
    assert room.waited
    assert [path.name.startswith(".") for path in room.spool.iterdir()] == [False]


async def test_pin_that_waited_for_room_has_the_moment_of_its_change(room: Room) -> None:
    before = time.time_ns()
    process = await room.start("spool-pin.sh", "callflow", "61100", "590317")
    await until(lambda: room.waited, "the script waits for room")
    after = time.time_ns()
    room.spool.mkdir()
    await ended(process)
    [spooled] = room.spool.iterdir()
    mailbox, _, moment = spooled.name.partition(".")
    assert (mailbox, spooled.read_text()) == ("61100", "590317")
    assert before <= int(moment) <= after
