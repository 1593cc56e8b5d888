"""The net under it all: the service, the database or both are down (R23)."""

from collections.abc import Awaitable, Callable

import pytest

from tests.e2e.helpers import eventually, in_replica
from tests.e2e.in_the_net import everything_is_down, service_is_killed, somebody_claims_and_hangs
from tests.e2e.town import OUTSIDER, RINGING_LIMIT, TOLERANCE, Town


async def test_with_the_service_killed_an_internal_call_goes_through(town: Town) -> None:
    caller, called = await town.phone("61100"), await town.phone("61104")
    await town.region.service.kill()
    call = await town.call(caller, "61104")
    leg = await called.incoming()
    await leg.answer()
    await call.wait_for("connected")


@pytest.mark.parametrize("trouble", [service_is_killed, everything_is_down])
async def test_in_the_net_an_extension_rings_four_times_and_goes_to_voicemail_when(
    town: Town, trouble: Callable[[Town], Awaitable[None]]
) -> None:
    called = await town.phone("61100")
    await trouble(town)
    await called.register_again()
    call = await town.call_from_outside("+4690161100")
    leg = await called.incoming()
    await leg.ring()
    ringing = await call.wait_for("ringing")
    ended = await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    assert abs(ended.at - ringing.at - RINGING_LIMIT) < TOLERANCE
    await call.wait_for("connected")


async def test_with_the_database_down_the_policy_goes_on_deciding(town: Town) -> None:
    called = await town.phone("61104")
    await town.stop_database()
    await town.call_from_outside("+4690161103")
    await called.incoming(15)
    await town.step("dial", containing="61104")


async def test_the_service_starts_without_the_database_by_the_last_snapshot(town: Town) -> None:
    called = await town.phone("61104")
    await town.region.service.stop()
    await town.stop_database()
    await town.region.start_service()
    await town.call_from_outside("+4690161103")
    await called.incoming(15)
    assert (await town.health())["policy"]["source"] == "file"


async def test_from_a_cold_start_internal_calls_go_through(town: Town) -> None:
    passwords = {name: await town.phone(name, register=False) for name in ("61100", "61104")}
    await everything_is_down(town)
    for phone in passwords.values():
        await phone.register_again()
    call = await town.call(passwords["61100"], "61104")
    await (await passwords["61104"].incoming()).answer()
    await call.wait_for("connected")


async def test_from_a_cold_start_the_main_number_rings_the_operators(town: Town) -> None:
    operators = [await town.phone(name) for name in ("61001", "61002")]
    await everything_is_down(town)
    for phone in operators:
        await phone.register_again()
    call = await town.call_from_outside("+4690161000")
    legs = [await operator.incoming(15) for operator in operators]
    await legs[0].ring()
    await legs[0].answer()
    await call.wait_for("connected")
    await legs[1].wait_for("disconnected")


async def test_from_a_cold_start_what_is_barred_stays_barred(town: Town) -> None:
    phone = await town.phone("61104", register=False)
    await everything_is_down(town)
    for number in (OUTSIDER, "004712345678"):
        call = await phone.call(number)
        await call.wait_for("disconnected", 20)
    assert town.trunk.calls == []


@pytest.mark.parametrize("number", ["61104", "112"])
async def test_in_the_net_a_phones_own_forwarding_carries_no_call_on(town: Town, number: str) -> None:
    phone, target = await town.phone("61100"), await town.phone("61104")
    await town.region.service.kill()
    call = await town.call_from_outside("+4690161100")
    await (await phone.incoming()).forward(number)
    await call.wait_for("connected")
    assert target.first("incoming") is None
    assert town.trunk.calls == []


async def test_a_call_whose_service_is_killed_before_the_ringing_still_ends_in_voicemail(town: Town) -> None:
    called = await town.phone("61100")
    call = await town.call_from_outside("+4690161100")
    leg = await called.incoming()
    await town.region.service.kill()
    await leg.ring()
    await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    await call.wait_for("connected")
    await town.step("voicemail", containing="61100@")


async def test_a_service_that_is_stuck_costs_the_caller_half_a_second(town: Town) -> None:
    called = await town.phone("61100")
    town.pause_service()
    call = await town.call_from_outside("+4690161100")
    leg = await called.incoming(5)
    assert leg.invite is not None
    assert leg.invite.at - (await call.wait_for("calling")).at < 1


async def test_a_service_that_claims_and_then_hangs_costs_the_caller_two_seconds(town: Town) -> None:
    called = await town.phone("61100")
    async with somebody_claims_and_hangs(town):
        call = await town.call_from_outside("+4690161100")
        leg = await called.incoming(5)
    assert leg.invite is not None
    assert 1.5 < leg.invite.at - (await call.wait_for("calling")).at < 3


async def test_a_changed_policy_is_in_the_net_as_well(town: Town) -> None:
    await town.sql("UPDATE extension SET mailbox_id = NULL WHERE sip_username = '61100'")

    async def known() -> bool:
        row = in_replica(town.region, "SELECT arguments FROM number WHERE number = '+4690161100'")
        return "61100@callflow" not in row

    await eventually(known, 5, "the net never knew")
