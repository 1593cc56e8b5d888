"""What the end-to-end tests use beside the town: the database, the command line, and waiting."""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from typing import Any

import asyncpg

from callflow.asterisk.ami_connection import AmiAddress
from callflow.asterisk.policy_files import replica_path
from callflow.embedded.region import Region

MASKED = "***"
"""What the audit log has for a secret: it stays as the test left it, or is made anew with its row."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect to the database."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def undo_changes(connection: asyncpg.Connection, after: int) -> None:
    """Undo, last first, what the audit log says was changed after its row `after`."""
    rows = await connection.fetch("SELECT * FROM audit WHERE id > $1 ORDER BY id DESC", after)
    async with connection.transaction():
        await connection.execute("SET CONSTRAINTS ALL DEFERRED")
        for row in rows:
            await _undo(connection, row)


async def _undo(connection: asyncpg.Connection, row: asyncpg.Record) -> None:
    table = row["table_name"]
    match row["action"].lower():
        case "insert":
            await connection.execute(f'DELETE FROM "{table}" WHERE id = $1', row["row_id"])
        case "delete":
            old = {name: None if value == MASKED else value for name, value in json.loads(row["old"]).items()}
            await connection.execute(
                f'INSERT INTO "{table}" SELECT * FROM jsonb_populate_record(NULL::"{table}", $1)', json.dumps(old)
            )
        case "update":
            old, new = json.loads(row["old"]), json.loads(row["new"])
            changed = [name for name in old if old[name] != new[name] and old[name] != MASKED]
            if changed:
                columns = ", ".join(f'"{name}"' for name in changed)
                before = f'SELECT {columns} FROM jsonb_populate_record(NULL::"{table}", $1)'
                change = f'UPDATE "{table}" SET ({columns}) = ({before}) WHERE id = $2'
                await connection.execute(change, row["old"], row["row_id"])


async def eventually(condition: Callable[[], Any], seconds: float, otherwise: str) -> None:
    """Wait until an async condition holds, asking again and again; fail with `otherwise` after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        if await condition():
            return
        assert time.monotonic() < until, otherwise
        await asyncio.sleep(0.05)


CONNECTIONS = ("ari", "ami", "reloading", "database", "policy", "sip")
"""The parts of health that a test may have hurt."""


async def until_whole(health: Callable[[], Awaitable[dict[str, Any]]], parts: Sequence[str], seconds: float) -> None:
    """Wait until the service says of itself that these parts are well."""

    async def is_whole() -> bool:
        told = await health()
        return all(told[part]["ok"] for part in parts)

    await eventually(is_whole, seconds, f"the service never was whole again: {await health()}")


def in_replica(region: Region, query: str) -> Any:
    """Return one value of what Asterisk looks up by itself, None where there is no row."""
    with closing(sqlite3.connect(replica_path(region.settings))) as connection:
        row = connection.execute(query).fetchone()
        return None if row is None else row[0]


def ami_address(region: Region) -> AmiAddress:
    """Return how to reach the region's AMI."""
    settings = region.settings
    secret = settings.ami_password.get_secret_value()
    return AmiAddress(
        host="127.0.0.1", port=settings.ami_port, username=settings.ami_username, password=secret, events="user"
    )


async def callflow(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run a command to its end; return its exit code and all it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callflow",
        *arguments,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, output.decode()
