"""The programs that Callflow takes from Debian: Asterisk, espeak-ng, sox, SIPp, and a Python for the phone.

Unpacked programs run through the loader and libraries that came with them, so that the machine's own libc does
not matter. An Asterisk on PATH that is new enough is used as it is.
"""

import importlib.util
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from callflow.config import Settings
from callflow.embedded.apt import run
from callflow.embedded.debian import PackageSet, unpack
from callflow.embedded.lock import Report
from callflow.embedded.phone_python import install_phone_command, prepare_phone_python
from callflow.embedded.setup_errors import SetupError
from callflow.embedded.unpacked import UnpackedRoot

OLDEST_ASTERISK = (22, 7)
SPEECH_AND_TEST = ("asterisk-core-sounds-en-wav", "espeak-ng", "sox", "sip-tester")
DEBIAN_TOOLS = PackageSet(
    name="Asterisk, espeak-ng, sox och SIPp",
    suite="forky",
    packages=("asterisk", *SPEECH_AND_TEST),
)
DEBIAN_TOOLS_WITHOUT_ASTERISK = PackageSet(name="espeak-ng, sox och SIPp", suite="forky", packages=SPEECH_AND_TEST)


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs, unpacked under `folder` or installed on the machine."""

    folder: Path
    installed_asterisk: Path | None = None
    """The Asterisk on PATH, if it is new enough and therefore used."""

    @property
    def unpacked(self) -> UnpackedRoot:
        """Where Debian's packages are unpacked."""
        return UnpackedRoot(self.folder / "debian")

    def command(self, program: str) -> list[str]:
        """Return the arguments that start a program (`asterisk`, `espeak-ng`, `sox`, `sipp`); append its own.

        Raises:
            SetupError: it is neither unpacked nor installed.
        """
        if program == "asterisk" and self.installed_asterisk is not None:
            return [str(self.installed_asterisk)]
        if self.unpacked.root.is_dir() or (installed := shutil.which(program)) is None:
            return self.unpacked.command(program)
        return [installed]

    def environment(self) -> dict[str, str]:
        """Return what the programs need in their environment, to be added to ours."""
        return {"ESPEAK_DATA_PATH": str(self.unpacked.library_folder)} if self.unpacked.root.is_dir() else {}

    @property
    def modules_folder(self) -> Path:
        """Asterisk's modules (`astmoddir`)."""
        if self.installed_asterisk is None:
            return self.unpacked.library_folder / "asterisk" / "modules"
        prefix = self.installed_asterisk.resolve().parent.parent
        found = sorted(prefix.glob("lib*/asterisk/modules")) + sorted(prefix.glob("lib/*/asterisk/modules"))
        if not found:
            raise SetupError(f"No modules of {self.installed_asterisk} under {prefix}; take it off PATH to use ours.")
        return found[0]

    @property
    def asterisk_share(self) -> Path:
        """What comes with Asterisk to be read: `documentation`, `rest-api`, `static-http`."""
        if self.installed_asterisk is None:
            return self.unpacked.root / "usr" / "share" / "asterisk"
        found = [
            folder
            for folder in (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))
            if (folder / "documentation").is_dir()
        ]
        if not found:
            raise SetupError(f"No documentation of {self.installed_asterisk}; take it off PATH to use ours.")
        return found[0]

    @property
    def rest_api_folder(self) -> Path:
        """ARI's own description, one JSON file for each resource."""
        return self.asterisk_share / "rest-api"

    @property
    def english_sounds_folder(self) -> Path:
        """Asterisk's own English prompts (16-bit wav, 8 kHz)."""
        root = self.unpacked.root if self.unpacked.root.is_dir() else Path("/")
        return root / "usr" / "share" / "asterisk" / "sounds" / "en_US_f_Allison"

    def phone_python(self, report: Report) -> list[str]:
        """Return the arguments that start a Python which can import pjsua2 (and the standard library, no more).

        Ours when it can; else Debian's 3.11 with the locked wheel, unpacked on the first use.

        Raises:
            SetupError: one of its kinds.
        """
        if importlib.util.find_spec("pjsua2") is not None:
            return [sys.executable]
        return prepare_phone_python(self.folder / "python3.11", report)


def prepare_tools(settings: Settings, report: Report) -> Tools:
    """Return the tools as `prepare_programs` does, and have the phone's Python ready too.

    Raises:
        SetupError: one of its kinds, each with what to do.
    """
    tools = prepare_programs(settings, report)
    if (phone := tools.phone_python(report)) != [sys.executable]:
        install_phone_command(phone)
    return tools


def prepare_programs(settings: Settings, report: Report) -> Tools:
    """Return the tools, unpacked now or by an earlier start; the first time takes 10 to 30 s.

    Nothing is unpacked where Asterisk, espeak-ng, sox and Asterisk's English sounds are all installed.

    Raises:
        SetupError: one of its kinds, each with what to do.
    """
    tools = find_tools(settings)
    if (
        tools.installed_asterisk
        and all(map(shutil.which, ("espeak-ng", "sox")))
        and tools.english_sounds_folder.is_dir()
    ):
        return tools
    unpack(DEBIAN_TOOLS_WITHOUT_ASTERISK if tools.installed_asterisk else DEBIAN_TOOLS, tools.unpacked.root, report)
    return tools


def find_tools(settings: Settings) -> Tools:
    """Return the tools that are there, without unpacking any; a missing one shows when it is asked for."""
    return Tools(folder=settings.tools_folder, installed_asterisk=installed_asterisk())


def installed_asterisk() -> Path | None:
    """Return the Asterisk on PATH if it is new enough."""
    found = shutil.which("asterisk")
    if found is None:
        return None
    return Path(found) if asterisk_version(run([found, "-V"]).stdout) >= OLDEST_ASTERISK else None


def asterisk_version(said: str) -> tuple[int, int]:
    """Return major and minor version of `Asterisk 22.10.1~dfsg`; (0, 0) when it cannot be read."""
    match = re.match(r"Asterisk (?:certified[-/])?(\d+)\.(\d+)", said.strip())
    return (int(match[1]), int(match[2])) if match else (0, 0)
