"""Fetching a calendar over HTTP: bounded in time, in bytes and in redirects, with no secret in any error."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from callflow.calendars.addresses import RefusedAddressError, Resolver, any_socket, socket_elsewhere
from callflow.service.calendar_problems import CalendarProblemError

MEGABYTE = 1_000_000
MOST_REDIRECTS = 5
_OK, _NOT_MODIFIED = 200, 304
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_VALIDATOR = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one calendar may take: seconds, whole and to connect and between two pieces, and bytes.

    `cpu_seconds` is what working out its events may have of a processor: two megabytes take some seven.
    """

    seconds: float = 30.0
    connect_seconds: float = 10.0
    piece_seconds: float = 10.0
    most_bytes: int = 2 * MEGABYTE
    cpu_seconds: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """By what a server tells whether a calendar has changed since it was fetched."""

    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A calendar as a server gave it."""

    body: bytes = field(repr=False)
    validators: Validators


async def fetch(address: str, known: Validators, limits: Limits, *, local: bool) -> Fetched | None:
    """Return what stands at an address, None where it has not changed since it was `known`.

    `local`: it may lie on this machine. Raise `CalendarProblemError`.
    """
    timeout = aiohttp.ClientTimeout(
        total=limits.seconds, connect=limits.connect_seconds, sock_read=limits.piece_seconds
    )
    connector = aiohttp.TCPConnector(
        resolver=Resolver(),
        use_dns_cache=False,
        force_close=True,
        socket_factory=any_socket if local else socket_elsewhere,
    )
    try:
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
            return await _followed(session, _url(address), known, limits)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise _problem(error) from None


async def _followed(session: aiohttp.ClientSession, url: URL, known: Validators, limits: Limits) -> Fetched | None:
    headers = _headers(known)
    for _ in range(MOST_REDIRECTS + 1):
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status not in _REDIRECTS:
                return await _taken(response, limits, conditional=len(headers) > len(_headers(Validators())))
            url = _next(url, response.headers.get("Location", ""))
    raise CalendarProblemError("redirects")


def _url(address: str) -> URL:
    """Return the address as it is written: what it has encoded may be signed as it stands."""
    return URL(address, encoded=address.isascii())


def _headers(known: Validators) -> Mapping[str, str]:
    headers = {"Accept": "text/calendar, */*;q=0.5", "Accept-Encoding": "identity", "User-Agent": "Callflow"}
    if known.etag is not None:
        headers["If-None-Match"] = known.etag
    if known.modified is not None:
        headers["If-Modified-Since"] = known.modified
    return headers


def _next(url: URL, location: str) -> URL:
    """Return where a redirect leads; what was asked for in secret is not asked for in the open."""
    to = url.join(_url(location)) if location else url
    if to.scheme not in ("https", url.scheme) or not to.host or to == url:
        raise CalendarProblemError("redirects")
    return to


async def _taken(response: aiohttp.ClientResponse, limits: Limits, *, conditional: bool) -> Fetched | None:
    if response.status == _NOT_MODIFIED and conditional:
        return None
    if response.status != _OK:
        raise CalendarProblemError("status", response.status)
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise CalendarProblemError("compressed")
    body = await _body(response, limits.most_bytes)
    etag, modified = (_validator(response, name) for name in ("ETag", "Last-Modified"))
    return Fetched(body=body, validators=Validators(etag=etag, modified=modified))


def _validator(response: aiohttp.ClientResponse, header: str) -> str | None:
    value = response.headers.get(header, "")
    return value if value and value.isascii() and len(value) <= _LONGEST_VALIDATOR else None


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    body = bytearray()
    too_long = (response.content_length or 0) > most
    if not too_long:
        async for piece in response.content.iter_any():
            body += piece
            if too_long := len(body) > most:
                break
    if too_long:
        response.close()
        raise CalendarProblemError("too_large", f"{most / MEGABYTE:g}")
    return bytes(body)


def _problem(error: Exception) -> CalendarProblemError:  # noqa: PLR0911 - one line a kind
    """Return what an error says without what it quotes: that may be the address."""
    match error:
        case TimeoutError():
            return CalendarProblemError("too_slow")
        case aiohttp.ClientConnectorDNSError():
            return CalendarProblemError("unknown_host")
        case aiohttp.ClientSSLError() | aiohttp.ClientConnectorCertificateError():
            return CalendarProblemError("certificate")
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, RefusedAddressError):
            return CalendarProblemError("this_machine")
        case OSError() if not isinstance(error, aiohttp.ClientPayloadError):
            return CalendarProblemError("no_connection", os.strerror(error.errno) if error.errno else "?")
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return CalendarProblemError("cut_off")
        case aiohttp.ClientResponseError():
            return CalendarProblemError("not_http")
        case _:
            return CalendarProblemError("address")
