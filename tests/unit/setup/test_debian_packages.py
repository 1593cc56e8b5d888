"""What set-up asks of apt, and what it says when apt cannot."""

import errno
import os
from pathlib import Path

import pytest

from callflow.embedded import apt, debian
from callflow.embedded.apt import parse_archives, trouble_of_apt
from callflow.embedded.debian import PackageSet, check_free_space, unpack
from callflow.embedded.setup_errors import (
    AptMissingError,
    ArchitectureError,
    DiskFullError,
    KeyringError,
    MirrorMissingError,
    SetupError,
)
from callflow.embedded.tools import asterisk_version
from callflow.embedded.unpacked import UnpackedRoot

TREE = PackageSet(name="ett träd", suite="forky", packages=("tree",))


def program(folder: Path, name: str, script: str) -> None:
    """Put a program in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone is PATH."""
    folder = tmp_path / "bin"
    program(folder, "dpkg", "echo amd64")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_the_main_archive_is_found_among_other_sources() -> None:
    listed = """\
http://other.example/node nodistro main
http://security.example/debian-security/ bookworm-security main
http://mirror.example/debian/ bookworm main
http://mirror.example/debian/ bookworm-updates main
http://mirror.example/debian/ bookworm contrib
"""
    assert parse_archives(listed) == ["http://mirror.example/debian/"]


def test_an_archive_at_its_usual_path_is_tried_before_others() -> None:
    listed = "http://a.example/mono stable main\nhttp://z.example/debian/ stable main\n"
    assert parse_archives(listed) == ["http://z.example/debian/", "http://a.example/mono"]


def test_a_cdrom_is_no_archive() -> None:
    assert parse_archives("cdrom:[Debian]/ bookworm main\n") == []


def test_a_machine_without_apt_is_told_what_to_install(programs: Path, tmp_path: Path) -> None:
    assert not (programs / "apt-get").exists()
    with pytest.raises(AptMissingError, match=r"apt-get is not on this machine.*Debian 12 or 13"):
        unpack(TREE, tmp_path / "tools" / "tree", print)


def test_sources_without_a_debian_archive_are_named_as_the_cause(programs: Path, tmp_path: Path) -> None:
    program(programs, "apt-get", "exit 0")
    with pytest.raises(MirrorMissingError, match=r"name no Debian archive.*sources\.list"):
        unpack(TREE, tmp_path / "tools" / "tree", print)


def test_an_archive_that_does_not_answer_is_named_with_what_apt_said(programs: Path, tmp_path: Path) -> None:
    program(
        programs,
        "apt-get",
        """[ "$1" = indextargets ] && echo "http://127.0.0.9/debian/ bookworm main" && exit 0
echo "W: Failed to fetch http://127.0.0.9/debian/: Connection refused" >&2""",
    )
    with pytest.raises(MirrorMissingError, match=r"127\.0\.0\.9/debian/.*Connection refused"):
        unpack(TREE, tmp_path / "tools" / "tree", print)


def test_an_unknown_architecture_is_told_at_once(programs: Path, tmp_path: Path) -> None:
    program(programs, "dpkg", "echo riscv64")
    with pytest.raises(ArchitectureError, match=r"riscv64.*amd64 and arm64"):
        unpack(TREE, tmp_path / "tools" / "tree", print)


def test_a_missing_keyring_is_told_with_the_package_that_has_it(
    programs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program(programs, "apt-get", "exit 0")
    monkeypatch.setattr(apt, "KEYRINGS", (tmp_path / "none.gpg",))
    with pytest.raises(KeyringError, match="apt-get install debian-archive-keyring"):
        unpack(TREE, tmp_path / "tools" / "tree", print)


def test_the_newer_keyring_serves_where_the_older_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = tmp_path / "keyring.pgp"
    newer.touch()
    monkeypatch.setattr(apt, "KEYRINGS", (tmp_path / "keyring.gpg", newer))
    assert apt.archive_keyring() == newer


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("E: write, still have 1 to write but couldn't (28: No space left on device)", DiskFullError),
        ("E: You don't have enough free space in /x/.", DiskFullError),
        ("E: The repository 'x forky InRelease' is not signed.", KeyringError),
        ("W: GPG error: the following signatures couldn't be verified: NO_PUBKEY 6ED0", KeyringError),
        ("E: Unable to locate package asterisk", MirrorMissingError),
    ],
)
def test_what_apt_says_becomes_an_error_of_its_kind(said: str, kind: type[SetupError]) -> None:
    error = trouble_of_apt(said, "http://mirror.example/debian/")
    assert type(error) is kind
    assert said in str(error)


def test_too_little_space_is_told_before_anything_is_downloaded(tmp_path: Path) -> None:
    with pytest.raises(DiskFullError, match="CALLFLOW_HOME to a folder on a larger disk"):
        check_free_space(tmp_path, 10**18)


def test_a_disk_that_fills_up_while_unpacking_is_told_and_leaves_nothing(
    programs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert programs.is_dir()
    monkeypatch.setattr(debian, "_download", full)
    with pytest.raises(DiskFullError, match="The disk is full"):
        unpack(TREE, tmp_path / "tools" / "tree", print)
    assert [path.name for path in (tmp_path / "tools").iterdir()] == [".tree.lock"]


def test_a_folder_that_is_not_ours_is_told(programs: Path, tmp_path: Path) -> None:
    assert programs.is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="could not be made"):
        unpack(TREE, tmp_path / "file" / "tree", print)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1\n", (22, 10)),
        ("Asterisk certified/22.8-cert1\n", (22, 8)),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5\n", (20, 6)),
        ("", (0, 0)),
    ],
)
def test_the_version_of_asterisk_is_read(said: str, version: tuple[int, int]) -> None:
    assert asterisk_version(said) == version


def test_an_unpacked_program_runs_by_the_loader_beside_it_on_any_architecture(tmp_path: Path) -> None:
    libraries = tmp_path / "usr" / "lib" / "aarch64-linux-gnu"
    libraries.mkdir(parents=True)
    (libraries / "ld-linux-aarch64.so.1").touch()
    (tmp_path / "usr" / "bin").mkdir()
    (tmp_path / "usr" / "bin" / "sox").touch()
    assert UnpackedRoot(tmp_path).command("sox") == [
        str(libraries / "ld-linux-aarch64.so.1"),
        "--library-path",
        str(libraries),
        str(tmp_path / "usr" / "bin" / "sox"),
    ]
