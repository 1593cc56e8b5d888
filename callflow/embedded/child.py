"""A child process of a whole region: its output line by line, and its last words when it ends by itself."""

import asyncio
import contextlib
import ctypes
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from callflow.embedded.bounded_log import BoundedLog

LINE_LIMIT = 1 << 20
KEPT_LINES = 30
STOP_SECONDS = 10.0
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


class ChildProcess:
    """One child: `tell` gets its stdout by line, `log` keeps stderr too; it ends with the thread that started it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = {**os.environ, **(environment or {})}
        self._tell = tell
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    @property
    def crashed(self) -> bool:
        """Whether it has ended though nobody ended it here."""
        return self._process is not None and not self.running

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self.running and self._process else None

    @property
    def last_words(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self._last) or "(it said nothing)"

    async def start(self) -> None:
        """Start the process, in a session of its own so that Ctrl-C in the terminal does not reach it."""
        self._last.clear()
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=self._environment,
            limit=LINE_LIMIT,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        self._reader = asyncio.create_task(self._read_all(self._process))

    async def stop(self) -> None:
        """Ask it to end, and end it by force after 10 s."""
        if self._process is not None and self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is None:
            return
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
        if self._reader is not None:
            await self._reader
        self._process = None

    async def _read_all(self, process: Process) -> None:
        streams = ((process.stdout, self._tell), (process.stderr, _untold))
        with BoundedLog(self.log) as log:
            await asyncio.gather(*(self._read(stream, tell, log) for stream, tell in streams if stream))

    async def _read(self, stream: asyncio.StreamReader, tell: Callable[[str], None], log: BoundedLog) -> None:
        async for line in stream:
            text = line.decode(errors="replace").rstrip("\n")
            self._last.append(text)
            log.write(text)
            tell(text)


def _untold(_line: str) -> None:
    pass


def end_with_parent() -> None:
    """Ask the kernel, in a child before it becomes its program, to end it when the thread that started it is gone."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
