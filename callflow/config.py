"""Settings, from the environment (`CALLFLOW_…`) and from `callflow.env` in the home folder.

The home folder holds everything a running Callflow keeps: secrets, snapshot, spool, generated Asterisk files,
unpacked tools. It is `/var/lib/callflow` for root, else `$XDG_DATA_HOME/callflow`; `CALLFLOW_HOME` moves it.
"""

import os
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from callflow.errors import CallflowError

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class BadSettingError(CallflowError):
    """A setting has a value that it cannot have."""

    code = "bad_setting"


def home_folder() -> Path:
    """Return the home folder: `CALLFLOW_HOME`, or the place that suits the user."""
    if configured := os.environ.get("CALLFLOW_HOME"):
        return Path(configured).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/callflow")
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "callflow"


class SmtpTls(StrEnum):
    """How the way to the mail server is encrypted; the certificate must be right whenever it is."""

    OFFERED = "offered"
    """By STARTTLS where the server offers it."""
    STARTTLS = "starttls"
    """By STARTTLS, and no mail is sent without."""
    IMPLICIT = "implicit"
    """From the first byte, as on port 465."""
    NONE = "none"


class Settings(BaseSettings):
    """Everything that may be set. Times are in seconds; hosts are addresses to bind or to reach."""

    model_config = SettingsConfigDict(env_prefix="CALLFLOW_", extra="ignore")

    home: Path = Field(default_factory=home_folder)
    tools: Path | None = None
    """Where the unpacked Debian packages are kept, if not in the home folder; several systems may share it."""
    sounds: Path | None = None
    """Where prompts and speech are kept, if not in the home folder; several systems may share it."""
    database_url: SecretStr = SecretStr("")
    language: str = "sv"
    tryout: bool = False
    """A system for trying out: calls may carry a time of their own and report each step, and
    their lines are whole."""

    sip_host: str = "127.0.0.1"
    sip_port: Port = 5060
    rtp_first_port: Port = 10000
    rtp_last_port: Port = 10999
    trunk_host: str = "127.0.0.2"
    trunk_port: Port = 5060
    http_host: str = "127.0.0.1"
    http_port: Port = 8088
    """Asterisk's own HTTP server, for ARI."""
    ami_port: Port = 5038
    service_host: str = "127.0.0.1"
    service_port: Port = 8090
    """`/health`, `/ready` and `/metrics` of `callflow serve`."""

    ari_username: str = "callflow"
    ari_password: SecretStr = SecretStr("")
    ami_username: str = "callflow"
    ami_password: SecretStr = SecretStr("")

    smtp_host: str = ""
    smtp_port: Port = 25
    smtp_tls: SmtpTls = SmtpTls.OFFERED
    smtp_ca: Path | None = None
    """Whose certificates the mail server's must be signed by (a file, PEM), if not one that the machine trusts."""
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: str = "callflow@localhost"

    poll_seconds: Seconds = 5.0
    """How often the policy revision is asked for when no notification comes."""

    calendar_seconds: Seconds = 300.0
    """How often each calendar is read for absences."""
    calendar_local: bool = False
    """Calendars may lie on this machine or its link (loopback and link-local addresses), as for trying out."""

    @property
    def asterisk_folder(self) -> Path:
        """Asterisk's own folder: `etc`, `spool`, `log`, `run`, `lib`."""
        return self.home / "asterisk"

    @property
    def generated_folder(self) -> Path:
        """What `callflow serve` renders for Asterisk from the policy."""
        return self.asterisk_folder / "etc" / "generated"

    @property
    def sounds_folder(self) -> Path:
        """Prompts by language: `sounds/sv/…`, `sounds/en/…`; speech from the policy under `sounds/policy`."""
        return self.sounds or self.home / "sounds"

    @property
    def tools_folder(self) -> Path:
        """Debian packages unpacked for this user: Asterisk, espeak-ng, sox, SIPp."""
        return self.tools or self.home / "tools"

    @property
    def mail_spool(self) -> Path:
        """Mail that waits for the mail server."""
        return self.home / "spool" / "mail"

    @property
    def pin_spool(self) -> Path:
        """PINs of voicemail that were changed by phone and wait for the database."""
        return self.home / "spool" / "pins"

    @property
    def snapshot_path(self) -> Path:
        """The last good snapshot."""
        return self.home / "snapshot.json"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read once; raise `BadSettingError` for a value that none can have."""
    path = home_folder() / "callflow.env"
    try:
        return Settings(_env_file=path)
    except ValidationError as error:
        raise BadSettingError("\n".join(_bad_settings(error, path))) from error


_RIGHT: dict[object, tuple[str, str]] = {
    int: ("en port: ett heltal från 1 till 65535", "a port: a whole number from 1 to 65535"),
    float: ("ett antal sekunder större än 0, till exempel 5 eller 0.5", "seconds above 0, such as 5 or 0.5"),
    bool: ("true eller false", "true or false"),
    SmtpTls: ("offered, starttls, implicit eller none", "offered, starttls, implicit or none"),
}


def _bad_settings(error: ValidationError, path: Path) -> list[str]:
    """Return what is wrong with each setting and what is right, in Swedish and English."""
    lines = []
    for one in error.errors():
        field = str(one["loc"][0])
        name, value = f"CALLFLOW_{field.upper()}", one["input"]
        swedish, english = _RIGHT.get(Settings.model_fields[field].annotation, ("ett annat värde", "another value"))
        lines.append(
            f"Inställningen {name} kan inte vara ”{value}”; den ska vara {swedish}. "
            f"Ändra den i miljön eller i {path}."
        )
        lines.append(
            f"The setting {name} cannot be '{value}'; it has to be {english}. "
            f"Change it in the environment or in {path}."
        )
    return lines
