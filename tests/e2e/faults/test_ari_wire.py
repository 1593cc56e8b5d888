"""The way to Asterisk's ARI is broken in every manner: calls go on, it comes back by itself, and health is true."""

from collections.abc import Callable

import pytest

from callflow.asterisk.ari_connection import LARGEST_MESSAGE
from callflow.phone.client import Phone
from tests.e2e.faults.cut_wire import Change, CutWire, Towards
from tests.e2e.faults.wires import (
    BACK_SECONDS,
    Wires,
    asks,
    decided_call,
    started_with_a_wrong_password,
    talking,
    text_frame,
)
from tests.e2e.faults.wires import called_from_outside as called
from tests.e2e.talking import heard
from tests.e2e.town import Town
from tests.fakes.waiting import until

ANNA, KARIN, EVA = "61100", "61106", "61104"
Fault = Callable[[CutWire], None]


def asterisk_takes_no_connections(wire: CutWire) -> None:
    wire.refuse()


def packets_are_dropped(wire: CutWire) -> None:
    wire.go_half_open()


def everything_crawls(wire: CutWire) -> None:
    wire.slow_down(Towards.CLIENT, 100)
    wire.slow_down(Towards.SERVER, 100)


@pytest.mark.parametrize("fault", [asterisk_takes_no_connections, packets_are_dropped, everything_crawls])
async def test_calls_go_on_by_the_net_until_ari_is_back_when(town: Town, wires: Wires, fault: Fault) -> None:
    anna, karin, eva = [await town.phone(number) for number in (ANNA, KARIN, EVA)]
    before = await talking(await called(town, anna))
    log = town.service_log()
    fault(wires.ari)
    during = await talking(await called(town, karin))
    await wires.until_wrong("ari")
    assert not await wires.ready()
    inside = await talking((await town.call(anna, EVA), await eva.incoming(3)))
    wires.heal()
    await wires.until_whole()
    assert await wires.ready()
    await decided_call(town, karin, 2)
    for call, leg in (before, during, inside):
        await heard(call, leg)
    assert 0 < len(log.lines("ari_disconnected")) <= 3, log.lines("ari_disconnected")


def now(wire: CutWire) -> None:
    wire.cut()


def in_the_middle_of_the_news_of_a_call(wire: CutWire) -> None:
    wire.cut_in_next(Towards.CLIENT, lambda data: b'"CallBroadcast"' in data)


def in_the_middle_of_the_claim(wire: CutWire) -> None:
    wire.cut_in_next(Towards.SERVER, asks(b"/claim"))


def in_the_middle_of_the_call_coming_in(wire: CutWire) -> None:
    wire.cut_in_next(Towards.CLIENT, lambda data: b'"StasisStart"' in data)


def in_the_middle_of_the_plan(wire: CutWire) -> None:
    wire.cut_in_next(Towards.SERVER, asks(b"/variables"))


def in_the_middle_of_the_answer_to_the_plan(wire: CutWire) -> None:
    wire.cut_in_next(Towards.CLIENT, lambda data: b"/variables" in data)


def before_the_plan_is_started(wire: CutWire) -> None:
    wire.cut_in_next(Towards.SERVER, asks(b"/continue"))


MOMENTS: tuple[Fault, ...] = (
    now,
    in_the_middle_of_the_news_of_a_call,
    in_the_middle_of_the_claim,
    in_the_middle_of_the_call_coming_in,
    in_the_middle_of_the_plan,
    in_the_middle_of_the_answer_to_the_plan,
    before_the_plan_is_started,
)


async def test_no_caller_is_in_silence_whenever_ari_is_cut(town: Town, wires: Wires) -> None:
    anna, karin = await town.phone(ANNA), await town.phone(KARIN)
    before = await talking(await called(town, anna))
    for count, moment in enumerate(MOMENTS, start=1):
        await call_while_ari_is_cut(town, wires, moment, karin, count)
    await decided_call(town, karin, len(MOMENTS) + 1)
    await heard(*before)


async def call_while_ari_is_cut(town: Town, wires: Wires, moment: Fault, phone: Phone, count: int) -> None:
    made = wires.ari.made
    moment(wires.ari)
    talk = await talking(await called(town, phone, count))
    await until(lambda: wires.ari.made > made, "a new connection", BACK_SECONDS)
    await wires.until_whole()
    assert wires.ari.made == made + 1
    await heard(*talk)
    await talk[0].hang_up()


async def test_no_caller_is_in_silence_when_asterisks_answers_come_too_late(town: Town, wires: Wires) -> None:
    karin, made = await town.phone(KARIN), wires.ari.made
    for count, asked in enumerate((b"/claim", b"/variables", b"/continue"), start=1):
        await call_without_answers_from_asterisk(town, wires, asked, karin, count)
    await decided_call(town, karin, 4)
    assert wires.ari.made == made


async def call_without_answers_from_asterisk(
    town: Town, wires: Wires, asked: bytes, phone: Phone, count: int
) -> None:
    def pass_on_and_read_no_more(data: bytes) -> Change | None:
        if not asks(asked)(data):
            return None
        wires.ari.stop_reading(Towards.CLIENT)
        return Change(data)

    wires.ari.change_next(Towards.SERVER, pass_on_and_read_no_more)
    talk = await talking(await called(town, phone, count))
    wires.heal()
    await wires.until_whole()
    await heard(*talk)
    await talk[0].hang_up()


NONSENSE = {
    "of an unknown kind": text_frame(b'{"type": "CallTeleported", "channel": {"id": "1.1"}}'),
    "that is no JSON": text_frame(b'{"type": "StasisStart", '),
    "without a channel": text_frame(b'{"type": "CallBroadcast"}'),
    "with a channel of numbers": text_frame(b'{"type": "StasisStart", "channel": 7, "args": {}}'),
    "that nobody asked for": text_frame(b'{"type": "RESTResponse", "request_id": "77", "status_code": 200}'),
    "of five megabytes": text_frame(b'{"type": "CallBroadcast", "pad": "%s"}' % (b"x" * (LARGEST_MESSAGE + 10**6))),
    "cut in the middle of a letter": text_frame('{"type": "CallBroadcast", "caller": "Åsa'.encode()[:-3]),
}
UNDERSTOOD = {"of an unknown kind", "that nobody asked for"}
"""What can be read and means nothing to us; all else is counted as skipped."""
SKIPPED = 'callflow_messages_skipped_total{part="ari"}'


async def test_no_call_is_hurt_by_a_message(town: Town, wires: Wires) -> None:
    anna, karin = await town.phone(ANNA), await town.phone(KARIN)
    before = await talking(await called(town, anna))
    made, log, skipped = wires.ari.made, town.service_log(), await wires.metric(SKIPPED)
    for count, (name, message) in enumerate(NONSENSE.items(), start=1):
        await wires.ari.inject(message, Towards.CLIENT)
        call, _ = await decided_call(town, karin, count)
        await call.hang_up()
        assert wires.ari.made == made, f"the connection was given up for a message {name}"
        assert (await wires.part("ari"))["ok"], name
    assert await wires.metric(SKIPPED) == skipped + len(NONSENSE) - len(UNDERSTOOD)
    assert len(log.lines("ari_message_skipped")) <= 2
    await heard(*before)


async def test_a_flood_of_nonsense_hurts_no_call_and_fills_no_log(town: Town, wires: Wires) -> None:
    karin, log, made = await town.phone(KARIN), town.service_log(), wires.ari.made
    before = await wires.metric(SKIPPED)
    await wires.ari.inject(NONSENSE["that is no JSON"] * 5000, Towards.CLIENT)
    await decided_call(town, karin)
    assert wires.ari.made == made
    assert await wires.metric(SKIPPED) == before + 5000
    assert len(log.lines("ari_message_skipped")) <= 2


async def test_a_frame_that_is_no_websocket_costs_the_connection_alone(town: Town, wires: Wires) -> None:
    karin, log = await town.phone(KARIN), town.service_log()
    await wires.ari.inject(b"\xff\xff\xff\xff", Towards.CLIENT)
    await talking(await called(town, karin))
    await wires.until_whole()
    [line] = log.lines("ari_disconnected")
    assert "closed by Asterisk" not in line, "it was we who found it wrong"


async def test_a_service_that_does_not_read_stalls_no_call_in_asterisk(town: Town, wires: Wires) -> None:
    anna, karin = await town.phone(ANNA), await town.phone(KARIN)
    wires.ari.stop_reading(Towards.CLIENT)
    ask = '{"type":"RESTRequest","transaction_id":"f","request_id":"f","method":"GET","uri":"asterisk/modules"}'
    for _ in range(200):
        await wires.ari.inject(text_frame(ask.encode(), masked=True), Towards.SERVER)
    during = await talking(await called(town, anna))
    again = await talking(await called(town, karin))
    await wires.until_wrong("ari")
    wires.heal()
    await wires.until_whole()
    await decided_call(town, karin, 2)
    await heard(*during)
    await heard(*again)


async def test_a_wrong_password_leaves_calls_to_the_net_and_the_right_one_takes_them(
    town: Town, wires: Wires
) -> None:
    karin = await town.phone(KARIN)
    async with started_with_a_wrong_password(wires, "CALLFLOW_ARI_PASSWORD"):
        log = town.service_log()
        said = await wires.until_wrong("ari", saying="401")
        assert "ari_password" in said
        assert not await wires.ready()
        assert (await wires.part("ami"))["ok"]
        await talking(await called(town, karin))
        assert len(log.lines("ari_disconnected")) <= 1
    assert await wires.ready()
    await decided_call(town, karin, 2)
