"""What every policy store does, the real one and the fake of the tests alike."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import pytest

from callflow.errors import CallflowError
from callflow.service.ports import MailboxAccount, PhoneAccount, PolicyStore, Snapshot
from callflow.storage.connection import connected
from callflow.storage.generated_region import generated_policy
from callflow.storage.store import PostgresPolicyStore
from callflow.storage.writer import write_snapshot
from tests.databases import database_url, shared_server
from tests.fakes.policy_store import MemoryPolicyStore

__all__ = ["database_url"]


@dataclass
class Subject:
    """A store with a region, a way to rename its first organisation, and a store whose database is away."""

    store: PolicyStore
    rename: Callable[[str], Awaitable[None]]
    away: PolicyStore


def region() -> Snapshot:
    policy = generated_policy(60, monday=date(2035, 1, 1))  # what is long past is not loaded
    return Snapshot(
        policy=policy,
        phones=tuple(
            PhoneAccount(extension_id=row.id, username=row.sip_username, password=f"secret-{row.id:06}")
            for row in policy.extensions.values()
            if row.sip_username is not None
        ),
        mailboxes=tuple(MailboxAccount(mailbox_id=box, pin="7193") for box in policy.mailboxes),
    )


async def postgres(url: str) -> Subject:
    async with connected(url) as connection:
        await write_snapshot(connection, region())

    async def rename(name: str) -> None:
        async with connected(url) as connection:
            await connection.execute("UPDATE organisation SET name = $1 WHERE id = 1", name)

    away = shared_server().url_of("no_such_database")
    return Subject(PostgresPolicyStore(url, 2), rename, PostgresPolicyStore(away, 2))


async def memory() -> Subject:
    store = MemoryPolicyStore(region())
    away = MemoryPolicyStore(region())
    await away.set_away(True)

    async def rename(name: str) -> None:
        policy = store.snapshot.policy
        organisations = {**policy.organisations, 1: replace(policy.organisations[1], name=name)}
        await store.put(replace(store.snapshot, policy=replace(policy, organisations=organisations)))

    return Subject(store, rename, away)


@pytest.fixture(params=["postgres", "memory"])
async def subject(request: pytest.FixtureRequest, database_url: str) -> Subject:
    return await (postgres(database_url) if request.param == "postgres" else memory())


def closable(revisions: AsyncIterator[int]) -> AsyncGenerator[int, None]:
    return cast("AsyncGenerator[int, None]", revisions)


async def next_of(revisions: AsyncIterator[int]) -> int:
    async with asyncio.timeout(10):
        return await anext(revisions)


async def test_what_was_written_is_what_is_loaded(subject: Subject) -> None:
    loaded, written = await subject.store.load(), region()
    assert replace(loaded.policy, revision=written.policy.revision) == written.policy
    assert loaded.phones == written.phones
    assert loaded.mailboxes == written.mailboxes


async def test_loading_twice_gives_the_same(subject: Subject) -> None:
    assert await subject.store.load() == await subject.store.load()


async def test_first_revision_is_the_present_one(subject: Subject) -> None:
    snapshot = await subject.store.load()
    async with aclosing(closable(subject.store.revisions())) as revisions:
        assert await next_of(revisions) == snapshot.policy.revision
    assert (subject.store.feed.error, subject.store.feed.revision) == (None, snapshot.policy.revision)


async def test_change_gives_a_new_revision_and_a_new_snapshot(subject: Subject) -> None:
    async with aclosing(closable(subject.store.revisions())) as revisions:
        before = await next_of(revisions)
        await subject.rename("Umeå stad")
        after = await next_of(revisions)
    snapshot = await subject.store.load()
    assert after > before
    assert snapshot.policy.revision == after
    assert snapshot.policy.organisations[1].name == "Umeå stad"


async def test_revisions_are_seen_by_everybody_who_asks(subject: Subject) -> None:
    async with (
        aclosing(closable(subject.store.revisions())) as one,
        aclosing(closable(subject.store.revisions())) as two,
    ):
        assert await next_of(one) == await next_of(two)
        await subject.rename("Umeå stad")
        assert await next_of(one) == await next_of(two)


async def test_lost_database_is_one_stable_error(subject: Subject) -> None:
    with pytest.raises(CallflowError) as caught:
        await subject.away.load()
    assert caught.value.code == "database_unavailable"


async def test_revisions_wait_for_a_lost_database(subject: Subject) -> None:
    async with aclosing(closable(subject.away.revisions())) as revisions:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):
                await anext(revisions)
    assert subject.away.feed.error is not None
