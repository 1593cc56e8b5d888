"""Calendars as text, and a server that gives them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from callflow.calendars.fetching import MEGABYTE
from tests.fakes.ports import port_of

STOCKHOLM_BY_OUTLOOK = """\
BEGIN:VTIMEZONE
TZID:Kundanpassad tidszon
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def event(*lines: str, uid: str = "a@exempel") -> str:
    """Return an event with these lines."""
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT")) + "\n"


def calendar(*events: str, more: Iterable[str] = ()) -> bytes:
    """Return a calendar with these events and whatever `more` stands before them."""
    head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Prov//SV\n"
    return f"{head}{''.join(more)}{''.join(events)}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def utc(instant: datetime) -> str:
    """Return a time as a calendar writes it in UTC."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def between(starts_at: datetime, ends_at: datetime, *lines: str, uid: str = "a@exempel") -> str:
    """Return an event from one time to another."""
    return event(f"DTSTART:{utc(starts_at)}", f"DTEND:{utc(ends_at)}", *lines, uid=uid)


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class CalendarServer:
    """A real server of calendars: `texts` by path, `answers` for paths that do something else, `asked` what was asked
    and which status was the answer, 0 for one that never was whole.

    Each text has a tag of its own, and whoever has it already gets it only once.
    """

    port: int
    texts: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def address(self, path: str) -> str:
        """Return where a path is."""
        return f"http://127.0.0.1:{self.port}{path}"

    def count(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(one == path for one, _ in self.asked)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        answer = self.answers.get(request.path, self._text)
        status = 0
        try:
            response = await answer(request)
            status = response.status
        finally:
            self.asked.append((request.path, status))
        return response

    async def _text(self, request: web.Request) -> web.Response:
        body = self.texts.get(request.path)
        if body is None:
            return web.Response(status=404)
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        return web.Response(body=body, content_type="text/calendar", headers={"ETag": tag})


@asynccontextmanager
async def calendar_server() -> AsyncIterator[CalendarServer]:
    """Start the server on a free port, and end it whatever it is doing."""
    server = CalendarServer(0)
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = port_of(runner)
    yield server
    await runner.cleanup()


async def hangs(_request: web.Request) -> web.StreamResponse:
    """Answer nothing at all."""
    await asyncio.Event().wait()
    raise AssertionError


async def fifty_megabytes(request: web.Request) -> web.StreamResponse:
    """Send what begins like a calendar's events and is never whole."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(50):
        await response.write(b"BEGIN:VEVENT\r\n" * (MEGABYTE // 14))
    return response
