"""What the parts of the policy check share: the policy, the time, and the real routing to try places with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from callflow.policy.builder import Node
from callflow.policy.decision import Call
from callflow.policy.extensions import group_legs, legs_of
from callflow.policy.hours import working_hours
from callflow.policy.model import (
    Diversion,
    DiversionCondition,
    Extension,
    Organisation,
    Policy,
    Schedule,
    Target,
    TargetKind,
    Unit,
)
from callflow.policy.numbers import resolved
from callflow.policy.places import reach
from callflow.policy.plan import Dial
from callflow.policy.route import Route, State
from callflow.policy.routing import place_name, reach_place
from callflow.policy.schedule import hours_of, zone_of

_FROM_OUTSIDE = Call(called_number="")
_NOBODYS = Organisation(id=0, key="", name="", main_number="")


@dataclass(frozen=True, slots=True)
class Way:
    """What came of a place when it was tried: whether anything rings, and whether the call may go on from it."""

    rings: bool
    leads_on: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A time from `starts` (included) to `ends` (not included), in UTC."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The policy looked at, at `now` (aware), with what has been found out so far.

    INVARIANT: what is remembered depends on nothing but the policy and `now`.
    """

    policy: Policy
    now: datetime
    tried: dict[tuple[Target, Target | None, datetime], Way] = field(default_factory=dict)
    opened: dict[tuple[int, int], tuple[Span, ...]] = field(default_factory=dict)

    def route(self, at: datetime) -> Route:
        """Return the context of a call from outside at a time, for what asks the real routing."""
        return Route(
            policy=self.policy,
            call=_FROM_OUTSIDE,
            now=at,
            instant=at.timestamp(),
            caller=None,
            organisation=_NOBODYS,
            reach=reach,
        )

    def zone_of(self, organisation_id: int | None) -> ZoneInfo:
        """Return the time zone of an organisation."""
        return zone_of(self.policy, organisation_id)

    def local(self, organisation_id: int | None, instant: datetime) -> str:
        """Return an instant in ISO 8601 by the organisation's clock, for a finding's values."""
        return instant.astimezone(self.zone_of(organisation_id)).isoformat(timespec="minutes")

    def try_place(self, target: Target, mover: Target | None, at: datetime) -> Way:
        """Send a call to a place, as the real routing does, and return what came of it."""
        by = mover if target.kind is TargetKind.NUMBER else None
        key = (target, by, at)
        if key not in self.tried:
            self.tried[key] = self._tried(target, by, at)
        return self.tried[key]

    def _tried(self, target: Target, mover: Target | None, at: datetime) -> Way:
        route = self.route(at)
        end = route.builder.hang_up()
        went_on = []

        def otherwise(state: State) -> Node:
            went_on.append(state)
            return end

        first = reach_place(route, target, State().moved_by(mover), otherwise)
        plan = route.builder.finish(first, "sv")
        return Way(rings=any(isinstance(step, Dial) for step in plan.steps), leads_on=bool(went_on))

    def rings_itself(self, target: Target) -> bool:
        """Tell whether phones of the place's own ring now, wherever its calls go later; quick, unlike trying it."""
        if target.kind is TargetKind.RING_GROUP and (group := self.policy.ring_groups.get(target.id or 0)):
            return bool(group_legs(self.route(self.now), group)[0])
        extension = self.policy.extensions.get(target.id or 0) if target.kind is TargetKind.EXTENSION else None
        if extension is None or extension.locked or self.diverted_away(extension):
            return False
        return bool(legs_of(self.route(self.now), extension))

    def diverted_away(self, extension: Extension) -> bool:
        """Tell whether all calls to an extension are diverted now."""
        return any(row.condition is DiversionCondition.ALL for row in self.active_diversions(extension))

    def active_diversions(self, extension: Extension) -> list[Diversion]:
        """Return an extension's diversions that have not ended."""
        return [row for row in extension.diversions if row.stands(self.now)]

    def resolved(self, target: Target) -> Target:
        """Return what a number of ours stands for; any other target as it is."""
        return resolved(target, self.policy)

    def place_name(self, target: Target) -> str:
        """Return how a finding's values call a place: its kind and its number or name."""
        extension = self.policy.extensions.get(target.id or 0) if target.kind is TargetKind.EXTENSION else None
        return f"extension {extension.number}" if extension is not None else place_name(self.route(self.now), target)

    def working_spans(self, unit: Unit, days: int) -> tuple[Span, ...]:
        """Return a unit's working hours from now through so many days; all of them where none are set."""
        organisation = self.policy.organisations.get(unit.organisation_id, _NOBODYS)
        schedule = working_hours(self.route(self.now), unit, organisation).schedule
        return self.open_spans(schedule, days) if schedule is not None else (self.ahead(days),)

    def ahead(self, days: int) -> Span:
        """Return the time from now through so many days."""
        return Span(self.now, self.now + timedelta(days=days))

    def open_spans(self, schedule: Schedule, days: int) -> tuple[Span, ...]:
        """Return when a schedule is open from now through so many days, in order, spans that touch joined."""
        key = (schedule.id, days)
        if key not in self.opened:
            self.opened[key] = tuple(joined(clipped(self._opened(schedule, days), self.ahead(days))))
        return self.opened[key]

    def _opened(self, schedule: Schedule, days: int) -> Iterator[Span]:
        organisation = self.policy.organisations.get(schedule.organisation_id)
        calendar_id = organisation.holiday_calendar_id if organisation is not None else None
        calendar = self.policy.holiday_calendars.get(calendar_id or 0)
        here = self.zone_of(schedule.organisation_id)
        today = self.now.astimezone(here).date()
        for passed in range(days + 1):
            on = today + timedelta(days=passed)
            midnight = datetime(on.year, on.month, on.day, tzinfo=here)
            for hours in hours_of(schedule, calendar, on).hours:
                yield Span(*(_shown(midnight + timedelta(minutes=at)) for at in (hours.opens, hours.closes)))


def _shown(wall: datetime) -> datetime:
    """Return when a clock first shows a time, or has passed it: a clock going forward leaves an hour out."""
    while (instant := wall.astimezone(UTC)).astimezone(wall.tzinfo).replace(tzinfo=None) != wall.replace(tzinfo=None):
        wall += timedelta(minutes=1)
    return instant


def clipped(spans: Iterable[Span], frame: Span) -> Iterator[Span]:
    """Yield what of each span lies in the frame; hours that a clock going forward leaves out are none."""
    for span in spans:
        within = Span(max(span.starts, frame.starts), min(span.ends, frame.ends))
        if within.starts < within.ends:
            yield within


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans, which come in the order of their starts, with those that touch made one."""
    held: Span | None = None
    for span in spans:
        if held is not None and span.starts <= held.ends:
            held = Span(held.starts, max(held.ends, span.ends))
            continue
        if held is not None:
            yield held
        held = span
    if held is not None:
        yield held
