"""The policy: one immutable snapshot of everything a decision may depend on.

Numbers are E.164 with a leading plus (`+4690161000`). Instants are aware datetimes. Hours of the day are
minutes since local midnight, 0 to 1440, in the organisation's time zone, so that 24:00 can be said. Rows are
held by id; nothing here depends on the order in which they were read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from callflow.policy.barrings import Barring, Category, Exemption, NumberClass
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.kept import Kept

MOST_RINGS = 4
"""The most rings before an answer (R8)."""

DEFAULT_TIME_ZONE = "Europe/Stockholm"
"""Where an organisation's clock stands unless it says otherwise."""


class TargetKind(StrEnum):
    """What a call can be sent to."""

    EXTENSION = "extension"
    UNIT = "unit"
    RING_GROUP = "ring_group"
    MAILBOX = "mailbox"
    SWITCHBOARD = "switchboard"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: a row of ours by `id` (for a switchboard the organisation's), or an outside `number`."""

    kind: TargetKind
    id: int | None = None
    number: str | None = None

    def __hash__(self) -> int:
        """Hash by what is named alone, which is much quicker; every path of a call is looked up by its targets."""
        return hash(self.id or self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A municipality or company with numbers, hours and a greeting of its own (R1).

    `ring_tone_ms` and `ring_pause_ms` are the cadence of one ring (Swedish: 1 s of tone, 5 s of pause).
    `outside_diversion_days`: how long a diversion to a number outside may stand; None for ever.
    `absence_date_order`: how a date is dialled, `MMDD` or `DDMM`. `message_owner_hours` and `message_contact_hours`:
    after how many open hours an unanswered message is told to its owner and to the telephone contact; None for never.
    """

    id: int
    key: str
    name: str
    main_number: str
    language: str = "sv"
    time_zone: str = DEFAULT_TIME_ZONE
    operator_group_id: int | None = None
    switchboard_schedule_id: int | None = None
    duty_roster_id: int | None = None
    mailbox_id: int | None = None
    holiday_calendar_id: int | None = None
    ring_tone_ms: int = 1000
    ring_pause_ms: int = 5000
    outside_diversion_days: int | None = None
    absence_date_order: str = "MMDD"
    message_owner_hours: int | None = 4
    message_contact_hours: int | None = 8

    @property
    def ring_ms(self) -> int:
        """One ring's length with its pause, in milliseconds; never so short that nobody could hear it."""
        return max(1000, self.ring_tone_ms + self.ring_pause_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """Numbers of one organisation, first to last, with their short form.

    The short number is `short_prefix` and the last `short_digits` digits: `+4690161000` with prefix 6 and
    four digits is `61000`.
    """

    id: int
    organisation_id: int
    first_number: str
    last_number: str
    short_prefix: str
    short_digits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweringPlace:
    """One of the places where a unit answers, tried in the order of `position` (R4). `ring_limit` in rings."""

    position: int
    target: Target
    ring_limit: int = MOST_RINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOverride:
    """A unit forced open or closed from `starts_at` (included) to `ends_at` (not included), whatever its hours.

    `set_by` is who did it, as the audit names actors.
    """

    is_open: bool
    starts_at: datetime
    ends_at: datetime
    set_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of an organisation: its number, hours, answering places and duty (R4 to R7, R17).

    `duty_phone` is open in working hours; `duty_roster_id` has duty at other hours. What a unit lacks it has
    from its parent, and last from its organisation. `presents` is what calls to the outside show: the extension's
    `own` number, the `unit`'s, the `organisation`'s, or `hidden`, which `*31#` opens for one call as it never opens
    what is `confidential`.
    """

    id: int
    organisation_id: int
    name: str
    parent_id: int | None = None
    number: str | None = None
    confidential: bool = False
    presents: str = "own"
    manager_id: int | None = None
    telephone_contact_id: int | None = None
    telephone_schedule_id: int | None = None
    working_schedule_id: int | None = None
    duty_phone: Target | None = None
    duty_roster_id: int | None = None
    mailbox_id: int | None = None
    answering_places: tuple[AnsweringPlace, ...] = ()
    overrides: tuple[UnitOverride, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A person's absence with its reason (R10); open-ended where `returns_at` is None.

    `calendar_event` names the event of the person's calendar that it comes from; None for one that was reported.
    """

    id: int
    reason_id: int
    starts_at: datetime
    returns_at: datetime | None = None
    referral: Target | None = None
    calendar_event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceReason:
    """A reason as an organisation words it; `tell_external` says whether outsiders may hear it.

    `returns_by_date`: four digits dialled as the return are a date where they can be one (1206), else a time.
    """

    id: int
    organisation_id: int
    digit: str
    text_sv: str
    text_en: str
    tell_external: bool = True
    still_rings: bool = False
    returns_by_date: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An employee."""

    id: int
    organisation_id: int
    given_name: str
    family_name: str
    unit_id: int | None = None
    email: str | None = None
    absences: tuple[Absence, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as it is written and spoken."""
        return f"{self.given_name} {self.family_name}"


class ExtensionKind(StrEnum):
    """How an extension is reached: a SIP phone, a mobile through the trunk, or both ringing together."""

    DESK = "desk"
    MOBILE = "mobile"
    TWIN = "twin"


class DiversionCondition(StrEnum):
    """When a diversion applies (`*21*`, `*61*`, `*67*`, `*62*`)."""

    ALL = "all"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversion:
    """Where an extension's calls go instead (R9). `rings` (1 to 4) is for no answer; None is the ring limit."""

    condition: DiversionCondition
    target: Target
    rings: int | None = None
    ends_at: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Tell whether it has not ended at `now` (aware)."""
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An extension: a number, what rings, for how long, and where its calls go otherwise.

    `ring_limit` is in rings, 1 to 4 (R8). `mobile_confirms`: who answers on the mobile must press a digit,
    so that the mobile operator's own voicemail cannot swallow the call. `sip_username` names the phone's SIP
    account; None for a mobile extension.
    """

    id: int
    organisation_id: int
    unit_id: int
    number: str
    kind: ExtensionKind = ExtensionKind.DESK
    person_id: int | None = None
    name: str | None = None
    sip_username: str | None = None
    mobile_number: str | None = None
    mobile_confirms: bool = True
    ring_limit: int = MOST_RINGS
    mailbox_id: int | None = None
    locked: bool = False
    diversions: tuple[Diversion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RingGroup:
    """Extensions that ring together; the operators are one (until they have their queue)."""

    id: int
    organisation_id: int
    name: str
    member_extension_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A voicemail box: `number` is its name in Asterisk (digits), `email` gets the recording at once."""

    id: int
    organisation_id: int
    number: str
    name: str
    email: str | None = None
    language: str = "sv"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Hours:
    """Open from `opens` to `closes`, minutes since midnight (0 to 1440), `opens` < `closes`."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WeeklyHours:
    """Hours on one weekday, 1 (Monday) to 7 (Sunday) as ISO 8601 counts."""

    weekday: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleException:
    """Other hours from `first_date` to `last_date`, both included; no `hours` means closed.

    Of overlapping exceptions the one of fewest days applies, then the one that begins last (the database
    refuses two of the same dates). An exception wins over holidays and the week.
    """

    first_date: date
    last_date: date
    name: str
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Hours in an organisation's local time.

    Holidays are closed unless `open_on_holidays`. On half days before holidays everything closes at
    `half_day_closes` (minutes), or as usual where it is None.
    """

    id: int
    organisation_id: int
    name: str
    hours: tuple[WeeklyHours, ...] = ()
    exceptions: tuple[ScheduleException, ...] = ()
    open_on_holidays: bool = False
    half_day_closes: int | None = 720

    def __hash__(self) -> int:
        """Hash by the id alone: the hours are many, and a schedule is looked up in each call."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Holiday:
    """A holiday, or a half day before one."""

    date: date
    name: str
    half_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayCalendar:
    """The holidays that an organisation keeps: at most one entry a date."""

    id: int
    name: str
    days: tuple[Holiday, ...] = ()

    def __hash__(self) -> int:
        """Hash by the id alone: the days are many, and a calendar is looked up in each call."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLevel:
    """One level of escalation, 1 first (R7). `standing` has duty when no shift does."""

    level: int
    standing: Target | None = None
    ring_limit: int = MOST_RINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyShift:
    """Duty at one level from `starts_at` (included) to `ends_at` (not included).

    `taken_over`: somebody has taken it over, and it wins over what is planned.
    """

    level: int
    starts_at: datetime
    ends_at: datetime
    target: Target
    taken_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRoster:
    """Who has duty, level by level; `mailbox_id` takes the message that is mailed at once when nobody answers."""

    id: int
    organisation_id: int
    name: str
    mailbox_id: int
    levels: tuple[DutyLevel, ...] = ()
    shifts: tuple[DutyShift, ...] = ()


_TABLES = {
    TargetKind.EXTENSION: "extensions",
    TargetKind.UNIT: "units",
    TargetKind.RING_GROUP: "ring_groups",
    TargetKind.MAILBOX: "mailboxes",
    TargetKind.SWITCHBOARD: "organisations",
}
"""Which table of the policy holds what a target names."""


class _Keeping:
    """What a policy keeps beside its fields: it is no part of what the policy says, and each policy has its own."""

    __slots__ = ("kept",)
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(_Keeping):
    """A consistent snapshot of the policy database at one `revision`.

    `numbers` tells whose a number of ours is: an extension, a unit, or an organisation's switchboard; `accounts`
    which extension (its id) a SIP account belongs to.
    `range_order` is the number ranges' ids by first number, `short_ranges` those of a short prefix and its count
    of digits (`6/4`). `classes` is the table of number classes by prefix; `barred` the categories barred by a row,
    by scope (`unit/5`); `exempted` the exemptions of an extension; `codes` an organisation's code set.
    Build it with `build_policy`, which makes these indices.
    """

    revision: int
    organisations: Mapping[int, Organisation] = field(default_factory=dict)
    number_ranges: Mapping[int, NumberRange] = field(default_factory=dict)
    units: Mapping[int, Unit] = field(default_factory=dict)
    people: Mapping[int, Person] = field(default_factory=dict)
    extensions: Mapping[int, Extension] = field(default_factory=dict)
    ring_groups: Mapping[int, RingGroup] = field(default_factory=dict)
    mailboxes: Mapping[int, Mailbox] = field(default_factory=dict)
    schedules: Mapping[int, Schedule] = field(default_factory=dict)
    holiday_calendars: Mapping[int, HolidayCalendar] = field(default_factory=dict)
    duty_rosters: Mapping[int, DutyRoster] = field(default_factory=dict)
    absence_reasons: Mapping[int, AbsenceReason] = field(default_factory=dict)
    number_classes: Mapping[int, NumberClass] = field(default_factory=dict)
    barrings: Mapping[int, Barring] = field(default_factory=dict)
    exemptions: Mapping[int, Exemption] = field(default_factory=dict)
    feature_codes: Mapping[int, FeatureCode] = field(default_factory=dict)
    numbers: Mapping[str, Target] = field(default_factory=dict)
    accounts: Mapping[str, int] = field(default_factory=dict)
    range_order: tuple[int, ...] = ()
    short_ranges: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    classes: Mapping[str, Category] = field(default_factory=dict)
    barred: Mapping[str, frozenset[Category]] = field(default_factory=dict)
    exempted: Mapping[int, tuple[Exemption, ...]] = field(default_factory=dict)
    codes: Mapping[int, tuple[FeatureCode, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with nothing kept."""
        object.__setattr__(self, "kept", Kept())

    def row(self, target: Target) -> Extension | Unit | RingGroup | Mailbox | Organisation | None:
        """Return the row of ours that a target names; None for a number, and for a row that is not there."""
        if target.kind is TargetKind.NUMBER:
            return None
        rows: Mapping[int, Extension | Unit | RingGroup | Mailbox | Organisation] = getattr(
            self, _TABLES[target.kind]
        )
        return rows.get(target.id or 0)


def build_policy(  # noqa: PLR0913 - one argument a table
    *,
    revision: int,
    organisations: Iterable[Organisation] = (),
    number_ranges: Iterable[NumberRange] = (),
    units: Iterable[Unit] = (),
    people: Iterable[Person] = (),
    extensions: Iterable[Extension] = (),
    ring_groups: Iterable[RingGroup] = (),
    mailboxes: Iterable[Mailbox] = (),
    schedules: Iterable[Schedule] = (),
    holiday_calendars: Iterable[HolidayCalendar] = (),
    duty_rosters: Iterable[DutyRoster] = (),
    absence_reasons: Iterable[AbsenceReason] = (),
    number_classes: Iterable[NumberClass] = (),
    barrings: Iterable[Barring] = (),
    exemptions: Iterable[Exemption] = (),
    feature_codes: Iterable[FeatureCode] = (),
) -> Policy:
    """Return the policy of these rows, indexed by id and by number."""
    by_id = {
        "organisations": {row.id: row for row in organisations},
        "number_ranges": {row.id: row for row in number_ranges},
        "units": {row.id: row for row in units},
        "people": {row.id: row for row in people},
        "extensions": {row.id: row for row in extensions},
        "ring_groups": {row.id: row for row in ring_groups},
        "mailboxes": {row.id: row for row in mailboxes},
        "schedules": {row.id: row for row in schedules},
        "holiday_calendars": {row.id: row for row in holiday_calendars},
        "duty_rosters": {row.id: row for row in duty_rosters},
        "absence_reasons": {row.id: row for row in absence_reasons},
        "number_classes": {row.id: row for row in number_classes},
        "barrings": {row.id: row for row in barrings},
        "exemptions": {row.id: row for row in exemptions},
        "feature_codes": {row.id: row for row in feature_codes},
    }
    policy = Policy(revision=revision, **by_id)  # type: ignore[arg-type]
    rows = policy.extensions.values()
    numbers = numbers_of(policy.organisations.values(), policy.units.values(), rows)
    return indexed(policy, numbers=numbers, accounts=accounts_of(rows))


def numbers_of(
    organisations: Iterable[Organisation], units: Iterable[Unit], extensions: Iterable[Extension]
) -> dict[str, Target]:
    """Return whose each number is; of two rows with one number (which the database refuses) the first id has it."""
    numbers: dict[str, Target] = {}
    for organisation in sorted(organisations, key=_row_id, reverse=True):
        numbers[organisation.main_number] = Target(TargetKind.SWITCHBOARD, organisation.id)
    for unit in sorted(units, key=_row_id, reverse=True):
        if unit.number is not None:
            numbers[unit.number] = Target(TargetKind.UNIT, unit.id)
    for extension in sorted(extensions, key=_row_id, reverse=True):
        numbers[extension.number] = Target(TargetKind.EXTENSION, extension.id)
    return numbers


def accounts_of(extensions: Iterable[Extension]) -> dict[str, int]:
    """Return which extension has each SIP account."""
    return {row.sip_username: row.id for row in extensions if row.sip_username is not None}


def indexed(
    policy: Policy, *, numbers: Mapping[str, Target], accounts: Mapping[str, int], others: bool = True
) -> Policy:
    """Complete a policy just made with these indices, and with those of its other tables unless they are right."""
    object.__setattr__(policy, "numbers", numbers)
    object.__setattr__(policy, "accounts", accounts)
    return _with_calling_rights(_with_ranges(policy)) if others else policy


def keep_what_stands(policy: Policy, kept: Kept) -> None:
    """Complete a policy just made with what was kept for the one before and holds for this one too."""
    object.__setattr__(policy, "kept", kept)


def _with_ranges(policy: Policy) -> Policy:
    ranges = sorted(policy.number_ranges.values(), key=lambda row: (len(row.first_number), row.first_number, row.id))
    short_ranges: dict[str, tuple[int, ...]] = {}
    for row in ranges:
        key = f"{row.short_prefix}/{row.short_digits}"
        short_ranges[key] = (*short_ranges.get(key, ()), row.id)
    object.__setattr__(policy, "range_order", tuple(row.id for row in ranges))
    object.__setattr__(policy, "short_ranges", short_ranges)
    return policy


def _with_calling_rights(policy: Policy) -> Policy:
    """Complete a policy just made; of two classes of one prefix (which the database refuses) the first id counts."""
    classes = {row.prefix: row.category for _, row in sorted(policy.number_classes.items(), reverse=True)}
    barred: dict[str, frozenset[Category]] = {}
    for barring in policy.barrings.values():
        barred[barring.scope] = barred.get(barring.scope, frozenset()) | {barring.category}
    exempted: dict[int, tuple[Exemption, ...]] = {}
    for _, exemption in sorted(policy.exemptions.items()):
        exempted[exemption.extension_id] = (*exempted.get(exemption.extension_id, ()), exemption)
    codes: dict[int, tuple[FeatureCode, ...]] = {}
    for _, code in sorted(policy.feature_codes.items()):
        codes[code.organisation_id] = (*codes.get(code.organisation_id, ()), code)
    for name, index in (("classes", classes), ("barred", barred), ("exempted", exempted), ("codes", codes)):
        object.__setattr__(policy, name, index)
    return policy


def _row_id(row: Organisation | Unit | Extension) -> int:
    return row.id
