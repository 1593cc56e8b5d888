"""The policy in memory: where it comes from, how a change reaches it and what follows it."""

from dataclasses import replace
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from callflow.policy.model import Organisation, build_policy
from callflow.service import policy_holder
from callflow.service.policy_holder import PolicyHolder, PolicySource
from callflow.service.ports import Snapshot
from tests.fakes.calls import small_policy
from tests.fakes.policy_store import MemoryPolicyStore
from tests.fakes.running import running
from tests.fakes.waiting import until


class MemoryFile:
    """A snapshot file in memory."""

    def __init__(self, kept: Snapshot | None = None) -> None:
        self.kept = kept
        self.problem: str | None = None if kept else "there is none"
        self.written_at: datetime | None = None

    def read(self) -> Snapshot | None:
        return self.kept

    def write(self, snapshot: Snapshot) -> None:
        self.kept = snapshot


def snapshot(revision: int = 1) -> Snapshot:
    return Snapshot(policy=small_policy(revision))


async def test_a_start_takes_the_database_and_keeps_what_it_read() -> None:
    file = MemoryFile()
    holder = PolicyHolder(MemoryPolicyStore(snapshot(3)), file)
    await holder.start()
    assert holder.held is not None
    assert (holder.held.source, holder.held.policy.revision) == (PolicySource.DATABASE, 3)
    assert holder.held.policy.accounts == {"61001": 7}
    async with running(holder.run()):
        await until(lambda: file.kept is not None)


async def test_a_start_without_the_database_takes_the_file_and_says_so() -> None:
    store = MemoryPolicyStore(snapshot(3))
    await store.set_away(True)
    holder = PolicyHolder(store, MemoryFile(snapshot(2)))
    await holder.start()
    assert holder.held is not None
    assert (holder.held.source, holder.held.policy.revision) == (PolicySource.FILE, 2)
    assert holder.database_error is not None


async def test_a_start_with_neither_holds_nothing_until_the_database_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_holder, "FIRST_PAUSE_SECONDS", 0.01)
    store = MemoryPolicyStore(snapshot())
    await store.set_away(True)
    holder = PolicyHolder(store, MemoryFile())
    await holder.start()
    assert holder.held is None
    async with running(holder.run()):
        await store.set_away(False)
        await until(lambda: holder.held is not None)
    assert holder.database_error is None


async def test_the_database_that_comes_back_replaces_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_holder, "FIRST_PAUSE_SECONDS", 0.01)
    store = MemoryPolicyStore(snapshot(2))
    await store.set_away(True)
    file = MemoryFile(snapshot(2))
    holder = PolicyHolder(store, file)
    await holder.start()
    async with running(holder.run()):
        await store.set_away(False)
        await until(lambda: holder.held is not None and holder.held.source is PolicySource.DATABASE)


async def test_a_change_is_held_kept_and_followed() -> None:
    store, file, followed = MemoryPolicyStore(snapshot(1)), MemoryFile(), []

    async def follow(followed_snapshot: Snapshot) -> None:
        followed.append(followed_snapshot.policy.revision)

    holder = PolicyHolder(store, file, {"asterisk": follow})
    await holder.start()
    async with running(holder.run()):
        await until(lambda: followed == [1])
        policy = build_policy(
            revision=1, organisations=[Organisation(id=1, key="umea", name="Umeå", main_number="+4690161000")]
        )
        await store.put(replace(snapshot(1), policy=policy))
        await until(lambda: followed == [1, 2])
        assert holder.held is not None
        assert holder.held.policy.accounts == {}
        await until(lambda: file.kept is not None and file.kept.policy.revision == 2)


async def test_a_follower_that_fails_is_told_once_tried_again_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policy_holder, "FOLLOW_AGAIN_SECONDS", 0.01)
    store, failures, others = MemoryPolicyStore(snapshot(1)), [OSError("disk full"), OSError("disk full")], []

    async def fails(_: Snapshot) -> None:
        if failures:
            raise failures.pop()

    async def other(followed_snapshot: Snapshot) -> None:
        others.append(followed_snapshot.policy.revision)

    holder = PolicyHolder(store, MemoryFile(), {"asterisk": fails, "speech": other})
    await holder.start()
    with capture_logs() as lines:
        async with running(holder.run()):
            await until(lambda: holder.follower_errors == {"asterisk": "disk full"})
            await until(lambda: others == [1])
            await until(lambda: holder.follower_errors == {})
    assert failures == []
    assert [line["event"] for line in lines].count("policy_follower_failed") == 1


async def test_changes_in_a_row_are_taken_in_together(monkeypatch: pytest.MonkeyPatch) -> None:
    store, loads = MemoryPolicyStore(snapshot(1)), []
    load = store.load

    async def counted() -> Snapshot:
        loads.append(store.snapshot.policy.revision)
        return await load()

    monkeypatch.setattr(store, "load", counted)
    holder = PolicyHolder(store, MemoryFile())
    await holder.start()
    async with running(holder.run()):
        for _ in range(20):
            await store.put(snapshot(store.snapshot.policy.revision))
        await until(lambda: holder.held is not None and holder.held.policy.revision == 21)
    assert len(loads) <= 3
