"""Asterisk reloaded, and asked to restart, in the middle of calls (R23)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psutil
import pytest

from callflow.embedded.setup_errors import AsteriskConsoleError
from callflow.phone.client import PhoneCall
from tests.e2e.faults.lost_database import fell_back
from tests.e2e.faults.moments import (
    EXTENSION,
    Moment,
    before_the_call,
    is_well_again,
    still_talking,
    while_112_rings,
    while_a_message_is_recorded,
    while_a_mobile_is_asked,
    while_a_phone_rings,
    while_a_refusal_is_spoken,
    while_a_transferred_call_rings,
    while_the_caller_is_greeted,
    while_the_caller_may_choose,
    while_two_talk,
)
from tests.e2e.faults.test_asterisk_restarted import WAYS, a_plan_is_followed, registered, they_talk, until_back
from tests.e2e.helpers import eventually
from tests.e2e.talking import answered
from tests.e2e.town import Town

MOMENTS = (
    before_the_call,
    while_112_rings,
    while_a_message_is_recorded,
    while_a_mobile_is_asked,
    while_a_phone_rings,
    while_a_refusal_is_spoken,
    while_a_transferred_call_rings,
    while_the_caller_is_greeted,
    while_the_caller_may_choose,
    while_two_talk,
)
RELOADS = ("dialplan reload", "module reload res_pjsip.so", "module reload app_voicemail.so", "core reload")
REFUSED_SECONDS = 3.0
UNAVAILABLE = 503
RESTART_SECONDS = 30.0
BOOTED = "Asterisk Ready"


async def reload_everything(town: Town) -> None:
    """Reload what an administrator may reload, one after the other."""
    for command in RELOADS:
        await town.region.asterisk.console(command)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_the_call_goes_on_and_new_calls_are_decided_while_asterisk_reloads(town: Town, moment: Moment) -> None:
    undisturbed = await moment(town, lambda: reload_everything(town))
    await undisturbed()
    await is_well_again(town)
    await they_talk(town, await town.phone("61104"), "+4690161104")
    assert not fell_back(town)


async def test_a_restart_asked_for_when_convenient_waits_for_the_calls_and_new_ones_are_decided(town: Town) -> None:
    phone, other = await registered(town, EXTENSION), await town.phone("61104")
    call = await town.call_from_outside("+4690161100")
    still = still_talking(call, await answered(phone, call))
    async with asked_to_restart(town, "core restart when convenient"):
        second = await town.call_from_outside("+4690161104")
        await still_talking(second, await answered(other, second))()
        assert not fell_back(town)
        await still()
    await a_plan_is_followed(town, town.service_log(), phone)


async def test_a_graceful_restart_refuses_new_calls_at_once_and_waits_for_the_others(town: Town) -> None:
    phone = await registered(town, EXTENSION)
    call = await town.call_from_outside("+4690161100")
    still = still_talking(call, await answered(phone, call))
    async with asked_to_restart(town, "core restart gracefully"):
        await eventually(lambda: is_refused(town), 10, "new calls were still taken")
        await still()
    await a_plan_is_followed(town, town.service_log(), phone)


@asynccontextmanager
async def asked_to_restart(town: Town, command: str) -> AsyncIterator[None]:
    """Have Asterisk asked to restart, by somebody at its console who waits; at the end it has, and all is well."""
    pid = town.region.asterisk.pid
    assert pid is not None
    consoles = at_the_console(pid)
    asking = asyncio.create_task(town.region.asterisk.console(command))

    async def is_asked() -> bool:
        return at_the_console(pid) > consoles

    async def has_restarted() -> bool:
        return town.region.asterisk.output_path.read_text(errors="replace").count(BOOTED) > booted

    booted = town.region.asterisk.output_path.read_text(errors="replace").count(BOOTED)
    await eventually(is_asked, 5, "Asterisk never heard that it is to restart")
    yield
    await eventually(has_restarted, RESTART_SECONDS, "Asterisk never restarted")
    with suppress(AsteriskConsoleError):
        await asking
    assert town.region.asterisk.pid == pid
    await until_back(town, *WAYS)
    await is_well_again(town)


def at_the_console(pid: int) -> int:
    """Count the connections at Asterisk's console."""
    return sum(str(it.laddr).endswith("asterisk.ctl") for it in psutil.Process(pid).net_connections("unix"))


async def is_refused(town: Town) -> bool:
    """Tell whether a new call is refused at once, so that its network may try another way."""
    call = await town.call_from_outside("+4690161104")
    await eventually(lambda: has_heard(call), REFUSED_SECONDS, "a new call heard nothing")
    ended = call.first("disconnected")
    await call.hang_up()
    return ended is not None and ended.fields["code"] == UNAVAILABLE


async def has_heard(call: PhoneCall) -> bool:
    """Tell whether the call has come to anything: it was refused, rings or is answered."""
    return any(call.first(name) is not None for name in ("disconnected", "ringing", "connected"))
