"""Works out the events of calendars in a process of its own, one after the other, until its input ends.

What one calendar may take of the processor and of memory is bounded by the system, whatever stands in it; this
process gives way to every other. A request is a line of JSON and `size` bytes of calendar, an answer a line of JSON.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from callflow.calendars.events import MOST_EVENTS, NoCalendarError, TooManyEventsError, Window, read_events

MEMORY_BYTES = 1_000_000_000
NICENESS = 10


def main() -> None:
    """Answer requests until there are none."""
    with suppress(OSError):  # where that is forbidden it works as well, if not as politely
        os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        body = sys.stdin.buffer.read(request["size"])
        _allow(request["cpu_seconds"])
        sys.stdout.write(f"{json.dumps(answer(request, body))}\n")
        sys.stdout.flush()


def answer(request: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Return the events that a request asks for, or what is wrong with its calendar."""
    window = Window(
        starts_at=datetime.fromisoformat(request["starts_at"]),
        ends_at=datetime.fromisoformat(request["ends_at"]),
        zone=ZoneInfo(request["zone"]),
        email=request["email"],
    )
    try:
        found = read_events(body, window)
    except NoCalendarError:
        return {"problem": "no_calendar"}
    except TooManyEventsError:
        return {"problem": "too_many", "detail": MOST_EVENTS}
    except (MemoryError, RecursionError):
        return {"problem": "too_much"}
    events = [
        {
            "key": event.key,
            "starts_at": event.starts_at.isoformat(),
            "ends_at": event.ends_at.isoformat(),
            "categories": event.categories,
        }
        for event in found.events
    ]
    return {"events": events, "unreadable": found.unreadable}


def _allow(cpu_seconds: int) -> None:
    """Allow the process so much of a processor from now on; the system ends it beyond."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
