"""Asterisk's log files stay short, on a real Asterisk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callflow.asterisk import log_files
from callflow.asterisk.ami import Ami
from callflow.asterisk.ami_connection import AmiConnection, AmiUnavailableError
from callflow.asterisk.log_files import KEPT_FILES, LogFiles
from callflow.embedded.asterisk import EmbeddedAsterisk
from tests.asterisks import ami_address, asterisk
from tests.fakes.running import running
from tests.fakes.waiting import until

__all__ = ["asterisk"]


@pytest.fixture
async def logs(asterisk: EmbeddedAsterisk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LogFiles]:
    monkeypatch.setattr(log_files, "LARGEST_BYTES", 500)
    connection = AmiConnection(ami_address(asterisk))
    async with running(connection.run()):
        await until(lambda: connection.connected)
        yield LogFiles(folder_of(asterisk), Ami(connection))


def folder_of(asterisk: EmbeddedAsterisk) -> Path:
    return asterisk.settings.asterisk_folder / "log"


async def fill(asterisk: EmbeddedAsterisk, word: str) -> None:
    """Have Asterisk log some errors that hold this word."""
    for _ in range(6):
        await asterisk.console(f"channel originate {word}/nobody application Wait 1")
    messages = folder_of(asterisk) / "messages.log"
    await until(lambda: messages.stat().st_size > 500, "messages.log that is large")


async def test_large_log_is_put_aside_and_only_a_few_are_kept(asterisk: EmbeddedAsterisk, logs: LogFiles) -> None:
    await asterisk.console("module load res_clioriginate.so")
    folder = folder_of(asterisk)
    for number in range(KEPT_FILES + 2):
        await fill(asterisk, f"x{number}")
        await logs.shorten()
        assert (folder / "messages.log").stat().st_size < 500
    await logs.shorten()
    kept = sorted(path.name for path in folder.glob("messages.log.*"))
    assert kept == [f"messages.log.{number}" for number in range(KEPT_FILES)]
    assert f"x{KEPT_FILES + 1}" in (folder / "messages.log.0").read_text()
    await fill(asterisk, "afterwards")


async def test_what_asterisk_says_on_its_terminal_is_cut(asterisk: EmbeddedAsterisk, logs: LogFiles) -> None:
    await asterisk.console("module load res_clioriginate.so")
    await fill(asterisk, "terminal")
    console = folder_of(asterisk) / "console.log"
    await until(lambda: console.stat().st_size > 500)
    await logs.shorten()
    assert console.stat().st_size == 0
    await fill(asterisk, "again")
    await until(lambda: b"again" in console.read_bytes())
    assert b"\0" not in console.read_bytes()


async def test_small_logs_are_left_alone_and_asterisk_is_not_asked(
    tmp_path: Path, asterisk: EmbeddedAsterisk
) -> None:
    away = Ami(AmiConnection(ami_address(asterisk)))
    (tmp_path / "messages.log").write_text("x")
    await LogFiles(tmp_path, away).shorten()
    (tmp_path / "messages.log").write_bytes(b"x" * (log_files.LARGEST_BYTES + 1))
    with pytest.raises(AmiUnavailableError):
        await LogFiles(tmp_path, away).shorten()
