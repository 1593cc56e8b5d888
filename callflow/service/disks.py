"""Watches the disks on which anything is kept: their room, and whether they answer at all."""

import asyncio
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from callflow.aside import Asker

LOOK_SECONDS = 5.0
LEAST_FREE_BYTES = 100_000_000


@dataclass(slots=True)
class _Disk:
    """What the disk of a folder answered last: its room or what is wrong, neither where there is no folder yet."""

    asker: Asker = field(default_factory=Asker)
    free_bytes: int | None = None
    error: str | None = None


class Disks:
    """What was seen last; `run` looks."""

    def __init__(self, home: Path, *folders: Path) -> None:
        """`folders`: where else anything is kept, on whatever disk; unlike `home` they may be yet to be made."""
        self._home = home
        self._disks = {folder: _Disk() for folder in (home, *folders)}

    async def run(self) -> None:
        """Look until cancelled; a disk that does not answer keeps no other from being looked at."""
        async with asyncio.TaskGroup() as group:
            for folder in self._disks:
                group.create_task(self._watch(folder))

    def facts(self) -> dict[str, Any]:
        """Tell how much room there is on the disk that has the least, and which do not work."""
        silent = [folder for folder, disk in self._disks.items() if disk.asker.silent]
        answering = {folder: disk for folder, disk in self._disks.items() if folder not in silent}
        errors = [f"{folder}: it does not answer" for folder in silent]
        errors += [f"{folder}: {disk.error}" for folder, disk in answering.items() if disk.error is not None]
        rooms = [(disk.free_bytes, folder) for folder, disk in answering.items() if disk.free_bytes is not None]
        free, fullest = min(rooms, default=(None, None))
        if free is not None and free < LEAST_FREE_BYTES:
            errors.append(f"only {free // 1_000_000} MB are free in {fullest}")
        return {"ok": not errors, "error": "; ".join(errors) or None, "free_bytes": free}

    async def _watch(self, folder: Path) -> None:
        disk = self._disks[folder]
        while True:
            disk.free_bytes, disk.error = await self._look(folder, disk.asker)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, folder: Path, asker: Asker) -> tuple[int | None, str | None]:
        try:
            return await asker.ask(partial(_free_bytes, folder)), None
        except OSError as error:
            yet_to_be_made = folder != self._home and isinstance(error, FileNotFoundError | NotADirectoryError)
            return None, None if yet_to_be_made else error.strerror or str(error)


def _free_bytes(folder: Path) -> int:
    folder.stat()  # a file system that has shut down for its errors still tells what room it has
    return shutil.disk_usage(folder).free
