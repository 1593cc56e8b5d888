"""What no keypad dials but a program can: it is refused in words or by SIP, and never read as anything else."""

import pytest

from tests.e2e.moving import MOVER, OTHER, called_outside, outsider_with
from tests.e2e.talking import answered
from tests.e2e.town import Town

NOT_UTF_8 = f"{OTHER}%FF"
EXPRESSION = "1%24%7BSET(GLOBAL(CF_READ_AS_DIALPLAN)=1)%7D"
NAME_OF_THE_DEAD_MANS_SWITCH = "T"


@pytest.mark.parametrize(
    "number", [NOT_UTF_8, f"{OTHER}%C2%B2", f"%28{OTHER}%80", "1" * 200, EXPRESSION, "1%2C1%2C1"]
)
async def test_phone_that_calls_no_number_hears_so(town: Town, number: str) -> None:
    phone, other = await town.phone(MOVER), await town.phone(OTHER)
    await (await town.call(phone, number)).wait_for("disconnected", 20)
    await town.step("say", containing="policy/number-not-understood")
    assert other.first("incoming") is None
    assert "CF_READ_AS_DIALPLAN" not in await town.region.asterisk.console("dialplan show globals")


async def test_outsider_who_calls_no_number_hears_so(town: Town) -> None:
    phone = await town.phone(OTHER)
    await (await town.call_from_outside(f"+46901{NOT_UTF_8}")).wait_for("disconnected", 20)
    await town.step("say", containing="policy/number-not-understood")
    assert phone.first("incoming") is None


@pytest.mark.parametrize("number", [NOT_UTF_8, "1" * 200, EXPRESSION, "1%2C1%2C1", NAME_OF_THE_DEAD_MANS_SWITCH])
async def test_who_is_transferred_to_no_number_comes_back(town: Town, number: str) -> None:
    mover, other = await town.phone(MOVER), await town.phone(OTHER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(number)
    await answered(mover, caller, count=2)
    assert other.first("incoming") is None
    assert called_outside(town) == []
    assert "CallflowFallback" not in [event.name for event in town.reported]
    assert "CF_READ_AS_DIALPLAN" not in await town.region.asterisk.console("dialplan show globals")


async def test_nobody_calls_the_dead_mans_switch(town: Town) -> None:
    inside = await town.call(await town.phone(MOVER), NAME_OF_THE_DEAD_MANS_SWITCH)
    outside = await town.call_from_outside(NAME_OF_THE_DEAD_MANS_SWITCH)
    for call in (inside, outside):
        assert (await call.wait_for("disconnected")).code == 404
    assert "CallflowFallback" not in [event.name for event in town.reported]


async def test_112_followed_by_anything_unreadable_is_112(town: Town) -> None:
    call = await (await town.phone(MOVER)).call("112%FF")
    await (await town.trunk.call_to("112")).wait_for("connected")
    await call.wait_for("connected")
