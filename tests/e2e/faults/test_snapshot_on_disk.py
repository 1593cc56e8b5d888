"""A start without the database: by the snapshot file, or by the net where that is of no use; never a crash (R23)."""

import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callflow.embedded.postgres_folder import SOCKET_NAME, socket_folder
from callflow.storage import snapshot_file
from tests.e2e.faults.cut_wire import LOOPBACK, CutWire
from tests.e2e.faults.lost_database import bring_back, fell_back, started, until_on_disk
from tests.e2e.faults.moments import EXTENSION, is_well_again
from tests.e2e.faults.telling import told_everywhere
from tests.e2e.helpers import eventually
from tests.e2e.talking import answered
from tests.e2e.test_policy_changes import add_extension
from tests.e2e.town import Town

DAY = 24 * 3600.0
DIVERTED = """
    INSERT INTO diversion (extension_id, condition, to_extension_id)
    SELECT a.id, 'all', b.id FROM extension AS a, extension AS b
    WHERE a.sip_username = '61100' AND b.sip_username = '61104'
"""


def with_form(form: str, body: bytes) -> bytes:
    """Return a whole file of this form, its checksum right."""
    return json.dumps({"form": form, "sha256": hashlib.sha256(body).hexdigest()}).encode() + b"\n" + body


def as_now(body: bytes) -> bytes:
    """Return a whole file of this version."""
    return with_form(snapshot_file._FORM, body)


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "damaged"),
    "cut short": (lambda whole: whole[: len(whole) // 2], "damaged"),
    "random bytes": (lambda whole: os.urandom(len(whole)), "damaged"),
    "another shape": (lambda _: b'{"policy": {"revision": 7}}\n', "damaged"),
    "wrong types": (lambda _: as_now(b'{"policy": {"revision": "seven", "extensions": 3}}'), "damaged"),
    "another version": (lambda whole: with_form("0" * 64, whole.partition(b"\n")[2]), "another version"),
}


@pytest.fixture
async def cold(town: Town) -> AsyncIterator[Town]:
    """The town with the service ended, its snapshot on disk and the database stopped."""
    await until_on_disk(town)
    await town.region.stop_service()
    await town.stop_database()
    yield town
    if town.region.postgres.process is None:
        await bring_back(town)
    await is_well_again(town)
    await until_on_disk(town)


async def test_a_start_without_the_database_is_by_the_file_however_old_and_then_by_the_database(town: Town) -> None:
    anna, eva = await town.phone(EXTENSION), await town.phone("61104")
    await until_on_disk(town)
    await town.region.stop_service()
    path = town.region.settings.snapshot_path
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 40 * DAY))
    log = town.service_log()
    await changed_without_the_service(town, DIVERTED)
    await town.stop_database()
    async with started(town) as health:
        await told_everywhere(town, ready=True, source="file", policy=False, database=False)
        assert 40 * DAY <= health["policy"]["age_seconds"] < 41 * DAY
        assert log.lines("policy_loaded")[-1].endswith("source=file")
    call = await town.call_from_outside("+4690161100")
    await (await answered(anna, call)).hang_up()
    assert not fell_back(town)
    await bring_back(town)
    await town.until_current(20)
    await town.call_from_outside("+4690161100")
    await eva.incoming()
    assert (await town.health())["policy"]["source"] == "database"
    assert not fell_back(town)


async def changed_without_the_service(town: Town, statement: str) -> None:
    """Change the policy while nobody watches it."""
    await town.value(f"WITH changed AS ({statement} RETURNING 1) SELECT count(*) FROM changed")


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_file_of_no_use_is_told_and_calls_go_by_the_net_until_the_database_is_there(
    cold: Town, damage: str
) -> None:
    make, words = DAMAGES[damage]
    path, log = cold.region.settings.snapshot_path, cold.service_log()
    path.write_bytes(make(path.read_bytes()))
    async with started(cold) as health:
        await told_everywhere(cold, ready=False, source="none", policy=False, database=False)
        assert words in health["policy"]["error"]
        [missing] = log.lines("policy_missing")
        assert words in missing
        await cold.call_from_outside("+4690161100")
        await cold.report("CallflowFallback")
    await bring_back(cold)
    await is_well_again(cold)
    cold.reported.clear()
    await cold.call_from_outside("+4690161100")
    await cold.step("dial", containing="61100")


@asynccontextmanager
async def database_behind_a_wire(town: Town) -> AsyncIterator[CutWire]:
    """Give what stands between the database and a service that is started here; afterwards it is as it was."""
    region, socket = town.region, socket_folder(town.region.postgres.folder) / SOCKET_NAME
    await region.stop_service()
    async with CutWire(str(socket)) as wire:
        url = region.settings.database_url.get_secret_value().partition("?")[0]
        address = url.replace("@/", f"@{LOOPBACK}:{wire.port}/")
        region.service_environment = {"CALLFLOW_DATABASE_URL": address}
        yield wire
        await region.stop_service()
    region.service_environment = {}
    await region.start_service()


async def test_a_start_beside_a_database_that_takes_connections_and_never_answers_is_by_the_file(town: Town) -> None:
    await until_on_disk(town)
    async with database_behind_a_wire(town) as wire:
        wire.go_half_open()
        async with started(town, 10) as health:
            assert (health["policy"]["source"], health["database"]["ok"]) == ("file", False)
            await town.call_from_outside("+4690161100")
            await town.step("dial", containing="61100")
        wire.heal()
        await is_well_again(town, 30)
        assert (await town.health())["policy"]["source"] == "database"
    assert not fell_back(town)


async def test_a_file_that_cannot_be_written_is_told_and_written_as_soon_as_it_can(town: Town) -> None:
    path = town.region.settings.snapshot_path
    await until_on_disk(town)
    path.unlink()
    path.mkdir()
    try:
        await add_extension(town, "+4690161199", "61199")

        async def is_told() -> bool:
            told: dict[str, Any] = (await town.health())["policy"]
            return not told["ok"] and "snapshot_file" in told["errors"] and str(path) in told["error"]

        await eventually(is_told, 10, "health never said that the file cannot be written")
        await town.call_from_outside("+4690161199")
        await town.step("dial", containing="61199")
        assert not fell_back(town)
    finally:
        path.rmdir()
    await until_on_disk(town)
    await is_well_again(town)
