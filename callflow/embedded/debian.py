"""Debian packages unpacked into a folder of our own, without root and without touching the machine."""

import hashlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from callflow.embedded.apt import (
    PrivateApt,
    architecture,
    archive_keyring,
    debian_archives,
    run,
    trouble_of_apt,
)
from callflow.embedded.lock import Report, exclusive
from callflow.embedded.setup_errors import DiskFullError, MirrorMissingError, SetupError, disk_full, is_disk_full

NEEDED_BYTES = 1_500_000_000
STAMP = ".callflow-stamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSet:
    """Packages of one suite, with all that they depend on; `name` is what a person reads."""

    name: str
    suite: str
    packages: tuple[str, ...]

    def stamp(self, for_architecture: str) -> str:
        """Return a word that changes when what is to be unpacked changes."""
        words = " ".join((self.suite, for_architecture, *sorted(self.packages)))
        return hashlib.sha256(words.encode()).hexdigest()


def unpack(packages: PackageSet, target: Path, report: Report) -> Path:
    """Return `target` holding the packages' files (`usr/…`), unpacked now or by an earlier start.

    Two set-ups at once wait for each other; a set-up that was broken off leaves `target` as it was.

    Raises:
        SetupError: one of its kinds: no apt, no archive, bad keys, disk full, unsupported architecture.
    """
    stamp_file = target / STAMP
    # Asked before anything else, so that a later start neither needs apt nor waits.
    if stamp_file.is_file() and stamp_file.read_text() == packages.stamp(_remembered_architecture(target)):
        return target
    wanted = packages.stamp(architecture())
    try:
        with exclusive(target, report):
            if not (stamp_file.is_file() and stamp_file.read_text() == wanted):
                _unpack_beside(packages, target, report)
    except OSError as error:
        raise _of_operating_system(error, target) from error
    return target


def _remembered_architecture(target: Path) -> str:
    loaders = list((target / "usr" / "lib").glob("*-linux-gnu"))
    return {"x86_64-linux-gnu": "amd64", "aarch64-linux-gnu": "arm64"}.get(loaders[0].name, "") if loaders else ""


def _unpack_beside(packages: PackageSet, target: Path, report: Report) -> None:
    check_free_space(target.parent, NEEDED_BYTES)
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        files = _download(packages, work / "apt", report)
        report(f"Packar upp {packages.name} ({len(files)} paket) …")
        root = work / "root"
        root.mkdir()
        _extract_all(files, root)
        (root / STAMP).write_text(packages.stamp(architecture()))
        if target.exists():
            target.rename(work / "old")
        root.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_free_space(folder: Path, needed: int) -> None:
    """Raise `DiskFullError` when the folder's disk has fewer than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(
            f"Set-up needs {needed / 1e9:.1f} GB free in {folder}, and {free / 1e9:.1f} GB are free. "
            "Free some space, or set CALLFLOW_HOME to a folder on a larger disk, and start again.",
        )


def _download(packages: PackageSet, folder: Path, report: Report) -> list[Path]:
    """Download from the first of the machine's archives that Debian's own signature stands for."""
    archive_keyring()
    last: SetupError | None = None
    for archive in debian_archives():
        report(f"Hämtar {packages.name} ur Debian {packages.suite} …")
        shutil.rmtree(folder, ignore_errors=True)
        apt = PrivateApt(folder=folder, suite=packages.suite, archive=archive, architecture=architecture())
        try:
            return apt.download(packages.packages)
        except DiskFullError:
            raise
        except SetupError as error:
            last = last or error
    raise last or MirrorMissingError("apt's sources name no Debian archive.")


def _extract_all(files: list[Path], root: Path) -> None:
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for done in pool.map(lambda file: run(["dpkg-deb", "--extract", str(file), str(root)]), files):
            if done.returncode != 0:
                raise trouble_of_apt(done.stderr, "the downloaded packages")


def _of_operating_system(error: OSError, target: Path) -> SetupError:
    if is_disk_full(error):
        return disk_full(str(error))
    return SetupError(
        f"{target} could not be made: {error}. Check that the folder is yours, or set CALLFLOW_HOME to one that is.",
    )
