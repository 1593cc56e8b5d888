"""Calendars on the web: fetched, and worked out beside the service."""

from datetime import datetime, time, timedelta

from callflow.calendars.event_process import EventProcess
from callflow.calendars.fetching import Limits, Validators, fetch
from callflow.service.calendars import CalendarContent, CalendarFeed
from callflow.service.clock import now

AHEAD = timedelta(days=14)
"""How far ahead the events of a calendar become absences, and on to the end of that day.

Whole days, so that what comes into reach does so once a day and not one by one: each is a change of the policy.
"""


class WebCalendars:
    """A `CalendarSource` that reads over HTTP."""

    def __init__(self, *, local: bool, limits: Limits | None = None) -> None:
        """Take whether calendars may lie on this machine, and what reading one may take."""
        self._local = local
        self._limits = limits or Limits()
        self._process = EventProcess(cpu_seconds=self._limits.cpu_seconds)

    async def read(self, feed: CalendarFeed) -> CalendarContent | None:
        """Return what a calendar holds, None where it has not changed; raise `CalendarProblemError`."""
        known = Validators(etag=feed.etag, modified=feed.modified)
        fetched = await fetch(feed.address, known, self._limits, local=self._local)
        if fetched is None:
            return None
        at = now()
        until = datetime.combine((at + AHEAD).date() + timedelta(days=1), time(), at.tzinfo)
        events, unreadable = await self._process.events(
            fetched.body, starts_at=at, ends_at=until, zone=feed.time_zone, email=feed.email
        )
        validators = fetched.validators
        return CalendarContent(
            events=events, unreadable=unreadable, etag=validators.etag, modified=validators.modified
        )

    async def rest(self) -> None:
        """End the process that works out events."""
        await self._process.close()
