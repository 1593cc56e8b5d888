"""Whose hours apply: a unit's telephone and working hours and a switchboard's, with what is inherited."""

from dataclasses import dataclass

from callflow.policy.lineage import lineage
from callflow.policy.model import DEFAULT_TIME_ZONE, Organisation, Schedule, Unit
from callflow.policy.route import Route
from callflow.policy.schedule import ScheduleState, held


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursNow:
    """Whether it is open at the time of the call; `schedule` is None where no hours are set, which is always open."""

    schedule: Schedule | None = None
    state: ScheduleState | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is open now."""
        return self.state is None or self.state.is_open


def telephone_hours(route: Route, unit: Unit) -> HoursNow:
    """Return a unit's telephone hours: its own or from above, else working hours (R5), else the switchboard's."""
    above = lineage(route.policy, unit)
    ids = [*(row.telephone_schedule_id for row in above), *(row.working_schedule_id for row in above)]
    return _first_of(route, [*ids, _switchboard_schedule(route, unit.organisation_id)])


def working_hours(route: Route, unit: Unit | None, organisation: Organisation) -> HoursNow:
    """Return a unit's working hours: its own or from above, else the switchboard's."""
    ids = [row.working_schedule_id for row in lineage(route.policy, unit)]
    return _first_of(route, [*ids, organisation.switchboard_schedule_id])


def switchboard_hours(route: Route, organisation: Organisation) -> HoursNow:
    """Return the hours of an organisation's switchboard."""
    return _first_of(route, [organisation.switchboard_schedule_id])


def zone_name(route: Route, hours: HoursNow) -> str:
    """Return the name of the time zone that these hours are in."""
    organisation = route.policy.organisations.get(hours.schedule.organisation_id) if hours.schedule else None
    return organisation.time_zone if organisation is not None else DEFAULT_TIME_ZONE


def _switchboard_schedule(route: Route, organisation_id: int) -> int | None:
    organisation = route.policy.organisations.get(organisation_id)
    return organisation.switchboard_schedule_id if organisation is not None else None


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
    policy = route.policy
    organisation = policy.organisations.get(schedule.organisation_id)
    calendar_id = organisation.holiday_calendar_id if organisation is not None else None
    calendar = policy.holiday_calendars.get(calendar_id) if calendar_id is not None else None
    time_zone = organisation.time_zone if organisation is not None else DEFAULT_TIME_ZONE
    found = held(schedule, calendar, time_zone, route.now)
    route.holds(found.since, found.until)
    return HoursNow(schedule=schedule, state=found.state)
