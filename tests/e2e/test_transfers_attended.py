"""Calls that one of ours joins with another, answered or not (R17, R18), and moved calls that no service decides."""

import pytest

from callflow.phone.client import Phone, PhoneCall
from callflow.phone.trunk_peer import Behaviour
from tests.e2e.helpers import eventually
from tests.e2e.moving import (
    EXEMPTED,
    MOVER,
    OTHER,
    called_outside,
    comes_back,
    in_voicemail_of_the_exempted,
    outsider_with,
)
from tests.e2e.presenting import HIDDEN, divert, hidden_is_nowhere, refresh_the_trunk
from tests.e2e.talking import answered, change_media, heard
from tests.e2e.test_barrings import NORWAY
from tests.e2e.town import FRIEND, OUTSIDER, RINGING_LIMIT, Town


@pytest.fixture(autouse=True)
def abroad(town: Town) -> None:
    town.trunk.behaviours[NORWAY] = Behaviour(ring_seconds=0.3)


async def test_who_may_not_call_abroad_has_nobody_there_to_join_a_caller_with(town: Town) -> None:
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.hold()
    consultation = await town.call(mover, NORWAY)
    await town.step("say", containing="policy/barred-international")
    await consultation.wait_for("connected")
    await leg.transfer_to(consultation)
    await comes_back(town, mover, caller, "cannot-be-transferred")
    assert called_outside(town) == []


async def test_who_may_call_abroad_may_join_a_caller_with_somebody_there(town: Town) -> None:
    mover = await town.phone(EXEMPTED)
    caller, leg = await outsider_with(town, mover, EXEMPTED)
    await leg.hold()
    consultation = await town.call(mover, NORWAY)
    await consultation.wait_for("connected")
    await leg.transfer_to(consultation)
    await consultation.wait_for("disconnected")
    abroad = await town.trunk.call_to(NORWAY)
    await heard(caller, abroad)


async def joined_while_it_rings(town: Town, mover: Phone, leg: PhoneCall, target: Phone) -> PhoneCall:
    """Let `mover` call the target's phone and join its caller `leg` before anybody answers; return what rings."""
    await leg.hold()
    consultation = await town.call(mover, target.title)
    ringing = await target.incoming()
    await ringing.ring()
    await consultation.wait_for("ringing")
    await leg.transfer_to(consultation)
    await leg.wait_for("disconnected")
    return ringing


async def test_who_is_joined_with_a_phone_that_still_rings_talks_there_once_it_is_answered(town: Town) -> None:
    mover, other = await town.phone(MOVER), await town.phone(OTHER)
    caller, leg = await outsider_with(town, mover)
    ringing = await joined_while_it_rings(town, mover, leg, other)
    await ringing.answer()
    await heard(caller, ringing)


async def test_who_is_joined_with_a_confidential_phone_that_still_rings_learns_nothing_of_it(town: Town) -> None:
    mover, hidden = await town.phone(MOVER), await town.phone(HIDDEN)
    caller, leg = await outsider_with(town, mover)
    ringing = await joined_while_it_rings(town, mover, leg, hidden)
    await ringing.answer()
    await heard(caller, ringing)
    await change_media(caller, ringing)
    await refresh_the_trunk(town)
    await hidden_is_nowhere(town)


async def test_an_outsider_joined_with_a_phone_that_rings_in_vain_hears_what_outsiders_hear(town: Town) -> None:
    mover, hidden = await town.phone(MOVER), await town.phone(HIDDEN)
    _, leg = await outsider_with(town, mover)
    ringing = await joined_while_it_rings(town, mover, leg, hidden)
    ended = await ringing.wait_for("disconnected", RINGING_LIMIT + 3)
    spoken = await town.step("say", containing="policy/does-not-answer")
    assert "(policy/the-one-you-seek&" in spoken.fields["Plan"]
    assert spoken.at - ended.at < 1
    await town.step("voicemail", 20, containing="61490@")
    assert len(hidden.calls) == 1
    await hidden_is_nowhere(town)


async def test_a_colleague_joined_with_a_phone_that_rings_in_vain_hears_what_colleagues_hear(town: Town) -> None:
    mover, hidden, colleague = await town.phone(MOVER), await town.phone(HIDDEN), await town.phone(OTHER)
    leg = await answered(mover, await town.call(colleague, MOVER))
    await joined_while_it_rings(town, mover, leg, hidden)
    spoken = await town.step("say", containing="policy/does-not-answer")
    assert "policy/the-one-you-seek" not in spoken.fields["Plan"]


async def test_who_is_joined_with_a_phone_that_then_declines_goes_on_as_any_caller_there(town: Town) -> None:
    await divert(town, OTHER, "busy", FRIEND)
    mover, other = await town.phone(MOVER), await town.phone(OTHER)
    _, leg = await outsider_with(town, mover)
    ringing = await joined_while_it_rings(town, mover, leg, other)
    await ringing.reject(603)
    assert (await town.trunk.call_to(FRIEND)).caller_number == OUTSIDER


async def test_who_is_joined_with_one_outside_who_does_not_answer_comes_back(town: Town) -> None:
    town.trunk.behaviours[FRIEND] = Behaviour(ring_seconds=60)
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.hold()
    consultation = await town.call(mover, FRIEND)
    await consultation.wait_for("ringing")
    await leg.transfer_to(consultation)
    await (await town.trunk.call_to(FRIEND)).wait_for("disconnected", 40)
    await comes_back(town, mover, caller, "does-not-answer")
    assert called_outside(town) == [FRIEND]


async def test_with_the_service_killed_who_is_joined_with_a_phone_that_rings_in_vain_reaches_its_voicemail(
    town: Town,
) -> None:
    mover, target = await town.phone(MOVER), await town.phone(EXEMPTED)
    _, leg = await outsider_with(town, mover)
    ringing = await joined_while_it_rings(town, mover, leg, target)
    await town.region.service.kill()
    await ringing.wait_for("disconnected", RINGING_LIMIT + 3)
    await eventually(lambda: in_voicemail_of_the_exempted(town), 10, "no voicemail")
    assert len(target.calls) == 1


async def test_nobody_takes_a_call_over_by_naming_it(town: Town) -> None:
    mover, third = await town.phone(MOVER, recorded=True), await town.phone(OTHER)
    caller, leg = await outsider_with(town, mover)
    intruder = await third.call("61999", headers={"Replaces": await dialog_of(mover)})
    await intruder.wait_for("disconnected")
    assert intruder.first("connected") is None
    await heard(caller, leg)


async def dialog_of(phone: Phone) -> str:
    """Return a phone's only call as the header Replaces names it to Asterisk."""
    offer = next(it for it in await phone.messages() if it.method == "INVITE" and it.code == 200).headers
    ours, theirs = (offer[name][0].partition("tag=")[2] for name in ("from", "to"))
    return f"{offer['call-id'][0]};to-tag={ours};from-tag={theirs}"


# with no service


@pytest.mark.parametrize("number", [FRIEND, NORWAY, "61777", "*21*0701740620#"])
async def test_with_the_service_killed_a_refused_transfer_brings_the_caller_back(town: Town, number: str) -> None:
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await town.region.service.kill()
    await leg.transfer(number)
    await answered(mover, caller, count=2)
    assert called_outside(town) == []


async def test_with_the_service_stuck_a_refused_transfer_goes_on_to_the_voicemail_of_who_made_it(
    town: Town,
) -> None:
    mover = await town.phone(EXEMPTED)
    _, leg = await outsider_with(town, mover, EXEMPTED)
    town.pause_service()
    await leg.transfer(NORWAY)
    back = await mover.incoming(20, count=2)
    await back.ring()
    await back.wait_for("disconnected", RINGING_LIMIT + 3)
    await eventually(lambda: in_voicemail_of_the_exempted(town), 10, "no voicemail")
    assert called_outside(town) == []
