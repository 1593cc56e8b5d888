"""`/health`, `/ready` and `/metrics` as a monitor sees them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from callflow.service.health import Health, health_app
from callflow.service.mail import MailSpool
from callflow.service.policy_holder import PolicyHolder
from callflow.service.ports import Snapshot
from tests.fakes.calls import small_policy
from tests.fakes.policy_store import MemoryPolicyStore
from tests.fakes.ports import port_of
from tests.unit.service.test_policy_holder import MemoryFile


@asynccontextmanager
async def served(holder: PolicyHolder, spool: Path, *, ari: bool = True) -> AsyncIterator[aiohttp.ClientSession]:
    states = {"ari": lambda: (ari, "not connected to Asterisk"), "ami": lambda: (True, None)}
    health = Health(connections=states, policy=holder, mail=MailSpool(spool, None), application="callflow-1")
    runner = web.AppRunner(health_app(health))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port_of(runner)}") as session:
        yield session
    await runner.cleanup()


def holder(*, away: bool = False, kept: Snapshot | None = None) -> PolicyHolder:
    store = MemoryPolicyStore(Snapshot(policy=small_policy(5)))
    store.away = away
    return PolicyHolder(store, MemoryFile(kept))


async def test_a_whole_service_is_ok_and_ready(tmp_path: Path) -> None:
    policy = holder()
    await policy.start()
    async with served(policy, tmp_path) as session:
        async with session.get("/health") as answer:
            told = await answer.json()
        async with session.get("/ready") as answer:
            assert answer.status == 200
    assert (told["status"], told["policy_revision"], told["policy"]["source"]) == ("ok", 5, "database")


async def test_a_service_on_the_snapshot_file_is_ready_and_degraded(tmp_path: Path) -> None:
    policy = holder(away=True, kept=Snapshot(policy=small_policy(4)))
    await policy.start()
    async with served(policy, tmp_path) as session:
        async with session.get("/health") as answer:
            told = await answer.json()
        async with session.get("/ready") as answer:
            assert answer.status == 200
    assert told["status"] == "degraded"
    assert told["policy"]["source"] == "file"
    assert told["database"]["ok"] is False
    assert "away" in told["database"]["error"]


async def test_a_service_without_asterisk_or_without_a_policy_is_not_ready(tmp_path: Path) -> None:
    whole = holder()
    await whole.start()
    for policy, ari in ((whole, False), (holder(away=True), True)):
        async with served(policy, tmp_path, ari=ari) as session, session.get("/ready") as answer:
            assert answer.status == 503


async def test_counters_are_there_for_prometheus(tmp_path: Path) -> None:
    async with served(holder(), tmp_path) as session, session.get("/metrics") as answer:
        text = await answer.text()
    assert "callflow_calls_total" in text
    assert "callflow_decision_seconds_bucket" in text
