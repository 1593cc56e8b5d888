"""The file that Asterisk looks phones up in: changed in place, one transaction a change, made anew when damaged."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from callflow.asterisk.replica import (
    SCHEMA_VERSION,
    MailboxRow,
    NumberRow,
    PhoneRow,
    ReplicaChange,
    ReplicaError,
    ReplicaRows,
    Standing,
    forget_account,
    make_replica,
    write_replica,
)

ASA = PhoneRow(
    "61001",
    "hemligt",
    "+4690161001",
    '"Åsa" <+4690161001>',
    "allowed",
    "se",
    "61001@callflow",
    "+4690161901",
    "Växeln",
    0,
)
BO = PhoneRow("61002", "hemligt", "+4690161002", "<+4690161002>", "prohib", "se", None, "hidden", "", 1)
BOTH = ReplicaRows(
    phones=[ASA, BO],
    mailboxes=[MailboxRow("61001", "1234", "Åsa", None, "se")],
    numbers=[NumberRow("+4690161001", "61001", "PJSIP/61001,24^5,,,24^5,se")],
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "generated" / "replica.sqlite3"


@pytest.fixture
def reader(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that was open all the time, as Asterisk's is."""
    make_replica(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def looked_up(reader: sqlite3.Connection, view: str, column: str, value: str) -> dict[str, object] | None:
    """Look one row up as Asterisk does."""
    row = reader.execute(f"SELECT * FROM {view} WHERE {column} = ? LIMIT 1", (value,)).fetchone()
    return None if row is None else {key: row[key] for key in row.keys() if row[key] is not None}  # noqa: SIM118


def test_a_change_is_seen_by_who_had_the_file_open(path: Path, reader: sqlite3.Connection) -> None:
    assert looked_up(reader, "ps_auths", "id", "61001") is None
    assert write_replica(path, BOTH).rows == 4
    assert looked_up(reader, "ps_auths", "id", "61001") == {
        "id": "61001", "auth_type": "userpass", "username": "61001", "password": "hemligt"
    }  # fmt: skip
    write_replica(path, ReplicaRows(phones=[ASA._replace(password="nytt"), BO]))
    found = looked_up(reader, "ps_auths", "id", "61001")
    assert found is not None
    assert found["password"] == "nytt"


def test_an_endpoint_has_what_is_its_own_and_what_all_have(path: Path, reader: sqlite3.Connection) -> None:
    write_replica(path, BOTH)
    endpoint = looked_up(reader, "ps_endpoints", "id", "61001")
    assert endpoint is not None
    assert endpoint["set_var"] == "CALLFLOW_NUMBER=+4690161001"
    assert endpoint["mailboxes"] == "61001@callflow"
    assert (endpoint["context"], endpoint["send_diversion"], endpoint["allow_transfer"]) == (
        "from-phone",
        "no",
        "yes",
    )
    other = looked_up(reader, "ps_endpoints", "id", "61002")
    assert other is not None
    assert other["callerid_privacy"] == "prohib"
    assert "mailboxes" not in other


def test_a_number_is_found_whole_and_short(path: Path, reader: sqlite3.Connection) -> None:
    write_replica(path, BOTH)
    whole, short = (looked_up(reader, "net", "dialled", each) for each in ("+4690161001", "61001"))
    assert whole is not None
    assert short is not None
    assert whole["arguments"] == short["arguments"] == "PJSIP/61001,24^5,,,24^5,se"
    plan = reader.execute("EXPLAIN QUERY PLAN SELECT * FROM net WHERE dialled = '61001'").fetchall()
    assert [row["detail"] for row in plan if "SCAN" in row["detail"]] == []


def test_a_locked_phone_is_found_by_its_number(path: Path, reader: sqlite3.Connection) -> None:
    write_replica(path, BOTH)
    assert looked_up(reader, "locked", "number", BO.number) == {"number": BO.number, "locked": 1}
    assert looked_up(reader, "locked", "number", ASA.number) is None


def test_what_a_phones_calls_show_is_found_by_its_account(path: Path, reader: sqlite3.Connection) -> None:
    write_replica(path, ReplicaRows(phones=[ASA, BO]))
    assert looked_up(reader, "shown", "account", "61001") == {"account": "61001", "shown": "+4690161901|Växeln"}
    assert looked_up(reader, "shown", "account", "61002") == {"account": "61002", "shown": "hidden|"}
    write_replica(path, ReplicaRows(phones=[BO]))
    assert looked_up(reader, "shown", "account", "61001") is None


def test_only_what_differs_is_written(path: Path) -> None:
    make_replica(path)
    write_replica(path, BOTH)
    assert write_replica(path, BOTH).rows == 0
    fewer = ReplicaRows(phones=[ASA, BO._replace(locked=0)], numbers=BOTH.numbers)
    assert write_replica(path, fewer).rows == 2


def test_what_is_known_to_stand_there_is_not_read_again(path: Path, reader: sqlite3.Connection) -> None:
    standing = Standing()
    write_replica(path, BOTH, standing)
    assert write_replica(path, BOTH, standing).rows == 0
    changed = ReplicaRows(phones=[ASA._replace(locked=1)], numbers=BOTH.numbers)
    assert write_replica(path, changed, standing).rows == 3
    assert write_replica(path, changed, standing).rows == 0
    assert write_replica(path, changed).rows == 0
    assert write_replica(path, BOTH, standing).rows == 3
    assert looked_up(reader, "ps_auths", "id", "61002") is not None


def test_what_another_has_written_meanwhile_is_read_again(path: Path, reader: sqlite3.Connection) -> None:
    standing = Standing()
    write_replica(path, BOTH, standing)
    write_replica(path, ReplicaRows())
    assert write_replica(path, BOTH, standing).rows == 4
    write_replica(path, ReplicaRows(phones=[BO]), standing)
    forget_account(path, "61001")
    assert write_replica(path, BOTH, standing).rows == 3
    assert looked_up(reader, "ps_auths", "id", "61001") is not None


def test_a_write_that_failed_leaves_nothing_to_rely_on(path: Path, reader: sqlite3.Connection) -> None:
    standing = Standing()
    odd = MailboxRow("61009", None, "Odd", None, "se")  # type: ignore[arg-type]
    with pytest.raises(ReplicaError):
        write_replica(path, ReplicaRows(phones=BOTH.phones, mailboxes=[odd]), standing)
    assert looked_up(reader, "ps_auths", "id", "61001") is None
    assert write_replica(path, BOTH, standing).rows == 4


def test_a_reader_waits_for_no_writer_and_sees_no_half_change(path: Path, reader: sqlite3.Connection) -> None:
    write_replica(path, BOTH)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM phone")
        assert looked_up(reader, "ps_endpoints", "id", "61001") is not None
        writer.execute("COMMIT")
    assert looked_up(reader, "ps_endpoints", "id", "61001") is None


def test_a_removed_account_keeps_its_aor_until_its_registration_is_ended(
    path: Path, reader: sqlite3.Connection
) -> None:
    write_replica(path, BOTH)
    assert write_replica(path, ReplicaRows(phones=[BO])) == ReplicaChange(rows=3, removed=("61001",))
    assert looked_up(reader, "ps_endpoints", "id", "61001") is None
    assert looked_up(reader, "ps_auths", "id", "61001") is None
    assert looked_up(reader, "ps_aors", "id", "61001") is not None
    assert write_replica(path, ReplicaRows(phones=[BO])) == ReplicaChange(removed=("61001",))
    forget_account(path, "61001")
    assert looked_up(reader, "ps_aors", "id", "61001") is None
    assert write_replica(path, ReplicaRows(phones=[BO])) == ReplicaChange()


def test_an_account_that_came_back_is_not_forgotten(path: Path, reader: sqlite3.Connection) -> None:
    write_replica(path, BOTH)
    write_replica(path, ReplicaRows(phones=[BO]))
    write_replica(path, BOTH)
    forget_account(path, "61001")
    assert looked_up(reader, "ps_endpoints", "id", "61001") is not None


def test_the_file_is_its_owners_alone(path: Path, reader: sqlite3.Connection) -> None:
    write_replica(path, BOTH)
    assert looked_up(reader, "ps_endpoints", "id", "61001") is not None
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


def test_an_empty_file_that_asterisk_made_is_filled_in_place(path: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o644)
    inode = path.stat().st_ino
    write_replica(path, BOTH)
    assert path.stat().st_ino == inode
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"no database", b"\x00" * 40_000])
def test_a_damaged_file_is_made_anew(path: Path, damage: bytes) -> None:
    make_replica(path)
    write_replica(path, BOTH)
    path.write_bytes(damage)
    make_replica(path)
    assert write_replica(path, BOTH).rows == 4


@pytest.mark.parametrize("is_known", [True, False])
def test_damage_inside_is_found_also_by_who_knows_what_stands_there(path: Path, is_known: bool) -> None:
    many = ReplicaRows(phones=[ASA._replace(username=f"{row:06}") for row in range(2000)])
    standing = Standing() if is_known else None
    write_replica(path, many, standing)
    data = bytearray(path.read_bytes())
    data[40_000:60_000] = b"\xff" * 20_000
    path.write_bytes(data)
    assert write_replica(path, many, standing).rows == 2000
    assert write_replica(path, many).rows == 0


def test_an_index_that_misses_a_row_is_found_when_all_rows_are_as_they_should_be(path: Path) -> None:
    write_replica(path, BOTH)
    index = "FROM sqlite_master WHERE name = 'phone_by_number'"
    with closing(sqlite3.connect(path)) as other, other:
        kept = other.execute(f"SELECT * {index}").fetchone()
        other.execute("PRAGMA writable_schema = ON")
        other.execute(f"DELETE {index}")
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE phone SET number = '+4690161009' WHERE username = '61002'")
        other.execute("PRAGMA writable_schema = ON")
        other.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", kept)
    moved = replace(BOTH, phones=[ASA, BO._replace(number="+4690161009")])
    assert write_replica(path, moved).rows == 4
    assert write_replica(path, moved).rows == 0


def test_an_account_in_a_damaged_file_is_not_forgotten_and_the_next_write_looks_through_the_file(path: Path) -> None:
    standing = Standing()
    write_replica(path, BOTH, standing)
    write_replica(path, ReplicaRows(phones=[BO]), standing)
    path.write_bytes(b"no database")
    with pytest.raises(ReplicaError, match="damaged"):
        forget_account(path, "61001", standing)
    assert path.read_bytes() == b"no database"
    assert standing.token is None
    assert write_replica(path, BOTH, standing).rows == 4


def test_who_forgets_an_account_makes_no_file(path: Path) -> None:
    path.parent.mkdir()
    with pytest.raises(ReplicaError):
        forget_account(path, "61001")
    assert not path.exists()


def test_a_replica_of_another_version_is_filled_anew_in_place(path: Path, reader: sqlite3.Connection) -> None:
    write_replica(path, BOTH)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE of_another_version (x)")
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert write_replica(path, BOTH) == ReplicaChange(rows=4)
    assert looked_up(reader, "ps_endpoints", "id", "61001") is not None
    assert reader.execute("SELECT name FROM sqlite_master WHERE name = 'of_another_version'").fetchone() is None


def test_a_file_that_cannot_be_had_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ReplicaError, match="disk has room"):
        write_replica(path, BOTH)
