"""Regions of any size to measure on: realistic in their proportions, the same for the same seed.

A tenth of the extensions belong to nobody, a quarter are mobile, a few are diverted; units hold some 25 extensions
and answer at two of them; Umeå has two thirds of it all.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from callflow.errors import CallflowError
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
    HolidayCalendar,
    Mailbox,
    NumberRange,
    Organisation,
    Person,
    Policy,
    RingGroup,
    Schedule,
    Target,
    TargetKind,
    Unit,
    WeeklyHours,
    build_policy,
)
from callflow.storage.generated_rights import barrings, exemptions, feature_codes, number_classes
from callflow.storage.region_words import FAMILY, GIVEN, KINDS_OF_UNITS, PLACES, REASONS, WEEKS
from callflow.storage.sample import YEARS, swedish_holidays

MONDAY = date(2026, 1, 12)
MOST_EXTENSIONS = 120_000
UNIT_SIZE = 25
UNITS_OF_A_DEPARTMENT = 10


class RegionError(CallflowError):
    """A region cannot be generated as asked."""

    code = "region_not_generated"


def generated_policy(extensions: int, seed: int = 1, *, monday: date = MONDAY) -> Policy:
    """Return the policy of a region of so many extensions: a pure function of its arguments.

    Duty shifts begin with the week of `monday`.
    """
    if not 60 <= extensions <= MOST_EXTENSIONS:  # noqa: PLR2004 - ten for each organisation
        raise RegionError(f"A region has 60 to {MOST_EXTENSIONS} extensions, not {extensions}.")
    region = _Region(random.Random(seed), monday)  # noqa: S311 - nothing secret is made of it
    left = extensions
    for place in reversed(PLACES):  # Umeå last, with what the others leave
        count = left if place is PLACES[0] else round(extensions * place[4])
        region.add_organisation(place, count)
        left -= count
    return region.policy()


@dataclass(slots=True)
class _Region:
    """A region in the making; ids count from 1 in each table."""

    random: random.Random
    monday: date
    organisations: list[Organisation] = field(default_factory=list)
    ranges: list[NumberRange] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    groups: list[RingGroup] = field(default_factory=list)
    mailboxes: list[Mailbox] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    rosters: list[DutyRoster] = field(default_factory=list)
    reasons: list[AbsenceReason] = field(default_factory=list)
    absences: int = 0

    def policy(self) -> Policy:
        """Return what was made, all switchboards with the operators of the last organisation."""
        calendar = HolidayCalendar(id=1, name="Sverige", days=tuple(swedish_holidays(YEARS)))
        operators = tuple(row.id for row in self.extensions if row.kind is ExtensionKind.DESK)[-5:]
        owner = self.organisations[-1]
        group = RingGroup(id=1, organisation_id=owner.id, name="Telefonister", member_extension_ids=operators)
        return build_policy(
            revision=1,
            organisations=self.organisations,
            number_ranges=self.ranges,
            units=self.units,
            people=self.people,
            extensions=self.extensions,
            ring_groups=[group],
            mailboxes=self.mailboxes,
            schedules=self.schedules,
            holiday_calendars=[calendar],
            duty_rosters=self.rosters,
            absence_reasons=self.reasons,
            number_classes=number_classes(),
            barrings=barrings(self.units),
            exemptions=exemptions(self.units, self.extensions, self.monday),
            feature_codes=feature_codes(self.organisations),
        )

    def add_organisation(self, place: tuple[str, str, str, str, float], count: int) -> None:
        """Add an organisation with `count` extensions in units of about 25."""
        key, name, area, prefix, _ = place
        number_range = NumberRange(
            id=len(self.ranges) + 1,
            organisation_id=len(self.organisations) + 1,
            first_number=f"{area}100000",
            last_number=f"{area}199999",
            short_prefix=prefix,
            short_digits=5,
        )
        self.ranges.append(number_range)
        organisation_id = number_range.organisation_id
        numbers = (f"{area}{number}" for number in range(100_000, 200_000))
        main_number = next(numbers)
        schedules = self._add_schedules(organisation_id)
        self._add_reasons(organisation_id)
        mailbox = self._add_mailbox(organisation_id, f"{prefix}00000", f"{name}: jour", f"jour@{key}.example")
        organisation = Organisation(
            id=organisation_id,
            key=key,
            name=name,
            main_number=main_number,
            operator_group_id=1,
            switchboard_schedule_id=schedules["Växel"],
            duty_roster_id=len(self.rosters) + 1,
            mailbox_id=mailbox.id,
            holiday_calendar_id=1,
        )
        self.organisations.append(organisation)
        parent: int | None = None
        for index, first in enumerate(range(0, count, UNIT_SIZE)):
            size = min(UNIT_SIZE, count - first)
            unit = self._add_unit(
                organisation, next(numbers), schedules, parent if index % UNITS_OF_A_DEPARTMENT else None
            )
            if unit.parent_id is None:
                parent = unit.id
            self._fill(unit, key, [next(numbers) for _ in range(size)])
            if unit.parent_id is None:
                self._add_roster(self.units[unit.id - 1], mailbox)

    def _add_schedules(self, organisation_id: int) -> dict[str, int]:
        made = {}
        for name, (days, opens, closes) in WEEKS.items():
            always = closes == 1440  # noqa: PLR2004 - 24:00
            hours = tuple(WeeklyHours(weekday=day, opens=opens, closes=closes) for day in range(1, days + 1))
            schedule = Schedule(
                id=len(self.schedules) + 1,
                organisation_id=organisation_id,
                name=name,
                hours=hours,
                open_on_holidays=always,
                half_day_closes=None if always else 720,
            )
            self.schedules.append(schedule)
            made[name] = schedule.id
        return made

    def _add_reasons(self, organisation_id: int) -> None:
        for digit, swedish, english in REASONS:
            reason = AbsenceReason(
                id=len(self.reasons) + 1,
                organisation_id=organisation_id,
                digit=digit,
                text_sv=swedish,
                text_en=english,
            )
            self.reasons.append(reason)

    def _add_mailbox(self, organisation_id: int, number: str, name: str, email: str) -> Mailbox:
        box = Mailbox(
            id=len(self.mailboxes) + 1, organisation_id=organisation_id, number=number, name=name, email=email
        )
        self.mailboxes.append(box)
        return box

    def _add_unit(
        self, organisation: Organisation, number: str, schedules: dict[str, int], parent: int | None
    ) -> Unit:
        name, schedule = self.random.choice(KINDS_OF_UNITS)
        unit = Unit(
            id=len(self.units) + 1,
            organisation_id=organisation.id,
            name=f"{name} {len(self.units) + 1}",
            parent_id=parent,
            number=number,
            confidential=self.random.random() < 0.02,  # noqa: PLR2004 - a share
            telephone_schedule_id=schedules[schedule],
            working_schedule_id=schedules["Kontorstid" if schedule == "Telefontid" else schedule],
        )
        self.units.append(unit)
        return unit

    def _fill(self, unit: Unit, key: str, numbers: list[str]) -> None:
        """Give `unit` its extensions, and then what refers to them."""
        made = [self._add_extension(unit, key, number) for number in numbers]
        places = tuple(
            AnsweringPlace(position=position, target=Target(TargetKind.EXTENSION, extension.id))
            for position, extension in enumerate(made[:2], start=1)
        )
        manager, contact = made[0].person_id, made[-1].person_id
        self.units[unit.id - 1] = replace(
            unit,
            manager_id=manager,
            telephone_contact_id=contact or manager,
            duty_phone=places[0].target,
            answering_places=places,
        )
        for here, there in pairwise(made):  # always to the next one, so that nothing goes round
            if diversions := tuple(self._diversions(there)):
                self.extensions[here.id - 1] = replace(here, diversions=diversions)

    def _add_extension(self, unit: Unit, key: str, number: str) -> Extension:
        number_range = self.ranges[unit.organisation_id - 1]
        short = number_range.short_prefix + number[-number_range.short_digits :]
        kind = self.random.choices(tuple(ExtensionKind), (60, 25, 15))[0]
        person = self._add_person(unit, key) if self.random.random() < 0.9 else None  # noqa: PLR2004 - a share
        mailbox = None
        if person is not None and person.email is not None and self.random.random() < 0.8:  # noqa: PLR2004 - a share
            name = person.full_name
            mailbox = self._add_mailbox(unit.organisation_id, short, name, person.email)
        extension = Extension(
            id=len(self.extensions) + 1,
            organisation_id=unit.organisation_id,
            unit_id=unit.id,
            number=number,
            kind=kind,
            person_id=person.id if person else None,
            name=None if person else f"Mötesrum {short}",
            sip_username=None if kind is ExtensionKind.MOBILE else short,
            mobile_number=None if kind is ExtensionKind.DESK else f"+467017406{self.random.randint(5, 99):02}",
            ring_limit=self.random.choices((4, 3, 2), (80, 15, 5))[0],
            mailbox_id=mailbox.id if mailbox else None,
        )
        self.extensions.append(extension)
        return extension

    def _add_person(self, unit: Unit, key: str) -> Person:
        number = len(self.people) + 1
        person = Person(
            id=number,
            organisation_id=unit.organisation_id,
            unit_id=unit.id,
            given_name=self.random.choice(GIVEN.split()),
            family_name=self.random.choice(FAMILY.split()),
            email=f"person{number}@{key}.example",
            absences=tuple(self._absences(unit)),
        )
        self.people.append(person)
        return person

    def _absences(self, unit: Unit) -> Iterator[Absence]:
        if self.random.random() < 0.05:  # noqa: PLR2004 - a share
            self.absences += 1
            starts_at = datetime(self.monday.year, self.monday.month, self.monday.day, 7, tzinfo=UTC)
            days = self.random.randint(1, 20)
            reason_id = (unit.organisation_id - 1) * 2 + self.random.randint(1, 2)
            yield Absence(
                id=self.absences,
                reason_id=reason_id,
                starts_at=starts_at,
                returns_at=starts_at + timedelta(days=days),
            )

    def _diversions(self, target: Extension) -> Iterator[Diversion]:
        shares = ((0.02, DiversionCondition.ALL), (0.1, DiversionCondition.BUSY), (0.1, DiversionCondition.NO_ANSWER))
        for share, condition in shares:
            if self.random.random() < share:
                yield Diversion(condition=condition, target=Target(TargetKind.EXTENSION, target.id))

    def _add_roster(self, unit: Unit, mailbox: Mailbox) -> None:
        """Give a department's head unit, and so all below it, a roster of two levels whose first changes weekly."""
        targets = [place.target for place in unit.answering_places]
        monday = datetime(self.monday.year, self.monday.month, self.monday.day, 6, tzinfo=UTC)
        shifts = tuple(
            DutyShift(
                level=1,
                starts_at=monday + timedelta(weeks=week),
                ends_at=monday + timedelta(weeks=week + 1),
                target=targets[week % len(targets)],
            )
            for week in range(8)
        )
        roster = DutyRoster(
            id=len(self.rosters) + 1,
            organisation_id=unit.organisation_id,
            name=f"Jour {unit.name}",
            mailbox_id=mailbox.id,
            levels=tuple(DutyLevel(level=level, standing=target) for level, target in enumerate(targets, start=1)),
            shifts=shifts,
        )
        self.rosters.append(roster)
        self.units[unit.id - 1] = replace(unit, duty_roster_id=roster.id)
