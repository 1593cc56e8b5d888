"""SIPp as callers, phones and registrar's clients, with scenarios of our own in `bench/sipp/`."""

import asyncio
import csv
import os
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from callflow.embedded.child import end_with_parent
from callflow.embedded.tools import Tools

SCENARIOS = Path(__file__).parent / "sipp"
TRUNK_HOST = "127.0.0.2"
PHONE_HOST = "127.0.0.3"
RECEIVE_MS = 5000
"""A call that waits longer for a message has failed."""
MOST_CALLS = 5000
REGISTRATIONS_A_SECOND = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a run of callers came to."""

    calls: int
    failed: int
    seconds: float
    retransmissions: int

    @property
    def rate(self) -> float:
        """Calls a second that were begun."""
        return self.calls / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Sipp:
    """SIPp in a folder of its own; `trunk_port` is the callers', `phone_port` every phone's."""

    tools: Tools
    folder: Path
    trunk_port: int
    phone_port: int

    async def call(self, numbers: Path, sip_port: int, rate: float, seconds: float) -> Load:
        """Make `rate` calls a second for so many seconds, to the numbers one after the other, and wait for all."""
        statistics = self.folder / "calls.csv"
        statistics.unlink(missing_ok=True)
        calls = round(rate * seconds)
        where = ("-i", TRUNK_HOST, "-p", str(self.trunk_port), "-inf", str(numbers))
        how = ("-r", str(rate), "-m", str(calls), "-l", str(MOST_CALLS), "-recv_timeout", str(RECEIVE_MS))
        told = ("-trace_stat", "-stf", str(statistics), "-fd", "1")
        began = asyncio.get_running_loop().time()
        process = await self._start("uac", sip_port, *where, *how, *told)
        await asyncio.wait_for(process.wait(), seconds + 60)
        took = asyncio.get_running_loop().time() - began
        with statistics.open() as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1]
        return Load(
            calls=int(last["TotalCallCreated"]),
            failed=int(last["FailedCall(C)"]),
            retransmissions=int(last["Retransmissions(C)"]),
            seconds=took,
        )

    async def register(self, accounts: Sequence[tuple[str, str]], sip_port: int) -> None:
        """Register each (account, password) at the phones' address."""
        file = self.folder / "accounts.csv"
        lines = (f"{name};[authentication username={name} password={password}]" for name, password in accounts)
        file.write_text("\n".join(("SEQUENTIAL", *lines, "")))
        where = ("-i", PHONE_HOST, "-p", str(self.phone_port), "-inf", str(file), "-aa")
        how = ("-r", str(REGISTRATIONS_A_SECOND), "-m", str(len(accounts)), "-recv_timeout", str(RECEIVE_MS))
        process = await self._start("register", sip_port, *where, *how)
        assert await asyncio.wait_for(process.wait(), 120) == 0, f"phones could not register; see {self.folder}"

    @asynccontextmanager
    async def phones(self) -> AsyncIterator[None]:
        """Answer every call that comes to the phones' address."""
        process = await self._start("uas", 0, "-i", PHONE_HOST, "-p", str(self.phone_port), "-aa")
        try:
            yield
        finally:
            process.kill()
            await process.wait()

    async def _start(self, scenario: str, sip_port: int, *arguments: str) -> Process:
        remote = [f"127.0.0.1:{sip_port}"] if sip_port else []
        errors = ("-trace_err", "-error_file", str(self.folder / f"{scenario}.errors"))
        common = ("-sf", str(SCENARIOS / f"{scenario}.xml"), "-nostdin", *errors)
        with (self.folder / f"{scenario}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self.tools.command("sipp"), *remote, *common, *arguments,
                stdin=DEVNULL, stdout=log, stderr=STDOUT, cwd=self.folder,
                env={**os.environ, "TERM": "dumb"}, preexec_fn=end_with_parent,
            )  # fmt: skip
