"""Ten thousand changes of the policy in one transaction: calls go on meanwhile, and soon go by it (R23)."""

import asyncio
from typing import Any

from callflow.phone.client import Phone
from tests.e2e.faults.lost_database import fell_back
from tests.e2e.helpers import connected
from tests.e2e.town import OUTSIDER, RING_SECONDS, TOLERANCE, WORKING_HOURS, Town

CHANGES = 10_000
LIVE_SECONDS = 10.0
CLAIM_SECONDS = 0.5
CALLS_OF_A_PHONE = 20
BETWEEN_CALLS = 0.2
RINGS = "SELECT id, ring_limit FROM extension ORDER BY id"
CHANGE_ALL = "UPDATE extension SET ring_limit = $1"
SET_BACK = """
    UPDATE extension AS e SET ring_limit = o.ring_limit
    FROM unnest($1::integer[], $2::smallint[]) AS o (id, ring_limit)
    WHERE e.id = o.id AND e.ring_limit <> o.ring_limit
"""


async def change_often(town: Town) -> int:
    """Change the ring limit of every extension again and again in one transaction, the last time to two."""
    async with connected(town.database_url) as administrator, administrator.transaction():
        count: int = await administrator.fetchval("SELECT count(*) FROM extension")
        rounds = CHANGES // count + 1
        for left in reversed(range(rounds)):
            await administrator.execute(CHANGE_ALL, 2 + left % 2)
        return count * rounds


class Callers:
    """Call one after the other; `waits` are the seconds that each call waited for its plan."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.waits: list[float] = []

    async def call(self) -> None:
        """Call once."""
        if len(self.waits) % CALLS_OF_A_PHONE == 0:
            self._phone = await self._town.outsider()
        self.waits.append(await first_step_after(self._town, self._phone))

    async def call_until(self, done: asyncio.Task[Any]) -> None:
        """Call now and then until this has been done."""
        while not done.done():
            await self.call()
            await asyncio.wait({done}, timeout=BETWEEN_CALLS)
        await done


async def first_step_after(town: Town, phone: Phone) -> float:
    """Call once, and return how long the call waited for its plan."""
    town.reported.clear()
    headers = {"X-Callflow-At": WORKING_HOURS}
    call = await phone.call("+4690161112", to=town.sip_address, caller=OUTSIDER, headers=headers)
    step = await town.step("voicemail", containing="61112@")
    assert not fell_back(town)
    await call.hang_up()
    return step.at - (await call.wait_for("calling")).at


async def test_calls_go_on_during_ten_thousand_changes_and_soon_go_by_them(town: Town) -> None:
    callers, own = Callers(town), await town.phone("61100")
    async with connected(town.database_url) as administrator:
        before = await administrator.fetch(RINGS)
        changing = asyncio.create_task(change_often(town))
        await callers.call_until(changing)
        assert changing.result() >= CHANGES
        await callers.call_until(asyncio.create_task(town.until_current(LIVE_SECONDS)))
        await callers.call()
        assert max(callers.waits) < CLAIM_SECONDS + TOLERANCE, callers.waits
        call = await town.call_from_outside("+4690161100")
        leg = await own.incoming()
        await leg.ring()
        ringing, ended = await call.wait_for("ringing"), await leg.wait_for("disconnected")
        assert ended.at - ringing.at < 2 * RING_SECONDS + TOLERANCE
        ids, limits = zip(*((row["id"], row["ring_limit"]) for row in before), strict=True)
        await administrator.execute(SET_BACK, list(ids), list(limits))
    await town.begin()
