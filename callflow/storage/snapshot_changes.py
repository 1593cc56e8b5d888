"""Keeping a snapshot current: by its audit, the database says what has changed, and only that is read anew.

INVARIANT: who changes the policy holds one row's lock to the end (db/versions/0001_policy/04_audit.sql), so revisions
appear in their order and the audit of a revision is whole as soon as it is seen.
"""

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from callflow.policy.changed import Changes, changed_policy
from callflow.service.ports import Snapshot
from callflow.storage.connection import Connection
from callflow.storage.reading import READ_SECONDS, reading
from callflow.storage.snapshot import (
    read_all,
    read_extensions,
    read_mailboxes,
    read_people,
    read_phones,
    read_pins,
    read_small_tables,
    read_trunks,
)

MOST_CHANGES = 1000
"""Changed rows that are read one by one; for more, all is read."""
WHOLE_SECONDS = 3600.0
"""How long a snapshot may be patched before it is read whole again: what is long past is left behind then."""

SMALL = "small"
_OWNERS = {
    "extension": "extension",
    "diversion": "extension",
    "person": "person",
    "absence": "person",
    "mailbox": "mailbox",
    "calendar_feed": "calendar_feed",  # of which nothing is read: what calendars say comes as absences
}
_CHANGES = """
    SELECT table_name, revision,
    CASE table_name
        WHEN 'diversion' THEN ARRAY[(old ->> 'extension_id')::bigint, (new ->> 'extension_id')::bigint]
        WHEN 'absence' THEN ARRAY[(old ->> 'person_id')::bigint, (new ->> 'person_id')::bigint]
        ELSE ARRAY[row_id]
    END AS ids
    FROM audit WHERE revision > $1 LIMIT $2
"""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Mark:
    """Which state of which database: the revision, and its last change in the audit (another database's differs)."""

    revision: int
    last_change: int | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A snapshot, the state that it is of, and when all of it was read (monotonic seconds)."""

    snapshot: Snapshot
    mark: Mark
    whole_at: float


async def read_current(url: str, before: Loaded | None, *, seconds: float = READ_SECONDS) -> Loaded:
    """Return the present snapshot of the database at `url`, what has not changed since `before` taken from there.

    Raises as `reading` does.
    """
    async with reading(url, seconds) as connection:
        return await _load(connection, before)


async def _load(connection: Connection, before: Loaded | None) -> Loaded:
    mark = await _mark(connection, None)
    if before is not None and time.monotonic() - before.whole_at < WHOLE_SECONDS:
        changed = await _changed(connection, before.mark, mark)
        if changed is not None:
            return Loaded(await _patched(connection, before.snapshot, changed, mark.revision), mark, before.whole_at)
    return Loaded(await read_all(connection), mark, time.monotonic())


async def _mark(connection: Connection, revision: int | None) -> Mark:
    """Return the mark of a revision, of the present one for None."""
    if revision is None:
        revision = await connection.fetchval("SELECT revision FROM policy_revision") or 0
    row = await connection.fetchrow("SELECT max(id) AS id, max(at) AS at FROM audit WHERE revision = $1", revision)
    return Mark(revision, row["id"], row["at"])


async def _changed(connection: Connection, before: Mark, now: Mark) -> Mapping[str, set[int]] | None:
    """Return what changed, ids by owner; None when that is too much, or the audit does not tell it."""
    if now.revision < before.revision or await _mark(connection, before.revision) != before:
        return None
    rows = await connection.fetch(_CHANGES, before.revision, MOST_CHANGES + 1)
    if len(rows) > MOST_CHANGES or len({row["revision"] for row in rows}) != now.revision - before.revision:
        return None
    changed: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        changed[_OWNERS.get(row["table_name"], SMALL)].update(found for found in row["ids"] if found is not None)
    return changed


async def _patched(
    connection: Connection, before: Snapshot, changed: Mapping[str, set[int]], revision: int
) -> Snapshot:
    extensions, people, boxes = (changed.get(owner, set()) for owner in ("extension", "person", "mailbox"))
    return Snapshot(
        policy=changed_policy(
            before.policy,
            revision=revision,
            people=await _read(connection, people, read_people, attrgetter("id")),
            extensions=await _read(connection, extensions, read_extensions, attrgetter("id")),
            mailboxes=await _read(connection, boxes, read_mailboxes, attrgetter("id")),
            others=await read_small_tables(connection) if SMALL in changed else None,
        ),
        phones=_in_order(
            before.phones,
            await _read(connection, extensions, read_phones, attrgetter("extension_id")),
            attrgetter("extension_id"),
        ),
        mailboxes=_in_order(
            before.mailboxes,
            await _read(connection, boxes, read_pins, attrgetter("mailbox_id")),
            attrgetter("mailbox_id"),
        ),
        trunks=await read_trunks(connection) if SMALL in changed else before.trunks,
    )


async def _read(
    connection: Connection,
    ids: Collection[int],
    read: Callable[[Connection, Collection[int]], Awaitable[Collection[Found]]],
    key: Callable[[Found], int],
) -> dict[int, Found | None]:
    """Return the rows of these ids as they are now, None for those that are not there (any more)."""
    if not ids:
        return {}
    return {**dict.fromkeys(ids), **{key(row): row for row in await read(connection, ids)}}


def _in_order(before: tuple[Found, ...], changes: Changes[Found], key: Callable[[Found], int]) -> tuple[Found, ...]:
    """Return `before`, which stands by its ids, with these changes; the same where there are none."""
    rows = list(before)
    for row_id, row in changes.items():
        at = bisect_left(rows, row_id, key=key)
        standing = [found for found in rows[at : at + 1] if key(found) == row_id]
        wanted = [] if row is None else [row]
        if standing != wanted:
            rows[at : at + len(standing)] = wanted
    return tuple(rows) if rows != list(before) else before
