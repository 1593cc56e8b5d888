"""A whole region on one machine, for trying out and for tests: every part is started here and ended here.

PostgreSQL with the sample region, Asterisk, `callflow serve`, the trunk's test peer and a mail server that keeps
what it gets. Parts are started in order and stopped in the reverse; nothing else is touched.
"""

import asyncio
import shlex
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Self
from urllib.parse import quote

import aiohttp

from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk, check_asterisk_ports, check_port
from callflow.embedded.child import KEPT_LINES, ChildProcess
from callflow.embedded.configure import configure_asterisk
from callflow.embedded.home import RegionLock, check_space, environment_of, make_secrets
from callflow.embedded.mail_sink import MailSink
from callflow.embedded.postgres import EmbeddedPostgres
from callflow.embedded.postgres_folder import socket_folder
from callflow.embedded.region_texts import region_texts
from callflow.embedded.setup_errors import SetupError
from callflow.embedded.tools import Tools, prepare_tools
from callflow.speech.prompts import make_prompts
from callflow.storage.migrate import migrate
from callflow.storage.sample import load_sample

LOOPBACK = "127.0.0.1"
READY_SECONDS = 30.0
BETWEEN_LOOKS = 0.1
WATCH_SECONDS = 0.5


class RegionPartError(SetupError):
    """A part of the region ended by itself; the message has its last lines."""

    code = "part_ended"


def _nothing(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who is told what: `progress` a line while starting, then each part's lines and each mail."""

    progress: Callable[[str], None] = _nothing
    service: Callable[[str], None] = _nothing
    trunk: Callable[[str], None] = _nothing
    mail: Callable[[EmailMessage], None] = _nothing


@dataclass(slots=True)
class Region:
    """The region in `settings.home`; its own settings, with secrets and the mail server's port, once started.

    `trunk_peer` off leaves the trunk's address to the caller; `postgres_options` are for tests, and so is
    `service_environment`, which goes before the settings in the service alone.
    """

    settings: Settings
    told: Told = field(default_factory=Told)
    trunk_peer: bool = True
    postgres_options: Mapping[str, str] = field(default_factory=dict)
    service_environment: dict[str, str] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _tools: Tools | None = None
    _postgres: EmbeddedPostgres | None = None
    _asterisk: EmbeddedAsterisk | None = None
    _service: ChildProcess | None = None
    _trunk: ChildProcess | None = None
    _mail: MailSink | None = None

    @property
    def _words(self) -> dict[str, str]:
        return region_texts(self.settings.language)

    @property
    def asterisk(self) -> EmbeddedAsterisk:
        """The embedded Asterisk."""
        assert self._asterisk is not None, "the region has not started"
        return self._asterisk

    @property
    def service(self) -> ChildProcess:
        """`callflow serve`."""
        assert self._service is not None, "the region has not started"
        return self._service

    @property
    def mail(self) -> MailSink:
        """The mail server."""
        assert self._mail is not None, "the region has not started"
        return self._mail

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The embedded PostgreSQL."""
        assert self._postgres is not None, "the region has not started, or its database is not ours"
        return self._postgres

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start every part; when one cannot, stop what was started.

        Raises:
            CallflowError: what was wrong and what to do, of many kinds.
        """
        try:
            lock = self._stack.enter_context(RegionLock(self.settings))
            check_space(self.settings)
            self._check_ports()
            await self._prepare()
            await self._start_database()
            await self._start_asterisk()
            await self._start_mail()
            await self._start_trunk()
            await self.start_service()
            self._stack.push_async_callback(self.stop_service)
            lock.tell(self.settings)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop what was started, last first."""
        await self._stack.aclose()

    async def watch(self) -> None:
        """Return never; raise `RegionPartError` when a part has ended by itself."""
        while True:
            self._raise_if_ended()
            await asyncio.sleep(WATCH_SECONDS)

    async def start_service(self) -> None:
        """Start `callflow serve` and wait until it is ready for calls."""
        self.told.progress(self._words["serve"])
        self._service = ChildProcess(
            "callflow serve",
            [sys.executable, "-m", "callflow", "serve"],
            log=self.settings.home / "log" / "serve.log",
            environment={**environment_of(self.settings), **self.service_environment},
            tell=self.told.service,
        )
        await self._service.start()
        await self._until_ready()

    async def stop_service(self) -> None:
        """Stop `callflow serve`."""
        await self.service.stop()

    def _check_ports(self) -> None:
        chosen = self.settings
        check_asterisk_ports(chosen)
        check_port(chosen.trunk_host, chosen.trunk_port, "the trunk", "CALLFLOW_TRUNK_PORT", udp=True)
        check_port(chosen.service_host, chosen.service_port, "callflow serve", "CALLFLOW_SERVICE_PORT")

    async def _prepare(self) -> None:
        self._tools = await asyncio.to_thread(prepare_tools, self.settings, self.told.progress)
        await asyncio.to_thread(make_prompts, self.settings, self._tools, self.told.progress)

    async def _start_database(self) -> None:
        postgres = EmbeddedPostgres(self.settings.home / "postgres", options=self.postgres_options)
        configured = self.settings.database_url.get_secret_value()
        if not configured or quote(str(socket_folder(postgres.folder)), safe="") in configured:
            self.told.progress(self._words["postgres"])
            postgres.start()
            self._stack.callback(postgres.stop)
            self._postgres = postgres
        self.settings = make_secrets(self.settings, postgres.url if self._postgres else None)
        url = self.settings.database_url.get_secret_value()
        await migrate(url)
        if await load_sample(url):
            self.told.progress(self._words["sample"])

    async def _start_asterisk(self) -> None:
        assert self._tools is not None
        self.told.progress(self._words["asterisk"])
        self._asterisk = EmbeddedAsterisk(self.settings, self._tools)
        self._stack.push_async_callback(self._asterisk.stop)
        await configure_asterisk(self.settings, self._tools)
        await self._asterisk.start()

    async def _start_mail(self) -> None:
        port = self.settings.smtp_port if self.settings.smtp_host == LOOPBACK else 0
        self._mail = MailSink(self.settings.home / "mail", LOOPBACK, port, self.told.mail)
        if self.settings.smtp_host in ("", LOOPBACK):
            await self._mail.start()
            self._stack.push_async_callback(self._mail.stop)
            self.settings = self.settings.model_copy(update={"smtp_host": LOOPBACK, "smtp_port": self._mail.port})

    async def _start_trunk(self) -> None:
        if not self.trunk_peer:
            return
        assert self._tools is not None
        python = await asyncio.to_thread(self._tools.phone_python, self.told.progress)
        where = ["--host", self.settings.trunk_host, "--port", str(self.settings.trunk_port)]
        ready = asyncio.Event()

        def tell(line: str) -> None:
            if "trunk_peer_ready" in line:
                ready.set()
            else:
                self.told.trunk(line)

        self._trunk = ChildProcess(
            "trunk peer",
            [sys.executable, "-m", "callflow.phone.trunk_peer", *where],
            log=self.settings.home / "log" / "trunk.log",
            environment={"CALLFLOW_PHONE_PYTHON": shlex.join(python)},
            tell=tell,
        )
        await self._trunk.start()
        self._stack.push_async_callback(self._trunk.stop)
        async with asyncio.timeout(READY_SECONDS):
            await ready.wait()

    async def _until_ready(self) -> None:
        url = f"http://{self.settings.service_host}:{self.settings.service_port}/ready"
        try:
            async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
                while not await _answers_ok(session, url):
                    self._raise_if_ended()
                    await asyncio.sleep(BETWEEN_LOOKS)
        except TimeoutError:
            said = self.service.last_words
            message = self._words["not_ready"].format(seconds=READY_SECONDS, url=url, said=said)
            raise RegionPartError(message) from None

    def _raise_if_ended(self) -> None:
        for child in (self._service, self._trunk):
            if child is not None and not child.running:
                raise self._ended(child.name, child.last_words, child.log)
        if self._asterisk is not None and not self._asterisk.running:
            path = self._asterisk.output_path
            raise self._ended("Asterisk", _last_lines(path), path)
        process = self._postgres.process if self._postgres is not None else None
        if self._postgres is not None and process is not None and process.poll() is not None:
            raise self._ended("PostgreSQL", _last_lines(self._postgres.log), self._postgres.log)

    def _ended(self, name: str, said: str, log: Path) -> RegionPartError:
        return RegionPartError(self._words["ended"].format(name=name, said=said, log=log))


def _last_lines(path: Path) -> str:
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-KEPT_LINES:])


async def _answers_ok(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.ok
    except aiohttp.ClientError:
        return False
