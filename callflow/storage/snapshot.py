"""Reading the policy database whole: one consistent snapshot, the same for the same rows in whatever order.

Absences, duty shifts and what units were forced to be are left behind when they ended more than a month ago, absences
that a calendar made after a day: they decide nothing any more (`policy_is_history` counts on that day).
"""
# ruff: noqa: S608 - the SQL here is put together of names in this file, never of anything read

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias, TypeVar

from callflow.policy.barrings import Barring, Category, Exemption, NumberClass
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import (
    Absence,
    AbsenceReason,
    AnsweringPlace,
    Diversion,
    DiversionCondition,
    DutyLevel,
    DutyRoster,
    DutyShift,
    Extension,
    ExtensionKind,
    Holiday,
    HolidayCalendar,
    Hours,
    Mailbox,
    NumberRange,
    Organisation,
    Person,
    RingGroup,
    Schedule,
    ScheduleException,
    Target,
    TargetKind,
    Unit,
    UnitOverride,
    WeeklyHours,
    build_policy,
)
from callflow.service.ports import MailboxAccount, PhoneAccount, Snapshot, Trunk
from callflow.storage.connection import Connection
from callflow.storage.reading import READ_SECONDS, reading

Row: TypeAlias = Mapping[str, Any]
_Classed = TypeVar("_Classed", NumberClass, Barring, Exemption)

TARGET_COLUMNS = (
    ("extension_id", TargetKind.EXTENSION),
    ("unit_id", TargetKind.UNIT),
    ("ring_group_id", TargetKind.RING_GROUP),
    ("mailbox_id", TargetKind.MAILBOX),
    ("switchboard_id", TargetKind.SWITCHBOARD),
)
_RECENT = "now() - interval '31 days'"


async def read_snapshot(url: str, *, seconds: float = READ_SECONDS) -> Snapshot:
    """Return the present snapshot of the database at `url`, read within `seconds`; raise as `reading` does."""
    async with reading(url, seconds) as connection:
        return await read_all(connection)


async def read_all(connection: Connection) -> Snapshot:
    """Return the snapshot of the transaction that `connection` is in."""
    revision = await connection.fetchval("SELECT revision FROM policy_revision")
    return Snapshot(
        policy=build_policy(
            revision=revision or 0,
            people=await read_people(connection),
            extensions=await read_extensions(connection),
            mailboxes=await read_mailboxes(connection),
            **await read_small_tables(connection),
        ),
        phones=await read_phones(connection),
        mailboxes=await read_pins(connection),
        trunks=await read_trunks(connection),
    )


async def read_small_tables(connection: Connection) -> dict[str, Any]:
    """Return all of the policy but people, extensions and mailboxes, as `build_policy` takes it."""
    return {
        "organisations": await _organisations(connection),
        "number_ranges": [NumberRange(**row) for row in await _all(connection, "number_range", NumberRange)],
        "units": await _units(connection),
        "ring_groups": await _ring_groups(connection),
        "schedules": await _schedules(connection),
        "holiday_calendars": await _holiday_calendars(connection),
        "duty_rosters": await _duty_rosters(connection),
        "absence_reasons": [AbsenceReason(**row) for row in await _all(connection, "absence_reason", AbsenceReason)],
        "number_classes": await _of_category(connection, "number_class", NumberClass),
        "barrings": await _of_category(connection, "barring", Barring),
        "exemptions": await _of_category(connection, "exemption", Exemption),
        "feature_codes": [FeatureCode(**row) for row in await _all(connection, "feature_code", FeatureCode)],
    }


async def _all(
    connection: Connection, table: str, model: type, *without: str, only: Collection[int] | None = None
) -> list[Row]:
    """Return the columns of `table` that are fields of `model`, `without` some, by id."""
    columns = ", ".join(name for name in model.__dataclass_fields__ if name not in without)  # type: ignore[attr-defined]
    return await _rows(connection, f"SELECT {columns} FROM {table} WHERE {{only}} ORDER BY id", "id", only)


async def _rows(connection: Connection, sql: str, column: str, only: Collection[int] | None) -> list[Row]:
    """Return the rows of a query whose `{only}` stands for "the column is one of these", all for None."""
    if only is None:
        rows: list[Row] = await connection.fetch(sql.format(only="true"))
    else:
        rows = await connection.fetch(sql.format(only=f"{column} = ANY($1)"), list(only))
    return rows


async def _of_category(connection: Connection, table: str, model: type[_Classed]) -> list[_Classed]:
    return [model(**{**row, "category": Category(row["category"])}) for row in await _all(connection, table, model)]


def target_column(prefix: str, target: Target) -> str:
    """Return the column of a target's kind, of those whose names begin with `prefix`."""
    suffixes = {kind: suffix for suffix, kind in TARGET_COLUMNS}
    return f"{prefix}_{suffixes.get(target.kind, 'number')}"


def target_value(target: Target) -> int | str | None:
    """Return what stands in the column of a target's kind: the row's id, or the number."""
    return target.number if target.kind is TargetKind.NUMBER else target.id


def _columns(prefix: str) -> str:
    return ", ".join(f"{prefix}_{suffix}" for suffix in (*(name for name, _ in TARGET_COLUMNS), "number"))


def _target(row: Row, prefix: str = "to") -> Target | None:
    for suffix, kind in TARGET_COLUMNS:
        if (row_id := row[f"{prefix}_{suffix}"]) is not None:
            return Target(kind, row_id)
    number = row[f"{prefix}_number"]
    return None if number is None else Target(TargetKind.NUMBER, number=number)


def _required(row: Row, prefix: str = "to") -> Target:
    target = _target(row, prefix)
    assert target is not None, "the database requires one"
    return target


def _minutes(column: str) -> str:
    """Return SQL for a time of day in minutes: Python's own `time` cannot hold 24:00."""
    return f"(extract(epoch FROM {column}) / 60)::int AS {column}"


_HOURS = f"{_minutes('opens')}, {_minutes('closes')}"


async def _organisations(connection: Connection) -> list[Organisation]:
    return [Organisation(**row) for row in await _all(connection, "organisation", Organisation)]


async def _units(connection: Connection) -> list[Unit]:
    places = defaultdict(list)
    sql = f"SELECT unit_id, position, ring_limit, {_columns('to')} FROM answering_place ORDER BY unit_id, position"
    for row in await connection.fetch(sql):
        place = AnsweringPlace(position=row["position"], target=_required(row), ring_limit=row["ring_limit"])
        places[row["unit_id"]].append(place)
    targets = {
        row["id"]: _target(row, "duty_phone")
        for row in await connection.fetch(f"SELECT id, {_columns('duty_phone')} FROM unit")
    }
    overrides = await _overrides(connection)
    return [
        Unit(
            **row,
            duty_phone=targets[row["id"]],
            answering_places=tuple(places[row["id"]]),
            overrides=tuple(overrides[row["id"]]),
        )
        for row in await _all(connection, "unit", Unit, "duty_phone", "answering_places", "overrides")
    ]


async def _overrides(connection: Connection) -> Mapping[int, list[UnitOverride]]:
    overrides = defaultdict(list)
    columns = "is_open, starts_at, ends_at, set_by"
    sql = f"SELECT unit_id, {columns} FROM unit_override WHERE ends_at > {_RECENT} ORDER BY unit_id, starts_at"
    for unit_id, *values in await connection.fetch(sql):
        overrides[unit_id].append(UnitOverride(**dict(zip(columns.split(", "), values, strict=True))))
    return overrides


async def read_people(connection: Connection, only: Collection[int] | None = None) -> list[Person]:
    """Return the people, or only those of these ids that are there."""
    absences = defaultdict(list)
    sql = (
        f"SELECT id, person_id, reason_id, starts_at, returns_at, calendar_event, {_columns('referral')} "
        f"FROM absence WHERE {{only}} AND (returns_at IS NULL OR returns_at > {_RECENT}) "
        "AND (calendar_event IS NULL OR returns_at > now() - interval '1 day') "
        "ORDER BY person_id, starts_at, id"
    )
    for row in await _rows(connection, sql, "person_id", only):
        absences[row["person_id"]].append(
            Absence(
                id=row["id"],
                reason_id=row["reason_id"],
                starts_at=row["starts_at"],
                returns_at=row["returns_at"],
                referral=_target(row, "referral"),
                calendar_event=row["calendar_event"],
            )
        )
    return [
        Person(**row, absences=tuple(absences.get(row["id"], ())))
        for row in await _all(connection, "person", Person, "absences", only=only)
    ]


async def read_extensions(connection: Connection, only: Collection[int] | None = None) -> list[Extension]:
    """Return the extensions, or only those of these ids that are there."""
    diversions = defaultdict(list)
    columns = f"extension_id, condition, rings, ends_at, {_columns('to')}"
    sql = f"SELECT {columns} FROM diversion WHERE {{only}} ORDER BY 1, 2"
    for row in await _rows(connection, sql, "extension_id", only):
        condition = DiversionCondition(row["condition"])
        diversions[row["extension_id"]].append(
            Diversion(condition=condition, target=_required(row), rings=row["rings"], ends_at=row["ends_at"])
        )
    kinds = {kind.value: kind for kind in ExtensionKind}
    return [
        Extension(
            **{**row, "kind": kinds[row["kind"]]},
            diversions=tuple(diversions.get(row["id"], ())),
        )
        for row in await _all(connection, "extension", Extension, "diversions", only=only)
    ]


async def _ring_groups(connection: Connection) -> list[RingGroup]:
    members = defaultdict(list)
    sql = "SELECT ring_group_id, extension_id FROM ring_group_member ORDER BY ring_group_id, extension_id"
    for row in await connection.fetch(sql):
        members[row["ring_group_id"]].append(row["extension_id"])
    return [
        RingGroup(**row, member_extension_ids=tuple(members[row["id"]]))
        for row in await _all(connection, "ring_group", RingGroup, "member_extension_ids")
    ]


async def _schedules(connection: Connection) -> list[Schedule]:
    week, hours, exceptions = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in await connection.fetch(f"SELECT schedule_id, weekday, {_HOURS} FROM schedule_hours ORDER BY 1, 2, 3"):
        week[row[0]].append(WeeklyHours(weekday=row[1], opens=row[2], closes=row[3]))
    for row in await connection.fetch(
        f"SELECT schedule_exception_id, {_HOURS} FROM schedule_exception_hours ORDER BY 1, 2"
    ):
        hours[row[0]].append(Hours(opens=row[1], closes=row[2]))
    sql = "SELECT schedule_id, id, first_date, last_date, name FROM schedule_exception ORDER BY 1, 3, 4, 2"
    for row in await connection.fetch(sql):
        exception = ScheduleException(
            first_date=row["first_date"], last_date=row["last_date"], name=row["name"], hours=tuple(hours[row["id"]])
        )
        exceptions[row["schedule_id"]].append(exception)
    sql = (
        f"SELECT id, organisation_id, name, open_on_holidays, {_minutes('half_day_closes')} FROM schedule ORDER BY id"
    )
    return [
        Schedule(**row, hours=tuple(week[row["id"]]), exceptions=tuple(exceptions[row["id"]]))
        for row in await connection.fetch(sql)
    ]


async def _holiday_calendars(connection: Connection) -> list[HolidayCalendar]:
    days = defaultdict(list)
    sql = "SELECT holiday_calendar_id, date, name, half_day FROM holiday ORDER BY 1, 2, 4, 3"
    for row in await connection.fetch(sql):
        days[row[0]].append(Holiday(date=row[1], name=row[2], half_day=row[3]))
    return [
        HolidayCalendar(**row, days=tuple(days[row["id"]]))
        for row in await _all(connection, "holiday_calendar", HolidayCalendar, "days")
    ]


async def _duty_rosters(connection: Connection) -> list[DutyRoster]:
    levels, shifts = defaultdict(list), defaultdict(list)
    sql = f"SELECT duty_roster_id, level, ring_limit, {_columns('standing')} FROM duty_level ORDER BY 1, 2"
    for row in await connection.fetch(sql):
        level = DutyLevel(level=row["level"], standing=_target(row, "standing"), ring_limit=row["ring_limit"])
        levels[row["duty_roster_id"]].append(level)
    sql = (
        f"SELECT duty_roster_id, level, starts_at, ends_at, taken_over, {_columns('to')} FROM duty_shift "
        f"WHERE ends_at > {_RECENT} ORDER BY 1, 2, 3, taken_over"
    )
    for row in await connection.fetch(sql):
        shift = {name: row[name] for name in ("level", "starts_at", "ends_at", "taken_over")}
        shifts[row["duty_roster_id"]].append(DutyShift(**shift, target=_required(row)))
    return [
        DutyRoster(**row, levels=tuple(levels[row["id"]]), shifts=tuple(shifts[row["id"]]))
        for row in await _all(connection, "duty_roster", DutyRoster, "levels", "shifts")
    ]


async def read_mailboxes(connection: Connection, only: Collection[int] | None = None) -> list[Mailbox]:
    """Return the mailboxes, or only those of these ids that are there."""
    return [Mailbox(**row) for row in await _all(connection, "mailbox", Mailbox, only=only)]


async def read_pins(connection: Connection, only: Collection[int] | None = None) -> tuple[MailboxAccount, ...]:
    """Return the PINs of mailboxes, or only of those of these ids."""
    rows = await _rows(connection, "SELECT id, pin FROM mailbox WHERE {only} ORDER BY id", "id", only)
    return tuple(MailboxAccount(mailbox_id=row["id"], pin=row["pin"]) for row in rows)


async def read_phones(connection: Connection, only: Collection[int] | None = None) -> tuple[PhoneAccount, ...]:
    """Return the SIP accounts, or only those of these extensions."""
    sql = (
        "SELECT id, sip_username, sip_password FROM extension "
        "WHERE {only} AND sip_username IS NOT NULL AND sip_password IS NOT NULL ORDER BY id"
    )
    rows = await _rows(connection, sql, "id", only)
    return tuple(
        PhoneAccount(extension_id=row["id"], username=row["sip_username"], password=row["sip_password"])
        for row in rows
    )


async def read_trunks(connection: Connection) -> tuple[Trunk, ...]:
    """Return the trunks in their order."""
    rows = await connection.fetch("SELECT position, host, port FROM trunk ORDER BY 1, 2, 3")
    return tuple(Trunk(**row) for row in rows)
