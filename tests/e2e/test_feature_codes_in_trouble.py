"""Feature codes while the database or the service is away: nothing is told that is not so (R9, R23)."""

import asyncio
import time

from callflow.service.feature_changes import STORE_SECONDS
from tests.e2e.helpers import connected, eventually
from tests.e2e.test_feature_codes import OTHER, OWN, dial, standing
from tests.e2e.town import OUTSIDER, TOLERANCE, Town


async def test_without_the_database_the_caller_hears_that_nothing_is_saved_and_nothing_is(town: Town) -> None:
    phone, other = await town.phone(OWN), await town.phone(OTHER)
    await town.stop_database()
    began = time.monotonic()
    await dial(town, phone, f"*21*{OTHER}#", "change-not-saved")
    assert time.monotonic() - began < STORE_SECONDS + TOLERANCE
    await dial(town, phone, "*#21#", "calls-all", "not-diverted")
    await town.call_from_outside("+4690161100")
    await phone.incoming()
    assert other.first("incoming") is None
    await asyncio.to_thread(town.region.postgres.start)
    assert await standing(town) == []
    await dial(town, phone, f"*21*{OTHER}#", "are-diverted-to")
    assert await standing(town) == [("all", OTHER, None)]


async def test_database_that_keeps_a_change_waiting_costs_its_caller_a_second_and_no_other_anything(
    town: Town,
) -> None:
    phone, other, outsider = await town.phone(OWN), await town.phone(OTHER), await town.outsider()
    await dial(town, phone, f"*67*{OTHER}#", "are-diverted-to")
    async with connected(town.database_url) as administrator, administrator.transaction():
        await administrator.execute("UPDATE organisation SET name = name WHERE key = 'umea'")
        town.reported.clear()
        call = await town.call(phone, f"*21*{OTHER}#")
        await outsider.call(f"+46901{OTHER}", to=town.sip_address, caller=OUTSIDER)
        leg = await other.incoming()
        step = await town.step("say", containing="policy/change-not-saved")
        assert step.at - (await call.wait_for("calling")).at < STORE_SECONDS + TOLERANCE
        assert leg.invite is not None
        assert leg.invite.at < step.at
    await call.hang_up()
    await dial(town, phone, "*#21#", "calls-all", "not-diverted")
    assert await standing(town) == [("busy", OTHER, None)]


async def test_guard_of_the_database_that_refuses_is_told_as_not_saved(town: Town) -> None:
    await town.sql("ALTER TABLE diversion ADD CONSTRAINT none_to_eva CHECK (condition <> 'all') NOT VALID")
    phone = await town.phone(OWN)
    try:
        await dial(town, phone, f"*21*{OTHER}#", "change-not-saved")
    finally:
        await town.sql("ALTER TABLE diversion DROP CONSTRAINT none_to_eva")
    assert await standing(town) == []


async def test_without_the_service_the_net_says_that_codes_do_not_work_now(town: Town) -> None:
    phone = await town.phone(OWN)
    await dial(town, phone, f"*67*{OTHER}#", "are-diverted-to")
    await town.region.service.kill()

    async def told() -> bool:
        return "dialplan/net-code-unavailable" in await town.region.asterisk.console("core show channels concise")

    for code in (f"*21*{OTHER}#", "##002#"):
        call = await town.call(phone, code)
        await eventually(told, 5, f"the net never told of {code}")
        await call.hang_up()
    assert await standing(town) == [("busy", OTHER, None)]
