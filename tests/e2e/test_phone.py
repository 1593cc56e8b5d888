"""The built-in phone and the trunk's test peer, without Asterisk between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from callflow.phone.client import Phone, PhoneCall
from callflow.phone.events import PhoneError, PhoneTimeoutError
from callflow.phone.tones import heard_bursts, write_tone
from callflow.phone.trunk_peer import VOICE_HZ, Behaviour, TrunkPeer
from callflow.phone.wire import Direction, Message, read_messages
from tests.e2e.secrecy import Secrets, assert_nowhere

MOBILE = "+46701740616"
SARA = Secrets(number="+4690161108", short_number="61108", name="Sara Åkerholm")


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    started = await Phone.start("127.0.0.1", title="caller", log=tmp_path / "phone.log")
    yield started
    await started.stop()


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[TrunkPeer]:
    started = await TrunkPeer.start("127.0.0.2", 0, log=tmp_path / "peer.log")
    yield started
    await started.stop()


def address(of: Phone) -> str:
    return f"127.0.0.2:{of.port}"


async def test_112_answers_at_once_and_is_heard(phone: Phone, peer: TrunkPeer, tmp_path: Path) -> None:
    call = await phone.call("112", to=address(peer.phone), caller="+4690161001")
    await call.record(tmp_path / "heard.wav")
    await call.wait_for("connected", 1)
    emergency = await peer.call_to("112")
    await emergency.wait_for("media")
    assert emergency.caller_number == "+4690161001"
    with pytest.raises(PhoneTimeoutError):
        await call.wait_for("disconnected", 1)
    await call.hang_up()
    await call.wait_for("closed")
    assert heard_bursts(tmp_path / "heard.wav", hertz=VOICE_HZ)


async def test_a_person_answers_and_presses_1(phone: Phone, peer: TrunkPeer) -> None:
    call = await phone.call("+46701740611", to=address(peer.phone))
    await call.wait_for("ringing")
    await call.wait_for("digit")
    assert call.digits == "1"


async def test_another_mobile_rings_and_then_its_operators_voicemail_answers(phone: Phone, peer: TrunkPeer) -> None:
    peer.default = Behaviour(ring_seconds=1.0)
    call = await phone.call(MOBILE, to=address(peer.phone))
    ringing, answer = await call.wait_for("ringing"), await call.wait_for("connected")
    assert answer.at - ringing.at > 0.9
    assert call.digits == ""


async def test_a_mobile_can_be_busy(phone: Phone, peer: TrunkPeer) -> None:
    peer.behaviours[MOBILE] = Behaviour(code=486)
    call = await phone.call(MOBILE, to=address(peer.phone))
    assert (await call.wait_for("disconnected")).code == 486


async def test_a_phone_says_what_it_saw_when_something_did_not_come(phone: Phone, peer: TrunkPeer) -> None:
    call = await phone.call(MOBILE, to=address(peer.phone))
    await call.wait_for("ringing")
    with pytest.raises(PhoneTimeoutError, match=r"no connected within 0.1 s; seen: .*ringing 180"):
        await call.wait_for("connected", 0.1)


async def test_a_taken_port_is_told(peer: TrunkPeer) -> None:
    with pytest.raises(PhoneError, match=str(peer.phone.port)):
        await Phone.start("127.0.0.2", peer.phone.port)


async def test_the_process_of_a_stopped_phone_is_gone() -> None:
    phone = await Phone.start("127.0.0.1")
    ready = phone.first("ready")
    assert ready is not None
    await phone.stop()
    assert not psutil.pid_exists(ready.fields["pid"])


async def test_tones_are_heard_at_their_own_pitch_only(tmp_path: Path) -> None:
    wav = write_tone(tmp_path / "tone.wav", [(0.2, 0.3), (0.4, 0.2)])
    assert [round(end - start, 1) for start, end in heard_bursts(wav)] == [0.2, 0.4]
    assert heard_bursts(wav, hertz=900) == []
    assert heard_bursts(wav, hertz=None) == heard_bursts(wav)


async def answered(phone: Phone, peer: TrunkPeer) -> PhoneCall:
    call = await phone.call("112", to=address(peer.phone))
    await call.wait_for("media")
    return call


async def over_the_wire(phone: Phone, direction: Direction) -> list[bytes]:
    return sorted(message.raw for message in await phone.messages() if message.direction is direction)


async def test_what_one_phone_sends_is_what_the_other_receives_to_the_last_byte(
    phone: Phone, peer: TrunkPeer
) -> None:
    call = await answered(phone, peer)
    await call.hold()
    await call.unhold()
    await call.reinvite()
    await call.update()
    await call.hang_up()
    await (await peer.call_to("112")).wait_for("disconnected")
    assert await over_the_wire(phone, Direction.SENT) == await over_the_wire(peer.phone, Direction.RECEIVED)
    assert await over_the_wire(phone, Direction.RECEIVED) == await over_the_wire(peer.phone, Direction.SENT)
    requests = [message.method for message in await phone.messages() if not message.code]
    assert requests == ["INVITE", "ACK", "INVITE", "ACK", "INVITE", "ACK", "INVITE", "ACK", "UPDATE", "BYE"]


async def test_hold_is_offered_and_taken_back(phone: Phone, peer: TrunkPeer) -> None:
    call = await answered(phone, peer)
    await call.hold()
    await call.unhold()
    offers = [message.body for message in await phone.messages() if message.first_line.startswith("INVITE")]
    assert ["sendonly" in offer for offer in offers] == [False, True, False]


async def test_the_peer_offers_its_media_anew(phone: Phone, peer: TrunkPeer) -> None:
    call = await answered(phone, peer)
    leg = await peer.call_to("112")
    await leg.reinvite()
    await leg.update()
    assert [event.fields["method"] for event in call.events if event.name == "request"] == ["INVITE", "UPDATE"]


async def test_a_forgotten_message_is_no_longer_told(phone: Phone, peer: TrunkPeer) -> None:
    call = await answered(phone, peer)
    await phone.forget_messages()
    await call.update()
    assert [message.method for message in await phone.messages()] == ["UPDATE", "UPDATE"]


async def test_a_phone_that_is_sent_away_declines_and_the_other_is_told(phone: Phone, peer: TrunkPeer) -> None:
    call = await answered(phone, peer)
    await call.transfer("+46701740605")
    assert (await call.wait_for("transfer")).code == 603
    refer = [message for message in await peer.phone.messages() if message.method == "REFER"]
    assert refer[0].headers["refer-to"] == ["sip:+46701740605@"]


async def test_a_phone_without_a_log_tells_that_it_has_none() -> None:
    async with Phone.started("127.0.0.1") as phone:
        with pytest.raises(PhoneError, match="start it with `log`"):
            await phone.messages()


def logged(raw: bytes, size: int = 0) -> bytes:
    head = f"12:00:00.001           pjsua_core.c  .RX {size or len(raw)} bytes Request msg INVITE/cseq=1 (rdata0x1)"
    return head.encode() + b" from UDP 127.0.0.1:5060:\n" + raw + b"\n--end msg--\n"


def test_messages_back_to_back_are_two_also_when_one_quotes_the_log() -> None:
    first = b"INVITE sip:1@a SIP/2.0\r\nf: <sip:2@a>\r\nSubject: a\r\n b\r\n\r\nv=0\r\n" + logged(
        b"BYE sip:3@a SIP/2.0"
    )
    messages = list(read_messages(b"12:00:00.000 x.c  noise\n" + logged(first) + logged(b"SIP/2.0 200 OK\r\n\r\n")))
    assert [message.raw for message in messages] == [first, b"SIP/2.0 200 OK\r\n\r\n"]
    assert messages[0].headers == {"from": ["<sip:2@a>"], "subject": ["a b"]}
    assert [message.code for message in messages] == [0, 200]


def test_a_message_that_the_log_cut_short_is_told() -> None:
    with pytest.raises(PhoneError, match="not all 4000 bytes"):
        list(read_messages(logged(b"INVITE sip:1@a SIP/2.0", size=4000) + logged(b"BYE sip:1@a SIP/2.0")))


def test_a_message_whose_head_is_not_understood_is_told() -> None:
    log = logged(b"BYE sip:1@a SIP/2.0").replace(b" bytes ", b" octets ")
    with pytest.raises(PhoneError, match="head was not understood"):
        list(read_messages(logged(b"BYE sip:1@a SIP/2.0") + log))


@pytest.mark.parametrize(
    "line",
    [
        "From: <sip:+4690161108@a>",
        "From: <sip:4690161108@a>",
        "To: <sip:004690161108@a>",
        "Contact: <sip:090161108@a>",
        "Diversion: <tel:+46-90-16%2011%2008>",
        "Subject: 090-16 11 08",
        "From: <sip:%2B4690161108@a>",
        "From: <sip:%36%31108@a>",
        "Contact: <sip:61108@a:5060>",
        "History-Info: <sip:61108%40a>",
        'From: "Sara Åkerholm" <sip:anonymous@a>',
        'From: "S\\ara" <sip:anonymous@a>',
        "From: SARA <sip:anonymous@a>",
        "Call-Info: <http://a/sara%20%C3%A5kerholm.jpg>",
        "Subject: Åkerholm, S.",
    ],
)
def test_a_number_and_a_name_are_seen_however_they_are_written(line: str) -> None:
    for encoding in ("utf-8", "latin-1"):
        message = Message(Direction.RECEIVED, "a:5060", f"INVITE sip:1@a SIP/2.0\r\n{line}\r\n\r\n".encode(encoding))
        with pytest.raises(AssertionError, match="is seen:\nreceived a:5060\nINVITE"):
            assert_nowhere([message], SARA)


@pytest.mark.parametrize(
    "line", ["Call-ID: a61108b", "CSeq: 611080 INVITE", "From: <sip:+4690161109@a>", "X: saranda"]
)
def test_what_only_looks_like_the_number_or_the_name_is_not_seen(line: str) -> None:
    message = Message(Direction.SENT, "a:5060", f"INVITE sip:1@a SIP/2.0\r\n{line}\r\n\r\n".encode())
    assert_nowhere([message], SARA)


def test_no_messages_prove_nothing() -> None:
    with pytest.raises(AssertionError, match="no messages"):
        assert_nowhere([], SARA)
