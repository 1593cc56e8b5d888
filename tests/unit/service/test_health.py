"""`/health`, `/ready` and `/metrics` as a monitor sees them."""

import errno
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from structlog.testing import capture_logs

from callflow.service.clock import now
from callflow.service.health import Health, health_app
from callflow.service.health_parts import (
    Facts,
    connection_facts,
    database_facts,
    mail_facts,
    policy_facts,
    rows_facts,
)
from callflow.service.machine import Machine
from callflow.service.mail import MailSpool
from callflow.service.policy_holder import PolicyHolder
from callflow.service.ports import Snapshot
from tests.fakes.calls import small_policy
from tests.fakes.policy_store import MemoryPolicyStore
from tests.fakes.ports import port_of
from tests.fakes.running import running
from tests.fakes.waiting import until
from tests.unit.service.test_policy_holder import MemoryFile


@asynccontextmanager
async def served(
    held: PolicyHolder, spool: Path, /, *, ari: bool = True, **others: Callable[[], Facts]
) -> AsyncIterator[aiohttp.ClientSession]:
    """The whole of health over parts that a test can hurt; `others` come instead."""
    mail = MailSpool(spool, None)
    facts: dict[str, Callable[[], Facts]] = {
        "ari": lambda: connection_facts(lambda: (ari, "refused (401): check ari_password")),
        "database": lambda: database_facts(held),
        "policy": lambda: policy_facts(held),
        "rows": lambda: rows_facts({}),
        "mail": lambda: mail_facts(mail),
        **Machine().facts(),
        **others,
    }
    runner = web.AppRunner(health_app(Health(facts, application="callflow-1")))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port_of(runner)}") as session:
        yield session
    await runner.cleanup()


async def told_of(policy: PolicyHolder, spool: Path, /, **hurt: Any) -> dict[str, Any]:
    async with served(policy, spool, **hurt) as session, session.get("/health") as answer:
        told: dict[str, Any] = await answer.json()
        return told


async def metrics_of(policy: PolicyHolder, spool: Path, /, **hurt: Any) -> dict[str, float]:
    async with served(policy, spool, **hurt) as session, session.get("/metrics") as answer:
        families = text_string_to_metric_families(await answer.text())
        return {sample_name(sample): sample.value for family in families for sample in family.samples}


def sample_name(sample: Sample) -> str:
    return sample.name + "".join(f"{{{name}={value}}}" for name, value in sample.labels.items())


def holder(*, away: bool = False, kept: Snapshot | None = None, written_at: datetime | None = None) -> PolicyHolder:
    store, file = MemoryPolicyStore(Snapshot(policy=small_policy(5))), MemoryFile(kept)
    store.away, file.written_at = away, written_at
    return PolicyHolder(store, file)


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


async def test_why_a_connection_is_not_up_is_told(tmp_path: Path) -> None:
    policy = holder()
    await policy.start()
    told = await told_of(policy, tmp_path, ari=False)
    assert told["status"] == "degraded"
    assert told["ari"] == {"ok": False, "error": "refused (401): check ari_password"}
    assert (await metrics_of(policy, tmp_path, ari=False))["callflow_connected{part=ari}"] == 0


async def test_without_a_policy_health_says_that_calls_go_by_the_fallback(tmp_path: Path) -> None:
    policy = holder(away=True)
    await policy.start()
    told = await told_of(policy, tmp_path)
    assert (told["policy"]["source"], told["policy_revision"]) == ("none", None)
    assert told["policy"]["error"].endswith("by the dialplan's fallback (snapshot file: there is none)")
    metrics = await metrics_of(policy, tmp_path)
    assert metrics["callflow_policy_source{source=none}"] == 1
    assert "callflow_policy_revision" not in metrics


async def test_a_policy_from_the_file_is_told_with_its_age(tmp_path: Path) -> None:
    policy = holder(away=True, kept=Snapshot(policy=small_policy(4)), written_at=now() - timedelta(days=2))
    await policy.start()
    metrics = await metrics_of(policy, tmp_path)
    assert metrics["callflow_policy_source{source=file}"] == 1
    assert metrics["callflow_policy_revision"] == 4
    assert metrics["callflow_policy_age_seconds"] == pytest.approx(2 * 24 * 3600, abs=60)


async def test_a_revision_of_the_database_that_is_not_taken_in_is_told(tmp_path: Path) -> None:
    policy = holder()
    await policy.start()
    policy.feed.revision, policy.feed.revised_at = 6, time.monotonic() - 60
    told = await told_of(policy, tmp_path)
    assert (told["policy"]["revision"], told["database"]["revision"]) == (5, 6)
    assert "revision 6 for 60 s" in told["policy"]["error"]
    assert (await metrics_of(policy, tmp_path))["callflow_policy_behind_seconds"] == pytest.approx(60, abs=1)


async def test_a_lost_feed_is_told_with_how_often_the_database_is_asked(tmp_path: Path) -> None:
    policy = holder()
    await policy.start()
    policy.feed.error, policy.feed.asked_at = "ConnectionResetError: lost", time.monotonic() - 7
    told = (await told_of(policy, tmp_path))["database"]
    assert (told["ok"], told["error"], told["notified"]) == (False, "ConnectionResetError: lost", False)
    assert told["poll_seconds"] == 1.0
    assert told["asked_seconds_ago"] == pytest.approx(7, abs=1)


async def test_who_could_not_follow_the_policy_is_told(tmp_path: Path) -> None:
    policy = holder()
    await policy.start()
    policy.follower_errors["snapshot_file"] = "No space left on device"
    told = await told_of(policy, tmp_path)
    assert told["policy"]["error"] == "snapshot_file: No space left on device"
    metrics = await metrics_of(policy, tmp_path)
    assert metrics["callflow_follower_failing{follower=snapshot_file}"] == 1
    assert metrics["callflow_follower_failing{follower=asterisk}"] == 0


async def test_mail_that_waits_without_a_mail_server_is_told(tmp_path: Path) -> None:
    policy = holder()
    await policy.start()
    told = await told_of(policy, tmp_path)
    assert told["mail"] == {"ok": True, "error": None, "waiting": 0, "refused": 0}


def test_rows_that_cannot_stand_in_asterisk_are_counted_and_the_first_named() -> None:
    told = rows_facts({f"phone {number}": "an odd name" for number in range(9)})
    assert (told["ok"], told["left_out"]) == (False, 9)
    assert told["error"].startswith("phone 0: an odd name; phone 1: an odd name")
    assert "phone 8" not in told["error"]


async def test_a_part_that_goes_wrong_is_told_once_in_the_log_and_once_when_it_is_well() -> None:
    facts: Facts = {"ok": False, "error": "away", "revision": 1}
    health = Health({"policy": lambda: facts}, application="callflow-1")
    with capture_logs() as logs:
        async with running(health.run()):
            await until(lambda: len(logs) == 1)
            facts["ok"] = True
            await until(lambda: len(logs) == 2)
    assert [(line["event"], line["part"]) for line in logs] == [
        ("health_degraded", "policy"),
        ("health_restored", "policy"),
    ]


async def test_counters_are_there_for_prometheus(tmp_path: Path) -> None:
    async with served(holder(), tmp_path) as session, session.get("/metrics") as answer:
        text = await answer.text()
    assert "callflow_calls_total" in text
    assert "callflow_decision_seconds_bucket" in text


def fails() -> Facts:
    raise OSError(errno.ESTALE, "Stale file handle")


async def test_part_that_cannot_be_asked_is_told_as_such_and_keeps_no_other_from_being_told(tmp_path: Path) -> None:
    policy = holder()
    await policy.start()
    told = await told_of(policy, tmp_path, disk=fails)
    assert told["status"] == "degraded"
    assert told["disk"] == {"ok": False, "error": "it cannot be told: [Errno 116] Stale file handle"}
    assert told["policy"]["ok"]
    metrics = await metrics_of(policy, tmp_path, disk=fails)
    assert metrics["callflow_healthy{part=disk}"] == 0
    assert metrics["callflow_policy_revision"] == 5
    async with served(policy, tmp_path, disk=fails) as session, session.get("/ready") as answer:
        assert answer.status == 200


async def test_service_is_not_ready_while_it_cannot_be_told_what_calls_are_decided_by(tmp_path: Path) -> None:
    policy = holder()
    await policy.start()
    assert (await told_of(policy, tmp_path, policy=fails))["policy_revision"] is None
    assert (await metrics_of(policy, tmp_path, policy=fails))["callflow_healthy{part=policy}"] == 0
    async with served(policy, tmp_path, policy=fails) as session, session.get("/ready") as answer:
        assert answer.status == 503


def test_why_a_part_cannot_be_asked_is_told_once_with_its_traceback() -> None:
    is_bad = True

    def disk() -> Facts:
        return fails() if is_bad else {"ok": True, "error": None}

    health = Health({"disk": disk}, application="callflow-1")
    with capture_logs() as logs:
        health.wrong()
        health.wrong()
        is_bad = False
        assert health.wrong() == {}
        is_bad = True
        health.wrong()
    assert [(line["event"], line["part"]) for line in logs] == [("health_not_told", "disk")] * 2
    assert all(line["exc_info"] for line in logs)
