"""The AMI guard and the ring guard on a real Asterisk (R8)."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from callflow.asterisk.ami import Ami
from callflow.asterisk.ami_connection import AmiActionRefusedError, AmiConnection
from callflow.asterisk.ami_event import AmiEvent
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.service.ring_guard import RingGuard
from tests.asterisks import ami_address, asterisk
from tests.fakes.running import running
from tests.fakes.waiting import until

__all__ = ["asterisk"]

RING_MS = 700
DIALPLAN = f"""
[answers-test]
exten => s,1,Answer()
 same => n,Wait(20)
[ring-test]
exten => caller,1,Set(CHANNEL(accountcode)={RING_MS}:4)
 same => n,Dial(Local/rings@ring-test&Local/silent@ring-test&Local/late@ring-test)
 same => n,Set(GLOBAL(ENDED)=${{DIALSTATUS}} ${{CALLFLOW_RING_ENDED}})
exten => unwatched,1,Set(CHANNEL(accountcode)=-)
 same => n,Dial(Local/rings@ring-test,0.5)
exten => rings,1,Ringing()
 same => n,Wait(20)
exten => silent,1,Wait(20)
exten => late,1,Wait(0.4)
 same => n,Ringing()
 same => n,Wait(20)
"""


@pytest.fixture
async def connection(asterisk: EmbeddedAsterisk) -> AsyncIterator[AmiConnection]:
    connection = AmiConnection(ami_address(asterisk))
    async with running(connection.run()):
        async with asyncio.timeout(5):
            await connection.wait_until_connected()
        yield connection


async def test_asterisk_answers_and_refuses(connection: AmiConnection) -> None:
    assert (await connection.action("Ping"))["Ping"] == "Pong"
    with pytest.raises(AmiActionRefusedError, match="No such channel"):
        await connection.action("Hangup", {"Channel": "PJSIP/nobody-1"})


async def test_function_tells_its_value_also_when_that_is_nothing(connection: AmiConnection) -> None:
    assert (await Ami(connection).function_value("PJSIP_AOR(trunk,contact)")).startswith("trunk")
    assert await Ami(connection).function_value("PJSIP_AOR(nobody,contact)") == ""


async def test_asterisk_refuses_a_wrong_password(asterisk: EmbeddedAsterisk) -> None:
    connection = AmiConnection(replace(ami_address(asterisk), password="wrong"))
    async with running(connection.run()):
        await until(lambda: "check ami_username and ami_password" in (connection.error or ""))
    assert not connection.connected


async def test_ringing_ends_counted_from_the_first_ringing_of_any_leg(
    asterisk: EmbeddedAsterisk, connection: AmiConnection
) -> None:
    await can_originate(asterisk)
    async with running(RingGuard(Ami(connection)).run()):
        began = time.monotonic()
        await asterisk.console("channel originate Local/caller@ring-test application Wait 20")
        while "ENDED=" not in (answer := await asterisk.console("dialplan show globals")):
            assert time.monotonic() < began + 5, answer
        took = time.monotonic() - began
    assert f"ENDED=NOANSWER {RING_MS}:4" in answer
    assert RING_MS / 1000 <= took < RING_MS / 1000 + 0.6


async def test_of_a_dial_that_nobody_is_to_end_only_the_end_is_told(
    asterisk: EmbeddedAsterisk, connection: AmiConnection
) -> None:
    await can_originate(asterisk)
    await asterisk.console("channel originate Local/unwatched@ring-test application Wait 20")
    heard = list[str]()
    async with asyncio.timeout(5):
        async for event in connection.events():
            assert isinstance(event, AmiEvent)
            heard.append(event.name)
            if event.name == "DialEnd":
                break
    assert {"DialBegin", "DialState"}.isdisjoint(heard)


async def test_ringing_that_somebody_has_answered_meanwhile_is_not_ended(
    asterisk: EmbeddedAsterisk, connection: AmiConnection
) -> None:
    await can_originate(asterisk)
    await asterisk.console("channel originate Local/s@answers-test application Wait 20")
    legs = [channel for channel in await channels_of(asterisk, "answers-test") if channel.endswith(";2")]
    assert not await Ami(connection).end_ringing("Local/nobody", f"{RING_MS}:4", (*legs, "PJSIP/gone-1"))
    assert await channels_of(asterisk, "answers-test")
    await asterisk.console("channel request hangup all")


async def test_legs_that_are_all_gone_end_no_later_dial(connection: AmiConnection) -> None:
    assert not await Ami(connection).end_ringing("PJSIP/caller-1", f"{RING_MS}:4", ("PJSIP/gone-1", "PJSIP/gone-2"))


async def can_originate(asterisk: EmbeddedAsterisk) -> None:
    """Give Asterisk this file's contexts, and the console's way to call into them."""
    path = asterisk.settings.asterisk_folder / "etc" / "extensions.conf"
    if DIALPLAN not in (text := path.read_text()):
        path.write_text(text + DIALPLAN)
        await asterisk.console("dialplan reload")
        await asterisk.console("module load res_clioriginate.so")


async def channels_of(asterisk: EmbeddedAsterisk, context: str) -> list[str]:
    """Return the channels that a test made in this context, once there are some."""
    limit = time.monotonic() + 5
    while True:
        lines = (await asterisk.console("core show channels concise")).splitlines()
        if found := [name for line in lines if context in (name := line.partition("!")[0]) and "!Up!" in line]:
            return found
        assert time.monotonic() < limit, lines
