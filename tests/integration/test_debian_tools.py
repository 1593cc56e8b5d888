"""Debian's packages really unpacked, and the programs in them really run."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callflow.embedded.debian import STAMP, PackageSet, unpack
from callflow.embedded.phone_python import prepare_phone_python
from callflow.embedded.setup_errors import MirrorMissingError
from callflow.embedded.tools import OLDEST_ASTERISK, asterisk_version
from callflow.embedded.unpacked import UnpackedRoot
from tests.asterisks import shared_tools

HELLO = PackageSet(name="hello", suite="forky", packages=("hello",))


def output_of(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_two_set_ups_at_once_unpack_once_and_the_program_runs(tmp_path: Path) -> None:
    told: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        roots = list(pool.map(lambda _: unpack(HELLO, tmp_path / "hello", told.append), range(2)))
    assert len([line for line in told if line.startswith("Packar upp")]) == 1
    assert output_of(UnpackedRoot(roots[0]).command("hello")) == "Hello, world!\n"
    assert {path.name for path in tmp_path.iterdir()} == {"hello", ".hello.lock"}


def test_a_later_start_needs_no_apt_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpack(HELLO, tmp_path / "hello", print)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    told: list[str] = []
    unpack(HELLO, tmp_path / "hello", told.append)
    assert told == []


def test_a_set_up_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    root = unpack(HELLO, tmp_path / "hello", print)
    stamp = (root / STAMP).read_text()
    unknown = PackageSet(name="okänt", suite="forky", packages=("no-such-package-as-this",))
    with pytest.raises(MirrorMissingError, match="no-such-package-as-this"):
        unpack(unknown, root, print)
    assert (root / STAMP).read_text() == stamp
    assert output_of(UnpackedRoot(root).command("hello")) == "Hello, world!\n"


def test_changed_packages_are_unpacked_anew(tmp_path: Path) -> None:
    root = unpack(HELLO, tmp_path / "hello", print)
    (root / STAMP).write_text("an older recipe")
    (root / "left-over").touch()
    unpack(HELLO, root, print)
    assert not (root / "left-over").exists()


def test_every_tool_runs() -> None:
    tools = shared_tools()
    assert asterisk_version(output_of([*tools.command("asterisk"), "-V"])) >= OLDEST_ASTERISK
    assert "eSpeak NG" in output_of([*tools.command("espeak-ng"), "--version"])
    assert "SoX" in output_of([*tools.command("sox"), "--version"])
    assert (
        "SIPp" in subprocess.run([*tools.command("sipp"), "-v"], capture_output=True, text=True, check=False).stdout
    )
    assert (tools.modules_folder / "app_voicemail.so").is_file()
    assert (tools.rest_api_folder / "channels.json").is_file()


def test_our_own_python_serves_the_phone_where_it_can() -> None:
    if sys.version_info < (3, 13):
        assert shared_tools().phone_python(print) == [sys.executable]


def test_debians_older_python_serves_the_phone_elsewhere() -> None:
    python = prepare_phone_python(shared_tools().folder / "python3.11", print)
    said = output_of([*python, "-c", "import pjsua2, sys; print(sys.version_info[:2], pjsua2.Endpoint.__name__)"])
    assert said == "(3, 11) Endpoint\n"
