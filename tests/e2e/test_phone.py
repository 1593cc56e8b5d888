"""The built-in phone and the trunk's test peer, without Asterisk between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from callflow.phone.client import Phone
from callflow.phone.events import PhoneError, PhoneTimeoutError
from callflow.phone.tones import heard_bursts, write_tone
from callflow.phone.trunk_peer import VOICE_HZ, Behaviour, TrunkPeer

MOBILE = "+46701740616"


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    async with Phone.started("127.0.0.1", title="caller") as started:
        yield started


@pytest.fixture
async def peer() -> AsyncIterator[TrunkPeer]:
    started = await TrunkPeer.start("127.0.0.2", 0)
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
