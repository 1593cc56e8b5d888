"""What is done for Asterisk at a new policy: the replica is whole on disk, and one that is another is opened anew."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from callflow.asterisk.ami import CACHES, Ami
from callflow.asterisk.ami_connection import AmiActionRefusedError, AmiConnection
from callflow.asterisk.lookups import Lookups
from callflow.asterisk.policy_files import make_policy_files, opened, replica_path, write_policy
from callflow.asterisk.replica import ReplicaError
from callflow.asterisk.replica_rows import MadeRows
from callflow.commands import serve_parts
from callflow.commands.serve_connections import Connections, ami_connection, ari_connection
from callflow.commands.serve_parts import asterisk_follower
from callflow.config import Settings
from callflow.service.policy_holder import Follower
from callflow.service.ports import PhoneAccount, Snapshot
from tests.builders import extension, policy
from tests.fakes.ami_server import FakeAmi
from tests.fakes.running import running

PHONES = 600
REPLICA_MODULE = "res_config_sqlite3.so"
LEAF = b"\x0a"
"""What a page of an index, such as the phones' table, begins with when it has no pages below it."""


def snapshot(phones: int) -> Snapshot:
    rows = policy(extensions=[extension(1)])
    accounts = [PhoneAccount(extension_id=1, username=f"{row:06}", password="hemligt") for row in range(phones)]
    return Snapshot(policy=rows, phones=tuple(accounts))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, ari_password="ari", ami_password="ami")


@pytest.fixture
def made(settings: Settings) -> Iterator[MadeRows]:
    """What a service knows that has written the replica, which Asterisk has open all the time."""
    made = MadeRows()
    make_policy_files(settings)
    write_policy(snapshot(PHONES), settings, made)
    with replica_path(settings).open("rb"):
        opened(settings)
        yield made


@asynccontextmanager
async def following(settings: Settings, made: MadeRows, fake: FakeAmi) -> AsyncIterator[Follower]:
    """A service's follower, whose Asterisk is the fake."""
    reloading = AmiConnection(fake.address)
    to = Connections(ari=ari_connection(settings), ami=ami_connection(settings, "off"), reloading=reloading)
    async with running(reloading.run()):
        await reloading.wait_until_connected()
        yield asterisk_follower(settings, to, made, Lookups(Ami(reloading), lambda: made.writes))


def spoil_a_leaf(path: Path) -> None:
    """Spoil one page of the phones' table on disk."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(path.read_bytes())
    page = data.index(b"000300hemligt") // size * size
    assert data[page : page + 1] == LEAF
    data[page : page + 8] = b"\xff" * 8
    path.write_bytes(data)


def phones_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("SELECT count(*) FROM phone").fetchone()[0]
        return found


def reloads(fake: FakeAmi) -> list[str]:
    return [action["Module"] for action in fake.actions if action["Action"] == "Reload"]


async def test_a_replica_damaged_inside_is_whole_again_and_opened_anew_once(
    settings: Settings, made: MadeRows
) -> None:
    spoil_a_leaf(replica_path(settings))
    async with FakeAmi().running() as fake, following(settings, made, fake) as follow:
        for _ in range(2):
            await follow(snapshot(PHONES))
            assert phones_in(replica_path(settings)) == PHONES
            assert reloads(fake) == [REPLICA_MODULE]


async def test_what_asterisk_keeps_of_the_file_before_is_forgotten_when_it_has_opened_the_new_one(
    settings: Settings, made: MadeRows
) -> None:
    spoil_a_leaf(replica_path(settings))
    async with FakeAmi().running() as fake, following(settings, made, fake) as follow:
        await follow(snapshot(PHONES))
        renewal = ["SorceryMemoryCacheExpire"] * len(CACHES)
        assert fake.names() == [*renewal, "Reload", *renewal]


async def test_nothing_is_reloaded_while_the_file_is_the_same(settings: Settings, made: MadeRows) -> None:
    async with FakeAmi().running() as fake, following(settings, made, fake) as follow:
        await follow(snapshot(PHONES + 1))
    assert reloads(fake) == []
    assert phones_in(replica_path(settings)) == PHONES + 1


async def test_a_reload_that_was_refused_is_made_at_the_next_try(settings: Settings, made: MadeRows) -> None:
    spoil_a_leaf(replica_path(settings))
    async with FakeAmi(refused={"Reload"}).running() as fake, following(settings, made, fake) as follow:
        with pytest.raises(AmiActionRefusedError):
            await follow(snapshot(PHONES))
        fake.refused.clear()
        for _ in range(2):
            await follow(snapshot(PHONES))
    assert reloads(fake) == [REPLICA_MODULE] * 2


async def test_a_reload_that_is_owed_is_made_by_the_service_that_starts_afterwards(
    settings: Settings, made: MadeRows
) -> None:
    spoil_a_leaf(replica_path(settings))
    async with FakeAmi(refused={"Reload"}).running() as fake:
        async with following(settings, made, fake) as follow:
            with pytest.raises(AmiActionRefusedError):
                await follow(snapshot(PHONES))
        fake.refused.clear()
        async with following(settings, MadeRows(), fake) as follow:
            await follow(snapshot(PHONES))
    assert reloads(fake) == [REPLICA_MODULE] * 2


async def test_a_trunks_file_that_cannot_be_written_leaves_the_reload_owed(
    settings: Settings, made: MadeRows
) -> None:
    spoil_a_leaf(replica_path(settings))
    trunks = settings.generated_folder / "trunk.conf"
    trunks.unlink()
    trunks.mkdir()
    async with FakeAmi().running() as fake, following(settings, made, fake) as follow:
        with pytest.raises(OSError, match=r"trunk\.conf"):
            await follow(snapshot(PHONES))
        assert reloads(fake) == []
        trunks.rmdir()
        await follow(snapshot(PHONES))
    assert reloads(fake).count(REPLICA_MODULE) == 1


async def test_a_replica_that_configure_made_anew_is_opened_at_the_next_revision(
    settings: Settings, made: MadeRows
) -> None:
    spoil_a_leaf(replica_path(settings))
    make_policy_files(settings)
    assert phones_in(replica_path(settings)) == 0
    async with FakeAmi().running() as fake, following(settings, made, fake) as follow:
        await follow(snapshot(PHONES))
    assert phones_in(replica_path(settings)) == PHONES
    assert reloads(fake) == [REPLICA_MODULE]


async def test_damage_that_is_found_when_an_account_is_forgotten_is_mended_at_the_next_try(
    settings: Settings, made: MadeRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spoil(*_: object) -> None:
        spoil_a_leaf(replica_path(settings))

    monkeypatch.setattr(serve_parts, "end_registrations", spoil)
    fewer = Snapshot(policy=snapshot(0).policy, phones=snapshot(PHONES).phones[:300])
    async with FakeAmi().running() as fake, following(settings, made, fake) as follow:
        with pytest.raises(ReplicaError, match="damaged"):
            await follow(fewer)
        assert reloads(fake) == []
        await follow(fewer)
    assert phones_in(replica_path(settings)) == 300
    assert reloads(fake) == [REPLICA_MODULE]
