"""Clocks of the service and of Asterisk that a test sets while they run; the machine's own stays as it is.

libfaketime stands between each process and the clock and reads from a file how far ahead it is to be. What measures
time that passes (CLOCK_MONOTONIC) is left alone, as by a real clock that is set.
"""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callflow.config import Settings
from callflow.embedded.debian import PackageSet, unpack
from callflow.embedded.tools import Tools
from tests.e2e.helpers import eventually
from tests.e2e.town import Town

LIBFAKETIME = PackageSet(name="libfaketime", suite="bookworm", packages=("libfaketime",))
"""Of an older suite: it goes with the machine's own C library and with that of the unpacked Asterisk."""
HOUR = 3600.0
BEGINNING = "2026-03-01T00:00:00+00:00"
"""When Asterisk starts by its clock: before any time that a test goes to, since it tells no time before its start."""
SEEN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SetClock:
    """A clock, and the file that says by how many seconds it is ahead."""

    file: Path
    library: Path

    def environment(self) -> dict[str, str]:
        """Return what a process needs to go by this clock, beside the library itself."""
        return {
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    @property
    def ahead(self) -> float:
        """By how many seconds it is ahead."""
        return float(self.file.read_text())

    def set_ahead(self, seconds: float) -> None:
        """Set it so far ahead of the machine's; the process sees it within a second."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+.0f}\n")
        new.replace(self.file)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a town, set together."""

    town: Town
    service: SetClock
    asterisk: SetClock

    def now(self) -> datetime:
        """Return the time by these clocks."""
        return datetime.now(UTC) + timedelta(seconds=self.service.ahead)

    async def move(self, seconds: float) -> None:
        """Set both so much further, as when the machine's clock is set; return when both processes have seen it."""
        jumps, up = await self._jumps(), await self._up() - time.monotonic()

        async def asterisk_has_seen() -> bool:
            return abs(await self._up() - time.monotonic() - up - seconds) < HOUR / 2

        async def service_has_seen() -> bool:
            return await self._jumps() > jumps

        for clock, is_seen in ((self.asterisk, asterisk_has_seen), (self.service, service_has_seen)):
            clock.set_ahead(clock.ahead + seconds)
            await eventually(is_seen, SEEN_SECONDS, "the clock that was set was never seen")

    async def go_to(self, moment: str) -> None:
        """Set both to a moment (ISO 8601)."""
        await self.move((datetime.fromisoformat(moment) - self.now()).total_seconds())

    async def are_together(self) -> bool:
        """Tell whether Asterisk goes by the same time as the service."""
        began = datetime.now(UTC) - datetime.fromisoformat(BEGINNING)
        return await self._up() > began.total_seconds() - HOUR

    async def _jumps(self) -> int:
        return int((await self.town.health())["clock"]["jumps"])

    async def _up(self) -> float:
        """Return for how many seconds Asterisk has been up by its clock."""
        told = await self.town.region.asterisk.console("core show uptime seconds")
        found = re.search(r"System uptime: (-?[0-9]+)", told)
        return float(found[1]) if found else 0.0


@asynccontextmanager
async def clocks_of(town: Town) -> AsyncIterator[Clocks]:
    """Start a town's service and Asterisk anew on clocks of their own; afterwards as they were."""
    region, settings = town.region, town.region.settings
    library = libfaketime(settings)
    service, asterisk = (SetClock(settings.home / f"{name}.clock", library) for name in ("service", "asterisk"))
    service.set_ahead(0)
    asterisk.set_ahead((datetime.fromisoformat(BEGINNING) - datetime.now(UTC)).total_seconds())
    tools = region.asterisk.tools
    await region.stop_service()
    region.service_environment = {"LD_PRELOAD": str(library), **service.environment()}
    await _restart_asterisk(town, SetTools(tools.folder, tools.installed_asterisk, asterisk))
    await region.start_service()
    asterisk.set_ahead(0)
    clocks = Clocks(town, service, asterisk)
    await eventually(clocks.are_together, SEEN_SECONDS, "Asterisk's clock was never set")
    yield clocks
    await region.stop_service()
    region.service_environment = {}
    await _restart_asterisk(town, tools)
    await region.start_service()


@dataclass(frozen=True, slots=True)
class SetTools(Tools):
    """The tools, with an Asterisk that goes by a clock of its own."""

    clock: SetClock | None = None

    def command(self, program: str) -> list[str]:
        """Return the arguments that start a program; the library is loaded into Asterisk, not into its children."""
        command = super(SetTools, self).command(program)
        if program != "asterisk" or self.clock is None or len(command) == 1:
            return command
        return [command[0], "--preload", str(self.clock.library), *command[1:]]

    def environment(self) -> dict[str, str]:
        """Return what the programs need in their environment."""
        assert self.clock is not None
        preload = {} if self.installed_asterisk is None else {"LD_PRELOAD": str(self.clock.library)}
        return {**super(SetTools, self).environment(), **self.clock.environment(), **preload}


async def _restart_asterisk(town: Town, tools: Tools) -> None:
    await town.region.asterisk.stop()
    town.region.asterisk.tools = tools
    await town.region.asterisk.start()


def libfaketime(settings: Settings) -> Path:
    """Return the library, unpacked beside the other tools by the first who asks."""
    root = unpack(LIBFAKETIME, settings.tools_folder / "libfaketime", print)
    return next(root.glob("usr/lib/*/faketime/libfaketimeMT.so.1"))
