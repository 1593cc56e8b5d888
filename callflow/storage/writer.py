"""Writing a whole snapshot into an empty policy database: for generated regions, and to hold the reading to it.

Rows keep their ids. All guards of the database are on; references are checked at the end of the transaction.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from callflow.policy.model import Policy, Target
from callflow.service.ports import Snapshot
from callflow.storage.connection import Connection
from callflow.storage.snapshot import TARGET_COLUMNS

TARGET = [suffix for suffix, _ in TARGET_COLUMNS] + ["number"]
WITH_IDS = (
    "holiday_calendar",
    "organisation",
    "number_range",
    "schedule",
    "schedule_exception",
    "mailbox",
    "duty_roster",
    "unit",
    "person",
    "extension",
    "ring_group",
    "absence_reason",
    "absence",
    "number_class",
    "barring",
    "exemption",
    "feature_code",
)
UNTOLD = "Orsaken står inte i ögonblicksbilden."
"""The reason that a barring or an exemption is written with: a snapshot does not hold it."""


async def write_snapshot(connection: Connection, snapshot: Snapshot) -> None:
    """Write `snapshot` into the empty database of `connection` in one transaction.

    A phone or mailbox without its secret in the snapshot gets a random one. Errors are asyncpg's own, as when a guard
    refuses a row.
    """
    policy = snapshot.policy
    async with connection.transaction():
        await _organisations(connection, policy)
        await _schedules(connection, policy)
        await _mailboxes(connection, snapshot)
        await _units_and_people(connection, policy)
        await _extensions(connection, snapshot)
        await _duty(connection, policy)
        await _calls_out(connection, snapshot)
        for table in WITH_IDS:
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING max(id) > 0"  # noqa: S608
            )


async def _copy(connection: Connection, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    await connection.copy_records_to_table(table, columns=columns.split(), records=rows)


async def _copy_fields(connection: Connection, table: str, columns: str, rows: Iterable[object]) -> None:
    """Copy columns that have the names of the rows' own fields."""
    names = columns.split()
    await _copy(connection, table, columns, ([getattr(row, name) for name in names] for row in rows))


def _prefixed(prefix: str) -> str:
    return " ".join(f"{prefix}_{suffix}" for suffix in TARGET)


def _target(target: Target | None) -> Iterator[int | str | None]:
    for _, kind in TARGET_COLUMNS:
        yield target.id if target is not None and target.kind is kind else None
    yield target.number if target is not None else None


def _clock(minutes: int | None) -> str | None:
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


async def _organisations(connection: Connection, policy: Policy) -> None:
    calendars = policy.holiday_calendars.values()
    await _copy_fields(connection, "holiday_calendar", "id name", calendars)
    days = ([calendar.id, day.date, day.name, day.half_day] for calendar in calendars for day in calendar.days)
    await _copy(connection, "holiday", "holiday_calendar_id date name half_day", days)
    columns = (
        "id key name main_number language time_zone operator_group_id switchboard_schedule_id duty_roster_id "
        "mailbox_id holiday_calendar_id ring_tone_ms ring_pause_ms outside_diversion_days absence_date_order "
        "message_owner_hours message_contact_hours"
    )
    await _copy_fields(connection, "organisation", columns, policy.organisations.values())
    columns = "id organisation_id first_number last_number short_prefix short_digits"
    await _copy_fields(connection, "number_range", columns, policy.number_ranges.values())
    columns = "id organisation_id digit text_sv text_en tell_external still_rings returns_by_date"
    await _copy_fields(connection, "absence_reason", columns, policy.absence_reasons.values())


async def _schedules(connection: Connection, policy: Policy) -> None:
    """Write times of day as text: the binary form of asyncpg has no 24:00."""
    schedules = policy.schedules.values()
    await connection.executemany(
        "INSERT INTO schedule (id, organisation_id, name, open_on_holidays, half_day_closes) "
        "VALUES ($1, $2, $3, $4, $5::text::time)",
        [(s.id, s.organisation_id, s.name, s.open_on_holidays, _clock(s.half_day_closes)) for s in schedules],
    )
    await connection.executemany(
        "INSERT INTO schedule_hours (schedule_id, weekday, opens, closes) "
        "VALUES ($1, $2, $3::text::time, $4::text::time)",
        [(s.id, h.weekday, _clock(h.opens), _clock(h.closes)) for s in schedules for h in s.hours],
    )
    exceptions = list(enumerate(((s.id, e) for s in schedules for e in s.exceptions), start=1))
    rows = ([number, schedule, e.first_date, e.last_date, e.name] for number, (schedule, e) in exceptions)
    await _copy(connection, "schedule_exception", "id schedule_id first_date last_date name", rows)
    await connection.executemany(
        "INSERT INTO schedule_exception_hours (schedule_exception_id, opens, closes) "
        "VALUES ($1, $2::text::time, $3::text::time)",
        [(number, _clock(h.opens), _clock(h.closes)) for number, (_, e) in exceptions for h in e.hours],
    )


async def _mailboxes(connection: Connection, snapshot: Snapshot) -> None:
    pins = {account.mailbox_id: account.pin for account in snapshot.mailboxes}
    rows = (
        [box.id, box.organisation_id, box.number, box.name, box.email, box.language, pins.get(box.id) or _pin()]
        for box in snapshot.policy.mailboxes.values()
    )
    await _copy(connection, "mailbox", "id organisation_id number name email language pin", rows)


def _pin() -> str:
    """Return a random PIN of six digits that is no run of digits, since 7 is followed by 1."""
    return f"71{secrets.randbelow(10_000):04}"


async def _units_and_people(connection: Connection, policy: Policy) -> None:
    units = policy.units.values()
    columns = (
        "id organisation_id name parent_id number confidential presents manager_id telephone_contact_id "
        "telephone_schedule_id working_schedule_id duty_roster_id mailbox_id"
    )
    names = columns.split()
    rows = ([*(getattr(unit, name) for name in names), *_target(unit.duty_phone)] for unit in units)
    await _copy(connection, "unit", f"{columns} {_prefixed('duty_phone')}", rows)
    places = ([u.id, p.position, p.ring_limit, *_target(p.target)] for u in units for p in u.answering_places)
    await _copy(connection, "answering_place", f"unit_id position ring_limit {_prefixed('to')}", places)
    overrides = ([u.id, o.is_open, o.starts_at, o.ends_at, o.set_by] for u in units for o in u.overrides)
    await _copy(connection, "unit_override", "unit_id is_open starts_at ends_at set_by", overrides)
    people = policy.people.values()
    await _copy_fields(connection, "person", "id organisation_id unit_id given_name family_name email", people)
    absences = (
        [a.id, person.id, a.reason_id, a.starts_at, a.returns_at, a.calendar_event, *_target(a.referral)]
        for person in people
        for a in person.absences
    )
    columns = f"id person_id reason_id starts_at returns_at calendar_event {_prefixed('referral')}"
    await _copy(connection, "absence", columns, absences)


async def _extensions(connection: Connection, snapshot: Snapshot) -> None:
    passwords = {account.extension_id: account.password for account in snapshot.phones}
    extensions = snapshot.policy.extensions.values()
    columns = (
        "id organisation_id unit_id person_id number kind name sip_username mobile_number mobile_confirms ring_limit "
        "mailbox_id locked"
    )
    names = columns.split()
    rows = ([*(getattr(row, name) for name in names), passwords.get(row.id)] for row in extensions)
    await _copy(connection, "extension", f"{columns} sip_password", rows)
    diversions = (
        [e.id, d.condition, d.rings, d.ends_at, *_target(d.target)] for e in extensions for d in e.diversions
    )
    await _copy(connection, "diversion", f"extension_id condition rings ends_at {_prefixed('to')}", diversions)
    groups = snapshot.policy.ring_groups.values()
    await _copy_fields(connection, "ring_group", "id organisation_id name", groups)
    members = ([group.id, member] for group in groups for member in group.member_extension_ids)
    await _copy(connection, "ring_group_member", "ring_group_id extension_id", members)


async def _duty(connection: Connection, policy: Policy) -> None:
    rosters = policy.duty_rosters.values()
    await _copy_fields(connection, "duty_roster", "id organisation_id name mailbox_id", rosters)
    levels = ([r.id, row.level, row.ring_limit, *_target(row.standing)] for r in rosters for row in r.levels)
    await _copy(connection, "duty_level", f"duty_roster_id level ring_limit {_prefixed('standing')}", levels)
    shifts = (
        [r.id, row.level, row.starts_at, row.ends_at, row.taken_over, *_target(row.target)]
        for r in rosters
        for row in r.shifts
    )
    columns = f"duty_roster_id level starts_at ends_at taken_over {_prefixed('to')}"
    await _copy(connection, "duty_shift", columns, shifts)


async def _calls_out(connection: Connection, snapshot: Snapshot) -> None:
    policy = snapshot.policy
    await _copy_fields(connection, "number_class", "id prefix category", policy.number_classes.values())
    columns = "id category organisation_id unit_id extension_id"
    await _copy(connection, "barring", f"{columns} reason", _with_reason(columns, policy.barrings.values()))
    columns = "id extension_id category approver_id starts_at ends_at"
    await _copy(connection, "exemption", f"{columns} reason", _with_reason(columns, policy.exemptions.values()))
    await _copy_fields(connection, "feature_code", "id organisation_id code action", policy.feature_codes.values())
    await _copy_fields(connection, "trunk", "position host port", snapshot.trunks)


def _with_reason(columns: str, rows: Iterable[object]) -> Iterator[list[object]]:
    for row in rows:
        yield [*(getattr(row, name) for name in columns.split()), UNTOLD]
