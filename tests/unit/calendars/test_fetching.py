"""Fetching a calendar from a real server on this machine: what it gives, and how it may hurt."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme
from aiohttp import web
from yarl import URL

from callflow.calendars.fetching import MEGABYTE, Fetched, Limits, Validators, _next, fetch
from callflow.service.calendar_problems import CalendarProblemError
from tests.fakes.ports import port_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SECRET = "hemligt-4711"
QUICK = Limits(seconds=1.0, connect_seconds=0.5, piece_seconds=0.3, most_bytes=100_000)
TEXT = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@asynccontextmanager
async def served(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server whose every address does what `handler` does."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"http://127.0.0.1:{port_of(runner)}/{SECRET}/k.ics"
    await runner.cleanup()


@asynccontextmanager
async def answering(raw: bytes, *, then_hangs: bool = False) -> AsyncIterator[str]:
    """A server that sends these bytes to whoever connects, and closes or hangs."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        if then_hangs:
            await gone.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{SECRET}/k.ics"
    gone.set()
    server.close()
    await server.wait_closed()


async def got(address: str, known: Validators | None = None, *, local: bool = True) -> Fetched | None:
    return await fetch(address, known or Validators(), QUICK, local=local)


async def problem_of(address: str, known: Validators | None = None, *, local: bool = True) -> str:
    """Return what is wrong; nothing in it may be of the address."""
    with pytest.raises(CalendarProblemError) as caught:
        await got(address, known, local=local)
    assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.problem}"
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value.problem


async def test_calendar_is_fetched_with_what_tells_of_a_change() -> None:
    async def give(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        assert "If-None-Match" not in request.headers
        return web.Response(body=TEXT, headers={"ETag": '"1"', "Last-Modified": "Mon, 02 Nov 2026 08:00:00 GMT"})

    async with served(give) as address:
        fetched = await got(address)
    assert fetched is not None
    assert fetched.body == TEXT
    assert fetched.validators == Validators(etag='"1"', modified="Mon, 02 Nov 2026 08:00:00 GMT")


async def test_unchanged_calendar_is_not_sent_again() -> None:
    async def give(request: web.Request) -> web.Response:
        assert request.headers["If-None-Match"] == '"1"'
        assert request.headers["If-Modified-Since"] == "igår"
        return web.Response(status=304)

    async with served(give) as address:
        assert await got(address, Validators(etag='"1"', modified="igår")) is None


async def test_not_changed_is_no_answer_to_who_has_nothing() -> None:
    async def give(_request: web.Request) -> web.Response:
        return web.Response(status=304)

    async with served(give) as address:
        assert await problem_of(address) == "status:304"


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503, 204])
async def test_refusal_is_told_by_its_number(status: int) -> None:
    async def give(_request: web.Request) -> web.Response:
        return web.Response(status=status, reason="Nej tack")

    async with served(give) as address:
        assert await problem_of(address) == f"status:{status}"


async def test_server_that_says_nothing_is_given_up() -> None:
    before = time.monotonic()
    async with answering(b"", then_hangs=True) as address:
        assert await problem_of(address) == "too_slow"
    assert time.monotonic() - before < 10


async def test_server_that_drips_for_ever_is_given_up() -> None:
    async def give(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"B")
            await asyncio.sleep(0.05)

    async with served(give) as address:
        assert await problem_of(address) == "too_slow"


@pytest.mark.parametrize("is_told", [True, False])
async def test_server_that_sends_fifty_megabytes_is_cut_off(*, is_told: bool) -> None:
    sent = 0

    async def give(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Length": str(50 * MEGABYTE)} if is_told else {})
        await response.prepare(request)
        for _ in range(50):
            await response.write(b"x" * MEGABYTE)
            sent += MEGABYTE
        return response

    async with served(give) as address:
        assert await problem_of(address) == "too_large:0.1"
    assert sent < 20 * MEGABYTE


async def test_packed_answer_is_refused_unopened() -> None:
    async def give(_request: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b" + b"0" * 50, headers={"Content-Encoding": "gzip"})

    async with served(give) as address:
        assert await problem_of(address) == "compressed"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nBEGIN:VCAL", "cut_off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nBEGIN", "cut_off"),
        (b"", "cut_off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not_http"),
        (b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n", "not_http"),
    ],
)
async def test_answer_that_is_cut_off_or_garbage_is_told_as_such(raw: bytes, problem: str) -> None:
    async with answering(raw) as address:
        assert await problem_of(address) == problem


async def test_nobody_there_is_told_in_the_systems_words() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert await problem_of(f"http://127.0.0.1:{port}/{SECRET}") == "no_connection:Connection refused"


async def test_name_that_there_is_not_is_told() -> None:
    assert await problem_of(f"http://finns-inte.invalid/{SECRET}") == "unknown_host"


@pytest.mark.parametrize("address", [f"ftp://x.example/{SECRET}", f"https:///{SECRET}", f"https://[{SECRET}", ""])
async def test_address_that_cannot_be_used_is_told(address: str) -> None:
    assert await problem_of(address) == "address"


async def test_certificate_that_nobody_vouches_for_is_refused() -> None:
    context, asked = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), []
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def give(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=TEXT)

    async with served(give, context) as address:
        assert await problem_of(address.replace("http:", "https:")) == "certificate"
    assert not asked


async def test_this_machine_is_refused_unless_that_is_allowed() -> None:
    async with answering(b"") as address:
        assert await problem_of(address, local=False) == "this_machine"
        assert await problem_of(address.replace("127.0.0.1", "localhost"), local=False) == "this_machine"


@pytest.mark.parametrize("location", ["/b.ics", "b.ics?x=%2F&y=1", "http://127.0.0.1:{port}/b.ics"])
async def test_redirects_are_followed(location: str) -> None:
    async def give(request: web.Request) -> web.Response:
        if request.path.endswith("b.ics"):
            return web.Response(body=TEXT)
        return web.Response(status=302, headers={"Location": location.format(port=request.url.port)})

    async with served(give) as address:
        fetched = await got(address)
    assert fetched is not None
    assert fetched.body == TEXT


@pytest.mark.parametrize("location", ["", "/x/../k.ics?{n}", "ftp://x.example/", "javascript:alert(1)", "http://["])
async def test_redirects_that_lead_nowhere_end(location: str) -> None:
    asked = 0

    async def give(_request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=302, headers={"Location": location.format(n=asked)})

    async with served(give) as address:
        assert await problem_of(address) in {"redirects", "address"}
    assert asked <= 6


def test_what_was_asked_for_in_secret_is_not_asked_for_in_the_open() -> None:
    secret, opened = URL("https://x.example/a"), URL("http://x.example/a")
    assert _next(secret, "/b") == URL("https://x.example/b")
    assert _next(opened, "https://y.example/b") == URL("https://y.example/b")
    with pytest.raises(CalendarProblemError):
        _next(secret, "http://x.example/b")


async def test_redirect_cannot_lead_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address is let through as if it were another machine's; the second is not."""
    from callflow.calendars import addresses  # noqa: PLC0415

    monkeypatch.setattr(addresses, "is_local", lambda host: host != "127.0.0.1")

    async def give(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://127.0.0.9:{request.url.port}/latest/meta-data"})

    async with served(give) as address:
        assert await problem_of(address, local=False) == "this_machine"


async def test_odd_characters_in_an_address_reach_the_server_as_they_are() -> None:
    asked: list[str] = []

    async def give(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.Response(body=TEXT)

    async with served(give) as address:
        await got(address + "?a=1&b=%2F%41'\"" + "x" * 3900)
        await got(address + "?ort=Umeå&🗓️")
    assert asked[0].endswith("?a=1&b=%2F%41'\"" + "x" * 3900)
    assert asked[1].endswith("?ort=Ume%C3%A5&%F0%9F%97%93%EF%B8%8F")
