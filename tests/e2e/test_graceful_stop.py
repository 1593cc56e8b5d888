"""A stop of the service while calls come in: what it has claimed gets its plan, and no caller waits in vain (R23)."""

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from callflow.embedded.child import ChildProcess
from callflow.embedded.home import environment_of
from callflow.embedded.tools import find_tools
from callflow.storage.snapshot_file import JsonSnapshotFile
from tests.e2e.helpers import connected, eventually
from tests.e2e.service_log import ServiceLog
from tests.e2e.town import Town
from tests.ports import free_port

NOBODYS_PHONE = "+4690161108"
"""Has no phone in the test and no voicemail: who calls hears a spoken referral at once."""
CALLS, CALLS_A_SECOND = 60, 20


class Load:
    """SIPp calling from the trunk's address."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def end(self) -> None:
        """Wait for the last call; fail when any call failed."""
        said, _ = await asyncio.wait_for(self._process.communicate(), 60)
        assert self._process.returncode == 0, said.decode(errors="replace")[-3000:]


@asynccontextmanager
async def calling(town: Town, folder: Path) -> AsyncIterator[Load]:
    """Let calls come in, steadily, from now on."""
    host = town.region.settings.trunk_host
    port, media = (free_port(socket.SOCK_DGRAM, host) for _ in range(2))
    process = await asyncio.create_subprocess_exec(
        *find_tools(town.region.settings).command("sipp"),
        *("-sn", "uac", "-s", NOBODYS_PHONE, "-i", host, "-p", str(port), "-mp", str(media), "-nostdin"),
        *("-r", str(CALLS_A_SECOND), "-m", str(CALLS), "-d", "100", "-recv_timeout", "8000", town.sip_address),
        cwd=folder,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        yield Load(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def decided(log: ServiceLog, count: int) -> None:
    """Wait until so many calls have their plan."""

    async def so_many() -> bool:
        return len(log.containing("call_decided")) >= count

    await eventually(so_many, 20, f"{count} calls were not decided")


def fell_back(town: Town) -> list[str]:
    """Return why calls went by the net."""
    return [it.fields["Reason"] for it in town.reported if it.name == "CallflowFallback"]


async def test_every_claimed_call_gets_its_plan_and_none_waits_for_the_dead_man(town: Town, tmp_path: Path) -> None:
    log = town.service_log()
    async with calling(town, tmp_path) as load:
        await decided(log, 10)
        await town.region.stop_service()
        assert log.containing("stopped")
        await load.end()
    assert "DEADMAN" not in fell_back(town)
    with_plan = len(log.containing("call_decided"))
    assert len(log.containing("call_claimed")) == with_plan + len(log.containing("caller_gone"))
    assert with_plan + len(fell_back(town)) == CALLS


async def test_the_other_instance_takes_every_call_of_one_that_stops(town: Town, tmp_path: Path) -> None:
    log = town.service_log()
    async with other_instance(town, tmp_path) as other, calling(town, tmp_path) as load:
        await decided(log, 10)
        await town.region.stop_service()
        await load.end()
        assert fell_back(town) == []
        assert "call_decided" in other.read_text(errors="replace")


@asynccontextmanager
async def other_instance(town: Town, folder: Path) -> AsyncIterator[Path]:
    """Run a second `callflow serve` beside the region's; give its log."""
    settings = town.region.settings
    chosen = settings.model_copy(update={"service_port": free_port(host=settings.service_host)})
    log = folder / "other.log"
    child = ChildProcess(
        "other", [sys.executable, "-m", "callflow", "serve"], log=log, environment=environment_of(chosen)
    )
    await child.start()

    async def is_up() -> bool:
        text = log.read_text(errors="replace") if log.exists() else ""
        return "ari_connected" in text and "policy_loaded" in text

    try:
        await eventually(is_up, 20, "the other instance did not start")
        yield log
    finally:
        await child.stop()


async def test_change_of_the_policy_that_came_just_before_the_stop_is_in_the_file(town: Town) -> None:
    await town.sql("UPDATE extension SET ring_limit = 2 WHERE number = '+4690161100'")
    await town.region.stop_service()
    kept = JsonSnapshotFile(town.region.settings.snapshot_path).read()
    assert kept is not None
    assert kept.policy.revision == await town.value("SELECT revision FROM policy_revision")


async def test_feature_code_in_hand_is_stored_and_told_before_the_service_ends(town: Town) -> None:
    log, phone = town.service_log(), await town.phone("61100")
    async with connected(town.database_url) as administrator:
        holding = administrator.transaction()
        await holding.start()
        await administrator.execute("UPDATE organisation SET name = name WHERE key = 'umea'")
        call = await town.call(phone, "*21*61104#")
        await log.line("call_claimed")
        stopping = asyncio.create_task(town.region.stop_service())
        await log.line("stopping")
        await holding.rollback()
    await town.step("say", containing="policy/are-diverted-to")
    await stopping
    await call.hang_up()
    assert log.containing("change_stored")
