"""The whole service as a process, on a real Asterisk and a real database."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr

from callflow.config import Settings
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.embedded.home import environment_of
from tests.asterisks import asterisk
from tests.fakes.waiting import until, until_told
from tests.ports import free_port

__all__ = ["asterisk"]

CALLED = "+4690161002"
CALLER = "+46701740605"


def takes_calls(health: dict[str, Any]) -> object:
    return health["ari"]["ok"] and health["ami"]["ok"] and health["policy_revision"]


class Serve:
    """`callflow serve` as a child process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process_id = 0
        self.calls: asyncio.Queue[str] = asyncio.Queue()

    @asynccontextmanager
    async def running(
        self, log: Path, until: Callable[[dict[str, Any]], object] = takes_calls
    ) -> AsyncIterator["Serve"]:
        environment = {**os.environ, **environment_of(self.settings)}
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "callflow", "serve", stdin=DEVNULL, stdout=PIPE, stderr=errors, env=environment
            )
        assert process.stdout is not None
        self.process_id = process.pid
        reader = asyncio.create_task(self._read(process.stdout))
        try:
            await self.until(until)
            yield self
        finally:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 10) == 0
            await reader

    async def _read(self, stdout: asyncio.StreamReader) -> None:
        async for line in stdout:
            self.calls.put_nowait(line.decode())

    async def health(self) -> dict[str, Any]:
        url = f"http://{self.settings.service_host}:{self.settings.service_port}/health"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def ready(self) -> int:
        url = f"http://{self.settings.service_host}:{self.settings.service_port}/ready"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status

    async def until(self, condition: Any, seconds: float = 20.0) -> None:
        async def holds() -> bool:
            try:
                return bool(condition(await self.health()))
            except aiohttp.ClientError:
                return False

        await until_told(holds, "what health should tell", seconds)

    async def line_of_a_call(self, asterisk: EmbeddedAsterisk) -> str:
        """Call as `CALLER`, and return the line of it."""
        await asterisk.console("module load res_clioriginate.so")
        for step in (f"1,Set(CALLERID(num)={CALLER})", f"2,Goto(from-trunk,{CALLED},1)"):
            await asterisk.console(f"dialplan add extension caller,{step} into call-test replace")
        await asterisk.console("channel originate Local/caller@call-test application Wait 2")
        return await asyncio.wait_for(self.calls.get(), 5)


@pytest.fixture
def settings(asterisk: EmbeddedAsterisk, sample_database_url: str) -> Settings:
    update = {"service_port": free_port(), "database_url": sample_database_url, "poll_seconds": 1.0}
    return Settings.model_validate(asterisk.settings.model_dump() | update)


async def knows(asterisk: EmbeddedAsterisk, account: str) -> bool:
    return "Unable to find" not in await asterisk.console(f"pjsip show endpoint {account}")


async def change(settings: Settings, sql: str) -> int:
    """Change the policy as an administrator by plain SQL does; return the new revision."""
    connection = await asyncpg.connect(settings.database_url.get_secret_value().replace("+asyncpg", ""))
    try:
        await connection.execute(sql)
        revision: int = await connection.fetchval("SELECT revision FROM policy_revision")
        return revision
    finally:
        await connection.close()


async def test_a_change_by_plain_sql_decides_the_next_call(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    async with Serve(settings).running(tmp_path / "log") as serve:
        assert "ringer 4 signaler" in await serve.line_of_a_call(asterisk)
        revision = await change(settings, f"UPDATE extension SET ring_limit = 2 WHERE number = '{CALLED}'")
        await serve.until(lambda health: health["policy_revision"] == revision, seconds=2)
        assert "ringer 2 signaler" in await serve.line_of_a_call(asterisk)


async def test_where_nothing_is_tried_out_no_stream_has_the_numbers_or_the_name_of_a_call(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    quiet = settings.model_copy(update={"tryout": False})
    async with Serve(quiet).running(tmp_path / "log") as serve:
        line = await serve.line_of_a_call(asterisk)
    written = line + (tmp_path / "log").read_text()
    assert "+4670*****05 → +4690****02: ringer 4 signaler" in line
    assert "event=call_decided" in written
    assert [personal for personal in (CALLER, CALLED, "Gunilla", "Wikström") if personal in written] == []


async def test_an_added_phone_is_known_to_asterisk_within_a_second(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    async with Serve(settings).running(tmp_path / "log"):
        await until_told(lambda: knows(asterisk, "61002"), "a phone of the sample", seconds=20)
        await change(settings, f"UPDATE extension SET sip_username = '61002-ny' WHERE number = '{CALLED}'")
        await until_told(lambda: knows(asterisk, "61002-ny"), "the new phone", seconds=2)


async def test_a_start_without_the_database_decides_by_the_last_good_snapshot(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    async with Serve(settings).running(tmp_path / "log"):
        await until(settings.snapshot_path.exists, "the snapshot file", seconds=10)
    away = settings.model_dump() | {"database_url": f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none"}
    async with Serve(Settings.model_validate(away)).running(tmp_path / "log") as serve:
        health = await serve.health()
        assert health["status"] == "degraded"
        assert health["policy"]["source"] == "file"
        assert not health["database"]["ok"]
        assert "Gunilla Wikström" in await serve.line_of_a_call(asterisk)


async def test_a_wrong_password_is_told_as_such(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    wrong = settings.model_copy(update={"ari_password": SecretStr("fel"), "ami_password": SecretStr("fel")})

    def refused(health: dict[str, Any]) -> object:
        return "401" in str(health["ari"]["error"]) and "refused" in str(health["ami"]["error"])

    del asterisk
    async with Serve(wrong).running(tmp_path / "log", until=refused) as serve:
        health = await serve.health()
        assert "check ari_username and ari_password" in health["ari"]["error"]
        assert "check ami_username and ami_password" in health["ami"]["error"]
        assert health["policy"]["ok"]
        assert await serve.ready() == 503
    assert "event=health_degraded" in (tmp_path / "log").read_text()


async def test_a_snapshot_file_that_is_damaged_is_told_while_there_is_nothing_to_decide_by(
    asterisk: EmbeddedAsterisk, settings: Settings, tmp_path: Path
) -> None:
    del asterisk
    settings.snapshot_path.write_text("half a file")
    url = SecretStr(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none")
    away = settings.model_copy(update={"database_url": url})
    async with Serve(away).running(tmp_path / "log", until=lambda health: health["ari"]["ok"]) as serve:
        policy = (await serve.health())["policy"]
        assert (policy["source"], policy["ok"]) == ("none", False)
        assert "snapshot file: it is damaged" in policy["error"]
        assert await serve.ready() == 503
    settings.snapshot_path.unlink()


async def test_a_port_in_use_or_a_missing_secret_is_one_clear_message(
    asterisk: EmbeddedAsterisk, settings: Settings
) -> None:
    taken = settings.model_copy(update={"service_port": asterisk.settings.http_port})
    assert "Set CALLFLOW_SERVICE_PORT" in await said_at_start(taken)
    assert "CALLFLOW_ARI_PASSWORD" in await said_at_start(settings.model_copy(update={"ari_password": SecretStr("")}))


async def said_at_start(settings: Settings) -> str:
    environment = {**os.environ, **environment_of(settings)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "callflow", "serve", stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment
    )
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert b"Traceback" not in said
    return said.decode()
