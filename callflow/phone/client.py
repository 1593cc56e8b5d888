"""A SIP phone for asyncio: starts `process.py` and speaks with it.

    async with Phone.started("127.0.0.1") as phone:
        await phone.register("61001", password, "127.0.0.1:5060")
        call = await phone.call("61100")
        await call.wait_for("ringing")
        await call.hang_up()

Times are seconds; `Event.at` is of the monotonic clock, the same in every process of the machine.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import shlex
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Self

from callflow.phone.call import PhoneCall
from callflow.phone.events import Event, EventLog, PhoneError, PhoneTimeoutError
from callflow.phone.wire import Message, Recording

__all__ = ["Phone", "PhoneCall", "phone_interpreter"]

PROCESS = Path(__file__).with_name("process.py")
START_SECONDS = 20.0
LINE_LIMIT = 1 << 20
PROGRESS = {100: "trying", 180: "ringing", 181: "forwarded", 183: "progress"}


class Phone(EventLog):
    """A phone. Events: started, registered, unregistered, incoming, mwi, failed, process_ended."""

    def __init__(self, title: str, process: asyncio.subprocess.Process) -> None:
        super().__init__(title)
        self.calls: dict[str, PhoneCall] = {}
        self.port = 0
        self.registrar = ""
        self._process = process
        self._recording: Recording | None = None
        self._reader = asyncio.create_task(self._read(), name=f"phone {title}")

    @classmethod
    async def start(
        cls, host: str = "127.0.0.1", port: int = 0, *, title: str = "phone", log: Path | None = None
    ) -> Self:
        """Start a phone bound to `host`:`port` (0: any free port); `log`, a new file, gets all its messages.

        Raises:
            PhoneError: pjsua2 is missing, or the port is taken.
        """
        process = await asyncio.create_subprocess_exec(
            *phone_interpreter(), str(PROCESS),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_LIMIT,
            start_new_session=True,
        )  # fmt: skip
        phone = cls(title, process)
        try:
            await phone.wait_for("ready", START_SECONDS)
            await phone.send("start", host=host, port=port, log=str(log or ""))
            started = await phone._first_of("started", "failed")
        except BaseException:
            await phone.stop()
            raise
        if started.name == "failed":
            await phone.stop()
            raise PhoneError(f"the phone cannot use {host}:{port}: {started.fields['error']}")
        phone.port = int(started.fields["port"])
        phone._recording = Recording(log) if log else None
        return phone

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, host: str = "127.0.0.1", port: int = 0, *, title: str = "phone") -> AsyncIterator[Self]:
        """Start a phone, and stop it at the end."""
        phone = await cls.start(host, port, title=title)
        try:
            yield phone
        finally:
            await phone.stop()

    async def use_account(self, username: str, password: str, registrar: str, *, user: str = "") -> None:
        """Call as this account (digest) without registering; `user` stands in From instead of the username."""
        self.registrar = registrar
        await self.send("account", username=username, password=password, registrar=registrar, user=user)

    async def register(self, username: str, password: str, registrar: str) -> None:
        """Register the account at `registrar` (host:port) and wait until that is done.

        Raises:
            PhoneError: the registrar refused.
        """
        await self.use_account(username, password, registrar)
        await self.register_again()

    async def register_again(self) -> None:
        """Register the account in use and wait until that is done.

        Raises:
            PhoneError: the registrar refused.
        """
        before = len(self.events)
        await self.send("register", active=True)
        event = await self._first_of("registered", "unregistered", since=before)
        if event.name == "unregistered":
            reason = f"{event.code} {event.fields['reason']}"
            raise PhoneError(f"{self.registrar} refused to register {self.title}: {reason}")

    async def add_account(self, username: str, password: str, registrar: str) -> None:
        """Be reached as this account as well, registered; its incoming calls name it in `account`.

        Raises:
            PhoneError: the phone has too many, or the registrar did not take it.
        """
        await self.send("add_account", username=username, password=password, registrar=registrar)
        await self.wait_for("registered", where=lambda event: event.fields["account"] == username)

    async def unregister(self) -> None:
        """Unregister and wait until that is done."""
        before = len(self.events)
        await self.send("register", active=False)
        await self._first_of("unregistered", since=before)

    async def call(
        self, number: str, *, to: str = "", caller: str = "", headers: Mapping[str, str] | None = None
    ) -> PhoneCall:
        """Call `number` at the registrar, or at `to` (host:port); `caller` is a number or URI to show in From."""
        call = PhoneCall(self, f"out{len(self.calls) + 1}")
        self.calls[call.name] = call
        if caller and not caller.startswith(("sip:", '"')):
            caller = f"sip:{caller}@{to or self.registrar}"
        await self.send("call", call=call.name, to=self.uri(number, to), caller=caller, headers=dict(headers or {}))
        return call

    def uri(self, number: str, at: str = "") -> str:
        """Return the URI of a number at the registrar, or at `at` (host:port)."""
        return f"sip:{number.replace('#', '%23')}@{at or self.registrar}"

    async def incoming(self, timeout: float = 10.0, count: int = 1) -> PhoneCall:  # noqa: ASYNC109 - as `wait_for`
        """Return the `count`-th incoming call, past or to come within `timeout` seconds."""
        event = await self.wait_for("incoming", timeout, count=count)
        return self.calls[str(event.fields["call"])]

    async def messages(self) -> list[Message]:
        """Return every SIP message sent or received since the start or `forget_messages`.

        Raises:
            PhoneError: the phone was started without a log.
        """
        recording = self._recorded()
        return recording.messages(await self._log_size())

    async def forget_messages(self) -> None:
        """Leave what was sent and received so far out of `messages`.

        Raises:
            PhoneError: the phone was started without a log.
        """
        recording = self._recorded()
        recording.forget(await self._log_size())

    def _recorded(self) -> Recording:
        if self._recording is None:
            raise PhoneError(f"{self.title} records no messages: start it with `log`")
        return self._recording

    async def _log_size(self) -> int | None:
        """Return how long the log is now; None for all of it, of a phone that has stopped."""
        if self.first("process_ended"):
            return None
        before = len(self.events)
        await self.send("flush")
        return int((await self._first_of("flushed", since=before)).fields["size"])

    async def stop(self) -> None:
        """End the calls, unregister and end the process."""
        if self._process.returncode is None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                self._process.stdin.close()
            try:
                async with asyncio.timeout(5):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self._reader

    async def send(self, command: str, **fields: object) -> None:
        """Give the process one command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **fields}).encode() + b"\n")
        await self._process.stdin.drain()

    async def _first_of(self, *names: str, since: int = 0) -> Event:
        def found() -> Event | None:
            return next((event for event in self.events[since:] if event.name in {*names, "process_ended"}), None)

        try:
            async with asyncio.timeout(START_SECONDS), self._changed:
                await self._changed.wait_for(lambda: found() is not None)
        except TimeoutError:
            raise PhoneTimeoutError(self._missing(" or ".join(names), START_SECONDS)) from None
        event = found()
        assert event is not None
        if event.name == "process_ended":
            raise PhoneError(f"{self.title}: the phone's process ended, exit code {event.code}")
        return event

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            fields = json.loads(line)
            await self._dispatch(Event(fields.pop("event"), fields.pop("at"), fields))
        code = await self._process.wait()
        ended = Event("process_ended", asyncio.get_running_loop().time(), {"code": code})
        for log in (self, *self.calls.values()):
            await log.add(ended)

    async def _dispatch(self, event: Event) -> None:
        name = event.fields.get("call")
        if event.name == "incoming":
            self.calls[str(name)] = PhoneCall(self, str(name), event)
        elif name in self.calls:
            await self.calls[name].add(_call_event(event))
            return
        await self.add(event)


def _call_event(event: Event) -> Event:
    if event.name == "state":
        return Event(str(event.fields["state"]), event.at, event.fields)
    if event.name == "response":
        return Event(PROGRESS.get(event.code, "response"), event.at, event.fields)
    return event


def phone_interpreter() -> list[str]:
    """Return what starts a Python that has pjsua2: `CALLFLOW_PHONE_PYTHON` (shell words), this, or one beside it.

    Raises:
        PhoneError: there is none.
    """
    if configured := os.environ.get("CALLFLOW_PHONE_PYTHON"):
        return shlex.split(configured)
    if importlib.util.find_spec("pjsua2"):
        return [sys.executable]
    if (beside := Path(sys.executable).with_name("callflow-phone-python")).exists():
        return [str(beside)]
    raise PhoneError("no Python with pjsua2: run `make setup`, or set CALLFLOW_PHONE_PYTHON to what starts one")
