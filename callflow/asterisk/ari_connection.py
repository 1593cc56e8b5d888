"""ARI's one websocket: events come in, requests and their answers go both ways.

The reader never waits for anybody: an answer wakes its request, an event goes into a bounded queue, and what
does not fit is dropped and counted. A lost connection fails what waits on it at once and is made anew, with
growing pauses and jitter so that many nodes do not come back in step.
"""

import asyncio
import itertools
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
import structlog

from callflow.asterisk.ari_events import (
    EVENT_TYPES,
    Connected,
    Event,
    RESTResponse,
    UnreadableMessageError,
    read_message,
)
from callflow.asterisk.ari_operations import FILTER_EVENTS, Operation
from callflow.attempts import Attempts
from callflow.errors import CallflowError
from callflow.seldom import Seldom
from callflow.service.metrics import EVENTS_DROPPED, MESSAGES_SKIPPED

log = structlog.get_logger(__name__)

REQUEST_SECONDS = 1.0
"""How long an answer may take; Asterisk on the same machine answers in a few milliseconds."""
CONNECT_SECONDS = 5.0
HEARTBEAT_SECONDS = 5.0
CLOSE_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
QUEUE_SIZE = 10_000
LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes; a larger message is skipped. The socket itself is given up only at sixteen times this."""

Socket: TypeAlias = aiohttp.ClientWebSocketResponse[Literal[False]]
"""A websocket that gives text as bytes, so that text that is no UTF-8 is one message less and not its end."""


class AriUnavailableError(CallflowError):
    """Asterisk's ARI could not be reached, or did not answer in time."""

    code = "ari_unavailable"


class AriRequestError(CallflowError):
    """Asterisk refused a request; `status` is the HTTP status it gave."""

    code = "ari_request_refused"

    def __init__(self, operation: str, status: int, reason: str) -> None:
        super().__init__(f"Asterisk refused {operation}: {status} {reason}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class AriAddress:
    """Where Asterisk's HTTP server is and who we are to it; `application` must be no other process's."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    application: str

    @property
    def authorization(self) -> str:
        """The value of HTTP's Authorization header (RFC 7617)."""
        return f"Basic {b64encode(f'{self.username}:{self.password}'.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: what its path and query are filled with, and its body, sent as JSON unless None."""

    operation: Operation
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None


class AriConnection:
    """A websocket that is kept up by `run` and used through `request` and `events`."""

    def __init__(self, address: AriAddress, *, queue_size: int = QUEUE_SIZE) -> None:
        self._address = address
        self._queue: asyncio.Queue[Event] = asyncio.Queue(queue_size)
        self._waiting: dict[str, asyncio.Future[RESTResponse]] = {}
        self._numbers = itertools.count(1)
        self._socket: Socket | None = None
        self.connected = False
        self.error: str | None = "not connected yet"
        self.dropped_events = 0
        self._attempts = Attempts(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self._skips, self._drops = Seldom(), Seldom()

    @property
    def application(self) -> str:
        """Our name as a Stasis application."""
        return self._address.application

    async def events(self) -> AsyncIterator[Event]:
        """Yield what comes, in order; `Connected` first after each (re)connection."""
        while True:
            yield await self._queue.get()

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    await self._serve_one_connection(session)
                    self.error = "closed by Asterisk"
                except (aiohttp.ClientError, OSError, TimeoutError, CallflowError) as error:
                    self.error = str(error) or type(error).__name__
                self.connected = False
                again = self._attempts.failed(self.error)
                if again.is_news:
                    log.warning("ari_disconnected", reason=self.error, again_in_seconds=round(again.wait_seconds, 2))
                await asyncio.sleep(again.wait_seconds)

    async def request(
        self,
        operation: Operation,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> RESTResponse:
        """Send one request and return its answer, whatever its status.

        Raises:
            AriUnavailableError: not connected, the connection was lost meanwhile, or no answer in a second.
        """
        [answer] = await self.requests(Request(operation, path or {}, query or {}, body))
        return answer

    async def requests(self, *requests: Request) -> list[RESTResponse]:
        """Send requests without waiting in between, and return their answers: Asterisk takes them one by one.

        Raises:
            AriUnavailableError: as `request`; some of them may have been carried out.
        """
        socket, names = self._socket, " and ".join(request.operation.nickname for request in requests)
        if socket is None:
            raise AriUnavailableError(f"{names}: not connected to Asterisk's ARI")
        numbers = [str(next(self._numbers)) for _ in requests]
        answers: list[asyncio.Future[RESTResponse]] = [asyncio.get_running_loop().create_future() for _ in requests]
        self._waiting.update(zip(numbers, answers, strict=True))
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                for number, request in zip(numbers, requests, strict=True):
                    await socket.send_str(_encode(number, request))
                return [await answer for answer in answers]
        except TimeoutError as error:
            raise AriUnavailableError(f"{names}: no answer from Asterisk in {REQUEST_SECONDS} s") from error
        except ConnectionError as error:
            raise AriUnavailableError(f"{names}: the connection to Asterisk was lost") from error
        finally:
            for number, answer in zip(numbers, answers, strict=True):
                del self._waiting[number]
                _forget(answer)

    async def _serve_one_connection(self, session: aiohttp.ClientSession) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            socket = await self._connect(session)
        self._socket = socket
        reader = asyncio.create_task(self._read(socket))
        try:
            await self._set_filter()
            self.connected, self.error = True, None
            self._attempts.is_up()
            log.info("ari_connected", application=self.application)
            self._put_connected()
            await reader
        finally:
            self._socket = None
            reader.cancel()
            self._fail_waiting()
            await asyncio.gather(reader, return_exceptions=True)
            await socket.close()

    async def _connect(self, session: aiohttp.ClientSession) -> Socket:
        address = self._address
        try:
            return await session.ws_connect(
                f"http://{address.host}:{address.port}/ari/events?{urlencode({'app': address.application})}",
                headers={"Authorization": address.authorization},
                heartbeat=HEARTBEAT_SECONDS,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                max_msg_size=16 * LARGEST_MESSAGE,
                decode_text=False,
            )
        except aiohttp.WSServerHandshakeError as error:
            raise AriUnavailableError(
                f"Asterisk refused ARI's websocket ({error.status}): check ari_username and ari_password"
            ) from error

    async def _set_filter(self) -> None:
        allowed = [{"type": kind.__name__} for kind in EVENT_TYPES]
        answer = await self.request(FILTER_EVENTS, {"applicationName": self.application}, body={"allowed": allowed})
        if answer.status_code >= 300:  # noqa: PLR2004 - HTTP's own boundary
            raise AriRequestError(FILTER_EVENTS.nickname, answer.status_code, answer.reason_phrase)

    async def _read(self, socket: Socket) -> None:
        async for frame in socket:
            if frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                self._take(frame.data)
            elif frame.type is aiohttp.WSMsgType.ERROR:
                raise AriUnavailableError(f"the websocket broke: {frame.data}")

    def _take(self, data: bytes) -> None:
        if len(data) > LARGEST_MESSAGE:
            self._skip(reason="too large", size=len(data))
            return
        try:
            message = read_message(data)
        except UnreadableMessageError as error:
            self._skip(reason=str(error), kind=error.kind)
            return
        if isinstance(message, RESTResponse):
            waiting = self._waiting.get(message.request_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif message is not None:
            self._put(message)

    def _put(self, event: Event) -> None:
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._drop(event)

    def _put_connected(self) -> None:
        """Put the news into the queue in any case: what was left over from before waits for it."""
        if self._queue.full():
            self._drop(self._queue.get_nowait())
        self._queue.put_nowait(Connected())

    def _drop(self, event: Event) -> None:
        self.dropped_events += 1
        EVENTS_DROPPED.labels(part="ari").inc()
        self._drops.tell(log.warning, "ari_event_dropped", kind=type(event).__name__)

    def _skip(self, **facts: object) -> None:
        MESSAGES_SKIPPED.labels(part="ari").inc()
        self._skips.tell(log.warning, "ari_message_skipped", **facts)

    def _fail_waiting(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the websocket was closed"))


def _forget(answer: asyncio.Future[RESTResponse]) -> None:
    """Give up an answer that nobody waits for any more, whether it came or the connection was lost first."""
    if not answer.cancel() and not answer.cancelled():
        answer.exception()


def _encode(number: str, request: Request) -> str:
    operation = request.operation
    unknown = set(request.query) - set(operation.query)
    assert not unknown, f"{operation.nickname} has no parameter {unknown}"
    uri = operation.path.lstrip("/").format_map({name: quote(value, safe="") for name, value in request.path.items()})
    if request.query:
        uri = f"{uri}?{urlencode(request.query, quote_via=quote)}"
    message: dict[str, Any] = {
        "type": "RESTRequest",
        "transaction_id": number,
        "request_id": number,
        "method": operation.method,
        "uri": uri,
    }
    if request.body is not None:
        message["content_type"] = "application/json"
        message["message_body"] = msgspec.json.encode(request.body).decode()
    return msgspec.json.encode(message).decode()
