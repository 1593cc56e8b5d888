"""How calls out of a confidential unit are seen, outside and by colleagues (R17), looked for in every message."""

from collections.abc import Awaitable, Callable

import pytest

from callflow.phone.client import Phone, PhoneCall
from callflow.phone.trunk_peer import Behaviour
from tests.e2e.presenting import (
    CLAIMS,
    COLLEAGUE,
    HIDDEN,
    OTHER,
    divert,
    hidden_is_nowhere,
    joined_with,
    refresh_the_trunk,
    talks_with_the_friend,
)
from tests.e2e.talking import answered, change_media
from tests.e2e.town import FRIEND, WORKING_HOURS, Town

WayOut = Callable[[Town, Phone], Awaitable[PhoneCall]]


async def directly(town: Town, hidden: Phone) -> PhoneCall:
    await talks_with_the_friend(town, hidden)
    return await town.trunk.call_to(FRIEND)


async def by_shown_once(town: Town, hidden: Phone) -> PhoneCall:
    await (await town.call(hidden, f"*31#{FRIEND}")).wait_for("connected")
    return await town.trunk.call_to(FRIEND)


async def by_hidden_once(town: Town, hidden: Phone) -> PhoneCall:
    await (await town.call(hidden, f"#31#{FRIEND}")).wait_for("connected")
    return await town.trunk.call_to(FRIEND)


async def by_a_diversion_of_all_calls(town: Town, hidden: Phone) -> PhoneCall:
    await divert(town, OTHER, "all", FRIEND)
    await town.call(hidden, OTHER)
    return await town.trunk.call_to(FRIEND)


async def by_a_diversion_of_unanswered_calls(town: Town, hidden: Phone) -> PhoneCall:
    await divert(town, OTHER, "no_answer", FRIEND)
    other = await town.phone(OTHER)
    await town.call(hidden, OTHER)
    await (await other.incoming()).ring()
    return await town.trunk.call_to(FRIEND)


async def to_a_twin(town: Town, hidden: Phone) -> PhoneCall:
    await town.sql("UPDATE extension SET mobile_number = $1 WHERE sip_username = '61101'", FRIEND)
    desk = await town.phone("61101")
    await town.call(hidden, "61101")
    await (await desk.incoming()).ring()
    return await town.trunk.call_to(FRIEND)


async def to_a_twin_that_need_not_confirm(town: Town, hidden: Phone) -> PhoneCall:
    await town.sql("UPDATE extension SET mobile_confirms = false WHERE sip_username = '61101'")
    return await to_a_twin(town, hidden)


async def to_a_mobile_extension(town: Town, hidden: Phone) -> PhoneCall:
    await town.sql("UPDATE extension SET mobile_number = $1 WHERE number = '+4690161102'", FRIEND)
    await town.call(hidden, "61102")
    return await town.trunk.call_to(FRIEND)


async def transferred_blind_after_calling(town: Town, hidden: Phone) -> PhoneCall:
    colleague = await town.phone(COLLEAGUE)
    leg = await answered(colleague, await town.call(hidden, COLLEAGUE))
    await leg.transfer(FRIEND)
    return await town.trunk.call_to(FRIEND)


async def transferred_blind_after_answering(town: Town, hidden: Phone) -> PhoneCall:
    colleague = await town.phone(COLLEAGUE)
    call = await town.call(colleague, HIDDEN)
    await answered(hidden, call)
    await call.transfer(FRIEND)
    return await town.trunk.call_to(FRIEND)


async def transferred_attended_after_calling(town: Town, hidden: Phone) -> PhoneCall:
    colleague = await town.phone(COLLEAGUE)
    leg = await answered(colleague, await town.call(hidden, COLLEAGUE))
    await joined_with(town, None, colleague, leg)
    return await town.trunk.call_to(FRIEND)


async def transferred_attended_after_answering(town: Town, hidden: Phone) -> PhoneCall:
    colleague = await town.phone(COLLEAGUE)
    call = await town.call(colleague, HIDDEN)
    await answered(hidden, call)
    await joined_with(town, None, colleague, call)
    return await town.trunk.call_to(FRIEND)


async def transferred_while_it_rings(town: Town, hidden: Phone) -> PhoneCall:
    town.trunk.behaviours[FRIEND] = Behaviour(ring_seconds=2.0)
    colleague = await town.phone(COLLEAGUE)
    leg = await answered(colleague, await town.call(hidden, COLLEAGUE))
    await leg.hold()
    consultation = await town.call(colleague, FRIEND)
    await consultation.wait_for("ringing")
    await leg.transfer_to(consultation)
    await leg.wait_for("disconnected")
    return await town.trunk.call_to(FRIEND)


WAYS_OUT: list[WayOut] = [
    directly, by_shown_once, by_hidden_once, by_a_diversion_of_all_calls, by_a_diversion_of_unanswered_calls,
    to_a_twin, to_a_twin_that_need_not_confirm, to_a_mobile_extension, transferred_blind_after_calling,
    transferred_blind_after_answering, transferred_attended_after_calling, transferred_attended_after_answering,
    transferred_while_it_rings,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_a_confidential_unit_is_seen_nowhere_outside(town: Town, way: WayOut) -> None:
    hidden = await town.phone(HIDDEN)
    leg = await way(town, hidden)
    await leg.wait_for("connected")
    await change_media(leg, *(call for call in hidden.calls.values() if call.first("connected")))
    await refresh_the_trunk(town)
    await leg.hang_up()
    await hidden_is_nowhere(town)


@pytest.mark.parametrize("caller", ['"Susanne Ek" <sip:+4690161401@{0}>', '"61401" <sip:61401@{0};user=phone>'])
async def test_nothing_that_a_confidential_phone_claims_is_passed_on(town: Town, caller: str) -> None:
    hidden = await town.phone(HIDDEN)
    call = await town.call(hidden, FRIEND, caller=caller.format(town.sip_address), headers=CLAIMS)
    await call.wait_for("connected")
    await change_media(call)
    await refresh_the_trunk(town)
    await call.hang_up()
    await (await town.trunk.call_to(FRIEND)).wait_for("disconnected")
    await hidden_is_nowhere(town)


async def test_a_hidden_number_is_anonymous(town: Town) -> None:
    leg = await directly(town, await town.phone(HIDDEN))
    assert "anonymous" in leg.headers["from"][0]
    assert "p-asserted-identity" not in leg.headers


async def test_a_confidential_unit_is_hidden_also_when_the_service_is_down(town: Town) -> None:
    await town.sql("UPDATE extension SET mobile_number = $1 WHERE number = '+4690161102'", FRIEND)
    hidden = await town.phone(HIDDEN)

    await town.region.service.kill()
    await town.call(hidden, "61102", at=WORKING_HOURS)
    leg = await town.trunk.call_to(FRIEND)
    await leg.wait_for("connected", 15)
    await leg.hang_up()
    await hidden_is_nowhere(town)
