"""The caller gone at each moment of a call, or both ends at once: nothing is left of it (R23)."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import pytest

from callflow.phone.client import PhoneCall
from callflow.phone.trunk_peer import PERSON, Behaviour
from tests.e2e.faults.moments import EXTENSION, is_well_again, nothing_is_in_hand
from tests.e2e.moving import MOVER, OTHER, outsider_with
from tests.e2e.talking import answered
from tests.e2e.test_barrings import NORWAY, ORDINARY
from tests.e2e.test_switchboard import MAIN
from tests.e2e.test_units import BYGGLOV
from tests.e2e.town import EVENING, FRIEND, RINGING_LIMIT, Town

Parties = tuple[PhoneCall, tuple[PhoneCall, ...]]
"""Who hangs up, and whom that must free: not a phone that waits to hear how its transfer went, it is told so."""
FREED_SECONDS = 25.0
"""A mobile that is asked hears the question to its end, and then that the call is gone."""
Moment = Callable[[Town], Awaitable[Parties]]


async def before_any_phone_rings(town: Town) -> Parties:
    town.trunk.behaviours[PERSON] = Behaviour(silent_seconds=20)
    call = await town.call_from_outside("+4690161102")
    return call, (await town.trunk.call_to(PERSON),)


async def while_a_phone_rings(town: Town) -> Parties:
    phone = await town.phone(EXTENSION)
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    await call.wait_for("ringing")
    return call, (leg,)


async def while_several_phones_ring(town: Town) -> Parties:
    operators = [await town.phone(name) for name in ("61001", "61002")]
    call = await town.call_from_outside(MAIN)
    legs = [await operator.incoming(15) for operator in operators]
    await legs[0].ring()
    return call, tuple(legs)


async def while_two_talk(town: Town) -> Parties:
    phone = await town.phone(EXTENSION)
    call = await town.call_from_outside("+4690161100")
    return call, (await answered(phone, call),)


async def while_the_called_one_talks(town: Town) -> Parties:
    call, (leg,) = await while_two_talk(town)
    return leg, (call,)


async def while_greeted(town: Town) -> Parties:
    call = await town.call_from_outside(MAIN)
    await town.step("say")
    await call.wait_for("connected")
    return call, ()


async def while_choosing(town: Town) -> Parties:
    call = await town.call_from_outside(BYGGLOV, at=EVENING)
    await town.step("menu")
    await call.wait_for("connected")
    return call, ()


async def with_the_choice_just_made(town: Town) -> Parties:
    on_duty = await town.phone("61211")
    call = await town.call_from_outside(BYGGLOV, at=EVENING)
    await town.choose(call, "1")
    return call, (await on_duty.incoming(),)


async def while_recording(town: Town) -> Parties:
    call = await town.call_from_outside("+4690161100")
    await town.step("voicemail", containing="61100@")
    await call.wait_for("media")
    return call, ()


async def while_112_rings(town: Town) -> Parties:
    town.trunk.behaviours["112"] = Behaviour(ring_seconds=20)
    phone = await town.phone(EXTENSION)
    call = await phone.call("112")
    return call, (await town.trunk.call_to("112"),)


async def while_refused(town: Town) -> Parties:
    call = await town.call(await town.phone(ORDINARY), NORWAY)
    await town.step("say", containing="policy/barred-international")
    await call.wait_for("connected")
    return call, ()


async def while_a_code_is_confirmed(town: Town) -> Parties:
    call = await town.call(await town.phone(EXTENSION), "*#21#")
    await town.step("say")
    await call.wait_for("connected")
    return call, ()


async def while_a_mobile_is_asked(town: Town) -> Parties:
    town.trunk.behaviours[PERSON] = Behaviour()
    call = await town.call_from_outside("+4690161102")
    mobile = await town.trunk.call_to(PERSON)
    await mobile.wait_for("connected")
    await mobile.wait_for("media")
    return call, (mobile,)


async def while_transferred(town: Town) -> Parties:
    town.trunk.behaviours[FRIEND] = Behaviour(silent_seconds=20)
    caller, leg = await outsider_with(town, await town.phone(MOVER))
    await leg.transfer(FRIEND)
    return caller, (await town.trunk.call_to(FRIEND),)


async def while_the_transferred_one_hears_ringing(town: Town) -> Parties:
    mover, other = await town.phone(MOVER), await town.phone(OTHER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(OTHER)
    ringing = await other.incoming()
    await ringing.ring()
    return caller, (ringing,)


async def somebody_asked(town: Town) -> tuple[PhoneCall, PhoneCall, PhoneCall, PhoneCall]:
    """Hold an outsider and ask a colleague; return the outsider's call, its leg, the consultation and its leg."""
    mover, other = await town.phone(MOVER), await town.phone(OTHER)
    caller, leg = await outsider_with(town, mover)
    await leg.hold()
    consultation = await town.call(mover, OTHER)
    return caller, leg, consultation, await answered(other, consultation)


async def while_joined_with_the_one_asked(town: Town) -> Parties:
    caller, leg, consultation, asked = await somebody_asked(town)
    await leg.transfer_to(consultation)
    await leg.wait_for("disconnected")
    return caller, (asked,)


MOMENTS: tuple[Moment, ...] = (
    before_any_phone_rings,
    while_a_phone_rings,
    while_several_phones_ring,
    while_two_talk,
    while_the_called_one_talks,
    while_greeted,
    while_choosing,
    with_the_choice_just_made,
    while_recording,
    while_112_rings,
    while_refused,
    while_a_code_is_confirmed,
    while_a_mobile_is_asked,
    while_transferred,
    while_the_transferred_one_hears_ringing,
    while_joined_with_the_one_asked,
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_nothing_is_left_of_a_call_whose_caller_is_gone(town: Town, moment: Moment) -> None:
    gone, freed = await moment(town)
    await gone.hang_up()
    for call in freed:
        await call.wait_for("disconnected", FREED_SECONDS)
    await is_well_again(town)


@pytest.mark.parametrize(
    "moment", [while_two_talk, while_joined_with_the_one_asked], ids=lambda moment: moment.__name__
)
async def test_both_ends_may_hang_up_at_once(town: Town, moment: Moment) -> None:
    one, (other, *_) = await moment(town)
    await asyncio.gather(one.hang_up(), other.hang_up())
    await is_well_again(town)


async def test_a_caller_may_give_up_just_as_the_phone_is_answered(town: Town) -> None:
    call, (leg,) = await while_a_phone_rings(town)
    await asyncio.gather(call.hang_up(), leg.answer())
    await leg.wait_for("disconnected", 5)


async def test_a_caller_may_give_up_just_as_it_is_joined_with_another(town: Town) -> None:
    caller, leg, consultation, asked = await somebody_asked(town)
    await asyncio.gather(leg.transfer_to(consultation), caller.hang_up())
    await leg.wait_for("disconnected")
    await consultation.hang_up()
    await asked.wait_for("disconnected")
    await is_well_again(town)


async def test_a_caller_may_give_up_just_as_the_rings_are_over(town: Town) -> None:
    call, (leg,) = await while_a_phone_rings(town)
    await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    await call.hang_up()
    await town.report("CallflowEnd")


async def test_a_caller_may_be_gone_before_the_service_has_heard_of_the_call(town: Town) -> None:
    assert town.region.service.pid is not None
    town.pause_service()
    call = await town.call_from_outside("+4690161100")
    await call.wait_for("trying")
    await call.hang_up()
    os.kill(town.region.service.pid, signal.SIGCONT)
    await nothing_is_in_hand(town)
