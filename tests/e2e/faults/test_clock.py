"""The clock set an hour forward and back under running calls: what waits goes on, what goes by the clock follows.

Asterisk forgets where phones are when an hour is skipped, longer than a registration lasts: they register again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psutil
import pytest

from tests.e2e.faults.clocks import HOUR, Clocks, clocks_of
from tests.e2e.faults.lost_database import bring_back, fell_back, kill_database
from tests.e2e.faults.moments import EXTENSION, is_well_again, still_talking
from tests.e2e.faults.test_asterisk_restarted import they_talk
from tests.e2e.helpers import eventually
from tests.e2e.in_the_net import somebody_claims_and_hangs
from tests.e2e.talking import answered
from tests.e2e.test_barrings import NORWAY, ORDINARY, exempt
from tests.e2e.test_units import BYGGLOV
from tests.e2e.town import RINGING_LIMIT, TOLERANCE, Town

BOTH_WAYS = pytest.mark.parametrize("seconds", [HOUR, -HOUR], ids=["forward", "back"])
MOST_CPU_SECONDS = 3.0
"""CPU time that either process may take in the seconds after its clock was set."""
BEFORE_THREE = "2026-03-10T14:30:00+01:00"
"""Bygglov answers its telephone until three."""


@pytest.fixture(scope="module")
async def set_clocks(running_town: Town) -> AsyncIterator[Clocks]:
    """The town on clocks of its own, for the tests of this file."""
    async with clocks_of(running_town) as found:
        yield found


@pytest.fixture
async def clocks(set_clocks: Clocks, town: Town) -> AsyncIterator[Clocks]:
    """The clocks, which show the machine's time before and after each test."""
    yield set_clocks
    if not town.region.service.running:
        await town.region.start_service()
    if set_clocks.service.ahead:
        await set_clocks.move(-set_clocks.service.ahead)
    await is_well_again(town)


@BOTH_WAYS
async def test_two_who_talk_are_not_disturbed(town: Town, clocks: Clocks, seconds: float) -> None:
    phone = await town.phone(EXTENSION)
    call = await town.call_from_outside("+4690161100")
    still = still_talking(call, await answered(phone, call))
    await clocks.move(seconds)
    await still()
    assert (await town.health())["clock"]["last_jump_seconds"] == pytest.approx(seconds, abs=2)


@BOTH_WAYS
async def test_no_caller_hears_more_than_four_rings(town: Town, clocks: Clocks, seconds: float) -> None:
    phone = await town.phone(EXTENSION)
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    ringing = await call.wait_for("ringing")
    await clocks.move(seconds)
    ended = await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    assert ended.at - ringing.at < RINGING_LIMIT + TOLERANCE
    await town.step("voicemail", containing="61100@")
    await call.wait_for("connected")


@BOTH_WAYS
async def test_the_dead_mans_switch_frees_a_call_afterwards(town: Town, clocks: Clocks, seconds: float) -> None:
    phone = await town.phone(EXTENSION)
    await clocks.move(seconds)
    await phone.register_again()
    async with somebody_claims_and_hangs(town):
        call = await town.call_from_outside("+4690161100")
        leg = await phone.incoming(5)
    assert leg.invite is not None
    assert 1.5 < leg.invite.at - (await call.wait_for("calling")).at < 3


async def test_telephone_hours_follow_the_clock(town: Town, clocks: Clocks) -> None:
    await clocks.go_to(BEFORE_THREE)
    for seconds, verb, words in ((0, "dial", "61201"), (HOUR, "menu", "hours-are"), (-HOUR, "dial", "61201")):
        if seconds:
            await clocks.move(seconds)
        town.reported.clear()
        call = await town.call_from_outside(BYGGLOV, at="")
        await town.step(verb, containing=words)
        await call.hang_up()


async def test_an_exemption_ends_by_the_clock_and_stands_again_when_that_is_set_back(
    town: Town, clocks: Clocks
) -> None:
    phone, now = await town.phone(ORDINARY), clocks.now()
    await exempt(town, ORDINARY, "international", str(now - timedelta(hours=2)), str(now + timedelta(minutes=30)))
    for seconds, opens in ((0, True), (HOUR, False), (-HOUR, True)):
        if seconds:
            await clocks.move(seconds)
        town.reported.clear()
        call = await town.call(phone, NORWAY, at="")
        await town.step("dial" if opens else "say", containing=NORWAY if opens else "policy/barred-international")
        await call.hang_up()


@BOTH_WAYS
async def test_connections_and_changes_go_on_and_nothing_runs_wild(
    town: Town, clocks: Clocks, seconds: float
) -> None:
    log = town.service_log()
    phone = await town.phone(EXTENSION)
    pids = (town.region.service.pid, town.region.asterisk.pid)
    before = [sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids]
    await clocks.move(seconds)
    await kill_database(town)
    await bring_back(town)
    await is_well_again(town)
    await town.sql("UPDATE extension SET ring_limit = 2 WHERE sip_username = '61100'")
    await phone.register_again()
    await they_talk(town, phone)
    assert not fell_back(town)
    spent = [sum(psutil.Process(pid).cpu_times()[:2]) - was for pid, was in zip(pids, before, strict=True)]
    assert max(spent) < MOST_CPU_SECONDS, spent
    assert log.lines("ari_disconnected") == log.lines("ami_disconnected") == []


@BOTH_WAYS
async def test_what_asterisk_looks_up_is_soon_looked_up_anew(town: Town, clocks: Clocks, seconds: float) -> None:
    await town.phone(EXTENSION)
    async with looked_up_all_the_time(town):
        await clocks.move(seconds)
    await town.sql(
        "UPDATE person SET given_name = 'Nyttnamn' FROM extension AS e"
        " WHERE person.id = e.person_id AND e.sip_username = '61100'"
    )

    async def is_known() -> bool:
        return "Nyttnamn" in await looked_up(town)

    await eventually(is_known, 5, "Asterisk went on with what it had")


async def looked_up(town: Town) -> str:
    """Return what Asterisk has of the phone."""
    return await town.region.asterisk.console(f"pjsip show endpoint {EXTENSION}")


@asynccontextmanager
async def looked_up_all_the_time(town: Town) -> AsyncIterator[None]:
    """Have Asterisk look the phone up so often that it keeps it at every moment."""

    async def again_and_again() -> None:
        while True:
            await looked_up(town)

    looking = asyncio.create_task(again_and_again())
    yield
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
