"""Feature codes while the database or the service is away: nothing is told that is not so (R9, R23)."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

from callflow.service.feature_changes import STORE_SECONDS
from tests.e2e.helpers import connected, eventually
from tests.e2e.test_absence import DURING, next_tuesday
from tests.e2e.test_feature_codes import OTHER, OWN, dial, standing
from tests.e2e.town import OUTSIDER, TOLERANCE, Town

LATER = next_tuesday(11).isoformat()
KEPT = """
    SELECT revision, (SELECT count(*) FROM audit),
        (SELECT jsonb_agg(d ORDER BY id)::text FROM diversion AS d),
        (SELECT jsonb_agg(a ORDER BY id)::text FROM absence AS a),
        (SELECT jsonb_agg(o ORDER BY id)::text FROM unit_override AS o)
    FROM policy_revision
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """A code that changes what another (`before`) has set, and one that asks; each with a word that is then heard."""

    account: str
    before: tuple[str, str]
    code: tuple[str, str]
    asks: tuple[str, str]


CHANGES = pytest.mark.parametrize(
    "change",
    [
        Changing(
            account="61301",
            before=("*28*0*1400#", "hour-14"),
            code=("*28*0*1600#", "hour-16"),
            asks=("*#28#", "hour-16"),
        ),
        Changing(
            account=OTHER,
            before=(f"*210*{OWN}*{OTHER}#", "are-diverted-to"),
            code=(f"*210*{OWN}*61103#", "are-diverted-to"),
            asks=(f"*#210*{OWN}#", "are-diverted-to"),
        ),
        Changing(
            account=OWN,
            before=("*23*2*1330#", "callers-hear"),
            code=("#23#", "no-longer-absent"),
            asks=("*#23#", "not-absent"),
        ),
    ],
    ids=["hours_of_a_unit", "diversion_of_another", "end_of_an_absence"],
)


async def kept(town: Town) -> tuple[Any, ...]:
    """Return all that the database has of what these codes set, with its revision and how much was changed."""
    return await town.row(KEPT)


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


@CHANGES
async def test_without_the_database_what_was_set_before_stands_and_the_caller_hears_so(
    town: Town, change: Changing
) -> None:
    phone = await town.phone(change.account)
    await dial(town, phone, *change.before, at=DURING)
    before, heard = await kept(town), await dial(town, phone, change.asks[0], at=LATER)
    await town.stop_database()
    began = time.monotonic()
    await dial(town, phone, change.code[0], "change-not-saved", at=LATER)
    assert time.monotonic() - began < STORE_SECONDS + TOLERANCE
    assert await dial(town, phone, change.asks[0], at=LATER) == heard
    await asyncio.to_thread(town.region.postgres.start)
    assert await kept(town) == before
    await dial(town, phone, *change.code, at=LATER)
    assert await kept(town) != before


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
