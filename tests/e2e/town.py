"""A whole region for tests: real phones, a real Asterisk, a real PostgreSQL, and the trunk's peer.

Rings are shortened by policy data (`RING_SECONDS`), and each test's changes to the policy are undone from the
audit log afterwards, so that tests share one region.
"""

import asyncio
import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp

from callflow.asterisk.ami_connection import AmiConnection, Lost
from callflow.embedded.region import Region
from callflow.phone.client import Phone, PhoneCall
from callflow.phone.tones import write_tone
from callflow.phone.trunk_peer import KNOWN, Behaviour, TrunkPeer
from callflow.phone.wire import Message
from tests.e2e.helpers import CONNECTIONS, connected, eventually, undo_changes, until_whole
from tests.e2e.service_log import ServiceLog

TONE_MS, PAUSE_MS = 200, 800
RING_SECONDS = (TONE_MS + PAUSE_MS) / 1000
RINGING_LIMIT = 4 * RING_SECONDS
REPAIR_SECONDS = 30.0
RECORDED_BYTES = 16_000 * 3
"""Three seconds of 8 kHz, 16 bits."""
TOLERANCE = 0.45
"""Seconds that a loaded machine may add."""

OUTSIDER = "+46701740605"
FRIEND = "+46701740620"
"""Somebody outside who answers soon."""
WORKING_HOURS = "2026-03-10T10:00:00+01:00"
"""A Tuesday with nothing special about it."""
EVENING = "2026-03-10T20:00:00+01:00"
OUTSIDE_TELEPHONE_HOURS = "2026-03-10T15:30:00+01:00"
"""Bygglov answers its telephone until three and works until half past four."""
ASCENSION_DAY = "2026-05-14T10:00:00+02:00"
AFTERNOON_BEFORE_GOOD_FRIDAY = "2026-04-02T13:00:00+02:00"

NEVER = ("part_failed", "part_ended", "call_task_failed", "call_not_told", "call_back_not_read", "calendar_failed")
"""What the service logs where its code has a fault: no fault of anything else may lead to it."""


def verb_of(plan: str) -> str:
    """Return the verb of a step as the dialplan reports it; the three kinds of a dial are one."""
    verb = plan.partition(",")[0]
    return "dial" if verb in {"phone", "watched"} else verb


@dataclass(slots=True)
class Reported:
    """A UserEvent of the dialplan."""

    name: str
    fields: Mapping[str, str]
    at: float = field(default_factory=time.monotonic)


class Town:
    """What a test does with the region."""

    def __init__(self, region: Region, trunk: TrunkPeer, ami: AmiConnection) -> None:
        self.region = region
        self.trunk = trunk
        self.trunk.phone.registrar = self.sip_address
        self._ami = ami
        self.reported: list[Reported] = []
        self._stack = AsyncExitStack()
        self._audit_before = 0
        self.phones: list[Phone] = []
        self._outsiders: list[Phone] = []
        self._log: ServiceLog | None = None
        self._logs = Path(tempfile.mkdtemp(prefix="messages-", dir=region.settings.home))
        self._reported_changed = asyncio.Condition()

    @property
    def sip_address(self) -> str:
        """Where Asterisk takes SIP."""
        return f"{self.region.settings.sip_host}:{self.region.settings.sip_port}"

    @property
    def database_url(self) -> str:
        """The policy database for asyncpg."""
        return self.region.settings.database_url.get_secret_value().replace("+asyncpg", "")

    # phones

    async def phone(self, username: str, *, register: bool = True, recorded: bool = False) -> Phone:
        """Return a phone with this extension's account, registered unless told otherwise.

        `recorded`: its `messages()` are kept.
        """
        phone = await self._started(self.region.settings.sip_host, username, recorded=recorded)
        password = await self.value("SELECT sip_password FROM extension WHERE sip_username = $1", username)
        if register:
            await phone.register(username, password, self.sip_address)
        else:
            await phone.use_account(username, password, self.sip_address)
        return phone

    async def outsider(self) -> Phone:
        """Return a phone that calls from the trunk's address."""
        phone = await self._started(self.region.settings.trunk_host, "outsider", recorded=True)
        phone.registrar = self.sip_address
        self._outsiders.append(phone)
        return phone

    async def _started(self, host: str, title: str, *, recorded: bool) -> Phone:
        phone = await Phone.start(host, title=title, log=self._new_log(title) if recorded else None)
        self._stack.push_async_callback(phone.stop)
        self.phones.append(phone)
        return phone

    async def call_from_outside(
        self,
        number: str,
        *,
        caller: str = OUTSIDER,
        at: str = WORKING_HOURS,
        headers: Mapping[str, str] | None = None,
    ) -> PhoneCall:
        """Call one of the region's numbers through the trunk at the time `at`, with `headers` added."""
        phone = await self.outsider()
        sent = {"X-Callflow-At": at, **(headers or {})}
        return await phone.call(number, to=self.sip_address, caller=caller, headers=sent)

    async def call(
        self, phone: Phone, number: str, *, at: str = WORKING_HOURS,
        caller: str = "", headers: Mapping[str, str] | None = None,
    ) -> PhoneCall:  # fmt: skip
        """Call from a phone of the region at the time `at`, with `caller` in From and `headers` added."""
        return await phone.call(number, caller=caller, headers={"X-Callflow-At": at, **(headers or {})})

    async def trunk_messages(self) -> list[Message]:
        """Return every SIP message of this test that went over the trunk, those of its callers included."""
        return [message for phone in (self.trunk.phone, *self._outsiders) for message in await phone.messages()]

    def _new_log(self, title: str) -> Path:
        descriptor, path = tempfile.mkstemp(prefix=f"{title}-", suffix=".log", dir=self._logs)
        os.close(descriptor)
        return Path(path)

    # the policy

    async def value(self, query: str, *arguments: object) -> Any:
        """Return one value from the database."""
        async with connected(self.database_url) as connection:
            return await connection.fetchval(query, *arguments)

    async def row(self, query: str, *arguments: object) -> tuple[Any, ...]:
        """Return the first row of what the database answers."""
        async with connected(self.database_url) as connection:
            return tuple(await connection.fetchrow(query, *arguments))

    async def sql(self, statement: str, *arguments: object) -> None:
        """Change the policy as an administrator by hand would; return when the service has it."""
        async with connected(self.database_url) as connection:
            await connection.execute(statement, *arguments)
        await self.until_current()

    async def until_current(self, seconds: float = 5.0) -> None:
        """Wait until the service decides by the database's present revision."""
        wanted = await self.value("SELECT revision FROM policy_revision")
        await eventually(lambda: self._has_revision(wanted), seconds, f"the service never had revision {wanted}")

    async def health(self) -> dict[str, Any]:
        """Return what the service says of itself."""
        return cast("dict[str, Any]", json.loads((await self.ask("health"))[1]))

    async def ask(self, about: str) -> tuple[bool, str]:
        """Ask the service for `health`, `ready` or `metrics`; return whether that was a success, and the answer."""
        url = f"http://{self.region.settings.service_host}:{self.region.settings.service_port}/{about}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.ok, await answer.text()

    async def _has_revision(self, wanted: int) -> bool:
        return int((await self.health())["policy"]["revision"] or 0) >= wanted

    # trouble

    async def stop_database(self) -> None:
        """Stop PostgreSQL."""
        await asyncio.to_thread(self.region.postgres.stop)

    async def start_asterisk_cold(self) -> None:
        """Kill Asterisk and start it anew."""
        await self.region.asterisk.kill()
        await self.region.asterisk.start()

    def service_log(self) -> ServiceLog:
        """Return what the service writes from now on."""
        return ServiceLog(self.region.service.log)

    def pause_service(self) -> None:
        """Let the service hang, as if it were stuck; it goes on after the test."""
        pid = self.region.service.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        self._stack.callback(os.kill, pid, signal.SIGCONT)

    def _crashed(self) -> list[str]:
        """Return what ended that no test has ended, and what the service never says where its code is right."""
        parts = (("callflow serve", self.region.service.crashed), ("Asterisk", self.region.asterisk.crashed))
        ended = [f"{name} ended by itself" for name, crashed in parts if crashed]
        said = [] if self._log is None else [*self._log.lines(*NEVER), *self._log.containing("never retrieved")]
        return ended + said

    async def _repair(self) -> None:
        if self.region.postgres.process is None:
            self.region.postgres.start()
        if not self.region.asterisk.running:
            await self.region.asterisk.start()
        if not self.region.service.running:
            await self.region.start_service()
        async with asyncio.timeout(REPAIR_SECONDS):
            await self._ami.wait_until_connected()

    # what was reported

    async def report(
        self, name: str, seconds: float = 10.0, where: Callable[[Mapping[str, str]], bool] = lambda _: True
    ) -> Reported:
        """Return the first UserEvent of this name in this test for which `where` holds, past or to come."""

        def found() -> Reported | None:
            return next((event for event in self.reported if event.name == name and where(event.fields)), None)

        try:
            async with asyncio.timeout(seconds), self._reported_changed:
                await self._reported_changed.wait_for(lambda: found() is not None)
        except TimeoutError:
            seen = [f"{it.name} {it.fields.get('Plan', '')}".rstrip() for it in self.reported]
            raise AssertionError(f"no {name} within {seconds} s; reported: {seen}") from None
        event = found()
        assert event is not None
        return event

    async def step(self, verb: str, seconds: float = 10.0, *, containing: str = "") -> Reported:
        """Return the first step of this verb whose plan holds `containing`, past or to come."""
        return await self.report(
            "CallflowStep", seconds, lambda it: verb_of(it["Plan"]) == verb and containing in it["Plan"]
        )

    async def choose(self, call: PhoneCall, digit: str, seconds: float = 10.0) -> None:
        """Press a digit when the caller is offered a choice; again when it came before the menu listened."""
        await self.step("menu", seconds)
        await call.wait_for("media")
        before = len(self.steps())
        for _ in range(3):
            await call.send_digits(digit)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2), self._reported_changed:
                    await self._reported_changed.wait_for(lambda: len(self.steps()) > before)
                    return
        raise AssertionError(f"the choice {digit} was not taken")

    async def speak(self, call: PhoneCall, seconds: float = 25.0) -> None:
        """Speak until a voicemail has recorded some seconds of it."""
        with tempfile.TemporaryDirectory() as folder:
            voice = write_tone(Path(folder) / "voice.wav", [(0.6, 0.1)] * 60, hertz=300)
            await call.play(voice)
            await eventually(self._has_recorded, seconds, "voicemail recorded nothing")

    async def _has_recorded(self) -> bool:
        recordings = (self.region.settings.asterisk_folder / "spool" / "voicemail").glob("*/*/tmp/*.wav")
        return any(path.stat().st_size > RECORDED_BYTES for path in recordings)

    async def has_mail(self) -> bool:
        """Tell whether a mail has come in this test."""
        return bool(self.region.mail.mails)

    def steps(self) -> list[str]:
        """Return the verbs of the steps run so far."""
        return [verb_of(it.fields["Plan"]) for it in self.reported if it.name == "CallflowStep"]

    async def follow(self) -> None:
        """Keep what the dialplan reports, until cancelled."""
        async for message in self._ami.events():
            if isinstance(message, Lost) or message.get("Event") != "UserEvent":
                continue
            fields = dict(message.headers())
            async with self._reported_changed:
                self.reported.append(Reported(fields["UserEvent"], fields))
                self._reported_changed.notify_all()

    # before and after each test

    async def begin(self) -> None:
        """Forget the previous test."""
        self.reported.clear()
        self.region.mail.mails.clear()
        self.trunk.calls.clear()
        self.trunk.behaviours = {**KNOWN, FRIEND: Behaviour(ring_seconds=0.3)}
        self.trunk.phone.events.clear()
        await self.trunk.phone.forget_messages()
        self.phones.clear()
        self._outsiders.clear()
        self._audit_before = await self.value("SELECT coalesce(max(id), 0) FROM audit")
        self._log = self.service_log()

    async def end(self) -> None:
        """End the test's phones, put the policy back, and see that no call is left and that nothing has crashed."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()
        crashed = self._crashed()
        await self._repair()
        async with connected(self.database_url) as connection:
            await undo_changes(connection, self._audit_before)
        await self.until_current(REPAIR_SECONDS)
        await until_whole(self.health, CONNECTIONS, REPAIR_SECONDS)
        await eventually(self.is_quiet, 10, "channels or bridges were left")
        assert not crashed, crashed

    async def is_quiet(self) -> bool:
        """Tell whether Asterisk has no channel and no bridge."""
        channels = await self.region.asterisk.console("core show channels count")
        bridges = await self.region.asterisk.console("bridge show all")
        return "0 active channels" in channels and len(bridges.strip().splitlines()) <= 1
