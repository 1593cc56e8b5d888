"""What units present that are not confidential, and what one call may change of it (R17)."""

import pytest

from tests.e2e.helpers import eventually
from tests.e2e.presenting import (
    COLLEAGUE,
    HIDDEN,
    OTHER,
    colleague_is_nowhere,
    divert,
    presents,
    refresh_the_trunk,
)
from tests.e2e.secrecy import Secrets, assert_nowhere
from tests.e2e.talking import change_media
from tests.e2e.town import FRIEND, Town


async def shown_outside(town: Town, username: str, number: str = FRIEND) -> str:
    """Call out from an extension and return the number that the network was given, "" for none."""
    call = await town.call(await town.phone(username), number)
    await call.wait_for("connected")
    leg = await town.trunk.call_to(FRIEND)
    await change_media(call, leg)
    await refresh_the_trunk(town)
    await call.hang_up()
    await leg.wait_for("disconnected")
    anonymous = "sip:anonymous@" in leg.headers["from"][0]
    assert anonymous == ("p-asserted-identity" not in leg.headers)
    return "" if anonymous else leg.caller_number


async def test_an_ordinary_extension_presents_its_own_number(town: Town) -> None:
    assert await shown_outside(town, COLLEAGUE) == "+4690161104"


@pytest.mark.parametrize(
    ("what", "number"), [("unit", "+4690161020"), ("organisation", "+4690161000"), ("hidden", "")]
)
async def test_an_extension_presents_what_its_unit_does_and_nothing_of_its_own(
    town: Town, what: str, number: str
) -> None:
    await presents(town, what)
    assert await shown_outside(town, COLLEAGUE) == number
    await colleague_is_nowhere(town)


@pytest.mark.parametrize("what", ["own", "unit", "organisation", "hidden"])
async def test_a_number_is_hidden_for_one_call(town: Town, what: str) -> None:
    await presents(town, what)
    assert await shown_outside(town, COLLEAGUE, f"#31#{FRIEND}") == ""
    await colleague_is_nowhere(town)
    assert_nowhere(await town.trunk_messages(), Secrets("+4690161020", "61020", "Stadsledningskontoret"))


async def test_the_next_call_after_a_hidden_one_is_shown_again(town: Town) -> None:
    colleague = await town.phone(COLLEAGUE)
    await (await town.call(colleague, f"#31#{FRIEND}")).wait_for("connected")
    await town.trunk.call_to(FRIEND)
    await town.call(colleague, FRIEND)
    await eventually_shown(town, "+4690161104")


async def eventually_shown(town: Town, number: str) -> None:
    async def shown() -> bool:
        return [call.caller_number for call in town.trunk.calls][-1:] == [number]

    await eventually(shown, 10, f"{number} was not shown")


async def test_a_hidden_unit_shows_its_own_number_for_one_call(town: Town) -> None:
    await presents(town, "hidden")
    assert await shown_outside(town, COLLEAGUE, f"*31#{FRIEND}") == "+4690161104"


@pytest.mark.parametrize("what", ["unit", "organisation", "hidden"])
async def test_what_a_unit_presents_holds_through_a_diversion_and_a_twin(town: Town, what: str) -> None:
    await presents(town, what)
    await divert(town, OTHER, "all", FRIEND)
    await town.sql("UPDATE extension SET mobile_number = '+46701740621' WHERE sip_username = '61101'")
    colleague = await town.phone(COLLEAGUE)
    await town.call(colleague, OTHER)
    await town.trunk.call_to(FRIEND)
    await town.call(colleague, "61101")
    await town.trunk.call_to("+46701740621")
    await colleague_is_nowhere(town)


async def test_colleagues_see_the_own_number_of_a_unit_that_is_hidden_outside(town: Town) -> None:
    await presents(town, "hidden")
    colleague, other = await town.phone(COLLEAGUE), await town.phone(OTHER)
    await town.call(colleague, OTHER)
    leg = await other.incoming()
    assert leg.caller_number in {"+4690161104", "61104"}


@pytest.mark.parametrize("username", [HIDDEN, COLLEAGUE])
async def test_112_shows_the_own_number_also_of_one_who_hides_it(town: Town, username: str) -> None:
    await presents(town, "hidden")
    call = await town.call(await town.phone(username), "#31#112")
    emergency = await town.trunk.call_to("112")
    await call.wait_for("connected")
    assert emergency.caller_number == f"+46901{username}"
    assert "privacy" not in emergency.headers
