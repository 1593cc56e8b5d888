"""AMI by panoramisk, with the guard that it needs, all in this one place.

panoramisk decodes each TCP segment by itself (an `å` split over two would vanish), takes values with line ends
(which would be headers of their own), sends unanswered actions again after a reconnect, says nothing about a
wrong password, waits for ever, runs callbacks unordered, and makes of each event a dictionary of all its headers.
Here: whole messages are decoded, line ends are refused, nothing is ever sent twice, a refused login is an error,
every wait is bounded, and events go past panoramisk into a bounded queue as they came (`AmiEvent`). Each connection
is a panoramisk manager of its own.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import structlog
from panoramisk import Manager
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from callflow.asterisk.ami_event import AmiEvent
from callflow.attempts import Attempts
from callflow.errors import CallflowError
from callflow.seldom import Seldom
from callflow.service.metrics import EVENTS_DROPPED, MESSAGES_SKIPPED

log = structlog.get_logger(__name__)

ACTION_SECONDS = 2.0
CONNECT_SECONDS = 5.0
PING_SECONDS = 5.0
"""How often a quiet connection is tried, so that a half-open one is found."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
PING_ANSWER_SECONDS = 5.0
LONGEST_ANSWER_SECONDS = 60.0
"""How long any action may take, such as a reload; who says nothing for longer is tried, whatever is still asked."""
QUEUE_SIZE = 10_000
LARGEST_MESSAGE = 1024 * 1024
"""Bytes; a peer that sends more without an end is not AMI and is left."""

SHUTTING_DOWN = "shutting down"
"""What Asterisk says of every action while it is to stop or restart and waits for its calls."""

_skips = Seldom()

_END = b"\r\n\r\n"
_SHUTDOWN = "Shutdown"
_SINGLE = ("Event", "Response", "ActionID", "Message", "CommandID")


class AmiUnavailableError(CallflowError):
    """Asterisk's manager interface could not be reached, was lost, or did not answer in time."""

    code = "ami_unavailable"


class AmiLoginRefusedError(CallflowError):
    """Asterisk does not know our AMI user or its password."""

    code = "ami_login_refused"


class AmiValueRefusedError(CallflowError):
    """A header of an action holds a line end, which would be a header of its own."""

    code = "ami_value_refused"


class AmiActionRefusedError(CallflowError):
    """Asterisk answered an action with an error."""

    code = "ami_action_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiAddress:
    """Where AMI listens, who we are to it, and the classes of events that we ask for."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    events: str = "call,user"


class Lost:
    """Stands in the queue where a connection was lost."""


LOST = Lost()


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol for answers; it hands on events, and forgets what waits when it closes."""

    def __init__(self) -> None:
        self.rest = b""
        """What came of a message whose end has not come."""
        self.heard = time.monotonic()

    def data_received(self, data: bytes) -> None:
        """Take whole messages only: no letter is split over two of them."""
        self.heard = time.monotonic()
        *messages, self.rest = (self.rest + data).split(_END)
        for message in messages:
            self._take(message.strip().decode("utf-8", "replace"))
        if len(self.rest) > LARGEST_MESSAGE:
            MESSAGES_SKIPPED.labels(part="ami").inc()
            log.error("ami_message_too_large", size=len(self.rest))
            self.factory.reason = "a message without an end"
            self.transport.abort()

    def _take(self, text: str) -> None:
        event = AmiEvent(text)
        if event.name and event.get("ActionID") not in self.responses:
            self._take_event(event)
        elif (message := Message.from_line(text)) is not None:
            self.handle_message(message)

    def _take_event(self, event: AmiEvent) -> None:
        if event.is_doubled():
            _skip("Event")
        else:
            if event.name == _SHUTDOWN:
                self.connection_lost(None)
            self.factory.dispatch(event)

    def handle_message(self, message: Message) -> None:
        """Skip a message whose own headers are doubled."""
        doubled = [name for name in _SINGLE if isinstance(message.get(name), list)]
        if doubled:
            _skip(" ".join(doubled))
        else:
            super().handle_message(message)

    def close(self) -> None:
        """Fail what waits, so that nothing can be sent again on another connection."""
        for action in self.responses.values():
            if not action.future.done():
                action.future.set_exception(ConnectionResetError("the AMI connection was lost"))
                action.future.exception()
        self.responses.clear()
        super().close()


class _Manager(Manager):  # type: ignore[misc]
    """panoramisk's manager for one connection: it neither logs in nor connects again by itself."""

    def __init__(self, queue: "asyncio.Queue[AmiEvent | Lost]") -> None:
        super().__init__(protocol_factory=_Protocol, loop=asyncio.get_running_loop())
        self.lost = asyncio.Event()
        self.reason = "closed by Asterisk"
        self._events = queue
        self._drops = Seldom()

    def connection_lost(self, exc: object) -> None:
        """Note the end; the owner connects anew."""
        del exc
        self.lost.set()

    def dispatch(self, event: AmiEvent | Message) -> None:
        """Put the event into the bounded queue and do nothing else.

        panoramisk dispatches none but a message that does not begin with `Event`, which is nothing of Asterisk's.
        """
        if isinstance(event, Message):
            return
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            EVENTS_DROPPED.labels(part="ami").inc()
            self._drops.tell(log.warning, "ami_event_dropped", kind=event.name)


class AmiConnection:
    """A connection that `run` keeps up; `action` and `events` use it."""

    def __init__(self, address: AmiAddress, *, queue_size: int = QUEUE_SIZE) -> None:
        self._address = address
        self._queue: asyncio.Queue[AmiEvent | Lost] = asyncio.Queue(queue_size)
        self._manager: _Manager | None = None
        self.connected = False
        self.error: str | None = "not connected yet"
        self._up = asyncio.Event()
        self._attempts = Attempts(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)

    async def events(self) -> AsyncIterator[AmiEvent | Lost]:
        """Yield events in order; `LOST` where a connection ended."""
        while True:
            yield await self._queue.get()

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        while True:
            is_refused = False
            try:
                self.error = await self._serve_one_connection()
            except AmiLoginRefusedError as error:
                self.error, is_refused = str(error), True
            except (OSError, TimeoutError, CallflowError) as error:
                self.error = str(error) or type(error).__name__
            if self.connected:
                self.connected = False
                self._put_lost()
            again = self._attempts.failed(self.error, hopeless=is_refused)
            if again.is_news:
                tell, event = (log.error, "ami_login_refused") if is_refused else (log.warning, "ami_disconnected")
                tell(event, reason=self.error, again_in_seconds=round(again.wait_seconds, 2))
            await asyncio.sleep(again.wait_seconds)

    def _put_lost(self) -> None:
        """Put the news into the queue in any case: what was heard before counts no more."""
        if self._queue.full():
            self._queue.get_nowait()
            EVENTS_DROPPED.labels(part="ami").inc()
        self._queue.put_nowait(LOST)

    async def wait_until_connected(self) -> None:
        """Return as soon as we are logged in; the caller bounds the wait."""
        await self._up.wait()

    async def action(
        self, name: str, headers: Mapping[str, str] | None = None, *, seconds: float = ACTION_SECONDS
    ) -> Message:
        """Do one action and return its answer; Asterisk does those of one connection one after the other.

        Raises:
            AmiValueRefusedError: a header holds a line end.
            AmiUnavailableError: not connected, lost meanwhile, or no answer in `seconds`; it is not tried again.
            AmiActionRefusedError: Asterisk answered with an error.
        """
        if self._manager is None or not self.connected:
            raise AmiUnavailableError(f"{name}: not connected to Asterisk's AMI")
        return await _act(self._manager, name, headers or {}, seconds)

    async def _serve_one_connection(self) -> str:
        """Return why the connection ended once it was up."""
        manager = _Manager(self._queue)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            pair = await loop.create_connection(_Protocol, self._address.host, self._address.port)
        made: asyncio.Future[object] = loop.create_future()
        made.set_result(pair)
        manager.connection_made(made)
        manager.pinger.cancel()
        try:
            await self._log_in(manager)
            self._manager, self.connected, self.error = manager, True, None
            self._up.set()
            self._attempts.is_up()
            log.info("ami_connected", events=self._address.events)
            await _ping_until_lost(manager)
            return manager.reason
        finally:
            self._manager = None
            self._up.clear()
            manager.close()
            manager.protocol.transport.abort()  # what a dead peer never took would keep it open

    async def _log_in(self, manager: _Manager) -> None:
        address = self._address
        login = {"Username": address.username, "Secret": address.password, "Events": address.events}
        try:
            await _act(manager, "Login", login, CONNECT_SECONDS)
        except AmiActionRefusedError as error:
            if SHUTTING_DOWN in str(error):
                raise AmiUnavailableError(str(error)) from error
            raise AmiLoginRefusedError(
                f"Asterisk refused the AMI user '{address.username}': check ami_username and ami_password"
            ) from error


def _skip(header: str) -> None:
    MESSAGES_SKIPPED.labels(part="ami").inc()
    _skips.tell(log.warning, "ami_message_skipped", reason="doubled header", header=header)


async def _ping_until_lost(manager: _Manager) -> None:
    while not manager.lost.is_set():
        try:
            async with asyncio.timeout(PING_SECONDS):
                await manager.lost.wait()
        except TimeoutError:
            # Asterisk answers in turn: behind a long reload no ping is late
            silent = time.monotonic() - manager.protocol.heard
            if not manager.protocol.responses or silent > LONGEST_ANSWER_SECONDS:
                try:
                    await _act(manager, "Ping", {}, PING_ANSWER_SECONDS)
                except AmiActionRefusedError:  # as Asterisk does while it waits for the last call to end
                    pass
                except AmiUnavailableError:
                    if not manager.lost.is_set():  # else why it was lost is known better
                        raise


async def _act(manager: _Manager, name: str, headers: Mapping[str, str], seconds: float) -> Message:
    for key, value in headers.items():
        if any(end in text for text in (key, value) for end in "\r\n\0"):
            raise AmiValueRefusedError(f"{name}: the header {key!r} holds a line end; it was not sent")
    action = Action({"Action": name, **headers})
    manager.protocol.send(action, as_list=False)
    try:
        async with asyncio.timeout(seconds):
            answer: Message = await action.future
    except TimeoutError as error:
        raise AmiUnavailableError(f"{name}: no answer from Asterisk in {seconds} s") from error
    except ConnectionError as error:
        raise AmiUnavailableError(f"{name}: the connection to Asterisk was lost; it is not sent again") from error
    finally:
        manager.protocol.responses.pop(action.id, None)
    if not answer.success:
        raise AmiActionRefusedError(f"Asterisk refused {name}: {answer.get('Message', 'no reason given')}")
    return answer
