"""The home folder of a running region: one at a time, with secrets made once."""

import fcntl
import json
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import SecretStr

from callflow.config import Settings
from callflow.embedded.region_texts import region_texts
from callflow.embedded.setup_errors import DiskFullError, SetupError
from callflow.files import write_atomically

SECRETS = ("ARI_PASSWORD", "AMI_PASSWORD")
SECRET_BYTES = 24
PUBLIC = (
    "tryout",
    "sip_host",
    "sip_port",
    "trunk_host",
    "trunk_port",
    "http_host",
    "http_port",
    "ami_port",
    "service_host",
    "service_port",
)
"""The settings that another process must know to reach a running region."""
FIRST_START_BYTES = 1_500_000_000
LATER_START_BYTES = 200_000_000


class AlreadyRunningError(SetupError):
    """A region runs in this home folder already."""

    code = "already_running"


class RegionLock:
    """Holds a home folder while a region runs in it; the file tells others the process and its settings."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.home / "run.json"
        self._words = region_texts(settings.language)
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            make_home(self.path.parent)
            file = self.path.open("a+")
        except OSError as error:
            message = self._words["home"].format(home=self.path.parent, error=error.strerror)
            raise SetupError(message) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            running = _parsed(file.read()).get("pid", "?")
            file.close()
            message = self._words["running"].format(home=self.path.parent, pid=running)
            raise AlreadyRunningError(message) from error
        self._file = file
        self.tell()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()

    def tell(self, settings: Settings | None = None) -> None:
        """Write what others may know of the region: its process and, once it runs, where its parts listen."""
        assert self._file is not None
        facts = {"pid": os.getpid(), "settings": settings.model_dump(include=set(PUBLIC)) if settings else None}
        self._file.seek(0)
        self._file.truncate(0)
        self._file.write(json.dumps(facts))
        self._file.flush()


def as_running(settings: Settings) -> Settings:
    """Return the settings as the region that runs in this home folder was started with, else as they are.

    So `callflow call` finds a region on other ports than the usual without being told them again.
    """
    told = _running(settings.home)
    public = told.get("settings")
    return settings.model_copy(update=public) if isinstance(public, dict) else settings


def _running(home: Path) -> dict[str, object]:
    path = home / "run.json"
    try:
        with path.open("r+") as file:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return {}
            return _parsed(file.read())
    except OSError:
        return {}


def make_secrets(settings: Settings, embedded_url: str | None) -> Settings:
    """Return the settings with every secret, new ones made and kept in `<home>/callflow.env`, readable by the owner.

    `embedded_url` is the embedded database's, None where another is set; it is kept there for other commands.
    """
    path = settings.home / "callflow.env"
    known = _read_environment(path)
    made = {f"CALLFLOW_{name}": secrets.token_urlsafe(SECRET_BYTES) for name in SECRETS}
    complete = {**made, **known}
    if embedded_url is not None:
        complete["CALLFLOW_DATABASE_URL"] = embedded_url
    if complete != known:
        write_atomically(path, "".join(f"{name}={value}\n" for name, value in complete.items()).encode())
    return settings.model_copy(
        update={
            "database_url": SecretStr(embedded_url) if embedded_url else settings.database_url,
            "ari_password": _secret(settings.ari_password, complete["CALLFLOW_ARI_PASSWORD"]),
            "ami_password": _secret(settings.ami_password, complete["CALLFLOW_AMI_PASSWORD"]),
        }
    )


def make_home(home: Path) -> None:
    """Make the home folder: others may pass through it (PostgreSQL's user must), but not see what is there."""
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o711)


def check_space(settings: Settings) -> None:
    """Raise `DiskFullError` if the home folder's disk has no room for what a start writes."""
    needed = LATER_START_BYTES if settings.tools_folder.exists() else FIRST_START_BYTES
    free = shutil.disk_usage(settings.home).free
    if free < needed:
        words = region_texts(settings.language)["disk_full"]
        raise DiskFullError(words.format(home=settings.home, free=free // 1_000_000, needed=needed // 1_000_000))


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the settings as the environment of a child process; what is not set is left to `callflow.env`."""
    values = {name: _text(getattr(settings, name)) for name in Settings.model_fields}
    return {f"CALLFLOW_{name.upper()}": value for name, value in values.items() if value}


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _secret(configured: SecretStr, made: str) -> SecretStr:
    return configured if configured.get_secret_value() else SecretStr(made)


def _read_environment(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    pairs = (
        line.partition("=") for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")
    )
    return {name: value for name, _, value in pairs}


def _parsed(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
