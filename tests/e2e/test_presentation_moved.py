"""What is seen of the one who diverts or transfers a call (R17), looked for in every message."""

import pytest

from callflow.phone.client import Phone, PhoneCall
from tests.e2e.presenting import (
    COLLEAGUE,
    HIDDEN,
    HIDDEN_UNIT,
    OTHER,
    UNIT,
    colleague_is_nowhere,
    divert,
    hidden_answers_for_the_unit,
    hidden_is_nowhere,
    joined_with,
    presents,
    refresh_the_trunk,
)
from tests.e2e.secrecy import assert_nowhere, secrets_of
from tests.e2e.talking import answered, change_media
from tests.e2e.town import FRIEND, OUTSIDER, Town


async def mover_is_nowhere_outside(town: Town) -> None:
    """See that the legs out, which end, show nothing of the hidden extension; the caller may have dialled it."""
    for leg in town.trunk.calls:
        await leg.hang_up()
    assert_nowhere(await town.trunk.phone.messages(), await secrets_of(town, HIDDEN), HIDDEN_UNIT)


@pytest.mark.parametrize("condition", ["all", "unreachable"])
async def test_a_diversion_of_a_confidential_unit_shows_nothing_of_it_when_an_outsider_calls(
    town: Town, condition: str
) -> None:
    await divert(town, HIDDEN, condition, FRIEND)
    await town.call_from_outside("+4690161401")
    leg = await town.trunk.call_to(FRIEND)
    await leg.wait_for("connected")
    assert leg.caller_number == OUTSIDER
    await change_media(leg)
    await refresh_the_trunk(town)
    await mover_is_nowhere_outside(town)


async def test_a_diversion_of_a_confidential_answering_place_is_seen_nowhere(town: Town) -> None:
    await hidden_answers_for_the_unit(town)
    await divert(town, HIDDEN, "all", FRIEND)
    await town.call_from_outside(UNIT)
    leg = await town.trunk.call_to(FRIEND)
    await leg.wait_for("connected")
    await leg.hang_up()
    await hidden_is_nowhere(town)


async def test_a_diversion_of_a_confidential_unit_shows_nothing_of_it_when_an_insider_calls(town: Town) -> None:
    await divert(town, HIDDEN, "all", FRIEND)
    colleague = await town.phone(COLLEAGUE, recorded=True)
    await town.call(colleague, HIDDEN)
    leg = await town.trunk.call_to(FRIEND)
    await leg.wait_for("connected")
    assert leg.caller_number == "+4690161104"
    await mover_is_nowhere_outside(town)
    assert_nowhere(await colleague.messages(), HIDDEN_UNIT)


async def outsider_talks_with_the_hidden(town: Town, hidden: Phone) -> tuple[PhoneCall, PhoneCall]:
    await hidden_answers_for_the_unit(town)
    call = await town.call_from_outside(UNIT)
    return call, await answered(hidden, call)


async def test_a_confidential_phone_that_transfers_an_outsider_outside_is_seen_nowhere(town: Town) -> None:
    call, held = await outsider_talks_with_the_hidden(town, await town.phone(HIDDEN))
    await held.transfer(FRIEND)
    leg = await town.trunk.call_to(FRIEND)
    await leg.wait_for("connected")
    await change_media(call, leg)
    await refresh_the_trunk(town)
    await hidden_is_nowhere(town)


async def test_a_confidential_phone_that_joins_two_outsiders_is_seen_nowhere(town: Town) -> None:
    hidden = await town.phone(HIDDEN)
    call, held = await outsider_talks_with_the_hidden(town, hidden)
    await joined_with(town, None, hidden, held)
    await change_media(call, await town.trunk.call_to(FRIEND))
    await refresh_the_trunk(town)
    await hidden_is_nowhere(town)


async def test_a_confidential_phone_that_transfers_a_colleague_outside_is_seen_nowhere(town: Town) -> None:
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE)
    call = await town.call(hidden, COLLEAGUE)
    leg = await answered(colleague, call)
    await call.transfer(FRIEND)
    await (await town.trunk.call_to(FRIEND)).wait_for("connected")
    await change_media(leg)
    await refresh_the_trunk(town)
    await hidden_is_nowhere(town)


@pytest.mark.parametrize("what", ["unit", "organisation", "hidden"])
async def test_what_a_unit_presents_holds_when_its_call_is_transferred(town: Town, what: str) -> None:
    await presents(town, what)
    colleague, hidden = await town.phone(COLLEAGUE), await town.phone(HIDDEN)
    leg = await answered(hidden, await town.call(colleague, HIDDEN))
    await leg.transfer(FRIEND)
    await (await town.trunk.call_to(FRIEND)).wait_for("connected")
    await change_media(*colleague.calls.values())
    await refresh_the_trunk(town)
    await colleague_is_nowhere(town)
    await hidden_is_nowhere(town)


@pytest.mark.parametrize("what", ["unit", "organisation", "hidden"])
async def test_what_a_unit_presents_holds_when_its_call_is_joined_with_one_outside(town: Town, what: str) -> None:
    await presents(town, what)
    colleague, other = await town.phone(COLLEAGUE), await town.phone(OTHER)
    leg = await answered(other, await town.call(colleague, OTHER))
    await joined_with(town, None, other, leg)
    await change_media(*colleague.calls.values())
    await refresh_the_trunk(town)
    await colleague_is_nowhere(town)


@pytest.mark.parametrize("what", ["unit", "organisation", "hidden"])
async def test_who_transfers_an_outsider_outside_is_seen_only_as_the_unit_presents(town: Town, what: str) -> None:
    await presents(town, what)
    colleague = await town.phone(COLLEAGUE)
    call = await town.call_from_outside(UNIT)
    leg = await answered(colleague, call)
    await leg.transfer(FRIEND)
    outside = await town.trunk.call_to(FRIEND)
    await outside.wait_for("connected")
    assert outside.caller_number == OUTSIDER
    await change_media(call, outside)
    await refresh_the_trunk(town)
    assert_nowhere(await town.trunk.phone.messages(), await secrets_of(town, COLLEAGUE))
