"""`callflow serve` frozen at each moment of a call, and going on later: neither disturbs the call (R23)."""

import os
import signal

import pytest

from tests.e2e.faults.moments import MOMENTS, Moment, is_well_again
from tests.e2e.town import Town


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_the_call_goes_on_while_the_service_is_frozen_and_when_it_is_no_more(
    town: Town, moment: Moment
) -> None:
    async def freeze() -> None:
        town.pause_service()

    undisturbed = await moment(town, freeze)
    assert town.region.service.pid is not None
    os.kill(town.region.service.pid, signal.SIGCONT)
    await is_well_again(town)
    await undisturbed()
