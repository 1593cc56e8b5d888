"""The guard around panoramisk, against a scripted AMI."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from callflow.asterisk import ami_connection
from callflow.asterisk.ami_connection import (
    AmiActionRefusedError,
    AmiConnection,
    AmiUnavailableError,
    AmiValueRefusedError,
    Lost,
)
from callflow.asterisk.ami_event import AmiEvent
from tests.fakes.ami_server import FakeAmi
from tests.fakes.running import running
from tests.fakes.waiting import until


async def next_event(connection: AmiConnection) -> AmiEvent | Lost:
    async with asyncio.timeout(5):
        async for event in connection.events():
            return event
    raise AssertionError


async def test_a_letter_split_over_two_segments_stays_whole() -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            whole = "Event: UserEvent\r\nUserEvent: CallflowEnd\r\nName: Åsa Öberg på Umeå\r\n\r\n".encode()
            middle = whole.index("å".encode()) + 1
            await fake.send(whole[:middle])
            assert connection._manager is not None
            protocol = connection._manager.protocol
            await until(lambda: "Öberg".encode() in protocol.rest, "the first half")
            await fake.send(whole[middle:])
            event = await next_event(connection)
    assert isinstance(event, AmiEvent)
    assert event.get("Name") == "Åsa Öberg på Umeå"


async def test_a_wrong_password_is_an_error_that_is_told_and_no_connection() -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(replace(fake.address, password="fel"))
        async with running(connection.run()):
            await until(lambda: "check ami_username and ami_password" in (connection.error or ""))
            assert not connection.connected
            with pytest.raises(AmiUnavailableError):
                await connection.action("Ping")
    assert len(fake.actions) == 1


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\rb", "a\0b"])
async def test_a_value_with_a_line_end_is_refused_and_not_sent(value: str) -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            with pytest.raises(AmiValueRefusedError):
                await connection.action("Setvar", {"Value": value})
    assert fake.names() == []


async def test_an_action_lost_with_the_connection_is_not_sent_again() -> None:
    async with FakeAmi(silent={"Originate"}).running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            action = asyncio.create_task(connection.action("Originate"))
            await until(lambda: fake.names() == ["Originate"])
            fake.cut()
            with pytest.raises(AmiUnavailableError, match="not sent again"):
                await action
            await until(lambda: fake.logins == 2 and connection.connected)
            await fake.event("FullyBooted")
            await connection.action("Setvar")
    assert fake.names() == ["Originate", "Setvar"]


async def test_no_answer_is_an_error() -> None:
    async with FakeAmi(silent={"Setvar"}).running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            with pytest.raises(AmiUnavailableError, match="no answer"):
                await connection.action("Setvar", seconds=0.05)
            assert connection.connected


async def test_a_refused_action_is_an_error_with_asterisks_reason() -> None:
    async with FakeAmi(refused={"Hangup"}).running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            with pytest.raises(AmiActionRefusedError, match="No such channel"):
                await connection.action("Hangup", {"Channel": "PJSIP/gone"})


async def test_a_lost_connection_is_told_to_the_listener_and_made_anew() -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            fake.cut()
            assert isinstance(await next_event(connection), Lost)
            await until(lambda: fake.logins == 2)


async def test_a_half_open_connection_is_found_by_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_connection, "PING_SECONDS", 0.02)
    monkeypatch.setattr(ami_connection, "PING_ANSWER_SECONDS", 0.2)
    async with FakeAmi(silent={"Ping"}).running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: fake.logins == 1)
            await until(lambda: fake.logins == 2)


async def test_a_listener_that_does_not_listen_stalls_nobody() -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address, queue_size=1)
        async with running(connection.run()):
            await connection.wait_until_connected()
            for number in range(3):
                await fake.event("UserEvent", Number=str(number))
            await connection.action("Ping")
            event = await next_event(connection)
    assert isinstance(event, AmiEvent)
    assert event.get("Number") == "0"


async def test_that_the_connection_was_lost_is_heard_however_full_the_queue_is() -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address, queue_size=1)
        async with running(connection.run()):
            await connection.wait_until_connected()
            await fake.event("UserEvent")
            await connection.action("Ping")
            fake.cut()
            await until(lambda: fake.logins == 2 and connection.connected)
            assert isinstance(await next_event(connection), Lost)


async def test_an_action_that_takes_long_is_not_taken_for_a_dead_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_connection, "PING_SECONDS", 0.02)
    monkeypatch.setattr(ami_connection, "PING_ANSWER_SECONDS", 0.05)
    async with FakeAmi(silent={"Reload", "Ping"}).running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            with pytest.raises(AmiUnavailableError, match="no answer"):
                await connection.action("Reload", seconds=0.4)
            assert fake.logins == 1
            await until(lambda: fake.logins == 2)


async def test_a_dead_connection_is_found_however_often_somebody_tries_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ami_connection, "PING_SECONDS", 0.02)
    monkeypatch.setattr(ami_connection, "PING_ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(ami_connection, "LONGEST_ANSWER_SECONDS", 0.2)
    async with FakeAmi(silent={"SorceryMemoryCacheExpire", "Ping"}).running() as fake:
        connection = AmiConnection(fake.address)

        async def try_for_ever() -> None:
            while True:
                await connection.wait_until_connected()
                with suppress(AmiUnavailableError):
                    await connection.action("SorceryMemoryCacheExpire", seconds=0.03)

        async with running(connection.run()), running(try_for_ever()):
            await until(lambda: fake.logins == 2)
    [first_ping, *_] = [at for at, action in enumerate(fake.actions) if action["Action"] == "Ping"]
    assert first_ping > 3


async def test_an_asterisk_that_waits_for_its_last_call_is_still_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_connection, "PING_SECONDS", 0.02)
    async with FakeAmi(refused={"Ping"}, reason="Asterisk is shutting down").running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: [action["Action"] for action in fake.actions].count("Ping") > 2)
            assert connection.connected
            assert fake.logins == 1


async def test_a_login_refused_by_an_asterisk_that_shuts_down_speaks_of_no_password() -> None:
    async with FakeAmi(refused={"Login"}, reason="Asterisk is shutting down").running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await until(lambda: "shutting down" in (connection.error or ""))
            assert "password" not in str(connection.error)
            fake.refused.clear()
            await until(lambda: connection.connected)


async def test_a_refused_login_is_told_once_however_often_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_connection, "LONGEST_PAUSE_SECONDS", 0.01)
    async with FakeAmi().running() as fake:
        connection = AmiConnection(replace(fake.address, password="fel"))
        with capture_logs() as lines:
            async with running(connection.run()):
                await until(lambda: len(fake.actions) > 5)
    assert [line["event"] for line in lines] == ["ami_login_refused"]


async def test_a_message_without_an_end_costs_the_connection_and_says_so() -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            with capture_logs() as lines:
                fake.writers[-1].write(b"Event: UserEvent\r\nValue: " + b"x" * 2 * ami_connection.LARGEST_MESSAGE)
                await until(lambda: fake.logins == 2 and connection.connected)
            assert isinstance(await next_event(connection), Lost)
    [reason] = [line["reason"] for line in lines if line["event"] == "ami_disconnected"]
    assert reason == "a message without an end"


async def test_why_the_connection_is_given_up_is_told_also_while_a_ping_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ami_connection, "PING_SECONDS", 0.01)
    monkeypatch.setattr(ami_connection, "LARGEST_MESSAGE", 1000)
    async with FakeAmi(silent={"Ping"}).running() as fake:
        connection = AmiConnection(fake.address)
        with capture_logs() as lines:
            async with running(connection.run()):
                await until(lambda: any(action["Action"] == "Ping" for action in fake.actions))
                await fake.send(b"x" * 2000)
                await until(lambda: any(line["event"] == "ami_disconnected" for line in lines))
    told = next(line for line in lines if line["event"] == "ami_disconnected")
    assert told["reason"] == "a message without an end"


async def test_a_message_with_a_doubled_header_is_skipped() -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            await fake.send(b"Event: A\r\nEvent: B\r\n\r\nnonsense\r\n\r\nEvent: C\r\n\r\n")
            event = await next_event(connection)
    assert isinstance(event, AmiEvent)
    assert event.get("Event") == "C"
    assert fake.logins == 1


async def test_an_asterisk_that_says_it_stops_is_left_at_once() -> None:
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            await fake.event("Shutdown", Shutdown="Cleanly")
            event = await next_event(connection)
            assert isinstance(event, AmiEvent)
            assert event.name == "Shutdown"
            assert isinstance(await next_event(connection), Lost)
            await until(lambda: fake.logins == 2)


async def test_events_that_answer_an_action_end_it_and_any_other_is_news() -> None:
    async with FakeAmi(silent={"CoreShowChannels"}).running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()):
            await connection.wait_until_connected()
            asked = asyncio.create_task(connection.action("CoreShowChannels"))
            await until(lambda: fake.names() == ["CoreShowChannels"])
            [action_id] = [action["ActionID"] for action in fake.actions if action["Action"] == "CoreShowChannels"]
            await fake.event("CoreShowChannelsComplete", ActionID=action_id, ListItems="0")
            assert (await asked)["ListItems"] == "0"
            await fake.event("UserEvent", ActionID="action/nobody/1/1", Number="1")
            event = await next_event(connection)
    assert isinstance(event, AmiEvent)
    assert event.get("Number") == "1"
