"""The way to Asterisk's AMI is broken in every manner: ringing ends in time, it comes back, and health is true."""

from collections.abc import Callable

import pytest

from callflow.asterisk.plan_variables import TRUNK_ALLOWANCE_MS
from callflow.phone.client import PhoneCall
from callflow.phone.trunk_peer import PERSON, Behaviour
from tests.e2e.faults.cut_wire import CutWire, Towards
from tests.e2e.faults.wires import (
    BACK_SECONDS,
    RINGING,
    Talk,
    Wires,
    called_from_outside,
    decided_call,
    started_with_a_wrong_password,
    talking,
)
from tests.e2e.talking import heard
from tests.e2e.town import RING_SECONDS, TOLERANCE, Town
from tests.fakes.waiting import until

ANNA, KARIN, MARIA = "61100", "61106", "61102"
DIALS_OWN_SECONDS = RING_SECONDS + TRUNK_ALLOWANCE_MS / 1000
"""How long a mobile rings at most when nobody ends it."""
SKIPPED = 'callflow_messages_skipped_total{part="ami"}'
ENDED = "callflow_ringing_ended_total"
Fault = Callable[[CutWire], None]


@pytest.fixture(autouse=True)
async def one_ring(town: Town, wires: Wires) -> None:
    """Nobody answers, and a caller waits one ring only; Maria has a mobile alone, which only the service stops."""
    assert wires.town is town
    town.trunk.behaviours[PERSON] = Behaviour(ring_seconds=60)
    await town.sql(f"UPDATE extension SET ring_limit = 1, mobile_confirms = false WHERE number LIKE '%{MARIA}'")
    await town.sql(f"UPDATE extension SET ring_limit = 1 WHERE sip_username = '{ANNA}'")


async def call_to_the_mobile(town: Town) -> Talk:
    """Call Maria from outside; return the call and its leg to the mobile, which rings."""
    before = len(town.trunk.calls)
    call = await town.call_from_outside(f"+46901{MARIA}")
    await call.wait_for("ringing")
    return call, town.trunk.calls[before]


def rang_for(leg: PhoneCall) -> float:
    """Return how long a leg rang, in seconds."""
    began, ended = leg.invite, leg.first("disconnected")
    assert began is not None
    assert ended is not None
    return ended.at - began.at


async def the_service_ends_the_ringing(town: Town, wires: Wires) -> None:
    """See that a mobile rings no longer than it may, and that it is the service that stops it."""
    before = await wires.metric(ENDED)
    call, mobile = await call_to_the_mobile(town)
    await mobile.wait_for("disconnected", DIALS_OWN_SECONDS)
    assert rang_for(mobile) < RING_SECONDS + 2 * TOLERANCE
    await call.wait_for("connected")
    assert await wires.metric(ENDED) == before + 1


def asterisk_takes_no_connections(wire: CutWire) -> None:
    wire.refuse()


def packets_are_dropped(wire: CutWire) -> None:
    wire.go_half_open()


def everything_crawls(wire: CutWire) -> None:
    wire.slow_down(Towards.CLIENT, 50)
    wire.slow_down(Towards.SERVER, 50)


@pytest.mark.parametrize("fault", [asterisk_takes_no_connections, packets_are_dropped, everything_crawls])
async def test_ringing_ends_by_the_dials_own_limit_until_ami_is_back_when(
    town: Town, wires: Wires, fault: Fault
) -> None:
    karin, anna = await town.phone(KARIN), await town.phone(ANNA)
    before = await talking(await called_from_outside(town, karin))
    log = town.service_log()
    fault(wires.ami)
    call, mobile = await call_to_the_mobile(town)
    desk_call, desk = await called_from_outside(town, anna)
    await desk.ring()
    await desk.wait_for("disconnected", RING_SECONDS + 2)
    await desk_call.wait_for("connected")
    await wires.until_wrong("ami")
    assert await wires.ready()
    await mobile.wait_for("disconnected", DIALS_OWN_SECONDS)
    assert rang_for(mobile) < DIALS_OWN_SECONDS + 1
    await call.wait_for("connected")
    assert 0 < len(log.lines("ami_disconnected")) <= 6, log.lines("ami_disconnected")
    wires.heal()
    await wires.until_whole()
    await the_service_ends_the_ringing(town, wires)
    await heard(*before)


def now(wire: CutWire) -> None:
    wire.cut()


def in_the_middle_of_the_news_of_the_ringing(wire: CutWire) -> None:
    wire.cut_in_next(Towards.CLIENT, lambda data: b"DialStatus: RINGING" in data)


def in_the_middle_of_ending_the_ringing(wire: CutWire) -> None:
    wire.cut_in_next(Towards.SERVER, lambda data: b"Action: Setvar" in data)


def between_the_two_actions_that_end_the_ringing(wire: CutWire) -> None:
    wire.cut_in_next(Towards.SERVER, lambda data: b"Action: Hangup" in data)


MOMENTS: tuple[Fault, ...] = (
    now,
    in_the_middle_of_the_news_of_the_ringing,
    in_the_middle_of_ending_the_ringing,
    between_the_two_actions_that_end_the_ringing,
)


async def test_the_ringing_ends_and_the_caller_is_answered_whenever_ami_is_cut(town: Town, wires: Wires) -> None:
    rung = [await ringing_while_ami_is_cut(town, wires, moment) for moment in MOMENTS]
    for call, mobile in rung:
        await mobile.wait_for("disconnected", DIALS_OWN_SECONDS + 2)
        assert rang_for(mobile) < DIALS_OWN_SECONDS + 1
        await call.wait_for("connected")
    await the_service_ends_the_ringing(town, wires)


async def ringing_while_ami_is_cut(town: Town, wires: Wires, moment: Fault) -> Talk:
    made = wires.ami.made
    moment(wires.ami)
    ringing = await call_to_the_mobile(town)
    await until(lambda: wires.ami.made > made, "a new connection", BACK_SECONDS)
    await wires.until_whole()
    return ringing


HARMLESS = (
    b"Event: Teleported\r\nUniqueid: 1.1\r\nDestChannel: PJSIP/x\r\n\r\n",
    b"Event: DialEnd\r\nUniqueid: 0.0\r\nDestChannel: PJSIP/x\r\n\r\n",
    b"Event: DialState\r\nUniqueid: 0.0\r\nDialStatus: RINGING\r\n\r\n",
    b"Response: Success\r\nActionID: action/nobody/1/1\r\nMessage: Yes\r\n\r\n",
    b"Response: Error\r\nMessage: No\r\n\r\n",
    b"Event: UserEvent\r\nUserEvent: CallflowEnd\r\nUniqueid: \xff\r\nPath: \xc3\r\n\r\n",
    b"Event: Hangup\r\nEvent: DialEnd\r\nUniqueid: 1.1\r\n\r\n",
    b"\r\n\r\n\r\n\r\n",
)
COSTLY = {
    "a value of five megabytes": b"Event: UserEvent\r\nValue: " + b"x" * 5_000_000 + b"\r\n\r\n",
    "a header without an end": b"Event: UserEvent\r\n" + b"X-Header" * 200_000,
}


async def test_no_ringing_is_hurt_by_messages_that_make_no_sense(town: Town, wires: Wires) -> None:
    made, skipped = wires.ami.made, await wires.metric(SKIPPED)
    await wires.ami.inject(b"".join(HARMLESS), Towards.CLIENT)
    await the_service_ends_the_ringing(town, wires)
    for message in HARMLESS:
        await wires.ami.inject(message, Towards.CLIENT)
    await the_service_ends_the_ringing(town, wires)
    assert wires.ami.made == made, "the connection was given up for one message"
    assert await wires.metric(SKIPPED) == skipped + 2 * len(wires.ami.connections)
    await wires.until_whole("ami", "reloading")


async def test_a_letter_that_comes_in_two_pieces_is_whole(town: Town, wires: Wires) -> None:
    log, letter = town.service_log(), "Å".encode()
    report = "Event: UserEvent\r\nUserEvent: CallflowEnd\r\nUniqueid: 7.7\r\nPath: 0:Åsa\r\n\r\n".encode()
    before, after = report.split(letter)
    await wires.ami.inject(before + letter[:1], Towards.CLIENT, RINGING)
    await wires.ami.inject(letter[1:] + after, Towards.CLIENT, RINGING)
    await until(lambda: log.lines("plan_ended"))
    assert "0:Åsa" in log.lines("plan_ended")[0]


@pytest.mark.parametrize("message", COSTLY.values(), ids=COSTLY)
async def test_the_connection_alone_is_given_up_for(town: Town, wires: Wires, message: bytes) -> None:
    made, log = wires.ami.made, town.service_log()
    await wires.ami.inject(message, Towards.CLIENT, RINGING)
    await until(lambda: wires.ami.made > made, "a new connection", BACK_SECONDS)
    await wires.until_whole()
    await the_service_ends_the_ringing(town, wires)
    assert wires.ami.made == made + 1
    assert len(log.lines("ami_message_too_large")) == 1
    [line] = log.lines("ami_disconnected")
    assert "without an end" in line


async def test_a_service_that_does_not_read_stalls_no_call_in_asterisk(town: Town, wires: Wires) -> None:
    karin = await town.phone(KARIN)
    made = wires.ami.made
    wires.ami.stop_reading(Towards.CLIENT, RINGING)
    await wires.ami.inject(b"Action: ListCommands\r\n\r\n" * 1000, Towards.SERVER, RINGING)
    during = await talking(await called_from_outside(town, karin))
    await wires.until_wrong("ami")
    await until(lambda: wires.ami.made > made, "a new connection", BACK_SECONDS)
    await wires.until_whole()
    await the_service_ends_the_ringing(town, wires)
    await heard(*during)


async def test_a_wrong_password_leaves_the_ringing_to_asterisk_and_the_right_one_ends_it(
    town: Town, wires: Wires
) -> None:
    karin = await town.phone(KARIN)
    async with started_with_a_wrong_password(wires, "CALLFLOW_AMI_PASSWORD"):
        log = town.service_log()
        said = await wires.until_wrong("ami", saying="ami_password")
        assert "callflow" in said
        await wires.until_wrong("reloading", saying="ami_password")
        assert await wires.ready()
        await decided_call(town, karin)
        assert len(log.lines("ami_login_refused")) <= 2
    await the_service_ends_the_ringing(town, wires)
