"""File descriptors used up in the service or in Asterisk: calls go on or are refused, and all comes back (R23)."""

import itertools
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import psutil

from tests.e2e.faults.lost_database import fell_back
from tests.e2e.faults.moments import EXTENSION, is_well_again, still_talking
from tests.e2e.faults.test_asterisk_restarted import (
    WAYS,
    a_plan_is_followed,
    registered,
    they_talk,
    until_back,
    until_passed,
)
from tests.e2e.faults.test_reloads import REFUSED_SECONDS
from tests.e2e.helpers import eventually
from tests.e2e.service_log import ServiceLog
from tests.e2e.talking import answered
from tests.e2e.town import Town

FEW = 3
"""No new descriptor has a number below this: not one can be had, also when others are closed."""
WATCHED_SECONDS = 4.0
MOST_OF_A_CORE = 0.5
REFUSED = 400
"""SIP's answers from here on refuse (Asterisk that has no socket for the media says 488)."""
DIVERTED = """
    INSERT INTO diversion (extension_id, condition, to_extension_id)
    SELECT a.id, 'all', b.id FROM extension AS a, extension AS b
    WHERE a.sip_username = '61100' AND b.sip_username = '61104'
"""


@contextmanager
def most_files(pid: int | None, limit: int) -> Iterator[None]:
    """Let a process have no new descriptor as high as this; as before afterwards, if it still runs."""
    assert pid is not None
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))
    try:
        yield
    finally:
        if psutil.pid_exists(pid):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def all_in_use(pid: int | None) -> int:
    """Return the limit at which a process has no descriptor left: below the first one that is free."""
    assert pid is not None
    opened = {int(file.name) for file in Path(f"/proc/{pid}/fd").iterdir()}
    return next(number for number in itertools.count() if number not in opened)


async def is_idle(pid: int | None, *knocking_at: int) -> None:
    """See that a process does not run wild, also while others want to connect to it."""
    assert pid is not None
    process = psutil.Process(pid)
    with ExitStack() as stack:
        for port in knocking_at:
            knock = stack.enter_context(socket.socket())
            knock.setblocking(False)
            knock.connect_ex(("127.0.0.1", port))
        before = sum(process.cpu_times()[:2])
        await until_passed(WATCHED_SECONDS)
        assert sum(process.cpu_times()[:2]) - before < WATCHED_SECONDS * MOST_OF_A_CORE


async def test_few_descriptors_left_are_told_before_there_are_none(town: Town) -> None:
    pid = town.region.service.pid
    with most_files(pid, psutil.Process(pid).num_fds() + 16):
        told = (await town.health())["files"]
        assert not told["ok"]
        assert "file descriptors are open" in told["error"]
    assert (await town.health())["files"]["ok"]


async def test_a_service_without_descriptors_goes_on_deciding(town: Town) -> None:
    phone, barred, log = await town.phone(EXTENSION), await town.phone("61104"), town.service_log()
    pid, port = town.region.service.pid, town.region.settings.service_port
    with most_files(pid, all_in_use(pid)):
        await eventually(lambda: told(log, "files"), 5, "the log never said that the descriptors are used up")
        await a_plan_is_followed(town, log, phone)
        await is_idle(pid, port, port)
        decided = len(log.lines("call_decided"))
        for calls, abroad in enumerate(("004722225555", "0012125550123"), decided + 1):
            await town.call(barred, abroad)
            await town.step("say", containing="policy/barred-international")
            await eventually(partial(has_decided, log, calls), 5, "the log never told of the call")
            town.reported.clear()
        await a_plan_is_followed(town, log, phone)
    assert not fell_back(town)
    await is_well_again(town)


async def has_decided(log: ServiceLog, calls: int) -> bool:
    """Tell whether the log has told of so many calls what was decided."""
    return len(log.lines("call_decided")) >= calls


async def test_a_change_counts_as_soon_as_the_service_has_descriptors_again(town: Town) -> None:
    other, log = await town.phone("61104"), town.service_log()
    with most_files(town.region.service.pid, FEW):
        await eventually(lambda: told(log, "files"), 5, "the log never said that the descriptors are used up")
        await town.value(f"{DIVERTED} RETURNING id")
        await eventually(lambda: told(log, "database"), 10, "the log never said that the policy cannot be read")
    await town.until_current(15)
    await a_plan_is_followed(town, log, other)
    await is_well_again(town)


async def test_a_service_that_cannot_connect_anew_leaves_calls_to_the_net_and_comes_back(town: Town) -> None:
    phone, log = await registered(town, EXTENSION), town.service_log()
    with most_files(town.region.service.pid, FEW):
        await town.start_asterisk_cold()
        await eventually(lambda: told(log, "ari"), 15, "the log never said that Asterisk cannot be reached")
        await they_talk(town, phone)
        assert log.lines("call_decided") == []
        await is_idle(town.region.service.pid)
    await until_back(town, *WAYS)
    await a_plan_is_followed(town, log, phone)
    await is_well_again(town)


async def test_an_asterisk_without_descriptors_refuses_calls_at_once_and_keeps_those_it_has(town: Town) -> None:
    phone, log = await town.phone(EXTENSION), town.service_log()
    call = await town.call_from_outside("+4690161100")
    still = still_talking(call, await answered(phone, call))
    with most_files(town.region.asterisk.pid, FEW):
        refused = await town.call_from_outside("+4690161104")
        ended = await refused.wait_for("disconnected", REFUSED_SECONDS)
        assert int(ended.fields["code"]) >= REFUSED
    await still()
    await until_back(town, *WAYS)
    await a_plan_is_followed(town, log, phone)
    await is_well_again(town)


async def told(log: ServiceLog, part: str) -> bool:
    """Tell whether the log says that a part is not well."""
    return any(f"part={part} " in line for line in log.lines("health_degraded"))
