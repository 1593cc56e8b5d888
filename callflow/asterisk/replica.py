"""The SQLite file from which Asterisk knows phones, mailboxes and numbers by itself (its realtime database).

The service alone writes it and Asterisk only reads, through the views in replica.sql, so that a change counts from
its commit on with nothing to reload. In WAL mode no reader waits for the writer, and each lookup sees the state
before a change or after it.

INVARIANT: Asterisk keeps the file open, so the file is changed in place and never replaced, unless it was missing or
damaged: then who fills it makes it anew, and Asterisk must open it again.
"""

# ruff: noqa: S608 - the SQL here is put together of names in this file, never of anything read

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import structlog

from callflow.errors import CallflowError

SCHEMA_PATH = Path(__file__).with_name("replica.sql")
SCHEMA_VERSION = 2
"""Raised with each change of replica.sql: a file of another version is emptied and filled anew."""
LOCK_SECONDS = 5.0
"""How long one writer waits for another, such as the service that an upgrade runs beside."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class ReplicaError(CallflowError):
    """The replica cannot be written: the disk is full, the file is another user's, or it is found damaged."""

    code = "replica_not_written"


class _DamageFoundError(sqlite3.DatabaseError):
    """SQLite's own check found the file damaged."""


class PhoneRow(NamedTuple):
    """A SIP account; `privacy` and `language` as Asterisk spells them, `mailbox` with its context.

    `shown` and `shown_name` are what its calls show outside (R17), as `CF_SHOWN` and `CF_SHOWN_NAME` of a plan.
    """

    username: str
    password: str
    number: str
    callerid: str
    privacy: str
    language: str
    mailbox: str | None
    shown: str
    shown_name: str
    locked: int
    removed: int = 0


class MailboxRow(NamedTuple):
    """A voicemail box."""

    number: str
    pin: str
    name: str
    email: str | None
    language: str


class NumberRow(NamedTuple):
    """A number of ours: its short form, and the arguments of `callflow-net-run` (dialplan/fallback.conf)."""

    number: str
    short: str | None
    arguments: str


TABLES: Mapping[str, type[PhoneRow | MailboxRow | NumberRow]] = {
    "phone": PhoneRow,
    "mailbox": MailboxRow,
    "number": NumberRow,
}
Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaRows:
    """All that Asterisk is to know. The first field of a row is its key."""

    phones: Sequence[PhoneRow] = ()
    mailboxes: Sequence[MailboxRow] = ()
    numbers: Sequence[NumberRow] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaChange:
    """What a write did: how many rows it wrote or took out.

    `removed`: the accounts that are no longer there and whose registered contacts are still to be ended.
    """

    rows: int = 0
    removed: tuple[str, ...] = ()


@dataclass(slots=True)
class Standing:
    """What a replica holds, rows by key in each table, while the token in it says that nobody else has written."""

    token: str | None = None
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)


def make_replica(path: Path) -> None:
    """See that a sound replica stands at `path`, empty if it was missing or damaged; raise `ReplicaError`."""
    with _said_of(path):
        _in_sound_file(path, _check)


def write_replica(path: Path, rows: ReplicaRows, standing: Standing | None = None) -> ReplicaChange:
    """Make the replica at `path` hold these rows: what differs is written, in one transaction.

    A file that is missing or damaged is made anew with all of them. An account that is no longer there is marked as
    removed until `forget_account`. `standing` spares who writes one after the other the reading of what stands there,
    except of the phones. Raises `ReplicaError`.
    """
    known = standing or Standing()
    try:
        with _said_of(path):
            return _in_sound_file(path, lambda connection: _write(connection, rows, known))
    except BaseException:
        known.token = None
        raise


def forget_account(path: Path, username: str, standing: Standing | None = None) -> None:
    """Take a removed account out for good; `standing` is what the writer of the file knows.

    Raises `ReplicaError`, also for a file that is missing or damaged: the next write finds that and makes it anew.
    """
    if standing is not None:
        standing.token = None

    def forget(connection: sqlite3.Connection) -> None:
        _sign(connection)
        connection.execute("DELETE FROM phone WHERE username = ? AND removed = 1", (username,))

    with _said_of(path):
        _in_transaction(path, forget)


@contextmanager
def _said_of(path: Path) -> Iterator[None]:
    """Raise SQLite's and the system's errors as `ReplicaError`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        if isinstance(error, sqlite3.DatabaseError) and _is_damage(error):
            raise ReplicaError(f"{path} is damaged: {error}. The next write makes it anew.") from error
        raise ReplicaError(
            f"{path} cannot be written: {error}. See that the disk has room and that the file is this user's."
        ) from error


def _in_sound_file(path: Path, work: Callable[[sqlite3.Connection], Result]) -> Result:
    """Do `work` in a file that is made when it is missing, and anew when it is damaged."""

    def in_tables(connection: sqlite3.Connection) -> Result:
        _ensure_schema(connection)
        return work(connection)

    _make_file(path)
    try:
        return _in_transaction(path, in_tables)
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise
        log.warning("replica_damaged", path=str(path), reason=str(error), what_now="it is made anew")
        _remove(path)
        _make_file(path)
        return _in_transaction(path, in_tables)


def _make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)  # Asterisk makes an empty one by its own umask; the files beside it are made like this one


def _in_transaction(path: Path, work: Callable[[sqlite3.Connection], Result]) -> Result:
    path.stat()  # raises where SQLite would make a file
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return result


def _ensure_schema(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,):
        return
    own = "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite_%'"
    for kind, name in connection.execute(f"{own} ORDER BY type DESC").fetchall():
        connection.execute(f'DROP {kind} "{name}"')
    for statement in SCHEMA_PATH.read_text(encoding="utf-8").split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != ("ok",):
        raise _DamageFoundError(str(found))


def _write(connection: sqlite3.Connection, rows: ReplicaRows, known: Standing) -> ReplicaChange:
    signed = connection.execute("SELECT token FROM written").fetchone()
    if known.token is None or signed != (known.token,):
        _check(connection)
        for table, kind in TABLES.items():
            found = connection.execute(f"SELECT {', '.join(kind._fields)} FROM {table}")
            known.rows[table] = {row[0]: row for row in found}
    written = sum(
        _write_table(connection, table, {row[0]: row for row in wanted}, known.rows[table])
        for table, wanted in (("phone", rows.phones), ("mailbox", rows.mailboxes), ("number", rows.numbers))
    )
    known.token = _sign(connection) if written else signed and signed[0]
    removed = tuple(row[0] for row in connection.execute("SELECT username FROM phone WHERE removed = 1"))
    return ReplicaChange(rows=written, removed=removed)


def _write_table(
    connection: sqlite3.Connection, table: str, wanted: Mapping[str, Row], standing: dict[str, Row]
) -> int:
    """Write the rows that differ and take out those that are no longer wanted; return how many."""
    columns = TABLES[table]._fields
    changed = {key: row for key, row in wanted.items() if standing.get(key) != row}
    gone = [
        key for key in standing.keys() - wanted.keys() if table != "phone" or not PhoneRow(*standing[key]).removed
    ]
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", list(changed.values())
    )
    take_out = f"UPDATE {table} SET removed = 1" if table == "phone" else f"DELETE FROM {table}"
    connection.executemany(f"{take_out} WHERE {columns[0]} = ?", [(key,) for key in gone])
    standing.update(changed)
    for key in gone:
        row = standing.pop(key)
        if table == "phone":
            standing[key] = PhoneRow(*row)._replace(removed=1)
    return len(changed) + len(gone)


def _sign(connection: sqlite3.Connection) -> str:
    """Leave a new token, by which each writer sees whether it was the last."""
    token = secrets.token_hex(8)
    connection.execute("DELETE FROM written")
    connection.execute("INSERT INTO written VALUES (?)", (token,))
    return token


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return isinstance(error, _DamageFoundError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
