"""What is seen of the one who answers (R17), looked for in every message."""

from collections.abc import Awaitable, Callable

import pytest

from callflow.phone.client import Phone, PhoneCall
from tests.e2e.presenting import (
    CLAIMS,
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
    talks_with_the_friend,
)
from tests.e2e.secrecy import assert_nowhere, secrets_of
from tests.e2e.talking import answered, change_media
from tests.e2e.town import FRIEND, Town

WayIn = Callable[[Town, Phone], Awaitable[PhoneCall]]


async def outsider_reaches_a_unit(town: Town, hidden: Phone) -> PhoneCall:
    await hidden_answers_for_the_unit(town)
    call = await town.call_from_outside(UNIT)
    await answered(hidden, call)
    return call


async def outsider_reaches_by_a_diversion(town: Town, hidden: Phone) -> PhoneCall:
    await divert(town, OTHER, "all", "+4690161401")
    call = await town.call_from_outside("+4690161106")
    await answered(hidden, call)
    return call


async def outsider_reaches_a_group(town: Town, hidden: Phone) -> PhoneCall:
    await town.sql("""
        INSERT INTO ring_group_member (ring_group_id, extension_id)
        SELECT operator_group_id, (SELECT id FROM extension WHERE sip_username = '61401')
        FROM organisation WHERE key = 'umea'
    """)
    call = await town.call_from_outside("+4690161000")
    await answered(hidden, call)
    return call


async def outsider_is_transferred_blind(town: Town, hidden: Phone) -> PhoneCall:
    colleague = await town.phone(COLLEAGUE)
    call = await town.call_from_outside("+4690161104")
    leg = await answered(colleague, call)
    await leg.transfer(HIDDEN)
    await answered(hidden, call)
    await leg.wait_for("disconnected")
    return call


async def outsider_is_transferred_attended(town: Town, hidden: Phone) -> PhoneCall:
    colleague = await town.phone(COLLEAGUE)
    call = await town.call_from_outside("+4690161104")
    await joined_with(town, hidden, colleague, await answered(colleague, call))
    return call


async def outsider_who_was_called_is_transferred_attended(town: Town, hidden: Phone) -> PhoneCall:
    colleague = await town.phone(COLLEAGUE)
    call = await talks_with_the_friend(town, colleague)
    await joined_with(town, hidden, colleague, call)
    return await town.trunk.call_to(FRIEND)


async def outsider_who_was_called_is_transferred_blind(town: Town, hidden: Phone) -> PhoneCall:
    colleague = await town.phone(COLLEAGUE)
    call = await talks_with_the_friend(town, colleague)
    await call.transfer(HIDDEN)
    await answered(hidden)
    await call.wait_for("disconnected")
    return await town.trunk.call_to(FRIEND)


WAYS_IN: list[WayIn] = [
    outsider_reaches_a_unit, outsider_reaches_by_a_diversion, outsider_reaches_a_group, outsider_is_transferred_blind,
    outsider_is_transferred_attended, outsider_who_was_called_is_transferred_attended,
    outsider_who_was_called_is_transferred_blind,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS_IN)
async def test_an_outsider_sees_nothing_of_the_confidential_unit_that_answers(town: Town, way: WayIn) -> None:
    hidden = await town.phone(HIDDEN)
    outside = await way(town, hidden)
    talking = next(call for call in hidden.calls.values() if not call.ended)
    await change_media(talking, outside)
    await refresh_the_trunk(town)
    await talking.hang_up()
    await outside.wait_for("disconnected")
    await hidden_is_nowhere(town)


# colleagues


async def test_a_colleague_who_is_called_sees_no_number_of_a_confidential_unit(town: Town) -> None:
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE, recorded=True)
    call = await town.call(hidden, COLLEAGUE, headers=CLAIMS)
    leg = await answered(colleague, call)
    await change_media(call, leg)
    await call.hang_up()
    await leg.wait_for("disconnected")
    assert_nowhere(await colleague.messages(), await secrets_of(town, HIDDEN), HIDDEN_UNIT)


async def test_a_colleague_whom_a_confidential_unit_answers_sees_no_number_of_it(town: Town) -> None:
    await divert(town, OTHER, "all", "+4690161401")
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE, recorded=True)
    call = await town.call(colleague, OTHER)
    leg = await answered(hidden, call)
    await change_media(leg, call)
    await leg.hang_up()
    await call.wait_for("disconnected")
    assert_nowhere(await colleague.messages(), await secrets_of(town, HIDDEN), HIDDEN_UNIT)


async def test_a_colleague_to_whom_a_confidential_unit_is_transferred_sees_no_number_of_it(town: Town) -> None:
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE)
    other = await town.phone(OTHER, recorded=True)
    leg = await answered(colleague, await town.call(hidden, COLLEAGUE))
    await leg.transfer(OTHER)
    moved = await answered(other)
    await change_media(moved)
    assert_nowhere(await other.messages(), await secrets_of(town, HIDDEN), HIDDEN_UNIT)


async def test_a_colleague_to_whom_a_confidential_unit_is_joined_sees_no_number_of_it(town: Town) -> None:
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE)
    other = await town.phone(OTHER, recorded=True)
    leg = await answered(colleague, await town.call(hidden, COLLEAGUE))
    await joined_with(town, other, colleague, leg)
    await change_media(*other.calls.values())
    assert_nowhere(await other.messages(), await secrets_of(town, HIDDEN), HIDDEN_UNIT)


@pytest.mark.parametrize("what", ["unit", "organisation", "hidden"])
async def test_an_outsider_sees_the_extension_that_answers_only_as_its_unit_presents(town: Town, what: str) -> None:
    await presents(town, what)
    colleague = await town.phone(COLLEAGUE)
    call = await town.call_from_outside(UNIT)
    leg = await answered(colleague, call)
    await change_media(leg, call)
    await refresh_the_trunk(town)
    await colleague_is_nowhere(town)


@pytest.mark.parametrize("what", ["unit", "organisation", "hidden"])
async def test_an_outsider_who_is_transferred_sees_the_extension_only_as_its_unit_presents(
    town: Town, what: str
) -> None:
    await hidden_answers_for_the_unit(town)
    await presents(town, what)
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE)
    call = await town.call_from_outside(UNIT)
    leg = await answered(hidden, call)
    await leg.transfer(COLLEAGUE)
    await change_media(await answered(colleague, call), call)
    await refresh_the_trunk(town)
    await colleague_is_nowhere(town)


@pytest.mark.parametrize("what", ["unit", "organisation", "hidden"])
async def test_an_outsider_who_is_joined_sees_the_extension_only_as_its_unit_presents(town: Town, what: str) -> None:
    await hidden_answers_for_the_unit(town)
    await presents(town, what)
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE)
    call = await town.call_from_outside(UNIT)
    await joined_with(town, colleague, hidden, await answered(hidden, call))
    await change_media(*colleague.calls.values(), call)
    await refresh_the_trunk(town)
    await colleague_is_nowhere(town)
