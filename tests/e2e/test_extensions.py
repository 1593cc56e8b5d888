"""Calls to an extension, internal and external (R8, R9)."""

import pytest

from callflow.phone.client import PhoneCall
from callflow.phone.trunk_peer import KNOWN, PERSON, Behaviour
from tests.e2e.town import RING_SECONDS, RINGING_LIMIT, TOLERANCE, Town


def rang_for(leg: PhoneCall, caller: PhoneCall) -> float:
    """Return how long the caller heard ringing before the leg was given up."""
    ended, began = leg.first("disconnected"), caller.first("ringing")
    assert ended is not None
    assert began is not None
    return ended.at - began.at


async def test_an_external_call_rings_four_times_and_ends_in_voicemail(town: Town) -> None:
    phone = await town.phone("61100")
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    await call.wait_for("ringing")
    await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    assert abs(rang_for(leg, call) - RINGING_LIMIT) < TOLERANCE
    await town.step("voicemail", containing="61100@")
    await call.wait_for("connected")


async def test_an_internal_call_rings_four_times_and_ends_in_voicemail(town: Town) -> None:
    colleague, phone = await town.phone("61104"), await town.phone("61100")
    call = await town.call(colleague, "61100")
    leg = await phone.incoming()
    await leg.ring()
    await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    assert abs(rang_for(leg, call) - RINGING_LIMIT) < TOLERANCE
    await town.step("voicemail", containing="61100@")


async def test_who_answers_talks_with_the_caller(town: Town) -> None:
    phone = await town.phone("61100")
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    await leg.answer()
    await call.wait_for("connected")
    await call.wait_for("media")
    await call.send_digits("5")
    await leg.wait_for("digit")
    assert leg.digits == "5"
    assert leg.caller_number == "+46701740605"


async def test_a_busy_extension_goes_on_at_once(town: Town) -> None:
    phone = await town.phone("61100")
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.reject(486)
    step = await town.step("voicemail", RING_SECONDS, containing="61100@")
    assert step.at - (await call.wait_for("calling")).at < RING_SECONDS


async def test_an_extension_without_a_registered_phone_goes_on_at_once(town: Town) -> None:
    call = await town.call_from_outside("+4690161100")
    step = await town.step("voicemail", RING_SECONDS, containing="61100@")
    assert step.at - (await call.wait_for("calling")).at < RING_SECONDS


async def test_no_answer_goes_to_the_diversion_after_its_rings(town: Town) -> None:
    phone, other = await town.phone("61103"), await town.phone("61104")
    call = await town.call_from_outside("+4690161103")
    leg = await phone.incoming()
    await leg.ring()
    await leg.wait_for("disconnected", RINGING_LIMIT)
    assert abs(rang_for(leg, call) - 2 * RING_SECONDS) < TOLERANCE
    onward = await other.incoming()
    await onward.ring()
    await onward.answer()
    await call.wait_for("connected")
    assert town.steps() == ["dial", "dial"]


async def test_diverted_rings_count_together_to_four(town: Town) -> None:
    phone, other = await town.phone("61103"), await town.phone("61104")
    call = await town.call_from_outside("+4690161103")
    first = await phone.incoming()
    await first.ring()
    second = await other.incoming()
    await second.ring()
    answer = await call.wait_for("connected", RINGING_LIMIT + 3)
    ringing = call.first("ringing")
    assert ringing is not None
    assert answer.at - ringing.at < RINGING_LIMIT + TOLERANCE


async def test_a_diversion_to_a_mobile_that_rings_late_adds_no_ring(town: Town) -> None:
    await town.sql("""
        UPDATE diversion SET to_extension_id = (SELECT id FROM extension WHERE number = '+4690161102')
        WHERE extension_id = (SELECT id FROM extension WHERE sip_username = '61103') AND condition = 'no_answer'
    """)
    town.trunk.behaviours[PERSON] = Behaviour(silent_seconds=1.5 * RING_SECONDS, ring_seconds=30)
    phone = await town.phone("61103")
    call = await town.call_from_outside("+4690161103")
    await (await phone.incoming()).ring()
    answer = await call.wait_for("connected", 3 * RINGING_LIMIT)
    town.trunk.behaviours[PERSON] = KNOWN[PERSON]
    ringing = call.first("ringing")
    assert ringing is not None
    assert abs(answer.at - ringing.at - RINGING_LIMIT) < TOLERANCE


async def test_a_network_that_sends_its_own_ringing_tone_is_given_four_rings_too(town: Town) -> None:
    await town.sql("UPDATE extension SET mobile_confirms = false WHERE number = '+4690161102'")
    town.trunk.behaviours[PERSON] = Behaviour(ring_code=183, ring_seconds=30)
    await town.call_from_outside("+4690161102")
    mobile = await town.trunk.call_to(PERSON)
    ended = await mobile.wait_for("disconnected", 4 * RINGING_LIMIT)
    town.trunk.behaviours[PERSON] = KNOWN[PERSON]
    came = mobile.first("incoming")
    assert came is not None
    assert abs(ended.at - came.at - RINGING_LIMIT) < TOLERANCE


async def test_all_calls_are_diverted_at_once(town: Town) -> None:
    diverted, target = await town.phone("61105"), await town.phone("61100")
    await town.call_from_outside("+4690161105")
    await (await target.incoming()).ring()
    assert diverted.first("incoming") is None


@pytest.mark.parametrize("code", [486, 603])
async def test_a_busy_extension_goes_to_its_diversion(town: Town, code: int) -> None:
    await town.sql("""
        UPDATE diversion SET to_extension_id = (SELECT id FROM extension WHERE sip_username = '61100')
        WHERE extension_id = (SELECT id FROM extension WHERE sip_username = '61106') AND condition = 'busy'
    """)
    phone, other = await town.phone("61106"), await town.phone("61100")
    await town.call_from_outside("+4690161106")
    await (await phone.incoming()).reject(code)
    await other.incoming(15)


async def test_an_unreachable_extension_goes_to_its_diversion(town: Town) -> None:
    place = await town.phone("61201")
    await town.call_from_outside("+4690161107")
    await place.incoming(15)


@pytest.mark.parametrize("number", ["61105", "0701740605", "112"])
async def test_a_phones_own_forwarding_carries_no_call_on(town: Town, number: str) -> None:
    colleague, phone = await town.phone("61104"), await town.phone("61100")
    await town.sql(
        "DELETE FROM diversion WHERE extension_id = (SELECT id FROM extension WHERE sip_username = '61105')"
    )
    target = await town.phone("61105")
    call = await town.call(colleague, "61100")
    await (await phone.incoming()).forward(number)
    await town.step("voicemail", containing="61100@")
    await call.wait_for("connected")
    assert target.first("incoming") is None
    assert town.trunk.calls == []


async def test_without_voicemail_the_caller_is_told_and_reaches_the_units_answering_place(town: Town) -> None:
    phone, place = await town.phone("61108"), await town.phone("61104")
    call = await town.call_from_outside("+4690161108")
    leg = await phone.incoming()
    await leg.ring()
    await call.wait_for("connected", RINGING_LIMIT + 3)
    await leg.wait_for("disconnected")
    said = await town.step("say")
    assert abs(rang_for(leg, call) - RINGING_LIMIT) < TOLERANCE
    assert "does-not-answer" in said.fields["Plan"]
    assert "transfer-to" in said.fields["Plan"]
    await place.incoming(15)
    assert town.steps() == ["dial", "say", "dial"]


async def test_a_mobile_twin_rings_along_and_takes_the_call_by_pressing_1(town: Town) -> None:
    town.trunk.behaviours["+46701740610"] = Behaviour(ring_seconds=0.5, presses="1")
    phone = await town.phone("61101")
    call = await town.call_from_outside("+4690161101")
    leg = await phone.incoming()
    await leg.ring()
    mobile = await town.trunk.call_to("+46701740610")
    await mobile.wait_for("connected")
    await call.wait_for("connected", 15)
    await leg.wait_for("disconnected")
    assert not mobile.ended


async def test_the_desk_phone_can_take_the_call_while_the_mobile_rings(town: Town) -> None:
    phone = await town.phone("61101")
    call = await town.call_from_outside("+4690161101")
    mobile = await town.trunk.call_to("+46701740610")
    leg = await phone.incoming()
    await leg.ring()
    await leg.answer()
    await call.wait_for("connected")
    await mobile.wait_for("disconnected")


async def test_the_mobile_operators_voicemail_does_not_swallow_the_call(town: Town) -> None:
    town.trunk.behaviours["+46701740610"] = Behaviour(ring_seconds=0.3)
    phone = await town.phone("61101")
    call = await town.call_from_outside("+4690161101")
    leg = await phone.incoming()
    await leg.ring()
    mobile = await town.trunk.call_to("+46701740610")
    await mobile.wait_for("connected")
    assert call.first("connected") is None
    await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    assert abs(rang_for(leg, call) - RINGING_LIMIT) < TOLERANCE
    await town.step("voicemail", containing="61101@")
    await mobile.wait_for("disconnected", 20)


async def test_who_answers_a_mobile_and_hangs_up_without_a_digit_has_not_taken_the_call(town: Town) -> None:
    town.trunk.behaviours["+46701740610"] = Behaviour(ring_seconds=0.3, hangs_up_after=0.7)
    phone = await town.phone("61101")
    call = await town.call_from_outside("+4690161101")
    leg = await phone.incoming()
    await leg.ring()
    mobile = await town.trunk.call_to("+46701740610")
    await mobile.wait_for("disconnected")
    assert call.first("connected") is None
    await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    assert abs(rang_for(leg, call) - RINGING_LIMIT) < TOLERANCE
    await town.step("voicemail", containing="61101@")


async def test_a_mobile_alone_that_hangs_up_without_a_digit_leaves_the_caller_to_voicemail(town: Town) -> None:
    town.trunk.behaviours[PERSON] = Behaviour(ring_seconds=0.3, hangs_up_after=0.7)
    await town.call_from_outside("+4690161102")
    await town.step("voicemail", containing="61102@")
    town.trunk.behaviours[PERSON] = KNOWN[PERSON]


async def test_a_mobile_that_need_not_confirm_is_connected_when_it_answers(town: Town) -> None:
    await town.sql("UPDATE extension SET mobile_confirms = false WHERE sip_username = '61101'")
    town.trunk.behaviours["+46701740610"] = Behaviour(ring_seconds=0.3)
    call = await town.call_from_outside("+4690161101")
    await town.trunk.call_to("+46701740610")
    await call.wait_for("connected")
    assert "voicemail" not in town.steps()


async def test_a_mobile_extension_rings_through_the_trunk(town: Town) -> None:
    call = await town.call_from_outside("+4690161102")
    await town.trunk.call_to("+46701740611")
    await call.wait_for("connected", 15)


async def test_four_real_swedish_rings_are_24_seconds(town: Town) -> None:
    await town.sql("UPDATE organisation SET ring_tone_ms = 1000, ring_pause_ms = 5000 WHERE key = 'umea'")
    phone = await town.phone("61100")
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    await leg.wait_for("disconnected", 30)
    assert abs(rang_for(leg, call) - 24) < TOLERANCE
