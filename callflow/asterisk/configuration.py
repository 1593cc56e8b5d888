"""Asterisk's configuration on disk: the base from `asterisk-conf/`, and the files that the policy fills."""

import re
import resource
from dataclasses import dataclass
from pathlib import Path

from callflow.asterisk.conf_text import ConfigurationError, asterisk_language, conf_value, write_if_changed
from callflow.asterisk.policy_files import make_policy_files
from callflow.config import Settings

REPOSITORY = Path(__file__).resolve().parents[2]

LONGEST_SOCKET_PATH = 100
"""A Unix socket's path ends at 107 bytes."""

MOST_FILES = 65536
"""Open files: a call of two legs has eight. Never above the hard limit, which an ordinary user cannot raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskPaths:
    """Where things stand: Asterisk's `modules` (.so), its `data` (documentation, rest-api), and our own files."""

    modules: Path
    data: Path
    templates: Path = REPOSITORY / "asterisk-conf"
    dialplan: Path = REPOSITORY / "dialplan"


def write_base(settings: Settings, paths: AsteriskPaths) -> Path:
    """Write everything but what the policy makes; return the path of asterisk.conf. Files are the owner's only.

    What the policy makes stands there afterwards too, empty if it was missing or damaged. Raises `ConfigurationError`
    when a setting cannot stand in a file or the home folder's path is too long, `ReplicaError` for a full disk.
    """
    base = settings.asterisk_folder
    socket = base / "run" / "asterisk.ctl"
    if len(bytes(socket)) > LONGEST_SOCKET_PATH:
        raise ConfigurationError(
            f"the path {socket} is too long for Asterisk's socket; set CALLFLOW_HOME to a shorter one"
        )
    if not (settings.ari_password.get_secret_value() and settings.ami_password.get_secret_value()):
        raise ConfigurationError("CALLFLOW_ARI_PASSWORD and CALLFLOW_AMI_PASSWORD are not set; run the set-up first")
    for name in ("etc/generated", "spool", "log", "run", "lib/agi-bin", "lib/cache", "lib/keys", "lib/sounds"):
        (base / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    for spool in (settings.mail_spool, settings.pin_spool):
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    values = _values(settings, paths)
    for template in sorted(paths.templates.iterdir()):
        mode = 0o700 if template.suffix == ".sh" else 0o600
        write_if_changed(base / "etc" / template.name, _filled(template.read_text(encoding="utf-8"), values), mode)
    _link(base / "lib" / "documentation", paths.data / "documentation")
    _link(base / "lib" / "rest-api", paths.data / "rest-api")
    _link(base / "lib" / "sounds" / "se", settings.sounds_folder / "sv")
    for folder in ("en", "policy"):
        _link(base / "lib" / "sounds" / folder, settings.sounds_folder / folder)
    make_policy_files(settings)
    return base / "etc" / "asterisk.conf"


def _values(settings: Settings, paths: AsteriskPaths) -> dict[str, str]:
    base = settings.asterisk_folder
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    values = {
        "MAX_FILES": MOST_FILES if hard_limit == resource.RLIM_INFINITY else min(MOST_FILES, hard_limit),
        "ETC": base / "etc",
        "GENERATED": settings.generated_folder,
        "LIB": base / "lib",
        "SPOOL": base / "spool",
        "RUN": base / "run",
        "LOG": base / "log",
        "MODULES": paths.modules,
        "DIALPLAN": paths.dialplan,
        "MAIL_SPOOL": settings.mail_spool,
        "MAIL_COMMAND": f"'{base / 'etc' / 'spool-mail.sh'}'",
        "PIN_SPOOL": settings.pin_spool,
        "PIN_COMMAND": f"'{base / 'etc' / 'spool-pin.sh'}'",
        "PIN_CHECK": base / "etc" / "check-pin.sh",  # run without a shell: no quotes
        "MAIL_FROM": settings.mail_from,
        "VOICEMAIL_FROM": "Röstbrevlådan",
        "LANGUAGE": asterisk_language(settings.language),
        "TRYOUT": int(settings.tryout),
        "TRYOUT_EVENTS": "eventfilter(action(include),name(DialEnd)) =" if settings.tryout else "",
        "SIP_HOST": settings.sip_host,
        "SIP_PORT": settings.sip_port,
        "RTP_FIRST_PORT": settings.rtp_first_port,
        "RTP_LAST_PORT": settings.rtp_last_port,
        "HTTP_HOST": settings.http_host,
        "HTTP_PORT": settings.http_port,
        "AMI_PORT": settings.ami_port,
        "ARI_USERNAME": settings.ari_username,
        "ARI_PASSWORD": settings.ari_password.get_secret_value(),
        "AMI_USERNAME": settings.ami_username,
        "AMI_PASSWORD": settings.ami_password.get_secret_value(),
    }
    return {name: conf_value(str(value), f"the setting behind {name}") for name, value in values.items()}


def _filled(template: str, values: dict[str, str]) -> str:
    return re.sub(r"@([A-Z_]+)@", lambda match: values.get(match[1], match[0]), template)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)
