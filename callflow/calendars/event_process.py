"""The other end of `child.py`: works out events beside the service, one calendar at a time.

It is started by `subprocess`, which shares memory until the new program runs. asyncio would first copy the tables of
a process as large as the service, and the event loop of the calls would stand still for that long (60 ms at 600 MB).
"""

import asyncio
import json
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import datetime
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from callflow.policy.calendar_absences import CalendarEvent
from callflow.service.calendar_problems import CalendarProblemError

WAIT_SECONDS = 60.0
"""How long an answer may take."""
_COMMAND = (sys.executable, "-m", "callflow.calendars.child")


class EventProcessError(Exception):
    """The process ended by itself, which is an error of ours: one that takes too much is ended with a signal."""


class EventProcess:
    """Starts the process when it is needed, and anew after one calendar was too much for it."""

    def __init__(self, *, cpu_seconds: int, wait_seconds: float = WAIT_SECONDS) -> None:
        """Take what one calendar may have of a processor, and how long its answer may take; nothing runs yet."""
        self._cpu_seconds = cpu_seconds
        self._wait_seconds = wait_seconds
        self._process: Popen[bytes] | None = None
        self._turn = asyncio.Lock()

    async def events(
        self, body: bytes, *, starts_at: datetime, ends_at: datetime, zone: str, email: str | None
    ) -> tuple[tuple[CalendarEvent, ...], int]:
        """Return the busy times that reach into a window, and how many events nobody understands.

        Raise `CalendarProblemError` for what is no calendar, or too much of one.
        """
        request = {
            "size": len(body),
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "zone": zone,
            "email": email,
            "cpu_seconds": self._cpu_seconds,
        }
        async with self._turn:
            answer = await self._asked(json.dumps(request).encode() + b"\n" + body)
        if "problem" in answer:
            raise CalendarProblemError(answer["problem"], answer.get("detail", ""))
        return tuple(_event(row) for row in answer["events"]), answer["unreadable"]

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            process, self._process = self._process, None
            if process is not None:
                await asyncio.to_thread(_ended(process).join)

    async def _asked(self, request: bytes) -> dict[str, Any]:
        """Return the answer. A process that gives none in time, or ends over it, is done with."""
        process = self._process = self._process or _started()
        try:
            async with asyncio.timeout(self._wait_seconds):
                line = await asyncio.to_thread(_answer, process, request)
        except BaseException as error:
            _ended(process)  # and with it the thread that waits for an answer, if it has begun
            self._process = None
            if isinstance(error, TimeoutError):
                return {"problem": "too_much"}
            raise
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self._process = None
        if process.returncode >= 0:
            raise EventProcessError(f"the process that works out events ended with {process.returncode}")
        return {"problem": "too_much"}


def _started() -> Popen[bytes]:
    return subprocess.Popen(_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True)


def _answer(process: Popen[bytes], request: bytes) -> bytes:
    """Return the line of an answer; none when the process has ended, of which nothing is left then."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(request)
        process.stdin.flush()
        line = process.stdout.readline()
    except OSError:
        line = b""
    if not line:
        _bury(process)
    return line


def _ended(process: Popen[bytes]) -> threading.Thread:
    """End a process; return the thread that waits for its end, of its own so that no cancelling leaves it undone."""
    process.kill()
    burial = threading.Thread(target=_bury, args=(process,), name="calendar process's end", daemon=True)
    burial.start()
    return burial


def _bury(process: Popen[bytes]) -> None:
    """Wait for the end of a process, and close what led to it; by several threads at once too."""
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with suppress(OSError):
            pipe.close()


def _event(row: dict[str, Any]) -> CalendarEvent:
    return CalendarEvent(
        key=row["key"],
        starts_at=datetime.fromisoformat(row["starts_at"]),
        ends_at=datetime.fromisoformat(row["ends_at"]),
        categories=tuple(row["categories"]),
    )
