"""Whose hours apply: a unit's telephone and working hours and a switchboard's, with what is inherited or forced."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from callflow.policy.lineage import lineage
from callflow.policy.model import DEFAULT_TIME_ZONE, Organisation, Policy, Schedule, Unit, UnitOverride
from callflow.policy.overrides import opens_again, override_at
from callflow.policy.route import Route
from callflow.policy.schedule import Held, ScheduleState, held, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursNow:
    """Whether it is open at the time of the call; `schedule` is None where no hours are set, which is always open.

    `override` is what a unit was forced to be, whatever its hours. `next_opening` is local time, None when open or
    not known.
    """

    schedule: Schedule | None = None
    state: ScheduleState | None = None
    override: UnitOverride | None = None
    next_opening: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is open now."""
        if self.override is not None:
            return self.override.is_open
        return self.state is None or self.state.is_open


def telephone_hours(route: Route, unit: Unit) -> HoursNow:
    """Return a unit's telephone hours: its own or from above, else working hours (R5), else the switchboard's.

    What the unit itself was forced to be counts before all of them.
    """
    hours = _first_of(route, _telephone_schedules(route.policy, unit, unit.organisation_id))
    return _forced(route, unit, hours) if unit.overrides else hours


def working_hours(route: Route, unit: Unit | None, organisation: Organisation) -> HoursNow:
    """Return a unit's working hours: its own or from above, else the switchboard's."""
    ids = [row.working_schedule_id for row in lineage(route.policy, unit)]
    return _first_of(route, [*ids, organisation.switchboard_schedule_id])


def open_seconds(policy: Policy, unit: Unit | None, organisation: Organisation, since: float, until: float) -> float:
    """Return for how long a unit's telephone hours, without one the switchboard's, were open between two timestamps.

    By the hours alone, not by what the unit was forced to be; where none are set it is always open.
    """
    ids = _telephone_schedules(policy, unit, organisation.id)
    schedule = next(filter(None, (policy.schedules.get(row_id or 0) for row_id in ids)), None)
    if schedule is None:
        return max(0.0, until - since)
    at, total = since, 0.0
    while at < until:
        stands = _held(policy, schedule, datetime.fromtimestamp(at, UTC))
        end = min(stands.until, until)
        total += end - at if stands.state.is_open else 0.0
        at = end
    return total


def switchboard_hours(route: Route, organisation: Organisation) -> HoursNow:
    """Return the hours of an organisation's switchboard."""
    return _first_of(route, [organisation.switchboard_schedule_id])


def _forced(route: Route, unit: Unit, hours: HoursNow) -> HoursNow:
    """Return the hours with what the unit is forced to be now, and when it opens by all that is to come."""
    local = zone_of(route.policy, unit.organisation_id)
    route.changes_at_midnight(local)
    for row in unit.overrides:
        route.changes_at(row.starts_at)
        route.changes_at(row.ends_at)
    forced = replace(hours, override=override_at(unit, route.now), next_opening=None)
    if forced.is_open:
        return forced

    def stands(at: datetime) -> ScheduleState | None:
        return _held(route.policy, hours.schedule, at).state if hours.schedule is not None else None

    opens = opens_again(unit, stands, route.now)
    return replace(forced, next_opening=opens.astimezone(local) if opens is not None else None)


def _telephone_schedules(policy: Policy, unit: Unit | None, organisation_id: int) -> list[int | None]:
    """Return the schedules of which the first that there is holds for a unit's telephones."""
    above, organisation = lineage(policy, unit), policy.organisations.get(organisation_id)
    ids = [*(row.telephone_schedule_id for row in above), *(row.working_schedule_id for row in above)]
    return [*ids, organisation.switchboard_schedule_id if organisation is not None else None]


def _first_of(route: Route, schedule_ids: list[int | None]) -> HoursNow:
    for schedule_id in schedule_ids:
        if schedule_id is None:
            continue
        schedule = route.policy.schedules.get(schedule_id)
        if schedule is not None:
            return _now(route, schedule)
        route.note("R4", False, "schedule_missing", id=str(schedule_id))
    return HoursNow()


def _now(route: Route, schedule: Schedule) -> HoursNow:
    found = _held(route.policy, schedule, route.now)
    route.holds(found.since, found.until)
    return HoursNow(schedule=schedule, state=found.state, next_opening=found.state.next_opening)


def _held(policy: Policy, schedule: Schedule, at: datetime) -> Held:
    organisation = policy.organisations.get(schedule.organisation_id)
    calendar_id = organisation.holiday_calendar_id if organisation is not None else None
    calendar = policy.holiday_calendars.get(calendar_id) if calendar_id is not None else None
    time_zone = organisation.time_zone if organisation is not None else DEFAULT_TIME_ZONE
    return held(schedule, calendar, time_zone, at)
