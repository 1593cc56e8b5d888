"""The systems that are compared, each with an Asterisk of its own, started side by side and loaded one at a time.

`bare`: one extension a number range with `Dial()`, phones in a file, same modules, nothing that decides.
`ours`: Callflow as it is installed, try-out off. `fastagi`, `odbc`: bench/peers, phones in a file like `bare`.
"""

import asyncio
import re
import shutil
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bench.callers import TRUNK_HOST
from bench.odbc import odbc_tools
from bench.peers import rules_query
from bench.region import BenchRegion, ranges_conf, silent_speech
from callflow.asterisk.configuration import REPOSITORY, AsteriskPaths, write_base
from callflow.asterisk.policy_files import replica_path
from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.embedded.child import ChildProcess
from callflow.embedded.configure import configure_asterisk
from callflow.embedded.home import environment_of
from callflow.embedded.tools import Tools
from tests.fakes.waiting import until_told
from tests.ports import free_port

RTP_PORTS = (36000, 36999)
"""For all systems: one at a time has calls."""
OVERLAYS = Path(__file__).parent / "systems"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A running system: its Asterisk, and every other process that a call costs, by name."""

    name: str
    asterisk: EmbeddedAsterisk
    others: Mapping[str, Callable[[], int]] = field(default_factory=dict)
    undecided: Callable[[], Awaitable[float]] | None = None
    """How many calls had to do without a decision so far, where that can be told."""

    @property
    def sip_port(self) -> int:
        """Where it takes SIP."""
        return self.asterisk.settings.sip_port

    def parts(self) -> dict[str, int]:
        """Return the root process of each part."""
        assert self.asterisk.pid is not None, f"the Asterisk of {self.name} has ended"
        return {"Asterisk": self.asterisk.pid, **{name: pid() for name, pid in self.others.items()}}


@dataclass(slots=True)
class Fleet:
    """Starts systems in `folder` over one region; all end with `stack`."""

    folder: Path
    tools: Tools
    region: BenchRegion
    trunk_port: int
    stack: AsyncExitStack

    def settings(self, name: str) -> Settings:
        """Return the settings of a system, on ports of its own."""
        return Settings(
            home=self.folder / name,
            tools=self.tools.folder,
            sounds=self.folder / "sounds",
            database_url=self.region.postgres.url,
            tryout=False,
            sip_port=free_port(socket.SOCK_DGRAM),
            trunk_host=TRUNK_HOST,
            trunk_port=self.trunk_port,
            rtp_first_port=RTP_PORTS[0],
            rtp_last_port=RTP_PORTS[1],
            http_port=free_port(),
            ami_port=free_port(),
            service_port=free_port(),
            ari_password="ari-secret",
            ami_password="ami-secret",
        )

    def database(self) -> dict[str, Callable[[], int]]:
        """Return the database as a part of a system."""
        process = self.region.postgres.process
        assert process is not None
        return {"PostgreSQL": lambda: process.pid}

    async def ours(self, name: str = "ours") -> System:
        """Start Callflow: `callflow serve` beside an Asterisk that it has configured."""
        chosen = self.settings(name)
        asterisk = EmbeddedAsterisk(chosen, self.tools)
        self.stack.push_async_callback(asterisk.stop)
        await configure_asterisk(chosen, self.tools)
        await asterisk.start()
        service = ChildProcess(
            "callflow serve",
            [sys.executable, "-m", "callflow", "serve"],
            log=chosen.home / "serve.log",
            environment=environment_of(chosen),
        )
        await service.start()
        self.stack.push_async_callback(service.stop)
        address = f"http://{chosen.service_host}:{chosen.service_port}"
        await until_told(lambda: answers(f"{address}/ready"), f"{address}/ready never said yes", 60)
        return System(
            name=name,
            asterisk=asterisk,
            others={"service": _pid(service), **self.database()},
            undecided=lambda: undecided(f"{address}/metrics"),
        )

    async def bare(self, name: str = "bare", filled: Mapping[str, str] | None = None) -> EmbeddedAsterisk:
        """Start an Asterisk with the same modules and phones in a file, its dialplan from `systems/<name>`."""
        chosen = self.settings(name)
        templates = self._templates(name, filled or {})
        tools = odbc_tools(self.tools, self.folder) if name == "odbc" else self.tools
        paths = AsteriskPaths(modules=tools.modules_folder, data=tools.asterisk_share, templates=templates)
        write_base(chosen, paths)
        replica = self.folder / "ours" / replica_path(chosen).relative_to(chosen.home)
        with closing(sqlite3.connect(replica)) as source, closing(sqlite3.connect(replica_path(chosen))) as copy:
            source.backup(copy)
        (chosen.generated_folder / "ranges.conf").write_text(ranges_conf(self.region.snapshot))
        (chosen.generated_folder / "phones.conf").write_text(phones_conf(replica))
        asterisk = EmbeddedAsterisk(chosen, tools)
        self.stack.push_async_callback(asterisk.stop)
        await asterisk.start()
        return asterisk

    async def fastagi(self) -> System:
        """Start the FastAGI peer: Asterisk, its server, and the database."""
        port, url = free_port(), self.region.postgres.url.replace("+asyncpg", "")
        ready = asyncio.Event()
        server = ChildProcess(
            "FastAGI",
            [sys.executable, "-m", "bench.peers.fastagi", str(port), url],
            log=self.folder / "fastagi.log",
            tell=lambda line: ready.set() if line == "ready" else None,
        )
        await server.start()
        self.stack.push_async_callback(server.stop)
        await asyncio.wait_for(ready.wait(), 20)
        asterisk = await self.bare("fastagi", {"AGI_PORT": str(port)})
        return System(name="fastagi", asterisk=asterisk, others={"service": _pid(server), **self.database()})

    async def odbc(self) -> System:
        """Start the func_odbc peer: Asterisk and the database."""
        filled = {"RULES_QUERY": rules_query("'${SQL_ESC(${ARG1})}'")}
        asterisk = await self.bare("odbc", filled)
        return System(name="odbc", asterisk=asterisk, others=self.database())

    def _templates(self, name: str, filled: Mapping[str, str]) -> Path:
        """Return our own templates with the system's files over them, or behind them (`….more`)."""
        templates = self.folder / f"{name}-templates"
        shutil.copytree(REPOSITORY / "asterisk-conf", templates)
        for overlay in (OVERLAYS / name).iterdir():
            text = overlay.read_text(encoding="utf-8")
            for key, value in filled.items():
                text = text.replace(f"@{key}@", value)
            target = templates / overlay.name.removesuffix(".more")
            before = target.read_text(encoding="utf-8") if overlay.suffix == ".more" else ""
            target.write_text(before + text, encoding="utf-8")
        trunk = templates / "pjsip.conf"
        trunk.write_text(re.sub(r"^set_var = CONNECTED_LINE_SEND_SUB.*\n", "", trunk.read_text(), flags=re.MULTILINE))
        return templates


def phones_conf(replica: Path) -> str:
    """Return every phone of the replica's views as sections of a file: the same settings, found another way."""
    with closing(sqlite3.connect(replica)) as connection:
        connection.row_factory = sqlite3.Row
        sections = [
            (kind, dict(row))
            for kind, view in (("endpoint", "ps_endpoints"), ("auth", "ps_auths"), ("aor", "ps_aors"))
            for row in connection.execute(f"SELECT * FROM {view}")
        ]
    lines = list[str]()
    for kind, row in sections:
        lines += [
            f"[{row.pop('id')}]",
            f"type = {kind}",
            *(f"{key} = {value}" for key, value in row.items() if value),
        ]
    return "\n".join([*lines, ""])


def _pid(child: ChildProcess) -> Callable[[], int]:
    def pid() -> int:
        assert child.pid is not None, f"{child.name} has ended: {child.last_words}"
        return child.pid

    return pid


async def answers(url: str) -> bool:
    """Return whether something at `url` answers with success."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.ok
    except aiohttp.ClientError:
        return False


async def undecided(url: str) -> float:
    """Return how many calls the metrics say were left to others, given up or carried by the net."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        families = text_string_to_metric_families(await answer.text())
    counted = {"callflow_fallbacks", "callflow_calls_not_claimed", "callflow_net_calls"}
    return float(
        sum(
            sample.value
            for family in families
            if family.name in counted
            for sample in family.samples
            if sample.name.endswith("_total")
        )
    )


@asynccontextmanager
async def started(folder: Path, tools: Tools, region: BenchRegion, trunk_port: int) -> AsyncIterator[list[System]]:
    """Start all systems, ours first, since the others take its phones."""
    async with AsyncExitStack() as stack:
        fleet = Fleet(folder=folder, tools=tools, region=region, trunk_port=trunk_port, stack=stack)
        silent_speech(Settings(), tools, region.snapshot, folder / "sounds")
        ours = await fleet.ours()
        bare = System(name="bare", asterisk=await fleet.bare())
        yield [bare, ours, await fleet.fastagi(), await fleet.odbc()]
