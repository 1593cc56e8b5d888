"""A region whose folders each stand on a disk of their own, which a test fills and makes room on.

A disk is a tmpfs. It is full when it is made as small as what is on it, so that nothing has to be written to fill it.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from callflow.config import Settings

LARGE = "500m"
"""More than a start of the region asks for."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder on a disk of its own."""

    path: Path

    def fill(self) -> None:
        """Leave no room at all; on an empty disk one block, since a tmpfs of no size has no limit."""
        state = os.statvfs(self.path)
        self._resize(f"{max(state.f_blocks - state.f_bfree, 1) * state.f_frsize}")

    def make_room(self) -> None:
        """Leave room as before."""
        self._resize(LARGE)

    def free_bytes(self) -> int:
        """Return how much room there is."""
        state = os.statvfs(self.path)
        return state.f_bavail * state.f_frsize

    def _resize(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.path)], check=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disks:
    """The disks of a region."""

    home: Disk
    """The snapshot, Asterisk's own database, the mail server's mail."""
    replica: Disk
    recordings: Disk
    mail: Disk
    database: Disk
    log: Disk
    asterisk_log: Disk

    def all(self) -> tuple[Disk, ...]:
        """Return each of them."""
        return (self.home, self.replica, self.recordings, self.mail, self.database, self.log, self.asterisk_log)

    def fill(self) -> None:
        """Leave no room anywhere."""
        for disk in self.all():
            disk.fill()

    def make_room(self) -> None:
        """Leave room everywhere."""
        for disk in self.all():
            disk.make_room()


@contextmanager
def small_disks(settings: Settings) -> Iterator[Disks]:
    """Put the home of a region that is yet to start on disks of their own; afterwards all of it is gone."""
    with ExitStack() as stack:

        def mounted(path: Path) -> Disk:
            path.mkdir(parents=True, exist_ok=True)
            options = f"size={LARGE},mode=0711"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "callflow-test", str(path)], check=True)
            stack.callback(subprocess.run, ["umount", "--lazy", str(path)], check=True)
            return Disk(path)

        yield Disks(
            home=mounted(settings.home),
            replica=mounted(settings.generated_folder),
            recordings=mounted(settings.asterisk_folder / "spool"),
            mail=mounted(settings.mail_spool),
            database=mounted(settings.home / "postgres"),
            log=mounted(settings.home / "log"),
            asterisk_log=mounted(settings.asterisk_folder / "log"),
        )
