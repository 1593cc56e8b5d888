"""The Asterisk that Callflow starts and ends itself, as a child process with every folder its own."""

import asyncio
import contextlib
import os
import shlex
import socket
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

from callflow.config import Settings
from callflow.embedded.child import end_with_parent
from callflow.embedded.setup_errors import AsteriskConsoleError, AsteriskStartError, PortInUseError
from callflow.embedded.tools import Tools

BOOT_LIMIT = 60.0
STOP_LIMIT = 10.0
CONSOLE_LIMIT = 15.0
BETWEEN_TRIES = 0.05
LONGEST_SOCKET_PATH = 107  # sun_path of Linux's unix(7), without its closing zero


class EmbeddedAsterisk:
    """One Asterisk in `settings.asterisk_folder`, whose `etc` and `data` others have written beforehand.

    Start it in the thread that lives longest: Linux ends the child with the *thread* that started it.
    """

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self.settings = settings
        self.tools = tools
        self._process: Process | None = None

    @property
    def control_socket(self) -> Path:
        """Asterisk's console socket."""
        return self.settings.asterisk_folder / "run" / "asterisk.ctl"

    @property
    def output_path(self) -> Path:
        """What Asterisk wrote on its terminal in the present run."""
        return self.settings.asterisk_folder / "log" / "console.log"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    @property
    def crashed(self) -> bool:
        """Whether it has ended though nobody ended it here."""
        return self._process is not None and not self.running

    async def start(self) -> None:
        """Start Asterisk and return when it is fully booted.

        Raises:
            PortInUseError: another program has one of its ports.
            AsteriskStartError: it ended or did not come up in 60 s; with what it said last.
        """
        self._check_before_start()
        for folder in ("run", "log", "spool", "lib"):
            (self.settings.asterisk_folder / folder).mkdir(parents=True, exist_ok=True)
        self.output_path.write_bytes(b"")
        write_command(self.settings, self.tools)
        with self.output_path.open("ab") as output:  # appended, so that it may be cut while Asterisk writes
            self._process = await asyncio.create_subprocess_exec(
                *self._command(),
                "-f",
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.tools.environment()},
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        try:
            await self._wait_until_booted()
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """End Asterisk (`core stop now`: calls end too), by force after 10 s."""
        if self._process is None or not self.running:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_LIMIT):
                await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End Asterisk at once, as a crash would."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._process = None

    async def console(self, command: str) -> str:
        """Return what Asterisk's console answers to a command, such as `core show channels`.

        Raises:
            AsteriskConsoleError: it does not run or did not answer in 15 s.
        """
        code, answer = await self._ask(command, CONSOLE_LIMIT)
        if code != 0:
            raise AsteriskConsoleError(f"Asterisk did not answer “{command}”: {answer.strip()}. Does it run?")
        return answer

    def _command(self) -> list[str]:
        configuration = self.settings.asterisk_folder / "etc" / "asterisk.conf"
        return [*_program(self.settings, self.tools), "-C", str(configuration)]

    def _check_before_start(self) -> None:
        if len(os.fsencode(self.control_socket)) > LONGEST_SOCKET_PATH:
            raise AsteriskStartError(
                f"The path {self.control_socket} is too long for a Unix socket ({LONGEST_SOCKET_PATH} bytes). "
                "Set CALLFLOW_HOME to a shorter path.",
            )
        if _answers(self.control_socket):
            raise AsteriskStartError(
                f"Another Callflow runs in {self.settings.home}. Stop it, or set CALLFLOW_HOME to another folder.",
            )
        check_asterisk_ports(self.settings)

    async def _wait_until_booted(self) -> None:
        limit = time.monotonic() + BOOT_LIMIT
        while (left := limit - time.monotonic()) > 0:
            if not self.running:
                raise AsteriskStartError(f"Asterisk ended while it started: {self._last_words()}")
            # The console also ends with 0 when Asterisk ends while it waits: only the words tell.
            _, answer = await self._ask("core waitfullybooted", left)
            if "fully booted" in answer:
                return
            await asyncio.sleep(BETWEEN_TRIES)
        raise AsteriskStartError(f"Asterisk was not up after {BOOT_LIMIT:.0f} s: {self._last_words()}")

    async def _ask(self, command: str, limit: float) -> tuple[int, str]:
        if not self.control_socket.exists():
            return 1, "its console socket is missing"
        asked = await asyncio.create_subprocess_exec(
            *self._command(),
            "-rx",
            command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            async with asyncio.timeout(limit):
                output, errors = await asked.communicate()
        except TimeoutError:
            asked.kill()
            await asked.wait()
            return 1, f"no answer in {limit:.0f} s"
        text = (output if asked.returncode == 0 else output + errors).decode(errors="replace")
        return asked.returncode or 0, text

    def _last_words(self) -> str:
        said = self.output_path.read_text(errors="replace").strip()
        return f"{said[-1500:] or 'it said nothing'} (see {self.output_path.parent})"


def write_command(settings: Settings, tools: Tools) -> None:
    """Write the program that starts this Asterisk, whether it is unpacked or installed: `asterisk/run/asterisk`.

    It is also what Asterisk becomes at `core restart`: it starts its own name anew, with no loader before it.
    """
    path = command_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {shlex.join(_program(settings, tools))} "$@"\n')
    path.chmod(0o700)


def command_path(settings: Settings) -> Path:
    """Return the program that `write_command` writes."""
    return settings.asterisk_folder / "run" / "asterisk"


def _program(settings: Settings, tools: Tools) -> list[str]:
    *loader, program = tools.command("asterisk")
    return [*loader, "--argv0", str(command_path(settings)), program] if loader else [program]


def _answers(path: Path) -> bool:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as asker:
        try:
            asker.connect(str(path))
        except OSError:
            return False
        return True


def check_asterisk_ports(settings: Settings) -> None:
    """Raise `PortInUseError` if a port that Asterisk needs is taken."""
    check_port(settings.sip_host, settings.sip_port, "SIP", "CALLFLOW_SIP_PORT", udp=True)
    check_port(settings.http_host, settings.http_port, "Asterisk's HTTP", "CALLFLOW_HTTP_PORT")
    check_port("127.0.0.1", settings.ami_port, "AMI", "CALLFLOW_AMI_PORT")


def check_port(host: str, port: int, what: str, setting: str, *, udp: bool = False) -> None:
    """Raise `PortInUseError`, which names what needs the port and the setting that moves it, if it is taken."""
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, kind)) as probe:
        if not udp:
            # Connections of an earlier run that still die out do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUseError(
                f"Port {port} ({'UDP' if udp else 'TCP'}) på {host} går inte att använda: "
                f"stäng det program som har den (`ss -lnp` visar vilket), eller sätt {setting} till en ledig port.\n"
                f"Port {port} ({'UDP' if udp else 'TCP'}) on {host}, for {what}, cannot be used: {error.strerror}. "
                f"Another program has it (`ss -lnp` shows which): stop that one, or set {setting} to a free port.",
            ) from error
