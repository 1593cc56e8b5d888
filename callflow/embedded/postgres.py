"""The embedded PostgreSQL: a server of our own in one folder, for one owner, that ends when we do.

It listens on a Unix socket alone and asks everybody for a password, since any user of the machine may reach a
socket or a port. The password stands in `password` in the folder, readable by the owner.
"""

import contextlib
import fcntl
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from callflow.embedded.postgres_folder import (
    SUPERUSER,
    embedded_url,
    is_ready,
    make_socket_folder,
    own_password,
    refuse_other_version,
    running_pid,
    write_private,
)
from callflow.embedded.postgres_user import (
    EmbeddedPostgresError,
    FolderUnreachableError,
    ServerUser,
    binaries_folder,
    server_user,
)
from callflow.embedded.setup_errors import is_disk_full

READY_SECONDS = 60
STOP_SECONDS = 30
ORPHAN_SECONDS = 15
NEEDED_BYTES = 200_000_000
LOG_BYTES = 10_000_000
DEFAULTS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # statements hold numbers, names and passwords, which logs must not (R12)
    "log_error_verbosity": "terse",
    "password_encryption": "scram-sha-256",
}


class DiskFullError(EmbeddedPostgresError):
    """The disk of the data folder is full."""

    code = "disk_full"


class AlreadyRunningError(EmbeddedPostgresError):
    """Another process runs a server on the same folder."""

    code = "already_running"


class EmbeddedPostgres:
    """A PostgreSQL server on `folder`, made there on the first start.

    `options` are server settings (`{"fsync": "off"}` for tests; by default nothing that was committed is lost).
    Start it from a thread that lives as long as it shall: the server ends with the thread that started it.
    """

    def __init__(
        self, folder: Path, *, options: Mapping[str, str] | None = None, ready_seconds: float = READY_SECONDS
    ) -> None:
        """Prepare a server on `folder`; nothing is touched before `start`. `ready_seconds` bounds the start."""
        self.folder = folder.absolute()
        self.options = {**DEFAULTS, **(options or {})}
        self.ready_seconds = ready_seconds
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """The SQLAlchemy URL (`postgresql+asyncpg`) of the database `postgres`, by the Unix socket."""
        return embedded_url(self.folder)

    def url_of(self, database: str) -> str:
        """Return the URL of another database of this server."""
        return embedded_url(self.folder, database)

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "postgresql.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            AlreadyRunningError: another process has a server on this folder.
            DiskFullError: there is no room.
            FolderUnreachableError: the server's user cannot reach the folder.
            EmbeddedPostgresError: anything else, with the last lines of the server's log.
        """
        try:
            self._start()
        except OSError as error:
            self.stop()
            if is_disk_full(error):
                raise _disk_full(self.folder) from error
            message = f"The embedded database in {self.folder} cannot be started: {error}."
            raise EmbeddedPostgresError(message) from error
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        user = server_user()
        self._make_folder(user)
        self._take_lock()
        binaries = binaries_folder(user)
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._initialise(binaries, user)
        refuse_other_version(data, binaries)
        _wait_for_orphan(data)
        sockets = make_socket_folder(self.folder, user)
        settings = {"unix_socket_directories": str(sockets), **self.options}
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        self._rotate_log()
        with self.log.open("ab") as log:
            before = log.tell()
            self.process = subprocess.Popen(
                user.command(binaries / "postgres", "-D", data, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C in a terminal is ours to pass on, after the calls have ended
            )
        self._wait_until_ready(data / "postmaster.pid", before)

    def stop(self) -> None:
        """Stop the server: what runs is rolled back, what was committed is kept. Does nothing if it is not ours."""
        process, self.process = self.process, None
        if process is not None:
            for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(how)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_SECONDS)
                    break
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _make_folder(self, user: ServerUser) -> None:
        missing = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            path.chmod(0o711)  # to pass through, not to look into
        if not user.can("x", self.folder):
            message = (
                f"The folder {self.folder} cannot be reached by PostgreSQL's user (id {user.uid}), since it or one "
                "above it is closed to others. Set CALLFLOW_HOME to a folder outside, for instance /var/lib/callflow."
            )
            raise FolderUnreachableError(message)

    def _take_lock(self) -> None:
        lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            message = (
                f"An embedded database already runs in {self.folder}: another Callflow has it. "
                "Stop that one, or set CALLFLOW_HOME to another folder."
            )
            raise AlreadyRunningError(message) from error
        self._lock = lock

    def _initialise(self, binaries: Path, user: ServerUser) -> None:
        """Make the data folder under a name of its own and rename it, so that a broken attempt leaves none."""
        if shutil.disk_usage(self.folder).free < NEEDED_BYTES:
            raise _disk_full(self.folder)
        making, password_file = self.folder / "data.new", self.folder / "password.new"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        password = own_password(self.folder / "password")
        password_file.unlink(missing_ok=True)
        write_private(password_file, password)
        for path in (making, password_file):
            user.owns(path)
        command = user.command(
            binaries / "initdb",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            f"--username={SUPERUSER}",
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            *(["--no-sync"] if self.options.get("fsync") == "off" else []),
            making,
        )
        result = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", start_new_session=True)
        password_file.unlink()
        if result.returncode != 0:
            raise self._failure("The embedded database could not be made", result.stdout + result.stderr)
        making.rename(self.folder / "data")

    def _rotate_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def _wait_until_ready(self, state: Path, before: int) -> None:
        assert self.process is not None
        limit = time.monotonic() + self.ready_seconds
        while not is_ready(state, self.process.pid):
            if self.process.poll() is not None:
                raise self._failure("The embedded database ended while it started", self._log_since(before))
            if time.monotonic() > limit:
                what = f"The embedded database was not ready within {self.ready_seconds:g} s"
                raise self._failure(what, self._log_since(before))
            time.sleep(0.02)

    def _log_since(self, position: int) -> str:
        with self.log.open("rb") as log:
            log.seek(position)
            return log.read().decode(errors="replace")

    def _failure(self, what: str, output: str) -> EmbeddedPostgresError:
        if "No space left on device" in output or "Disk quota exceeded" in output:
            return _disk_full(self.folder)
        lines = "\n".join(output.strip().splitlines()[-15:])
        return EmbeddedPostgresError(f"{what}. Its last lines (all in {self.log}):\n{lines}")


def _disk_full(folder: Path) -> DiskFullError:
    message = (
        f"The disk of {folder} is full (the database needs {NEEDED_BYTES // 1_000_000} MB to begin with). "
        "Make room, or set CALLFLOW_HOME to a folder on another disk."
    )
    return DiskFullError(message)


def _wait_for_orphan(data: Path) -> None:
    """Wait for the server of a Callflow that has died: it is already on its way down, and we have the lock."""
    limit = time.monotonic() + ORPHAN_SECONDS
    while (pid := running_pid(data)) is not None:
        if time.monotonic() > limit:
            message = f"A PostgreSQL server (process {pid}) still runs in {data}: stop it by `kill -INT {pid}`."
            raise AlreadyRunningError(message)
        time.sleep(0.05)
