"""What callers of ours show where no service answers, or none any more, on a colleague's mobile outside (R17)."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

import pytest

from callflow.asterisk.policy_files import replica_path
from callflow.phone.call import PhoneCall
from tests.e2e.in_the_net import (
    everything_is_down,
    service_is_killed,
    service_is_stuck,
    somebody_claims_and_hangs,
    the_net_has,
)
from tests.e2e.presenting import COLLEAGUE, HIDDEN, OTHER, UNIT, colleague_is_nowhere, hidden_is_nowhere, presents
from tests.e2e.secrecy import assert_nowhere, secrets_of
from tests.e2e.talking import answered
from tests.e2e.test_transfers_attended import joined_while_it_rings
from tests.e2e.town import FRIEND, OUTSIDER, Town

MOBILE, MOBILE_NUMBER = "61102", "+46701740611"
"""Maria Nyström has a mobile alone, and confirms that she takes the call."""
MAIN_NUMBER = "+4690161000"
OPERATORS_MOBILE = """
    UPDATE extension SET kind = 'twin', mobile_number = $1, mobile_confirms = false WHERE sip_username = '61001'
"""
SHOWN = [("unit", UNIT), ("organisation", MAIN_NUMBER), ("hidden", "")]


async def presents_in_the_net(town: Town, what: str, shown: str) -> None:
    """Let the colleague's unit present this, and wait until the net has it."""
    await presents(town, what)
    number = f"SELECT substr(shown, 1, instr(shown, '|') - 1) FROM shown WHERE account = '{COLLEAGUE}'"
    await the_net_has(town, number, shown or "hidden")


async def leg_outside(town: Town, number: str = MOBILE_NUMBER) -> PhoneCall:
    """Return the answered leg to the mobile."""
    leg = await town.trunk.call_to(number, 15)
    await leg.wait_for("connected")
    return leg


def shown_by(leg: PhoneCall) -> str:
    """Return the number that the network was given, "" for none."""
    anonymous = "sip:anonymous@" in leg.headers["from"][0]
    assert anonymous == ("p-asserted-identity" not in leg.headers)
    return "" if anonymous else leg.caller_number


@pytest.mark.parametrize("confirms", [True, False])
@pytest.mark.parametrize(("what", "number"), SHOWN)
async def test_in_the_net_a_colleagues_mobile_sees_what_the_unit_presents(
    town: Town, what: str, number: str, confirms: bool
) -> None:
    await town.sql("UPDATE extension SET mobile_confirms = $1 WHERE mobile_number = $2", confirms, MOBILE_NUMBER)
    await presents_in_the_net(town, what, number)
    colleague = await town.phone(COLLEAGUE)
    await service_is_killed(town)
    await town.call(colleague, MOBILE)
    assert shown_by(await leg_outside(town)) == number
    await colleague_is_nowhere(town)


async def test_in_the_net_who_may_be_seen_is_seen(town: Town) -> None:
    colleague = await town.phone(COLLEAGUE)
    await service_is_killed(town)
    await town.call(colleague, MOBILE)
    assert shown_by(await leg_outside(town)) == "+4690161104"


@pytest.mark.parametrize("trouble", [service_is_stuck, everything_is_down])
@pytest.mark.parametrize("username", [COLLEAGUE, HIDDEN])
async def test_an_operators_mobile_sees_what_the_unit_presents_also_when(
    town: Town, trouble: Callable[[Town], Awaitable[None]], username: str
) -> None:
    await town.sql(OPERATORS_MOBILE, FRIEND)
    await the_net_has(town, f"SELECT count(*) > 0 FROM number WHERE arguments LIKE '%{FRIEND}%'", 1)
    await presents_in_the_net(town, "unit", UNIT)
    caller, own = await town.phone(username), await secrets_of(town, username)
    await trouble(town)
    await caller.register_again()
    await town.call(caller, "61000")
    assert shown_by(await leg_outside(town, FRIEND)) == (UNIT if username == COLLEAGUE else "")
    assert_nowhere(await town.trunk_messages(), own)


async def test_in_the_net_a_phone_that_it_does_not_know_is_hidden(town: Town) -> None:
    colleague = await town.phone(COLLEAGUE)
    await service_is_killed(town)
    with closing(sqlite3.connect(replica_path(town.region.settings))) as replica, replica:
        replica.execute("UPDATE phone SET shown = '' WHERE username = ?", (COLLEAGUE,))
        replica.execute("DELETE FROM written")
    await town.call(colleague, MOBILE)
    assert shown_by(await leg_outside(town)) == ""
    await colleague_is_nowhere(town)


@pytest.mark.parametrize("username", [COLLEAGUE, HIDDEN])
async def test_in_the_net_112_shows_the_own_number_also_of_one_who_hides_it(town: Town, username: str) -> None:
    await presents_in_the_net(town, "hidden", "")
    phone = await town.phone(username)
    await service_is_killed(town)
    await town.call(phone, "112")
    emergency = await town.trunk.call_to("112")
    assert shown_by(emergency) == f"+46901{username}"
    assert "privacy" not in emergency.headers


async def test_in_the_net_a_caller_from_outside_is_shown_as_it_came(town: Town) -> None:
    await service_is_killed(town)
    await town.call_from_outside(f"+46901{MOBILE}")
    assert shown_by(await leg_outside(town)) == OUTSIDER


@pytest.mark.parametrize(("what", "number"), SHOWN)
async def test_a_call_that_was_claimed_in_vain_shows_what_the_unit_presents(
    town: Town, what: str, number: str
) -> None:
    await presents_in_the_net(town, what, number)
    colleague = await town.phone(COLLEAGUE)
    async with somebody_claims_and_hangs(town):
        await town.call(colleague, MOBILE)
        assert shown_by(await leg_outside(town)) == number
    await colleague_is_nowhere(town)


async def test_who_is_transferred_in_the_net_is_shown_as_its_unit_says_whoever_called_it(town: Town) -> None:
    await presents_in_the_net(town, "unit", UNIT)
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE)
    call = await town.call(hidden, COLLEAGUE)
    await answered(colleague, call)
    await service_is_killed(town)
    await call.transfer(MOBILE)
    assert shown_by(await leg_outside(town)) == UNIT
    await colleague_is_nowhere(town)
    await hidden_is_nowhere(town)


async def test_who_is_transferred_in_the_net_is_hidden_whoever_called_it(town: Town) -> None:
    hidden, colleague = await town.phone(HIDDEN), await town.phone(COLLEAGUE)
    call = await town.call(colleague, HIDDEN)
    await answered(hidden, call)
    await service_is_killed(town)
    await call.transfer(MOBILE)
    assert shown_by(await leg_outside(town)) == ""
    await hidden_is_nowhere(town)


async def test_who_hid_its_number_for_one_call_stays_hidden_when_the_net_transfers_it(town: Town) -> None:
    colleague, other = await town.phone(COLLEAGUE), await town.phone(OTHER)
    leg = await answered(other, await town.call(colleague, f"#31#{OTHER}"))
    await service_is_killed(town)
    await leg.transfer(MOBILE)
    assert shown_by(await leg_outside(town)) == ""
    await colleague_is_nowhere(town)


async def test_whom_a_colleague_called_outside_is_not_shown_as_the_colleague_when_transferred(town: Town) -> None:
    colleague = await town.phone(COLLEAGUE)
    call = await town.call(colleague, FRIEND)
    await call.wait_for("connected")
    await service_is_killed(town)
    await call.transfer(MOBILE)
    leg = await leg_outside(town)
    await (await town.trunk.call_to(FRIEND)).hang_up()
    assert shown_by(leg) == FRIEND


async def test_who_is_joined_with_a_phone_that_rings_in_vain_is_not_shown_as_the_one_who_joined(town: Town) -> None:
    await town.sql(OPERATORS_MOBILE, FRIEND)
    await the_net_has(town, f"SELECT count(*) > 0 FROM number WHERE arguments LIKE '%{FRIEND}%'", 1)
    hidden, colleague, other = [await town.phone(name) for name in (HIDDEN, COLLEAGUE, OTHER)]
    leg = await answered(colleague, await town.call(hidden, COLLEAGUE))
    await service_is_killed(town)
    await joined_while_it_rings(town, colleague, leg, other)
    assert shown_by(await leg_outside(town, FRIEND)) == ""
    await colleague_is_nowhere(town)
    await hidden_is_nowhere(town)
