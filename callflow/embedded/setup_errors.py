"""What can go wrong while Callflow sets itself up, each with what to do."""

import errno

from callflow.errors import CallflowError


class SetupError(CallflowError):
    """Set-up could not go on."""

    code = "setup_failed"


class AptMissingError(SetupError):
    """The machine has no `apt-get` or `dpkg-deb`."""

    code = "apt_missing"


class MirrorMissingError(SetupError):
    """apt knows no Debian archive, or none of those that it knows answers."""

    code = "debian_mirror_missing"


class KeyringError(SetupError):
    """Debian's archive keys are missing or too old to check what is downloaded."""

    code = "debian_keyring"


class ArchitectureError(SetupError):
    """The machine's architecture has none of the packages that we need."""

    code = "architecture_unsupported"


class DiskFullError(SetupError):
    """Not enough free space, before or during set-up."""

    code = "disk_full"


class PortInUseError(SetupError):
    """Another program listens where one of ours must."""

    code = "port_in_use"


class AsteriskStartError(SetupError):
    """The embedded Asterisk did not come up."""

    code = "asterisk_start_failed"


class AsteriskConsoleError(SetupError):
    """The embedded Asterisk's console did not answer."""

    code = "asterisk_console"


class PromptTextError(SetupError):
    """A file of prompts has a line that cannot be read."""

    code = "prompt_text"


class SpeechError(SetupError):
    """The speech engine made no sound."""

    code = "speech_failed"


def disk_full(detail: str) -> DiskFullError:
    """Return the error of a disk that became full, with what to do."""
    return DiskFullError(
        f"The disk is full: {detail}. "
        "Free some space, or set CALLFLOW_HOME to a folder on a larger disk, and start again.",
    )


def is_disk_full(error: OSError) -> bool:
    """Return whether the error says that there is no space or no quota left."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
