"""Emergency calls of lost phones that others have joined: none of their legs is ended (R21)."""

import pytest

from callflow.phone.call import PhoneCall
from callflow.phone.trunk_peer import Behaviour
from tests.e2e.moving import MOVER, OTHER, outsider_with
from tests.e2e.talking import answered, heard
from tests.e2e.test_lost_phone import MOBILE, THIRD, TWIN, ends, lock
from tests.e2e.town import FRIEND, Town


async def joined_with_112(town: Town, leg: PhoneCall, consultation: PhoneCall) -> PhoneCall:
    """Let the phone of both calls join `leg` with 112, and return the end at 112."""
    await consultation.wait_for("connected")
    await leg.transfer_to(consultation)
    await leg.wait_for("disconnected")
    return await town.trunk.call_to("112")


async def is_looked_at(town: Town, account: str) -> None:
    """Lock a phone, and see its calls looked at: another call that it has ends."""
    other = await town.call(next(phone for phone in town.phones if phone.title == account), FRIEND)
    await other.wait_for("connected")
    await ends(other, await lock(town, account))
    await town.until_current()


@pytest.mark.parametrize("lost", [MOVER, OTHER])
async def test_colleague_whom_another_has_joined_with_112_talks_on_whoever_of_them_is_lost(
    town: Town, lost: str
) -> None:
    mover, colleague = await town.phone(MOVER), await town.phone(OTHER)
    call = await town.call(colleague, MOVER)
    leg = await answered(mover, call)
    await leg.hold()
    emergency = await joined_with_112(town, leg, await mover.call("112"))
    await heard(call, emergency)
    await is_looked_at(town, lost)
    await heard(call, emergency)


async def test_colleague_who_was_called_and_joined_with_112_talks_on_when_lost(town: Town) -> None:
    mover, colleague = await town.phone(MOVER), await town.phone(OTHER)
    call = await town.call(mover, OTHER)
    leg = await answered(colleague, call)
    await call.hold()
    emergency = await joined_with_112(town, call, await mover.call("112"))
    await is_looked_at(town, OTHER)
    await heard(leg, emergency)


async def test_mobile_that_was_joined_with_112_talks_on_when_lost(town: Town) -> None:
    town.trunk.behaviours[MOBILE] = Behaviour(ring_seconds=0.2, presses="1")
    mover, twin = await town.phone(MOVER), await town.phone(TWIN)
    call = await town.call(mover, TWIN)
    await call.wait_for("connected", 15)
    mobile = await town.trunk.call_to(MOBILE)
    await call.hold()
    emergency = await joined_with_112(town, call, await mover.call("112"))
    await heard(mobile, emergency)
    await is_looked_at(town, twin.title)
    await heard(mobile, emergency)
    await mobile.hang_up()


async def test_consultation_with_112_stands_when_the_phone_is_lost_and_the_call_on_hold_ends(town: Town) -> None:
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.hold()
    consultation = await mover.call("112")
    await consultation.wait_for("connected")
    await ends(caller, await lock(town, MOVER))
    await heard(consultation, await town.trunk.call_to("112"))


async def test_one_who_was_joined_with_112_before_it_answered_talks_on_when_lost(town: Town) -> None:
    town.trunk.behaviours["112"] = Behaviour(ring_seconds=4)
    mover, colleague = await town.phone(MOVER), await town.phone(OTHER)
    call = await town.call(colleague, MOVER)
    leg = await answered(mover, call)
    await leg.hold()
    consultation = await mover.call("112")
    await consultation.wait_for("ringing")
    await leg.transfer_to(consultation)
    await leg.wait_for("disconnected")
    await is_looked_at(town, OTHER)
    await heard(call, await town.trunk.call_to("112"))


async def test_112_that_was_joined_with_a_colleague_talks_on_when_the_colleague_is_lost(town: Town) -> None:
    mover, colleague = await town.phone(MOVER), await town.phone(OTHER)
    emergency = await mover.call("112")
    await emergency.wait_for("connected")
    await emergency.hold()
    consultation = await town.call(mover, OTHER)
    leg = await answered(colleague, consultation)
    await emergency.transfer_to(consultation)
    await emergency.wait_for("disconnected")
    await heard(leg, await town.trunk.call_to("112"))
    await is_looked_at(town, OTHER)
    await heard(leg, await town.trunk.call_to("112"))


async def test_call_that_was_joined_with_anybody_else_ends_when_the_phone_is_lost(town: Town) -> None:
    mover, third = await town.phone(MOVER), await town.phone(THIRD)
    call = await town.call(third, MOVER)
    leg = await answered(mover, call)
    await leg.hold()
    consultation = await town.call(mover, FRIEND)
    await consultation.wait_for("connected")
    await leg.transfer_to(consultation)
    await leg.wait_for("disconnected")
    await ends(call, await lock(town, THIRD))
