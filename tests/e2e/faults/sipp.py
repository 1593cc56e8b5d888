"""SIPp as many callers at the trunk's address, and as a phone that takes every call."""

import asyncio
import csv
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from callflow.embedded.child import end_with_parent
from callflow.embedded.tools import find_tools
from tests.e2e.raw_registration import register
from tests.e2e.town import Town
from tests.ports import free_port

ANSWER_MS = 8000
"""A caller that hears nothing new for so long has failed."""
END_SECONDS = 60.0
PHONE_HOST = "127.0.0.1"
TAKES_ALL = ("-sn", "uas")
TAKEN = "taken.log"
TAKES_ONE = ("-sf", str(Path(__file__).with_name("takes_one.xml")), "-trace_logs", "-log_file", TAKEN)
"""It is busy for every call but the first, and writes a line into `TAKEN` for each call that it has taken."""


@dataclass(frozen=True, slots=True)
class Callers:
    """The callers under way."""

    _process: Process
    _counts: Path

    async def end(self, *, at_once: bool = False) -> int:
        """Wait for the last call to end, `at_once` with no new one; return how many there were.

        Fails when one was not answered or broke off.
        """
        if at_once:
            self._process.send_signal(signal.SIGUSR1)
        said, _ = await asyncio.wait_for(self._process.communicate(), END_SECONDS)
        with self._counts.open() as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1]
        assert int(last["FailedCall(C)"]) == 0, said.decode(errors="replace")[-3000:]
        assert int(last["SuccessfulCall(C)"]) == int(last["TotalCallCreated"])
        return int(last["TotalCallCreated"])


@asynccontextmanager
async def callers(
    town: Town, folder: Path, number: str, *, calls: int, a_second: int, talk_ms: int
) -> AsyncIterator[Callers]:
    """Let so many calls come to a number, steadily; each hangs up `talk_ms` after its answer."""
    host = town.region.settings.trunk_host
    many = ("-s", number, "-r", str(a_second), "-m", str(calls), "-l", str(calls), "-d", str(talk_ms))
    limits = ("-recv_timeout", str(ANSWER_MS), town.sip_address)
    counts = folder / "calls.csv"
    counted = ("-trace_stat", "-stf", str(counts), "-fd", "1")
    async with _sipp(town, folder, host, "-sn", "uac", *many, *counted, *limits) as process:
        yield Callers(process, counts)


@asynccontextmanager
async def phone_that(does: Sequence[str], town: Town, folder: Path, username: str) -> AsyncIterator[None]:
    """Have this account on a phone that does what `TAKES_ALL` or `TAKES_ONE` says, however many calls there are."""
    port = free_port(socket.SOCK_DGRAM, PHONE_HOST)
    password = await town.value("SELECT sip_password FROM extension WHERE sip_username = $1", username)
    contact = f"<sip:{username}@{{me}}>"

    async def tell(what: str) -> None:
        answer = await asyncio.to_thread(
            register, town.sip_address, username, password, [what], PHONE_HOST, own_port=port
        )
        assert "200" in answer, answer

    await tell(contact)
    async with _sipp(town, folder, PHONE_HOST, *does, port=port):
        yield
    await tell(f"{contact};expires=0")


@asynccontextmanager
async def _sipp(town: Town, folder: Path, host: str, *arguments: str, port: int = 0) -> AsyncIterator[Process]:
    own = port or free_port(socket.SOCK_DGRAM, host)
    media = free_port(socket.SOCK_DGRAM, host)
    process = await asyncio.create_subprocess_exec(
        *find_tools(town.region.settings).command("sipp"),
        *("-i", host, "-p", str(own), "-mp", str(media), "-nostdin", *arguments),
        cwd=folder,
        stdin=DEVNULL,
        stdout=DEVNULL if port else PIPE,
        stderr=STDOUT,
        preexec_fn=end_with_parent,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
