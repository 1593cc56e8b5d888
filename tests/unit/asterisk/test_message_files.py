"""What lies in Asterisk's voicemail boxes, read from its files (R11)."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callflow.asterisk.message_files import MessageFiles
from callflow.service.message_ports import LeftMessage, MessagesUnreadableError

LONG_AGO = 1_790_000_000
LEFT = datetime(2026, 11, 26, 14, 3, tzinfo=UTC)


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    """Return the folder of the mailboxes."""
    folder = tmp_path / "voicemail" / "callflow"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def files(tmp_path: Path, boxes: Path) -> MessageFiles:
    del boxes
    return MessageFiles(tmp_path)


def lay(folder: Path, number: int = 0, *, key: str = "1795716327-00000001", **values: str) -> Path:
    """Write what Asterisk writes of a message, in a folder that has been so for long."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "origmailbox": "61100",
        "callerid": '"Åsa = Öberg" <+46701740605>',
        "origtime": str(int(LEFT.timestamp())),
        "msg_id": key,
        "flag": "",
        "duration": "34",
        **values,
    }
    path = folder / f"msg{number:04}.txt"
    path.write_text(";\n; Message Information file\n;\n[message]\n" + "".join(f"{k}={v}\n" for k, v in told.items()))
    settle(folder)
    return path


def settle(folder: Path, seconds: int = LONG_AGO) -> None:
    os.utime(folder, (seconds, seconds))


MESSAGE = LeftMessage(
    key="1795716327-00000001", caller_number="+46701740605", left_at=LEFT, seconds=34, urgent=False, heard=False
)


def test_message_is_read_with_caller_time_and_length(files: MessageFiles, boxes: Path) -> None:
    lay(boxes / "61100" / "INBOX")
    assert files.all_changed() == {"61100": (MESSAGE,)}


def test_mailbox_is_told_again_only_when_it_has_changed(files: MessageFiles, boxes: Path) -> None:
    lay(boxes / "61100" / "INBOX")
    lay(boxes / "61101" / "INBOX")
    assert files.all_changed().keys() == {"61100", "61101"}
    assert files.all_changed() == {}
    lay(boxes / "61101" / "INBOX", 1, key="b")
    settle(boxes / "61101" / "INBOX", LONG_AGO + 1)
    assert [it.key for it in files.all_changed()["61101"]] == [MESSAGE.key, "b"]


@pytest.mark.parametrize(
    ("folder", "heard"), [("INBOX", False), ("Urgent", False), ("Old", True), ("Work", True), ("Cust3", True)]
)
def test_folder_tells_whether_it_was_heard(files: MessageFiles, boxes: Path, folder: str, heard: bool) -> None:
    lay(boxes / "61100" / folder)
    assert [it.heard for it in files.all_changed()["61100"]] == [heard]


@pytest.mark.parametrize(("folder", "flag"), [("Urgent", ""), ("Old", "Urgent")])
def test_urgent_message_stays_so_when_it_was_heard(files: MessageFiles, boxes: Path, folder: str, flag: str) -> None:
    lay(boxes / "61100" / folder, flag=flag)
    assert [it.urgent for it in files.all_changed()["61100"]] == [True]


def test_message_in_two_folders_while_it_is_heard_is_one_that_was_heard(files: MessageFiles, boxes: Path) -> None:
    for folder in ("INBOX", "Old", "Urgent"):
        lay(boxes / "61100" / folder)
    assert [it.heard for it in files.all_changed()["61100"]] == [True]


def test_message_that_is_gone_and_a_mailbox_that_is_gone_are_told(files: MessageFiles, boxes: Path) -> None:
    path = lay(boxes / "61100" / "INBOX")
    lay(boxes / "61101" / "INBOX")
    files.all_changed()
    path.unlink()
    settle(path.parent, LONG_AGO + 1)
    shutil.rmtree(boxes / "61101")
    assert files.all_changed() == {"61100": (), "61101": ()}


def test_mailbox_that_is_changing_waits_for_the_next_look(files: MessageFiles, boxes: Path) -> None:
    path = lay(boxes / "61100" / "INBOX")
    os.utime(path.parent)
    assert files.all_changed() == {}
    assert files.changed([]) == {}
    settle(path.parent)
    assert files.changed([]) == {"61100": (MESSAGE,)}
    assert files.changed([]) == {}


def test_mailbox_that_the_switch_tells_of_is_looked_at_alone(files: MessageFiles, boxes: Path) -> None:
    files.all_changed()
    lay(boxes / "61100" / "INBOX")
    lay(boxes / "61101" / "INBOX")
    assert files.changed(["61100"]) == {"61100": (MESSAGE,)}
    assert files.changed(["61100"]) == {}
    shutil.rmtree(boxes / "61100")
    assert files.changed(["61100"]) == {"61100": ()}
    assert files.all_changed() == {"61101": (MESSAGE,)}


def test_mailbox_known_from_before_that_is_gone_is_told_but_not_one_that_is_changing(
    files: MessageFiles, boxes: Path
) -> None:
    path = lay(boxes / "61100" / "INBOX")
    os.utime(path.parent)
    assert files.all_changed(["61100", "61101"]) == {"61101": ()}


def test_folder_from_the_future_after_the_clock_was_set_back_is_read(files: MessageFiles, boxes: Path) -> None:
    path = lay(boxes / "61100" / "INBOX")
    settle(path.parent, 4_000_000_000)
    assert files.all_changed() == {"61100": (MESSAGE,)}


def test_what_is_no_message_is_left_out_and_the_rest_is_read(files: MessageFiles, boxes: Path) -> None:
    box = boxes / "61100"
    lay(box / "INBOX")
    lay(box / "INBOX", 1, key="no-time", origtime="")
    lay(box / "INBOX", 2, key="odd-time", origtime="9" * 30)
    (box / "INBOX" / "msg0003.txt").write_bytes(b"\xff\x00[message")
    (box / "INBOX" / "msg0000.wav").write_bytes(b"RIFF")
    (box / "unavail.wav").write_bytes(b"RIFF")
    lay(box / "tmp", 0, key="being-recorded")
    lay(box / "Deleted", 0, key="deleted")
    settle(box / "INBOX")
    assert files.all_changed() == {"61100": (MESSAGE,)}


@pytest.mark.parametrize(
    ("shown", "number"),
    [('"dolt nummer" <>', ""), ("0701740605", "0701740605"), ('"a <b>" <61104>', "61104"), ("Unknown", "Unknown")],
)
def test_caller_is_what_stands_in_brackets_else_all(
    files: MessageFiles, boxes: Path, shown: str, number: str
) -> None:
    lay(boxes / "61100" / "INBOX", callerid=shown)
    assert files.all_changed()["61100"][0].caller_number == number


def test_message_without_asterisks_name_for_it_has_one_by_its_time(files: MessageFiles, boxes: Path) -> None:
    lay(boxes / "61100" / "INBOX", key="", duration="")
    [message] = files.all_changed()["61100"]
    assert message.key == f"{int(LEFT.timestamp())}-msg0000"
    assert message.seconds == 0


def test_before_anybody_has_a_message_there_is_no_disk_and_nothing_is_made(tmp_path: Path) -> None:
    files = MessageFiles(tmp_path)
    assert files.spool() == ""
    assert list(tmp_path.iterdir()) == []


def test_disk_keeps_its_name_and_another_has_another(files: MessageFiles, boxes: Path, tmp_path: Path) -> None:
    name = files.spool()
    assert len(name) > 30
    assert MessageFiles(tmp_path).spool() == name
    assert [path.name for path in boxes.iterdir()] == [".callflow-spool"]
    boxes.rename(boxes.with_name("away"))
    boxes.mkdir()
    assert files.spool() not in {name, ""}


@pytest.mark.parametrize("name", [b"\xff", b""])
def test_name_that_is_not_ours_is_an_error(files: MessageFiles, boxes: Path, name: bytes) -> None:
    (boxes / ".callflow-spool").write_bytes(name)
    with pytest.raises(MessagesUnreadableError, match="delete it"):
        files.spool()


def test_spool_that_cannot_be_read_is_an_error(files: MessageFiles, boxes: Path) -> None:
    boxes.rmdir()
    with pytest.raises(MessagesUnreadableError, match="No such file"):
        files.all_changed()
    boxes.symlink_to(boxes)
    with pytest.raises(MessagesUnreadableError, match="symbolic"):
        files.all_changed()
    boxes.unlink()
    boxes.mkdir()
    with pytest.raises(MessagesUnreadableError, match="too long"):
        files.changed(["6" * 300])


def test_message_that_cannot_be_read_is_told_with_its_mailbox_and_the_others_are_read(
    files: MessageFiles, boxes: Path
) -> None:
    lay(boxes / "61100" / "INBOX")
    odd = boxes / "61101" / "INBOX" / "msg0000.txt"
    odd.mkdir(parents=True)
    settle(odd.parent)
    assert files.all_changed() == {"61100": (MESSAGE,)}
    assert "mailbox 61101" in (files.problem or "")
    assert "Is a directory" in (files.problem or "")
    odd.rmdir()
    settle(odd.parent)
    assert files.changed([]) == {"61101": ()}
    assert files.problem is None


def test_what_was_read_is_read_again_when_it_is_forgotten(files: MessageFiles, boxes: Path) -> None:
    lay(boxes / "61100" / "INBOX")
    files.all_changed()
    files.forget()
    assert files.all_changed() == {"61100": (MESSAGE,)}


@pytest.mark.parametrize(
    ("told", "seconds", "key"),
    [
        ({"duration": "9" * 20}, 86_400, "k"),
        ({"duration": "-5"}, 0, "k"),
        ({"key": "a\x00b c" + "d" * 200}, 34, "abc"),
    ],
)
def test_damaged_message_is_read_as_far_as_it_can_be(
    files: MessageFiles, boxes: Path, told: dict[str, Any], seconds: int, key: str
) -> None:
    lay(boxes / "61100" / "INBOX", **{"key": "k", **told})
    [message] = files.all_changed()["61100"]
    assert message.seconds == seconds
    assert message.key.startswith(key)
    assert len(message.key) <= 100
