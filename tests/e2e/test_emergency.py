"""112 from every phone in every state, before everything else, with the number presented (R17, R21, R23)."""

from collections.abc import Awaitable, Callable

import pytest

from callflow.phone.call import PhoneCall
from callflow.phone.trunk_peer import Behaviour
from tests.e2e.helpers import eventually, in_replica
from tests.e2e.town import EVENING, Town

Trouble = Callable[[Town], Awaitable[None]]


async def reaches_112(town: Town, call: PhoneCall, shown: str) -> None:
    """See that the call is answered by 112, with this number in every header that shows one."""
    emergency = await town.trunk.call_to("112")
    await call.wait_for("connected")
    assert shown in emergency.headers["p-asserted-identity"][0]
    assert f"sip:{shown}@" in emergency.headers["from"][0]
    assert "privacy" not in emergency.headers
    assert "CallflowStep" not in [event.name for event in town.reported]


async def test_112_from_a_registered_phone(town: Town) -> None:
    phone = await town.phone("61100")
    await reaches_112(town, await phone.call("112"), "+4690161100")
    await town.report("CallflowEmergency", 0.1) if town.reported else None


async def test_112_from_a_phone_that_is_not_registered(town: Town) -> None:
    phone = await town.phone("61100", register=False)
    await reaches_112(town, await phone.call("112"), "+4690161100")


@pytest.mark.parametrize(
    "number",
    ["1%201%202", "(112)", "112;phone-context=+46", "0112", "112#", "0112#", "+46112#", "#31#112", "*31#112"],
)
async def test_112_however_the_phone_writes_it(town: Town, number: str) -> None:
    phone = await town.phone("61100")
    await reaches_112(town, await phone.call(number), "+4690161100")


async def test_112_from_a_locked_phone(town: Town) -> None:
    await town.sql("UPDATE extension SET locked = true WHERE sip_username = '61104'")
    phone = await town.phone("61104")
    await reaches_112(town, await phone.call("112"), "+4690161104")


async def test_a_locked_phone_reaches_112_and_nothing_else_from_a_cold_start(town: Town) -> None:
    await town.sql("UPDATE extension SET locked = true WHERE sip_username = '61104'")

    async def known() -> bool:
        return bool(in_replica(town.region, "SELECT locked FROM phone WHERE username = '61104'"))

    await eventually(known, 10, "the lock never reached what Asterisk looks up")
    phone, other = await town.phone("61104", register=False), await town.phone("61100", register=False)
    await town.region.service.kill()
    await town.start_asterisk_cold()
    await other.register_again()
    barred = await town.call(phone, "61100")
    await barred.wait_for("disconnected", 20)
    assert other.first("incoming") is None
    await reaches_112(town, await phone.call("112"), "+4690161104")


async def test_112_from_a_confidential_unit_shows_the_number(town: Town) -> None:
    phone = await town.phone("61401")
    await reaches_112(town, await phone.call("112"), "+4690161401")


async def test_112_shows_the_phones_own_number_whatever_the_phone_claims(town: Town) -> None:
    phone = await town.phone("61100")
    call = await phone.call("112", headers={"P-Asserted-Identity": "<sip:+4690161001@127.0.0.1>", "Privacy": "id"})
    await reaches_112(town, call, "+4690161100")


async def test_112_is_the_same_at_night(town: Town) -> None:
    phone = await town.phone("61201")
    await reaches_112(town, await town.call(phone, "112", at=EVENING), "+4690161201")


async def service_is_killed(town: Town) -> None:
    await town.region.service.kill()


async def database_is_down(town: Town) -> None:
    await town.stop_database()


async def both_are_down_and_asterisk_starts_cold(town: Town) -> None:
    await town.region.service.kill()
    await town.stop_database()
    await town.start_asterisk_cold()


@pytest.mark.parametrize("trouble", [service_is_killed, database_is_down, both_are_down_and_asterisk_starts_cold])
async def test_112_when(town: Town, trouble: Trouble) -> None:
    phone = await town.phone("61401", register=False)
    await trouble(town)
    await reaches_112(town, await phone.call("112"), "+4690161401")


async def test_the_test_number_answers_without_calling_112(town: Town) -> None:
    phone = await town.phone("61100")
    call = await phone.call("*112")
    await call.wait_for("connected")
    event = await town.report("CallflowEmergency", 30)
    assert event.fields["Status"] == "TEST"
    assert town.trunk.calls == []


async def test_112_that_the_network_redirects_is_called_again(town: Town) -> None:
    phone = await town.phone("61104")
    town.trunk.behaviours["112"] = Behaviour(ring_seconds=30)
    call = await phone.call("112")
    first = await town.trunk.call_to("112")
    town.trunk.behaviours["112"] = Behaviour()
    contact = f"<sip:112@{town.region.settings.trunk_host}:{town.region.settings.trunk_port}>"
    await town.trunk.phone.send("answer", call=first.name, code=302, contact=contact)
    await call.wait_for("connected", 20)
    await eventually(lambda: answered_by(town, "112"), 20, "112 was not called again")
    await call.hang_up()
    assert (await town.report("CallflowEmergency")).fields["Attempts"] == "2"


async def answered_by(town: Town, number: str) -> bool:
    return any(call.called_user == number and call.first("connected") for call in town.trunk.calls)
