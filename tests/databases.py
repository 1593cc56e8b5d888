"""Databases for tests: one server for each test process, migrated once, a fresh clone for every test."""

import atexit
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import asyncpg
import pytest

from callflow.embedded.postgres import EmbeddedPostgres
from callflow.storage.migrate import migrate
from callflow.storage.sample import load_sample

_names = (f"test_{number}" for number in itertools.count(1))
_templates: set[str] = set()


@cache
def shared_server() -> EmbeddedPostgres:
    """Return the server of this test process: started when first asked for, gone when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="callflow-test-", dir="/tmp"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "pg", options={"fsync": "off", "full_page_writes": "off"})
    server.start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.stop)
    return server


async def _run(sql: str) -> None:
    connection = await asyncpg.connect(shared_server().url.replace("+asyncpg", ""))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def _template(name: str) -> str:
    if name not in _templates:
        await _run(f"CREATE DATABASE {name}" if name == "empty" else f"CREATE DATABASE {name} TEMPLATE empty")
        url = shared_server().url_of(name)
        await (migrate(url) if name == "empty" else load_sample(url))
        _templates.add(name)
    return name


async def _clone(template: str) -> AsyncIterator[str]:
    name = next(_names)
    await _run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield shared_server().url_of(name)
    await _run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url() -> AsyncIterator[str]:
    """A migrated, empty database."""
    async for url in _clone(await _template("empty")):
        yield url


@pytest.fixture
async def sample_database_url() -> AsyncIterator[str]:
    """A database with the sample region."""
    await _template("empty")
    async for url in _clone(await _template("sample")):
        yield url
