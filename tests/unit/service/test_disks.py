"""What is told of the disks: their room, their errors, and that one does not answer."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callflow import aside
from callflow.service import disks
from callflow.service.disks import Disks
from tests.fakes.bad_disk import failing_disk, silent_disk, until_asked
from tests.fakes.running import running
from tests.fakes.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(aside, "SILENT_SECONDS", 0.1)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


def with_room(monkeypatch: pytest.MonkeyPatch, free: dict[Path, int]) -> None:
    """Let each folder have this room, in bytes."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=free[folder]))


async def told(watched: Disks, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Return what is told as soon as the condition holds for it."""
    async with running(watched.run()):
        await until(lambda: condition(watched.facts()), "what was to be told")
        return watched.facts()


async def test_room_is_told_of_the_fullest_of_several_disks(
    tmp_path: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_room(monkeypatch, {tmp_path: 900_000_000, spool: 2_000_000})
    facts = await told(Disks(tmp_path, spool, tmp_path / "not-yet-made"), lambda it: it["free_bytes"] == 2_000_000)
    assert facts == {"ok": False, "error": f"only 2 MB are free in {spool}", "free_bytes": 2_000_000}


async def test_disk_with_room_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_room(monkeypatch, {tmp_path: 900_000_000})
    facts = await told(Disks(tmp_path), lambda it: it["free_bytes"])
    assert facts == {"ok": True, "error": None, "free_bytes": 900_000_000}


async def test_home_that_is_gone_is_told(tmp_path: Path) -> None:
    facts = await told(Disks(tmp_path / "nowhere", tmp_path / "not-yet-made"), lambda it: not it["ok"])
    assert facts["error"] == f"{tmp_path / 'nowhere'}: No such file or directory"


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES])
async def test_disk_that_answers_with_an_error_is_told_beside_the_room_of_the_others_until_it_is_well(
    tmp_path: Path, spool: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with_room(monkeypatch, {tmp_path: 900_000_000, spool: 800_000_000})
    watched = Disks(tmp_path, spool)
    async with running(watched.run()):
        await until(lambda: watched.facts()["free_bytes"] == 800_000_000)
        with failing_disk(spool, number):
            await until(lambda: not watched.facts()["ok"])
            assert watched.facts()["error"] == f"{spool}: {os.strerror(number)}"
            assert watched.facts()["free_bytes"] == 900_000_000
        await until(lambda: watched.facts()["ok"])


async def test_disk_that_does_not_answer_leaves_the_loop_free_and_is_told_beside_the_others_until_it_answers(
    tmp_path: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_room(monkeypatch, {tmp_path: 3_000_000, spool: 800_000_000})
    watched = Disks(tmp_path, spool)
    with silent_disk(spool) as asked:
        async with running(watched.run()):
            await until_asked(asked)
            await until(lambda: "does not answer" in str(watched.facts()["error"]))
            assert watched.facts() == {
                "ok": False,
                "error": f"{spool}: it does not answer; only 3 MB are free in {tmp_path}",
                "free_bytes": 3_000_000,
            }
    await told(watched, lambda it: it["error"] == f"only 3 MB are free in {tmp_path}")


async def test_nothing_is_wrong_before_the_first_answer(tmp_path: Path) -> None:
    assert Disks(tmp_path).facts() == {"ok": True, "error": None, "free_bytes": None}
