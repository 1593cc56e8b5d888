"""apt with folders of our own: any user can download Debian packages and nothing of the machine is changed."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from callflow.embedded.setup_errors import (
    AptMissingError,
    ArchitectureError,
    KeyringError,
    MirrorMissingError,
    SetupError,
    disk_full,
)

ARCHITECTURES = ("amd64", "arm64")
DEBIAN_SUITES = frozenset(
    {"bookworm", "trixie", "forky", "duke", "sid", "oldstable", "stable", "testing", "unstable"},
)
KEYRINGS = tuple(Path("/usr/share/keyrings") / f"debian-archive-keyring.{ending}" for ending in ("gpg", "pgp"))
KEY_ERRORS = ("NO_PUBKEY", "EXPKEYSIG", "is not signed", "Missing key", "Sub-process /usr/bin/sqv returned an error")


@dataclass(frozen=True, slots=True)
class PrivateApt:
    """apt's folders for one suite of one archive; `folder` holds all of it and may be thrown away afterwards."""

    folder: Path
    suite: str
    archive: str
    architecture: str

    def download(self, packages: tuple[str, ...]) -> list[Path]:
        """Return the downloaded `.deb` files of the packages and all that they depend on.

        Raises:
            SetupError: one of its kinds, with what apt said.
        """
        self._write_configuration()
        self._apt_get("update")
        self._apt_get("install", "--yes", "--download-only", "--no-install-recommends", *packages)
        return sorted((self.folder / "cache" / "archives").glob("*.deb"))

    def _write_configuration(self) -> None:
        for part in ("etc", "etc/none.d", "state/lists/partial", "cache/archives/partial", "log"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "state" / "status").touch()
        options = f"target=Packages arch={self.architecture} signed-by={archive_keyring()}"
        (self.folder / "etc" / "sources.list").write_text(f"deb [{options}] {self.archive} {self.suite} main\n")
        (self.folder / "etc" / "apt.conf").write_text(_CONFIGURATION.format(self=self))

    def _apt_get(self, *arguments: str) -> None:
        command = ["apt-get", "-q", "-c", str(self.folder / "etc" / "apt.conf"), *arguments]
        done = run(command)
        trouble = done.stderr + "".join(line for line in done.stdout.splitlines(keepends=True) if line[:2] == "E:")
        # `apt-get update` ends with 0 when an archive did not answer, and says so in a warning.
        if done.returncode != 0 or "Failed to fetch" in trouble or "not signed" in trouble:
            raise trouble_of_apt(trouble, self.archive)


# Read after the machine's own configuration: keeps its proxy and certificates, undoes pins, hooks and foreign
# architectures, and points every folder at ours.
_CONFIGURATION = """\
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
APT::Architecture "{self.architecture}";
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "{self.folder}/state";
Dir::State::lists "{self.folder}/state/lists";
Dir::State::status "{self.folder}/state/status";
Dir::State::extended_states "{self.folder}/state/extended_states";
Dir::Cache "{self.folder}/cache";
Dir::Cache::archives "{self.folder}/cache/archives";
Dir::Etc::sourcelist "{self.folder}/etc/sources.list";
Dir::Etc::sourceparts "{self.folder}/etc/none.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{self.folder}/etc/none.d";
Dir::Log "{self.folder}/log";
"""


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end with English messages, no input, and its output as text."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
        )
    except FileNotFoundError as error:
        raise AptMissingError(
            f"{command[0]} is not on this machine: Callflow takes Asterisk and its tools from Debian's packages. "
            "Use Debian 12 or 13, or put asterisk (22.7 or newer), espeak-ng, sox and sipp on PATH.",
        ) from error


def trouble_of_apt(said: str, archive: str) -> SetupError:
    """Return what apt said as an error of its kind, with what to do."""
    said = said.strip()[-1500:]
    full = [line for line in said.splitlines() if "No space left on device" in line or "enough free space" in line]
    if full:
        return disk_full(full[-1])
    if any(sign in said for sign in KEY_ERRORS):
        return KeyringError(
            f"Debian's archive keys do not fit {archive}. Update the package debian-archive-keyring "
            f"(as root: apt-get install debian-archive-keyring) and start again. apt said: {said}",
        )
    return MirrorMissingError(
        f"Debian's packages could not be had from {archive}. Check the network and /etc/apt/sources.list "
        f"(apt-get update must work), then start again. apt said: {said}",
    )


def architecture() -> str:
    """Return Debian's name of the machine's architecture.

    Raises:
        ArchitectureError: it is neither amd64 nor arm64.
    """
    name = run(["dpkg", "--print-architecture"]).stdout.strip()
    if name not in ARCHITECTURES:
        raise ArchitectureError(
            f"This machine is {name or 'of an unknown architecture'}; Callflow's packages are made for "
            f"{' and '.join(ARCHITECTURES)}. Use such a machine.",
        )
    return name


def archive_keyring() -> Path:
    """Return the file of Debian's archive keys (`.gpg` in Debian 12, also `.pgp` from Debian 13).

    Raises:
        KeyringError: the machine has none.
    """
    for keyring in KEYRINGS:
        if keyring.is_file():
            return keyring
    raise KeyringError(
        f"Debian's archive keys are not at {KEYRINGS[0]}. As root: apt-get install debian-archive-keyring; "
        "then start again.",
    )


def debian_archives() -> list[str]:
    """Return the addresses of Debian's main archive that the machine's own apt uses, the likeliest first.

    Whether one of them is Debian's is settled by the signature when it is used.

    Raises:
        MirrorMissingError: apt's sources name none.
    """
    if shutil.which("apt-get") is None:
        run(["apt-get"])
    # Without --no-release-info apt names only archives whose lists were downloaded: none in a minimal root.
    asked = ["apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"]
    listed = run(asked).stdout
    archives = parse_archives(listed)
    if not archives:
        raise MirrorMissingError(
            "apt's sources name no Debian archive. Add one to /etc/apt/sources.list (see `man sources.list`) "
            "until `apt-get update` works, then start again.",
        )
    return archives


def parse_archives(listed: str) -> list[str]:
    """Return the main archives among lines of `address suite component`, without doubles, the likeliest first."""
    found: dict[str, None] = {}
    for line in listed.splitlines():
        match line.split():
            case [address, suite, "main"] if suite in DEBIAN_SUITES and not address.startswith("cdrom:"):
                found[address] = None
            case _:
                continue
    return sorted(found, key=lambda address: urlsplit(address).path.rstrip("/").endswith("/debian") is False)
