"""`callflow serve` frozen at each moment of a call, and going on later: neither disturbs the call (R23)."""

import os
import signal
import time
from functools import partial

import pytest

from tests.e2e.faults.moments import EXTENSION, MOMENTS, Moment, is_well_again, still_talking
from tests.e2e.helpers import eventually
from tests.e2e.talking import heard
from tests.e2e.town import RINGING_LIMIT, Town


async def freeze(town: Town) -> None:
    """Stop the service's process; it goes on after the test at the latest."""
    town.pause_service()


async def goes_on(town: Town) -> None:
    """Let the service's process go on, and wait until it is well."""
    assert town.region.service.pid is not None
    os.kill(town.region.service.pid, signal.SIGCONT)
    await is_well_again(town)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_the_call_goes_on_while_the_service_is_frozen_and_when_it_is_no_more(
    town: Town, moment: Moment
) -> None:
    undisturbed = await moment(town, partial(freeze, town))
    await goes_on(town)
    await undisturbed()


async def test_a_call_that_was_answered_meanwhile_is_not_ended_for_having_rung_too_long(town: Town) -> None:
    phone = await town.phone(EXTENSION)
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    ringing = await call.wait_for("ringing")
    await freeze(town)
    await leg.answer()
    await heard(call, leg)

    async def rings_are_over() -> bool:
        return time.monotonic() > ringing.at + RINGING_LIMIT

    await eventually(rings_are_over, 2 * RINGING_LIMIT, "time stood still")
    await goes_on(town)
    await still_talking(call, leg)()
