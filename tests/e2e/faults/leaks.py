"""What a region holds on to between calls: after a fault it must be no more than before."""

import re
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

import psutil

from callflow.storage import calendar_feeds, messages, outbox, phone_changes
from tests.e2e.helpers import connected, eventually
from tests.e2e.town import Town

SETTLED_SECONDS = 45.0
"""How long what a fault left may take to go: SIP remembers a call for 32 s after its end (RFC 3261, timer H)."""
MEMORY_SLACK = 24 * 1024 * 1024
"""Bytes that one test may leave in a process: caches fill, and the allocator keeps what it had."""
EXECUTOR_THREADS = 6
"""How many threads the service keeps for blocking work once it has had some: none at first."""
ASIDE_THREADS = 8
"""How many more it keeps for disks, one for each of those that ever waited for one at the same moment."""
POOL_THREADS = 16
"""How many more threads Asterisk's pools may have after a busy moment: they are given up a minute later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """How much of each the region holds: numbers, and bytes of memory."""

    channels: int
    bridges: int
    tasks: int
    service_threads: int
    service_files: int
    service_memory: int
    asterisk_threads: int
    asterisk_files: int
    asterisk_memory: int
    database_connections: int
    transactions_left_open: int


ALWAYS_THERE = [module.SERVER_SETTINGS["application_name"] for module in (calendar_feeds, messages, outbox)]
"""Connections that are used every few seconds: lost, they are made anew at the next use."""
NOW_AND_THEN = phone_changes.SERVER_SETTINGS["application_name"]
"""The connections for feature codes, once there were some."""
ALLOWED = {
    "service_threads": EXECUTOR_THREADS + ASIDE_THREADS,
    "service_memory": MEMORY_SLACK,
    "asterisk_threads": POOL_THREADS,
    "asterisk_memory": MEMORY_SLACK,
}
"""By how much a number may grow."""


async def footprint(town: Town) -> Footprint:
    """Count what the region holds now: the processes first, before our own questions open anything in them."""
    service, asterisk = _process(town.region.service.pid), _process(town.region.asterisk.pid)
    held = {
        "service_files": await _service_files(town, service),
        "service_threads": service.num_threads(),
        "service_memory": service.memory_info().rss,
        "asterisk_threads": asterisk.num_threads(),
        "asterisk_files": _files(asterisk.pid),
    }
    await town.region.asterisk.console("malloc trim")
    held["asterisk_memory"] = asterisk.memory_info().rss
    connections = await _database_connections(town)
    return Footprint(
        **held,
        channels=_first_number(await town.region.asterisk.console("core show channels count")),
        bridges=len((await town.region.asterisk.console("bridge show all")).strip().splitlines()) - 1,
        tasks=await _tasks(town),
        database_connections=connections["others"],
        transactions_left_open=connections["in_transaction"],
    )


async def nothing_leaked(town: Town, before: Footprint) -> None:
    """Wait until the region holds no more than before; fail with what it still does."""
    grown: list[str] = []

    async def settled() -> bool:
        after = await footprint(town)
        grown[:] = [
            f"{it.name} {getattr(before, it.name)} -> {getattr(after, it.name)}"
            for it in fields(Footprint)
            if getattr(after, it.name) > getattr(before, it.name) + ALLOWED.get(it.name, 0)
        ]
        return not grown

    try:
        await eventually(settled, SETTLED_SECONDS, "leaked")
    except AssertionError as error:
        raise AssertionError(f"left behind: {', '.join(grown) or error}; {_held_open(town)}") from None


def _process(pid: int | None) -> psutil.Process:
    assert pid is not None, "a part of the region does not run"
    return psutil.Process(pid)


def _held_open(town: Town) -> str:
    """Tell which sockets and files either process has, so that what was left behind can be told from the rest."""
    told = []
    for name, pid in (("service", town.region.service.pid), ("asterisk", town.region.asterisk.pid)):
        process = _process(pid)
        sockets = [f"{it.type.name} {it.laddr} {it.raddr} {it.status}" for it in process.net_connections("all")]
        told += [f"{name} has open: {', '.join(sockets + [file.path for file in process.open_files()])}"]
    return "; ".join(told)


def _first_number(text: str) -> int:
    found = re.search(r"[0-9]+", text)
    assert found is not None, text
    return int(found[0])


async def _tasks(town: Town) -> int:
    _, text = await town.ask("metrics")
    found = re.search(r"^callflow_tasks ([0-9.]+)$", text, re.MULTILINE)
    assert found is not None, "/metrics does not count the tasks"
    return int(float(found[1]))


def _files(pid: int) -> int:
    """Count what a process has open, without what it opens once and when is not ours to say.

    That is Asterisk's watch over the time zones, and what libfaketime shares where a test sets clocks.
    """
    found = 0
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            name = str(file.readlink())
            found += name != "anon_inode:inotify" and not name.startswith("/dev/shm/faketime_")
    return found


async def _service_files(town: Town, service: psutil.Process) -> int:
    """Count what the service has open but its connections to the database, once none of these comes or goes."""
    counted = 0

    async def steady() -> bool:
        nonlocal counted
        before = await _database_connections(town)
        files = _files(service.pid)
        counted = files - before["kept"]
        return before == await _database_connections(town) and before["always"] == len(ALWAYS_THERE)

    await eventually(steady, SETTLED_SECONDS, "the service never had its own connections to the database again")
    return counted


async def _database_connections(town: Town) -> dict[str, int]:
    """Count connections: those that are always there, these with those for feature codes (`kept`), and all others.

    Those for feature codes beyond `MOST_CONNECTIONS` count as others. `in_transaction`: all that began one and wait.
    """
    async with connected(town.database_url) as connection:
        query = """
            SELECT count(*) FILTER (WHERE application_name = ANY ($1)) AS always,
                count(*) FILTER (WHERE application_name = ANY ($1) OR application_name = $2) AS kept,
                count(*) FILTER (WHERE application_name <> ALL ($1) AND application_name <> $2)
                    + greatest(count(*) FILTER (WHERE application_name = $2) - $3, 0) AS others,
                count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS in_transaction
            FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        """
        return dict(await connection.fetchrow(query, ALWAYS_THERE, NOW_AND_THEN, phone_changes.MOST_CONNECTIONS))
