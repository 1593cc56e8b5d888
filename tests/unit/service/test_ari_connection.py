"""The websocket: what comes over it wrong, late or too much, and what happens when it breaks."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from callflow.asterisk import ari_connection
from callflow.asterisk.ari import Ari
from callflow.asterisk.ari_connection import AriConnection, AriUnavailableError
from callflow.asterisk.ari_events import (
    CallBroadcast,
    Connected,
    Event,
    StasisStart,
    UnreadableMessageError,
    read_message,
)
from callflow.service.telephony import CallEntered
from tests.fakes.ari_server import FakeAri, channel
from tests.fakes.running import running
from tests.fakes.waiting import until


async def take(connection: AriConnection, count: int) -> list[Event]:
    found: list[Event] = []
    async with asyncio.timeout(5):
        async for event in connection.events():
            found.append(event)
            if len(found) == count:
                break
    return found


async def test_events_come_in_order_after_the_filter_is_set() -> None:
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            await fake.event("CallBroadcast", "1.1")
            await fake.event("StasisStart", "1.1", args=["trunk"])
            connected, broadcast, start = await take(connection, 3)
    assert isinstance(connected, Connected)
    assert isinstance(broadcast, CallBroadcast)
    assert isinstance(start, StasisStart)
    [(method, uri, body)] = fake.asked
    assert (method, uri) == ("PUT", "applications/callflow-test/eventFilter")
    assert {"type": "RESTResponse"} in body["allowed"]


@pytest.mark.parametrize(
    "nonsense",
    [
        "not json at all",
        '{"no": "type"}',
        '{"type": "StasisStart"}',
        '{"type": "StasisStart", "channel": {"id": 5}}',
        '{"type": "ChannelVarset", "variable": "X"}',
        '"' + "[" * 100,
        "[" * 100_000,
        json.dumps(
            {"type": "CallBroadcast", "channel": channel("huge"), "pad": "x" * ari_connection.LARGEST_MESSAGE}
        ),
        '{"type": "RESTResponse", "request_id": "nobody asked", "status_code": 200}',
    ],
    ids=lambda text: text[:30],
)
async def test_a_message_that_makes_no_sense_is_skipped(nonsense: str) -> None:
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            await fake.say(nonsense)
            await fake.event("CallBroadcast", "1.2")
            _, event = await take(connection, 2)
    assert isinstance(event, CallBroadcast)
    assert event.channel.id == "1.2"
    assert fake.connections == 1


def test_a_kind_that_we_have_no_use_for_is_nothing_and_a_broken_one_of_ours_is_an_error() -> None:
    assert read_message('{"type": "ChannelVarset", "variable": "X"}') is None
    with pytest.raises(UnreadableMessageError) as error:
        read_message('{"type": "StasisStart", "args": []}')
    assert error.value.kind == "StasisStart"


async def test_a_listener_that_does_not_listen_stalls_nobody() -> None:
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address, queue_size=2)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            for number in range(5):
                await fake.event("CallBroadcast", f"1.{number}")
            assert await Ari(connection).claim("1.9") is False
            await until(lambda: connection.dropped_events == 4)
    assert fake.connections == 1


async def test_text_that_is_no_utf_8_is_one_message_less() -> None:
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            half = '{"caller": "Åsa'.encode()[:-3]
            fake.send(bytes([0x81, len(half)]) + half)
            await fake.event("CallBroadcast", "1.2")
            _, event = await take(connection, 2)
    assert isinstance(event, CallBroadcast)
    assert fake.connections == 1


async def test_a_broken_frame_is_told_as_what_it_was() -> None:
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            with capture_logs() as lines:
                fake.send(b"\xff\xff\xff\xff")
                await until(lambda: fake.connections == 2 and connection.connected)
    [reason] = [line["reason"] for line in lines if line["event"] == "ari_disconnected"]
    assert "the websocket broke" in reason


async def test_why_there_is_no_connection_is_told_once_however_often_it_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ari_connection, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(ari_connection, "LONGEST_PAUSE_SECONDS", 0.01)
    async with FakeAri().running() as fake:
        connection = AriConnection(replace(fake.address, password="fel"))
        with capture_logs() as lines:
            async with running(connection.run()):
                await until(lambda: fake.refusals > 5)
    [line] = [line for line in lines if line["event"] == "ari_disconnected"]
    assert "check ari_username and ari_password" in line["reason"]


async def test_nonsense_by_the_thousand_is_told_once() -> None:
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            with capture_logs() as lines:
                for _ in range(1000):
                    await fake.say("nonsense")
                await fake.event("CallBroadcast", "1.2")
                await take(connection, 2)
    assert [line["event"] for line in lines] == ["ari_message_skipped"]


async def test_that_the_connection_is_new_is_heard_however_full_the_queue_is() -> None:
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address, queue_size=2)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            await fake.event("CallBroadcast", "1.1")
            await fake.event("CallBroadcast", "1.2")
            await until(lambda: connection.dropped_events == 1)
            await fake.cut()
            await until(lambda: fake.connections == 2 and connection.connected)
            events = await take(connection, 2)
    assert [type(event) for event in events] == [CallBroadcast, Connected]


async def test_no_answer_is_an_error_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ari_connection, "REQUEST_SECONDS", 0.05)
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            fake.silent = True
            with pytest.raises(AriUnavailableError, match="no answer"):
                await Ari(connection).claim("1.1")


async def test_a_cut_connection_fails_what_waits_and_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ari_connection, "REQUEST_SECONDS", 30.0)
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            fake.silent = True
            claim = asyncio.create_task(Ari(connection).claim("1.1"))
            await until(lambda: connection._waiting, "the claim on its way")
            fake.silent = False
            await fake.cut()
            with pytest.raises(AriUnavailableError, match="lost"):
                await asyncio.wait_for(claim, 5)
            await until(lambda: fake.connections == 2 and connection.connected)
            await fake.event("CallBroadcast", "1.3")
            events = await take(connection, 3)
    assert [type(event) for event in events] == [Connected, Connected, CallBroadcast]


async def test_what_is_asked_while_away_fails_at_once() -> None:
    async with FakeAri().running() as fake:
        with pytest.raises(AriUnavailableError, match="not connected"):
            await Ari(AriConnection(fake.address)).claim("1.1")


async def test_the_caller_is_who_asterisk_authenticated_and_withheld_is_nobody() -> None:
    async with FakeAri().running() as fake:
        connection = AriConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: connection.connected)
            phone = channel("1.1", "61002", "PJSIP/kund-service-61001-0000002a")
            await fake.say({"type": "StasisStart", "args": ["phone", "x", "allowed"], "channel": phone})
            args = ["trunk", "trunk", "prohib_passed_screen", "2026-03-10T10", "00", "00+01", "00"]
            await fake.say({"type": "StasisStart", "args": args, "channel": channel("1.2") | {"protocol_id": "a8@x"}})
            calls = [event.call async for event in first_calls(Ari(connection), 2)]
    assert (calls[0].endpoint, calls[0].caller_number, calls[0].at) == ("kund-service-61001", "+46701740605", "")
    assert (calls[1].endpoint, calls[1].caller_number) == ("trunk", None)
    assert (calls[1].sip_call_id, calls[1].at) == ("a8@x", "2026-03-10T10:00:00+01:00")


async def first_calls(ari: Ari, count: int) -> AsyncIterator[CallEntered]:
    async for event in ari.events():
        if isinstance(event, CallEntered):
            yield event
            count -= 1
        if count == 0:
            return
