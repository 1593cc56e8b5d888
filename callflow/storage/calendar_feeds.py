"""The calendars of people in the policy database: which is due, and the absences that they make (R10).

INVARIANT: only absences that a calendar made are changed or removed, and only where the calendar says something else:
a reading that finds nothing new makes no revision. An event is known by its key, which changes with its times. An
absence that its person has ended or shortened therefore stays so until the event itself is moved, and `policy_forget`
leaves it as long as the event goes on.
"""

from collections.abc import Sequence
from typing import Any

from callflow.policy.calendar_absences import calendar_absence
from callflow.policy.model import Absence, AbsenceReason
from callflow.service.calendars import CalendarContent, CalendarFeed, CalendarsState
from callflow.storage.absences import take_turn
from callflow.storage.connection import Connection
from callflow.storage.kept_connection import KeptConnection

ACTOR = "calendar"
ANSWER_SECONDS = 30.0
SERVER_SETTINGS = {
    "application_name": "callflow calendars",
    "statement_timeout": "10000",
    "idle_in_transaction_session_timeout": "5000",
}
"""In milliseconds: so that no change of the policy waits for us when we have hung."""
TOLD_PROBLEMS = 5

_TAKE = """
WITH due AS MATERIALIZED (
    SELECT feed_id FROM calendar_reading
    WHERE CASE WHEN $2::integer IS NULL THEN due_at <= clock_timestamp() ELSE feed_id = $2 END
    ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE calendar_reading AS r SET due_at = clock_timestamp() + interval '15 minutes'
FROM due, calendar_feed AS f, person AS p, organisation AS o
WHERE r.feed_id = due.feed_id AND f.id = r.feed_id AND p.id = f.person_id AND o.id = p.organisation_id
RETURNING f.id, f.person_id, f.url AS address, f.reason_id, o.time_zone, r.due_at AS mark, lower(p.email) AS email,
    r.problem, r.failures,
    CASE WHEN r.problem IS NULL AND r.whole_at > clock_timestamp() - interval '1 day' THEN r.etag END AS etag,
    CASE WHEN r.problem IS NULL AND r.whole_at > clock_timestamp() - interval '1 day' THEN r.modified END AS modified
"""
"""Longer than any reading takes: a feed whose reader died is taken again after that."""
_IS_OURS = "SELECT EXISTS (SELECT FROM calendar_reading WHERE feed_id = $1 AND due_at = $2)"
_UNCHANGED = """
UPDATE calendar_reading SET due_at = clock_timestamp() + make_interval(secs => $3), read_at = clock_timestamp()
WHERE feed_id = $1 AND due_at = $2
"""
_WHOLE = """
UPDATE calendar_reading SET due_at = clock_timestamp() + make_interval(secs => $3), read_at = clock_timestamp(),
    whole_at = clock_timestamp(), problem = $4, failures = 0, etag = $5, modified = $6
WHERE feed_id = $1 AND due_at = $2
"""
_PROBLEM = """
UPDATE calendar_reading SET due_at = clock_timestamp() + make_interval(secs => $3), problem = $4,
    failures = failures + 1
WHERE feed_id = $1 AND due_at = $2
"""
_STATE = """
SELECT count(*) AS feeds, count(problem) AS failing,
    greatest(extract(epoch FROM clock_timestamp() - min(due_at)), 0)::float AS late_seconds
FROM calendar_reading
"""
_PROBLEMS = "SELECT feed_id, problem FROM calendar_reading WHERE problem IS NOT NULL ORDER BY feed_id LIMIT $1"
_REASONS = """
SELECT r.id, r.organisation_id, r.digit, r.text_sv, r.text_en
FROM absence_reason AS r JOIN person AS p ON p.organisation_id = r.organisation_id WHERE p.id = $1
"""
_THERE = """
SELECT id, calendar_event, reason_id, returns_at > clock_timestamp() AS is_to_come FROM absence
WHERE person_id = $1 AND calendar_event IS NOT NULL AND (returns_at > clock_timestamp() OR calendar_event = ANY ($2))
"""
_REMOVE = "DELETE FROM absence WHERE id = ANY ($1)"
_ADD = """
INSERT INTO absence (person_id, reason_id, starts_at, returns_at, calendar_event)
SELECT $1::integer, * FROM unnest($2::integer[], $3::timestamptz[], $4::timestamptz[], $5::text[])
"""
_GIVE_REASON = """
UPDATE absence AS a SET reason_id = n.reason_id FROM unnest($1::integer[], $2::integer[]) AS n (id, reason_id)
WHERE a.id = n.id
"""


class PostgresCalendars:
    """A `CalendarStore` on the PostgreSQL database at `url` (`postgresql+asyncpg://…`), on one connection."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before it is used."""
        self._connection = KeptConnection(url, SERVER_SETTINGS, ANSWER_SECONDS)

    async def take_due(self, most: int) -> Sequence[CalendarFeed]:
        """Return feeds that are due, so that nobody else gets them for some minutes."""
        async with self._connection.used() as connection:
            return [CalendarFeed(**row) for row in await connection.fetch(_TAKE, most, None)]

    async def take(self, feed_id: int) -> CalendarFeed | None:
        """Return one feed, due or not; None when it is gone."""
        async with self._connection.used() as connection:
            row = await connection.fetchrow(_TAKE, 1, feed_id)
            return CalendarFeed(**row) if row is not None else None

    async def keep(self, feed: CalendarFeed, content: CalendarContent | None, due_seconds: float) -> bool:
        """Make the person's absences those of the calendar (None: it has not changed); tell whether any changed.

        Where the feed has been changed or removed since it was taken, nothing is done.
        """
        async with self._connection.used() as connection:
            if content is None:
                await connection.execute(_UNCHANGED, feed.id, feed.mark, due_seconds)
                return False
            has_changed = await _put_absences(connection, feed, content)
            validators = (content.etag, content.modified)
            await connection.execute(_WHOLE, feed.id, feed.mark, due_seconds, content.problem, *validators)
            return has_changed

    async def note_problem(self, feed: CalendarFeed, problem: str, due_seconds: float) -> None:
        """Note that a feed could not be read; what is known of it stays."""
        async with self._connection.used() as connection:
            await connection.execute(_PROBLEM, feed.id, feed.mark, due_seconds, problem)

    async def state(self) -> CalendarsState:
        """Return how the feeds stand."""
        async with self._connection.used() as connection:
            row = await connection.fetchrow(_STATE)
            problems = await connection.fetch(_PROBLEMS, TOLD_PROBLEMS) if row["failing"] else []
            return CalendarsState(**{**row, "late_seconds": row["late_seconds"] or 0.0}, problems=_pairs(problems))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _pairs(rows: Sequence[Any]) -> tuple[tuple[int, str], ...]:
    return tuple((row["feed_id"], row["problem"]) for row in rows)


async def _put_absences(connection: Connection, feed: CalendarFeed, content: CalendarContent) -> bool:
    """Make the absences those of the calendar, in a transaction if something differs, and tell whether it did."""
    reasons = [AbsenceReason(**row) for row in await connection.fetch(_REASONS, feed.person_id)]
    wanted = {event.key: calendar_absence(event, reasons, feed.reason_id) for event in content.events}
    if not await _differences(connection, feed, wanted):
        return False
    async with connection.transaction():
        await connection.execute("SELECT set_config('callflow.actor', $1, true)", ACTOR)
        await take_turn(connection)
        if not await connection.fetchval(_IS_OURS, feed.id, feed.mark):
            return False
        for sql, values in await _differences(connection, feed, wanted):
            await connection.execute(sql, *values)
    return True


async def _differences(
    connection: Connection, feed: CalendarFeed, wanted: dict[str, Absence]
) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the statements that make the absences there the wanted ones."""
    there = {row["calendar_event"]: row for row in await connection.fetch(_THERE, feed.person_id, list(wanted))}
    gone = [row["id"] for key, row in there.items() if key not in wanted]
    added = [absence for key, absence in wanted.items() if key not in there]
    others = [
        (row["id"], wanted[key].reason_id)
        for key, row in there.items()
        if key in wanted and row["is_to_come"] and row["reason_id"] != wanted[key].reason_id
    ]
    statements: list[tuple[str, tuple[Any, ...]]] = []
    if gone:
        statements.append((_REMOVE, (gone,)))
    if added:
        columns = zip(*((it.reason_id, it.starts_at, it.returns_at, it.calendar_event) for it in added), strict=True)
        statements.append((_ADD, (feed.person_id, *map(list, columns))))
    if others:
        ids, reason_ids = zip(*others, strict=True)
        statements.append((_GIVE_REASON, (list(ids), list(reason_ids))))
    return statements
