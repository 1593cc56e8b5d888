"""What phones change while the database is slow, lost or stuck: never half, and never said to be stored (R9)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest

from callflow.policy.decision import DiversionChange
from callflow.policy.model import Diversion, DiversionCondition, Target, TargetKind
from callflow.policy.plan import Hangup, Plan
from callflow.service.feature_changes import STORE_SECONDS, ChangeNotKnownError, ChangeNotStoredError
from callflow.storage import phone_changes
from callflow.storage.connection import Connection, connected
from callflow.storage.phone_changes import PostgresChanges
from tests.databases import database_url, sample_database_url
from tests.fakes.waiting import until_told

__all__ = ["database_url", "sample_database_url"]

SESSIONS = """
    SELECT pid FROM pg_stat_activity
    WHERE application_name = 'callflow feature codes' AND datname = current_database()
"""
SORRY = Plan(language="sv", steps=(Hangup(),))
STANDS = "SELECT count(*) FROM diversion WHERE extension_id = $1 AND condition = 'all' AND to_number = '+46701740699'"


@pytest.fixture
async def administrator(sample_database_url: str) -> AsyncIterator[Connection]:
    async with connected(sample_database_url) as connection:
        yield connection


@pytest.fixture
async def changes(sample_database_url: str) -> AsyncIterator[PostgresChanges]:
    made = PostgresChanges(sample_database_url)
    yield made
    made.close()


async def change_of(administrator: Connection) -> DiversionChange:
    return DiversionChange(
        extension_id=await administrator.fetchval("SELECT id FROM extension WHERE sip_username = '61100'"),
        conditions=(DiversionCondition.ALL,),
        diversion=Diversion(
            condition=DiversionCondition.ALL, target=Target(TargetKind.NUMBER, number="+46701740699")
        ),
        if_not_saved=SORRY,
        if_not_known=SORRY,
    )


async def store(changes: PostgresChanges, change: DiversionChange, seconds: float = 5.0) -> int:
    deadline = asyncio.get_running_loop().time() + seconds
    return await changes.store(change, actor="phone:+4690161100", decision_id="d1", deadline=deadline)


async def test_connection_is_kept_for_the_next_change(changes: PostgresChanges, administrator: Connection) -> None:
    change = await change_of(administrator)
    await store(changes, change)
    before = await administrator.fetch(SESSIONS)
    await store(changes, change)
    assert await administrator.fetch(SESSIONS) == before
    assert len(before) == 1


async def test_connection_that_the_server_has_ended_is_not_used_again(
    changes: PostgresChanges, administrator: Connection
) -> None:
    change = await change_of(administrator)
    await store(changes, change)
    await administrator.fetch(f"SELECT pg_terminate_backend(pid, 5000) FROM ({SESSIONS}) AS sessions")
    await store(changes, change)
    assert await administrator.fetchval(STANDS, change.extension_id) == 1


class AtItsEnd:
    """A connection as asyncpg has it for an instant, when the server has ended it and that is being read."""

    terminated = False

    async def execute(self, query: str) -> None:
        raise asyncpg.InternalClientError(f"{query}: cannot switch to state 15; another operation (2) is in progress")

    def terminate(self) -> None:
        self.terminated = True


async def test_connection_that_is_used_just_as_it_ends_is_replaced(
    changes: PostgresChanges, administrator: Connection
) -> None:
    ending = AtItsEnd()
    changes._idle.append(ending)
    change = await change_of(administrator)
    await store(changes, change)
    assert ending.terminated
    assert await administrator.fetchval(STANDS, change.extension_id) == 1


async def test_connection_that_was_lost_without_a_word_is_replaced_while_the_caller_waits(
    changes: PostgresChanges, administrator: Connection
) -> None:
    change = await change_of(administrator)
    await store(changes, change)
    silent = await administrator.fetchval(SESSIONS)
    os.kill(silent, signal.SIGSTOP)
    try:
        await store(changes, replace(change, diversion=None), STORE_SECONDS)
        assert await administrator.fetchval(STANDS, change.extension_id) == 0
    finally:
        os.kill(silent, signal.SIGCONT)


async def test_change_that_waits_for_another_too_long_is_given_up_and_never_comes_later(
    changes: PostgresChanges, administrator: Connection
) -> None:
    change = await change_of(administrator)
    async with administrator.transaction():
        await administrator.execute("UPDATE organisation SET name = name WHERE id = 1")
        with pytest.raises(ChangeNotStoredError, match="gave no answer"):
            await store(changes, change, 0.3)

    async def gone() -> bool:
        return not await administrator.fetch(SESSIONS)

    await until_told(gone, "the session that was given up has ended")
    assert await administrator.fetchval(STANDS, change.extension_id) == 0
    await store(changes, change)
    assert await administrator.fetchval(STANDS, change.extension_id) == 1


async def test_server_itself_gives_up_what_waits_for_longer_than_a_caller(
    changes: PostgresChanges, administrator: Connection
) -> None:
    change = await change_of(administrator)
    async with administrator.transaction():
        await administrator.execute("UPDATE organisation SET name = name WHERE id = 1")
        with pytest.raises(ChangeNotStoredError, match="statement timeout"):
            await store(changes, change)


async def test_guard_that_looks_at_the_whole_transaction_refuses(
    changes: PostgresChanges, administrator: Connection
) -> None:
    change = await change_of(administrator)
    other = await administrator.fetchval(
        """
        INSERT INTO diversion (extension_id, condition, to_extension_id)
        SELECT id, 'all', $1 FROM extension WHERE sip_username = '61104' RETURNING extension_id
        """,
        change.extension_id,
    )
    back = Diversion(condition=DiversionCondition.ALL, target=Target(TargetKind.EXTENSION, other))
    with pytest.raises(ChangeNotStoredError, match="går runt"):
        await store(changes, replace(change, diversion=back))


@asynccontextmanager
async def commits_held_up(administrator: Connection) -> AsyncIterator[None]:
    """Let every commit wait for a standby that does not exist."""
    await administrator.execute("SET synchronous_commit = local")
    await administrator.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    await administrator.execute("SELECT pg_reload_conf()")

    async def held_up() -> bool:
        return bool(await administrator.fetchval("SHOW synchronous_standby_names") == "nobody")

    try:
        await until_told(held_up, "commits wait")
        yield
    finally:
        await administrator.execute("ALTER SYSTEM RESET synchronous_standby_names")
        await administrator.execute("SELECT pg_reload_conf()")


async def test_commit_without_an_answer_is_neither_told_as_stored_nor_as_not(
    changes: PostgresChanges, administrator: Connection
) -> None:
    change = await change_of(administrator)
    async with commits_held_up(administrator):
        with pytest.raises(ChangeNotKnownError, match="has not told"):
            await store(changes, change, 0.5)


async def test_commit_whose_answer_was_lost_is_stored_when_the_database_says_so(
    changes: PostgresChanges, administrator: Connection
) -> None:
    change = await change_of(administrator)

    async def commits() -> object:
        return await administrator.fetchval(f"SELECT pid FROM ({SESSIONS} AND wait_event = 'SyncRep') AS sessions")

    async with commits_held_up(administrator):
        storing = asyncio.create_task(store(changes, change))
        await until_told(commits, "the commit waits")
        await administrator.execute("SELECT pg_terminate_backend($1)", await commits())
        revision = await storing
    assert revision == await administrator.fetchval("SELECT revision FROM policy_revision")
    assert await administrator.fetchval(STANDS, change.extension_id) == 1


async def test_commit_that_never_was_is_not_stored(
    changes: PostgresChanges, administrator: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = await change_of(administrator)
    monkeypatch.setattr(phone_changes, "_COMMIT", "SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(ChangeNotStoredError, match="administrator command"):
        await store(changes, change)
    assert await administrator.fetchval(STANDS, change.extension_id) == 0


async def test_commit_that_a_crash_took_the_very_id_of_is_not_stored(
    changes: PostgresChanges, administrator: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = await change_of(administrator)
    monkeypatch.setattr(phone_changes, "_MARK", "SELECT revision, '99999999' FROM policy_revision")
    monkeypatch.setattr(phone_changes, "_COMMIT", "SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(ChangeNotStoredError, match="administrator command"):
        await store(changes, change)
