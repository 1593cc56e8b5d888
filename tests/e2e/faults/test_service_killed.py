"""`callflow serve` killed at each moment of a call, and started again: the call goes on as if nothing were (R23)."""

import os
import signal

import pytest

from tests.e2e.faults.moments import EXTENSION, MOMENTS, Moment, is_well_again, still_talking
from tests.e2e.talking import answered
from tests.e2e.town import Town


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_the_call_goes_on_with_the_service_killed(town: Town, moment: Moment) -> None:
    undisturbed = await moment(town, town.region.service.kill)
    await town.region.start_service()
    await undisturbed()
    await is_well_again(town)


async def test_the_call_goes_on_with_the_service_killed_while_it_could_be_claimed(town: Town) -> None:
    phone = await town.phone(EXTENSION)
    assert town.region.service.pid is not None
    os.kill(town.region.service.pid, signal.SIGSTOP)
    call = await town.call_from_outside("+4690161100")
    await call.wait_for("trying")
    await town.region.service.kill()
    still = still_talking(call, await answered(phone, call))
    await town.report("CallflowFallback", where=lambda it: it["Reason"] != "DEADMAN")
    await town.region.start_service()
    await still()
