"""The region with a proxy on every way between the service and what it needs, and what such tests ask of it."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from callflow.embedded.postgres_folder import socket_folder
from callflow.phone.client import Phone, PhoneCall
from tests.e2e.faults.cut_wire import LOOPBACK, CutWire, that_said
from tests.e2e.helpers import CONNECTIONS, connected, eventually, until_whole
from tests.e2e.talking import heard
from tests.e2e.town import Town

BACK_SECONDS = 20.0
"""How long the service may take to be whole again: it tries at least every five seconds."""
POLL_SECONDS = 2.0
"""The shortest interval that the service promises to keep (`callflow/storage/changes.py`)."""
NOTICE_SECONDS = 15.0
"""How long a connection may be dead without a word before health says so."""
NET_SECONDS = 3.0
"""What a caller may hear of silence: the dead-man's switch is two, and the machine adds."""

RELOADING = that_said(b"Events: off")
"""The AMI connection that reloads have to themselves."""
RINGING = that_said(b"Events: call")
"""The AMI connection that hears what rings."""
LISTENING = that_said(b"LISTEN")
"""The database connection that waits for notifications."""


@dataclass(frozen=True, slots=True)
class Wires:
    """The ways to Asterisk's ARI and AMI and to the database, each a proxy; and the region they belong to."""

    town: Town
    ari: CutWire
    ami: CutWire
    database: CutWire

    def heal(self) -> None:
        """Let everything pass again."""
        for wire in (self.ari, self.ami, self.database):
            wire.heal()

    async def part(self, name: str) -> dict[str, Any]:
        """Return what health says of one part."""
        found: dict[str, Any] = (await self.town.health())[name]
        return found

    async def until_wrong(self, name: str, *, saying: str = "", seconds: float = NOTICE_SECONDS) -> str:
        """Wait until health says that a part is wrong, with these words; return what it says."""

        async def is_wrong() -> bool:
            part = await self.part(name)
            return not part["ok"] and saying in part["error"]

        await eventually(is_wrong, seconds, f"health never said that {name} is wrong: {await self.part(name)}")
        return str((await self.part(name))["error"])

    async def until_whole(self, *names: str, seconds: float = BACK_SECONDS) -> None:
        """Wait until health says that these parts are well, all that this file can hurt by default."""
        await until_whole(self.town.health, names or CONNECTIONS, seconds)

    async def ready(self) -> bool:
        """Tell whether the service says that it is ready."""
        return (await self.town.ask("ready"))[0]

    async def metric(self, name: str) -> float:
        """Return a metric, by its name with labels; 0 as long as there is none."""
        _, text = await self.town.ask("metrics")
        return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} ")), 0.0)

    async def answers(self) -> bool:
        """Tell whether the service answers about its health."""
        try:
            await self.ready()
        except aiohttp.ClientError:
            return False
        return True

    async def sql_unseen(self, statement: str) -> None:
        """Change the policy without waiting for the service to have it."""
        async with connected(self.town.database_url) as connection:
            await connection.execute(statement)


@asynccontextmanager
async def wires_of(town: Town) -> AsyncIterator[Wires]:
    """Start the region's service anew with proxies in between; afterwards as it was."""
    region, settings = town.region, town.region.settings
    socket = f"{socket_folder(region.postgres.folder)}/.s.PGSQL.5432"
    async with AsyncExitStack() as stack:
        ari = await stack.enter_async_context(CutWire((settings.http_host, settings.http_port)))
        ami = await stack.enter_async_context(CutWire((LOOPBACK, settings.ami_port)))
        database = await stack.enter_async_context(CutWire(socket))
        url = settings.database_url.get_secret_value()
        await region.stop_service()
        region.service_environment = {
            "CALLFLOW_HTTP_PORT": str(ari.port),
            "CALLFLOW_AMI_PORT": str(ami.port),
            "CALLFLOW_POLL_SECONDS": str(POLL_SECONDS),
            "CALLFLOW_DATABASE_URL": url.partition("?")[0].replace("@/", f"@{LOOPBACK}:{database.port}/"),
        }
        await region.start_service()
        wires = Wires(town, ari, ami, database)
        await wires.until_whole()
        yield wires
        await region.stop_service()
        region.service_environment = {}
        await region.start_service()


Talk = tuple[PhoneCall, PhoneCall]
"""A call and the leg that was called."""


async def called_from_outside(town: Town, phone: Phone, count: int = 1) -> Talk:
    """Call the phone from outside; return the call and the phone's `count`-th leg, which came in time."""
    call = await town.call_from_outside(f"+46901{phone.title}")
    leg = await phone.incoming(10, count)
    assert leg.invite is not None
    waited = leg.invite.at - (await call.wait_for("calling")).at
    assert waited < NET_SECONDS, f"the caller waited {waited:.1f} s"
    return call, leg


async def talking(talk: Talk) -> Talk:
    """Let the one who is called ring and answer; return when they hear each other."""
    call, leg = talk
    await leg.ring()
    await call.wait_for("ringing")
    await leg.answer()
    await call.wait_for("connected")
    await heard(call, leg)
    return talk


async def decided_call(town: Town, phone: Phone, count: int = 1) -> Talk:
    """Call the phone from outside; the call has a plan of the service's."""
    town.reported.clear()
    talk = await called_from_outside(town, phone, count)
    await town.step("dial", containing=phone.title)
    return await talking(talk)


@asynccontextmanager
async def started_with_a_wrong_password(wires: Wires, setting: str) -> AsyncIterator[None]:
    """Start the service anew with a wrong password, and afterwards with the right one."""
    region = wires.town.region
    right = dict(region.service_environment)
    await region.stop_service()
    region.service_environment[setting] = "fel-losenord"
    starting = asyncio.create_task(region.start_service())
    try:
        await eventually(wires.answers, BACK_SECONDS, "the service does not answer")
        yield
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        region.service_environment = right
        await region.stop_service()
        await region.start_service()
    await wires.until_whole()


def asks(wanted: bytes) -> Callable[[bytes], bool]:
    """Tell of bytes that go to ARI whether they hold a request with this in it: a client's frames are masked."""
    return lambda data: wanted in _unmasked(data)


def _unmasked(data: bytes) -> bytes:
    found = b""
    while len(data) > 6:
        length, head = data[1] & 0x7F, 2
        if length >= 126:
            head = 4 if length == 126 else 10
            length = int.from_bytes(data[2:head])
        mask, body = data[head : head + 4], data[head + 4 : head + 4 + length]
        found += bytes(byte ^ mask[place % 4] for place, byte in enumerate(body))
        data = data[head + 4 + length :]
    return found


def text_frame(text: bytes, *, masked: bool = False) -> bytes:
    """Return a websocket frame of text (RFC 6455), masked as a client's must be, by zeros."""
    length, mask = len(text), 0x80 if masked else 0
    if length < 126:
        head = struct.pack("!BB", 0x81, mask | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", 0x81, mask | 126, length)
    else:
        head = struct.pack("!BBQ", 0x81, mask | 127, length)
    return head + (bytes(4) if masked else b"") + text
