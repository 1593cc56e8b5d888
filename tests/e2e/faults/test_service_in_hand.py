"""The service killed or late at each message between a call's broadcast and its plan (R23).

Killed, the call is the net's, at the latest by the dead-man's switch, unless it has its plan; late, what the service
still says of a call that has gone on disturbs it nowhere.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.e2e.faults.held_ari import HeldAri, Wanted
from tests.e2e.faults.moments import EXTENSION, is_well_again, nothing_is_in_hand, still_talking
from tests.e2e.moving import MOVER
from tests.e2e.talking import answered, heard
from tests.e2e.town import Town
from tests.fakes.waiting import until

DEAD_MAN_SECONDS = 2.0


def having(*words: str) -> Wanted:
    """Return what wants a message that holds all these words."""
    return lambda text: all(word in text for word in words)


MESSAGES = {
    "broadcast": having('"type":"CallBroadcast"'),
    "claim": having("RESTRequest", "events/claim"),
    "answer to the claim": having("RESTResponse", "events/claim"),
    "entry": having('"type":"StasisStart"'),
    "plan": having("RESTRequest", "/variables"),
    "answer to the plan": having("RESTResponse", "/variables"),
    "start of the plan": having("RESTRequest", "/continue"),
}
CLAIMED = {"entry", "plan", "start of the plan"}
"""At these the call is claimed and has no plan: the dead-man's switch frees it."""
ANSWERS = {"answer to the claim", "answer to the plan"}
"""With these in hand the call may have its plan already: the service waits for neither."""


@pytest.fixture(scope="module")
async def held(running_town: Town) -> AsyncIterator[HeldAri]:
    """What stands between the town's service and ARI for the tests of this file."""
    region, own = running_town.region, running_town.region.settings
    async with HeldAri(own.http_port).running() as held:
        await region.stop_service()
        region.settings = own.model_copy(update={"http_port": held.port})
        await region.start_service()
        yield held
        region.settings = own
        await region.service.kill()
        await region.start_service()


@pytest.fixture
async def ari(held: HeldAri, town: Town) -> AsyncIterator[HeldAri]:
    """The same for one test, with nothing held before and after."""
    yield held
    held.release()
    if not town.region.service.running:
        await town.region.start_service()
    await is_well_again(town)


@pytest.mark.parametrize("message", MESSAGES)
async def test_the_call_goes_on_when_the_service_is_killed_with_this_in_hand(
    town: Town, ari: HeldAri, message: str
) -> None:
    phone = await town.phone(EXTENSION)
    ari.hold(MESSAGES[message])
    call = await town.call_from_outside("+4690161100")
    await asyncio.wait_for(ari.holds.wait(), 5)
    await town.region.service.kill()
    await the_net_has_it(town, message)
    await still_talking(call, await answered(phone, call))()


@pytest.mark.parametrize("message", MESSAGES)
async def test_a_call_that_has_gone_on_is_not_disturbed_by_a_service_that_is_late_with_this(
    town: Town, ari: HeldAri, message: str
) -> None:
    phone = await town.phone(EXTENSION)
    ari.hold(MESSAGES[message])
    call = await town.call_from_outside("+4690161100")
    await asyncio.wait_for(ari.holds.wait(), 5)
    await the_net_has_it(town, message)
    leg = await answered(phone, call)
    ari.release()
    await heard(call, leg)
    await the_service_takes_calls(town)
    await still_talking(call, leg)()


@pytest.mark.parametrize("message", MESSAGES)
async def test_nothing_is_left_of_a_caller_who_is_gone_with_this_in_hand(
    town: Town, ari: HeldAri, message: str
) -> None:
    ari.hold(MESSAGES[message])
    call = await town.call_from_outside("+4690161100")
    await asyncio.wait_for(ari.holds.wait(), 5)
    await call.hang_up()
    ari.release()
    await nothing_is_in_hand(town)
    await the_service_takes_calls(town)


@pytest.mark.parametrize("message", ["claim", "entry", "plan"])
async def test_nothing_is_left_of_a_call_whose_asterisk_was_killed_with_this_in_hand(
    town: Town, ari: HeldAri, message: str
) -> None:
    ari.hold(MESSAGES[message])
    await town.call_from_outside("+4690161100")
    await asyncio.wait_for(ari.holds.wait(), 5)
    await town.start_asterisk_cold()
    ari.release()
    await nothing_is_in_hand(town)
    await the_service_takes_calls(town)


async def test_a_stop_gives_the_call_in_hand_its_plan_first(town: Town, ari: HeldAri) -> None:
    phone, log = await town.phone(EXTENSION), town.service_log()
    ari.hold(MESSAGES["plan"])
    call = await town.call_from_outside("+4690161100")
    await asyncio.wait_for(ari.holds.wait(), 5)
    stopping = asyncio.create_task(town.region.stop_service())
    await until(lambda: log.lines("stopping"))
    assert (await town.health())["calls"]["in_hand"] == 1
    ari.release()
    await town.step("dial", containing=EXTENSION)
    await stopping
    await still_talking(call, await answered(phone, call))()
    assert "CallflowFallback" not in [it.name for it in town.reported]


async def the_net_has_it(town: Town, message: str) -> None:
    """See the call come to the net in time, by the dead-man's switch or earlier, if it cannot have a plan."""
    if message not in ANSWERS:
        fell_back = await town.report("CallflowFallback", DEAD_MAN_SECONDS + 1)
        assert (fell_back.fields["Reason"] == "DEADMAN") == (message in CLAIMED)


async def the_service_takes_calls(town: Town) -> None:
    """See that the next call gets a plan."""
    other = await town.phone(MOVER)
    town.reported.clear()
    await town.call_from_outside(f"+46901{MOVER}")
    await other.incoming()
    await town.step("dial")
    assert "CallflowFallback" not in [it.name for it in town.reported]
