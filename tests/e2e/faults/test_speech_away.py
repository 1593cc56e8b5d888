"""The speech engine away or hanging: callers hear whole sentences all the same, it is told, and made up for (R10)."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from callflow.phone.client import PhoneCall
from tests.asterisks import shared_tools
from tests.e2e.faults.lost_database import fell_back
from tests.e2e.faults.moments import is_well_again
from tests.e2e.helpers import eventually
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.test_absence import AWAY, DURING, NUMBER, next_tuesday
from tests.e2e.town import Town

TOLD_SECONDS, AGAIN_SECONDS = 15.0, 20.0
MENU_SECONDS = 1.0
"""How soon after the answer a caller hears the menu."""
FORCED_SECONDS = 10.0
"""Who asks the service to stop ends it by force after so long."""

NEW_REASON = """
    WITH reason AS (
        INSERT INTO absence_reason (organisation_id, digit, text_sv, text_en, tell_external)
        SELECT organisation_id, '0', $2, $2, true FROM extension WHERE sip_username = $1
        RETURNING id
    ), named AS (
        UPDATE extension SET name = $3 WHERE sip_username = $1
    )
    INSERT INTO absence (person_id, reason_id, starts_at, returns_at)
    SELECT e.person_id, reason.id, $4, $5 FROM extension AS e, reason WHERE e.sip_username = $1
"""


def missing(root: Path) -> None:
    """Leave no program where the engine is unpacked."""
    root.mkdir()


def hanging(root: Path) -> None:
    """Unpack an engine that says nothing and never ends."""
    programs, libraries = root / "usr" / "bin", root / "usr" / "lib" / "x86_64-linux-gnu"
    for folder in (programs, libraries):
        folder.mkdir(parents=True)
    for name in ("espeak-ng", "sox"):
        (programs / name).touch()
    loader = libraries / "ld-linux-x86-64.so.2"
    loader.write_text("#!/bin/sh\nexec sleep 1000\n")
    loader.chmod(0o755)


@dataclass(frozen=True, slots=True)
class Engine:
    """The speech engine of a service that is started here; whole, until it is broken."""

    root: Path

    def break_(self, way: Callable[[Path], None]) -> None:
        self.root.unlink(missing_ok=True)
        way(self.root)

    def mend(self) -> None:
        if self.root.is_dir() and not self.root.is_symlink():
            self.root.rename(self.root.with_name("broken"))
        if not self.root.is_symlink() and shared_tools().unpacked.root.is_dir():
            self.root.symlink_to(shared_tools().unpacked.root)


@asynccontextmanager
async def engine_of(town: Town, folder: Path) -> AsyncIterator[Engine]:
    """Start the region's service anew with an engine that can be broken; afterwards as it was."""
    region, engine = town.region, Engine(folder / "debian")
    engine.mend()
    await region.stop_service()
    region.service_environment = {"CALLFLOW_TOOLS": str(folder)}
    await region.start_service()
    try:
        yield engine
    finally:
        engine.mend()
        await region.stop_service()
        region.service_environment = {}
        await region.start_service()


async def until_speech_fails(town: Town) -> None:
    """Wait until health names speech, and is not well for that."""

    async def is_told() -> bool:
        told = (await town.health())["policy"]
        return not told["ok"] and "speech: " in told["error"] and list(told["errors"]) == ["speech"]

    await eventually(is_told, TOLD_SECONDS, "health never said that nothing is spoken")


async def hears_menu(town: Town, containing: str) -> PhoneCall:
    """Call the absent person and hear this soon after the answer."""
    town.reported.clear()
    call = await town.call_from_outside(NUMBER, at=DURING)
    answered = await call.wait_for("connected")
    told = await town.step("menu", containing=containing)
    assert told.at - answered.at < MENU_SECONDS
    assert not fell_back(town)
    return call


def forget(town: Town, *texts: str) -> None:
    """Remove the speech of these, which all regions share."""
    for text in texts:
        for language in ("sv", "en"):
            Path(f"{sound_of(town, text, language)}.wav").unlink(missing_ok=True)


@pytest.mark.parametrize("way", [missing, hanging])
async def test_a_caller_hears_of_an_absence_that_cannot_be_spoken_and_hears_it_when_it_can(
    town: Town, tmp_path: Path, way: Callable[[Path], None]
) -> None:
    reason, name = (f"är {word} {uuid4().hex[:6]}" for word in ("på resa", "Åsa"))
    async with engine_of(town, tmp_path) as engine:
        await is_well_again(town)
        engine.break_(way)
        await town.sql(NEW_REASON, AWAY, reason, name, next_tuesday(9, 30), next_tuesday(13))
        call = await hears_menu(town, "policy/the-one-you-seek&policy/is-away&policy/and-is-back&policy/clock&")
        await until_speech_fails(town)
        await call.hang_up()
        await (await hears_menu(town, "policy/the-one-you-seek&policy/is-away&policy/and-is-back")).hang_up()
        engine.mend()
        await is_well_again(town, AGAIN_SECONDS)
        for text in (reason, name):
            await speech_is_made(town, text)
        await hears_menu(town, f"{sound_of(town, name)}&{sound_of(town, reason)}&policy/and-is-back")
    forget(town, reason, name)


async def test_the_service_stops_in_order_while_the_engine_hangs(town: Town, tmp_path: Path) -> None:
    async with engine_of(town, tmp_path) as engine:
        await is_well_again(town)
        engine.break_(hanging)

        pid = town.region.service.pid
        assert pid is not None

        async def hangs() -> bool:
            return any("1000" in child.cmdline() for child in psutil.Process(pid).children())

        async def has_ended() -> bool:
            return not town.region.service.running

        await town.sql("UPDATE extension SET name = $2 WHERE sip_username = $1", AWAY, f"Åsa {uuid4().hex[:6]}")
        await eventually(hangs, TOLD_SECONDS, "nothing was to be spoken")
        os.kill(pid, signal.SIGTERM)
        await eventually(has_ended, FORCED_SECONDS, "the service waited for the engine")
        await town.region.start_service()
