"""Each disk full in turn, and all at once: no call is lost, it is told, and with room again all is made up for."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from callflow.asterisk.policy_files import replica_path
from callflow.config import Settings
from callflow.embedded.postgres import DiskFullError
from callflow.storage.snapshot_file import JsonSnapshotFile
from tests.e2e.faults.lost_database import bring_back, fell_back
from tests.e2e.faults.moments import EXTENSION, is_well_again
from tests.e2e.faults.small_disks import Disks, small_disks
from tests.e2e.faults.telling import told_everywhere
from tests.e2e.faults.test_asterisk_restarted import registered, they_talk
from tests.e2e.helpers import connected, eventually, in_replica
from tests.e2e.in_the_net import the_net_has
from tests.e2e.region import settings_of_a_new_home, town_of
from tests.e2e.test_feature_codes import OTHER, dial, standing
from tests.e2e.town import Town

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk")

TOLD_SECONDS = 10.0
AGAIN_SECONDS = 15.0
NO_MAILBOX = "UPDATE extension SET mailbox_id = NULL WHERE sip_username = '61104'"
HAS_MAILBOX = "SELECT instr(arguments, '61104@callflow') > 0 FROM number WHERE number = '+4690161104'"
MORE_THAN_A_BLOCK = 30
"""So many lines of Asterisk's log have no room in what is left of its last block."""
CALLS_MORE_THAN_A_BLOCK = 12
"""What the service writes of so many calls has no room there either."""
NOT_RECORDED = "dialplan/message-not-recorded"
MUCH_IN_THE_LOG = "SELECT pg_logical_emit_message(false, 'x', repeat('x', 10000000))"
"""More than what is left in a file of the database's write-ahead log, after some of these."""


@pytest.fixture(scope="module")
def settings_on_disks(shared_home: Path) -> Iterator[tuple[Settings, Disks]]:
    """A home on disks of its own."""
    with settings_of_a_new_home(shared_home) as settings, small_disks(settings) as disks:
        yield settings, disks


@pytest.fixture(scope="module")
async def running_town(settings_on_disks: tuple[Settings, Disks]) -> AsyncIterator[Town]:
    """A region there, for the tests of this file."""
    async with town_of(settings_on_disks[0]) as town:
        yield town


@pytest.fixture
async def disks(settings_on_disks: tuple[Settings, Disks], town: Town) -> AsyncIterator[Disks]:
    """The disks, with room before and after each test."""
    _, found = settings_on_disks
    yield found
    found.make_room()
    process = town.region.postgres.process
    if process is None or process.poll() is not None:
        town.region.postgres.stop()
        await bring_back(town)
    if not town.region.service.running:
        await town.region.start_service()
    await is_well_again(town)


async def until_told(town: Town, part: str, words: str) -> None:
    """Wait until health says that a part is wrong, with these words."""

    async def is_told() -> bool:
        told = (await town.health())[part]
        return not told["ok"] and words in told["error"]

    await eventually(is_told, TOLD_SECONDS, f"health never said {words} of {part}: {await town.health()}")


async def hears(town: Town, sound: str) -> bool:
    """Tell whether a caller hears this now."""
    return sound in await town.region.asterisk.console("core show channels concise")


async def leave_a_message(town: Town) -> None:
    """Call somebody who is away, speak for some seconds after the beep, and hang up."""
    call = await town.call_from_outside("+4690161100")
    await town.step("voicemail", containing="61100@")
    await call.wait_for("media")
    await town.speak(call)
    await call.hang_up()


async def test_the_snapshot_file_stays_whole_and_is_written_when_there_is_room(town: Town, disks: Disks) -> None:
    phone, file = await registered(town, EXTENSION), JsonSnapshotFile(town.region.settings.snapshot_path)

    def kept() -> int | None:
        snapshot = file.read()
        return None if snapshot is None else snapshot.policy.revision

    async def is_written() -> bool:
        return bool(kept() == (await town.health())["policy"]["revision"])

    await eventually(is_written, 5, "the snapshot was never written")
    before = kept()
    disks.home.fill()
    await town.sql(NO_MAILBOX)
    await until_told(town, "policy", "snapshot_file: [Errno 28] No space left")
    await until_told(town, "disk", "only 0 MB are free")
    assert kept() == before
    await they_talk(town, phone)
    assert not fell_back(town)
    disks.home.make_room()
    await eventually(is_written, AGAIN_SECONDS, "the snapshot was never written anew")
    assert list(town.region.settings.home.glob(".snapshot*")) == []


async def test_what_asterisk_looks_up_stays_whole_and_takes_the_change_when_there_is_room(
    town: Town, disks: Disks
) -> None:
    phone = await town.phone(EXTENSION)
    with closing(sqlite3.connect(replica_path(town.region.settings))) as replica:
        replica.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        disks.replica.fill()
        await town.sql(NO_MAILBOX)
        await until_told(town, "policy", "full")
    assert in_replica(town.region, HAS_MAILBOX) == 1
    await they_talk(town, phone)
    assert not fell_back(town)
    disks.replica.make_room()
    await the_net_has(town, HAS_MAILBOX, 0)


async def test_a_message_that_finds_no_room_is_kept_up_to_there_and_the_caller_hears_so(
    town: Town, disks: Disks
) -> None:
    call = await town.call_from_outside("+4690161100")
    await town.step("voicemail", containing="61100@")
    await call.wait_for("media")
    await town.speak(call)
    disks.recordings.fill()
    await eventually(lambda: hears(town, NOT_RECORDED), 15, "the caller never heard that there was no room")
    await call.wait_for("disconnected", 15)
    disks.recordings.make_room()
    assert list(disks.recordings.path.glob("voicemail/*/*/tmp/*")) == []
    await eventually(town.has_mail, 15, "the mail with what was recorded never came")


async def test_a_caller_who_can_leave_no_message_hears_so(town: Town, disks: Disks) -> None:
    call = await town.call_from_outside("+4690161100")
    await call.wait_for("media")
    disks.recordings.fill()
    await eventually(lambda: hears(town, NOT_RECORDED), 30, "the caller never heard that there was no room")
    await call.wait_for("disconnected", 15)
    await until_told(town, "disk", str(disks.recordings.path))
    disks.recordings.make_room()
    assert list(disks.recordings.path.glob("voicemail/*/*/tmp/*")) == []
    assert not await town.has_mail()


async def test_a_mail_that_has_no_room_is_written_when_there_is(town: Town, disks: Disks) -> None:
    async def nothing_waits() -> bool:
        return [path.name for path in disks.mail.path.iterdir()] == ["refused"]

    async def waits_for_room() -> bool:
        script = str(town.region.settings.asterisk_folder / "etc" / "spool-mail.sh")
        return any(script in (process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))

    disks.mail.fill()
    await leave_a_message(town)
    await eventually(waits_for_room, 15, "nobody waited for room for the mail")
    await until_told(town, "disk", str(disks.mail.path))
    assert not await town.has_mail()
    disks.mail.make_room()
    await eventually(town.has_mail, AGAIN_SECONDS, "the mail never came")
    await eventually(nothing_waits, 5, "something was left in the mail spool")
    assert len(town.region.mail.mails) == 1


async def test_a_full_log_holds_up_no_call_and_goes_on_when_there_is_room(town: Town, disks: Disks) -> None:
    phone, log = await town.phone(EXTENSION), town.service_log()
    disks.log.fill()
    for _ in range(CALLS_MORE_THAN_A_BLOCK):
        await they_talk(town, phone)
    assert not fell_back(town)
    assert len(log.lines("call_decided")) < CALLS_MORE_THAN_A_BLOCK
    await until_told(town, "disk", str(disks.log.path))
    await told_everywhere(town, ready=True, source="database", disk=False)
    disks.log.make_room()
    before = len(log.lines("call_decided"))
    await they_talk(town, phone)
    assert len(log.lines("call_decided")) == before + 1


async def test_asterisks_full_log_holds_up_no_call_and_goes_on_when_there_is_room(town: Town, disks: Disks) -> None:
    phone = await town.phone(EXTENSION)
    messages = town.region.settings.asterisk_folder / "log" / "messages.log"

    async def is_written(name: str) -> bool:
        await town.region.asterisk.console(f"module load {name}")
        return name in messages.read_text(errors="replace")

    await eventually(lambda: is_written("before.so"), 5, "Asterisk writes no log")
    disks.asterisk_log.fill()
    for number in range(MORE_THAN_A_BLOCK):
        await is_written(f"meanwhile{number}.so")
    assert not await is_written("then.so")
    await they_talk(town, phone)
    assert not fell_back(town)
    await until_told(town, "disk", str(disks.asterisk_log.path))
    disks.asterisk_log.make_room()
    await eventually(lambda: is_written("afterwards.so"), AGAIN_SECONDS, "Asterisk never wrote its log again")


async def test_a_feature_code_that_has_no_room_says_so_and_counts_when_there_is(town: Town, disks: Disks) -> None:
    phone = await town.phone(EXTENSION)
    async with connected(town.database_url) as administrator:
        await administrator.execute("VACUUM FULL diversion")
    disks.database.fill()
    await dial(town, phone, f"*21*{OTHER}#", "change-not-saved")
    disks.database.make_room()
    assert await standing(town, EXTENSION) == []
    await dial(town, phone, f"*21*{OTHER}#", "are-diverted-to")


async def test_calls_go_on_while_the_database_has_died_of_its_full_disk(town: Town, disks: Disks) -> None:
    phone, process = await town.phone(EXTENSION), town.region.postgres.process
    assert process is not None
    disks.database.fill()
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        async with connected(town.database_url) as administrator:
            for _ in range(10):
                await administrator.execute(MUCH_IN_THE_LOG)
    await until_told(town, "database", "")
    await they_talk(town, phone)
    assert not fell_back(town)
    await asyncio.to_thread(process.wait, 30)
    town.region.postgres.stop()
    with pytest.raises(DiskFullError):
        await bring_back(town)
    disks.database.make_room()
    await bring_back(town)


async def test_with_every_disk_full_calls_still_come_to_a_person(town: Town, disks: Disks) -> None:
    phone = await registered(town, EXTENSION)
    disks.fill()
    await they_talk(town, phone)
    assert not fell_back(town)
    await town.region.service.kill()
    await they_talk(town, phone)
    assert fell_back(town)
