"""The last good snapshot on disk."""

import errno
import hashlib
import json
import os
import stat
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callflow.service.ports import MailboxAccount, PhoneAccount, Snapshot, Trunk
from callflow.storage import snapshot_file
from callflow.storage.generated_region import generated_policy
from callflow.storage.snapshot_file import JsonSnapshotFile

SNAPSHOT = Snapshot(
    policy=generated_policy(60),
    phones=(PhoneAccount(extension_id=1, username="61001", password="hemligt-å"),),
    mailboxes=(MailboxAccount(mailbox_id=1, pin="7193"),),
    trunks=(Trunk(position=1, host="sbc.example"),),
)


def event_of_reading(file: JsonSnapshotFile) -> str | None:
    with capture_logs() as logs:
        assert file.read() is None
    return logs[0]["event"] if logs else None


def of_this_version(body: bytes) -> bytes:
    """Return a file whose head is right and whose body is this."""
    head = {"form": snapshot_file._FORM, "sha256": hashlib.sha256(body).hexdigest()}
    return json.dumps(head).encode() + b"\n" + body


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = JsonSnapshotFile(tmp_path / "folder" / "snapshot.json")
    file.write(SNAPSHOT)
    assert file.read() == SNAPSHOT


def test_policy_read_is_as_useful_as_the_one_written(tmp_path: Path) -> None:
    file = JsonSnapshotFile(tmp_path / "snapshot.json")
    file.write(SNAPSHOT)
    read = file.read()
    assert read is not None
    assert read.policy.numbers == SNAPSHOT.policy.numbers
    assert read.policy.codes == SNAPSHOT.policy.codes != {}
    assert read.policy.exempted == SNAPSHOT.policy.exempted != {}
    assert hash(read.policy.extensions[1]) == hash(SNAPSHOT.policy.extensions[1])


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    file = JsonSnapshotFile(tmp_path / "snapshot.json")
    file.write(SNAPSHOT)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_no_file_is_no_snapshot_and_nothing_to_tell(tmp_path: Path) -> None:
    assert event_of_reading(JsonSnapshotFile(tmp_path / "snapshot.json")) is None


@pytest.mark.parametrize("position", [0, 1, 100, 5000, -1])
def test_damage_anywhere_is_seen_and_told(tmp_path: Path, position: int) -> None:
    file = JsonSnapshotFile(tmp_path / "snapshot.json")
    file.write(SNAPSHOT)
    content = bytearray(file.path.read_bytes())
    content[position] ^= 0x55
    file.path.write_bytes(content)
    assert event_of_reading(file) in {"snapshot_file_damaged", "snapshot_file_of_other_version"}


@pytest.mark.parametrize("length", [0, 10, 5000])
def test_half_a_file_is_no_snapshot(tmp_path: Path, length: int) -> None:
    file = JsonSnapshotFile(tmp_path / "snapshot.json")
    file.write(SNAPSHOT)
    file.path.write_bytes(file.path.read_bytes()[:length])
    assert event_of_reading(file) == "snapshot_file_damaged"
    assert str(file.problem).startswith("it is damaged: ")


@pytest.mark.parametrize(
    "content",
    [
        b"null\n",
        b"[]\n{}",
        b'{"form": 1, "sha256": 2}\n',
        b'{"form": "\xff", "sha256": "2"}\n',
        b'{"more": ' + b"[" * 100_000,
        of_this_version(b"[]"),
        of_this_version(b'{"policy": 3}'),
        of_this_version(b'{"policy": {"revision": ' + b"9" * 5000 + b"}}"),
    ],
)
def test_anything_else_is_no_snapshot(tmp_path: Path, content: bytes) -> None:
    file = JsonSnapshotFile(tmp_path / "snapshot.json")
    file.path.write_bytes(content)
    assert event_of_reading(file) == "snapshot_file_damaged"


def test_folder_in_its_place_is_no_snapshot(tmp_path: Path) -> None:
    file = JsonSnapshotFile(tmp_path / "snapshot.json")
    file.path.mkdir()
    assert event_of_reading(file) == "snapshot_file_damaged"


def test_file_of_another_version_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = JsonSnapshotFile(tmp_path / "snapshot.json")
    file.write(SNAPSHOT)
    monkeypatch.setattr(snapshot_file, "_FORM", "another")
    assert event_of_reading(file) == "snapshot_file_of_other_version"
    assert file.problem == "it is of another version of the program"


def test_full_disk_leaves_the_snapshot_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = JsonSnapshotFile(tmp_path / "snapshot.json")
    file.write(SNAPSHOT)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        file.write(Snapshot(policy=generated_policy(61)))
    assert file.read() == SNAPSHOT
    assert list(tmp_path.iterdir()) == [file.path]
