"""A clock that was set, or a write, makes Asterisk look up anew, once, also when it was away at that time."""

import itertools

import pytest
from structlog.testing import capture_logs

from callflow.asterisk import lookups
from callflow.asterisk.ami import CACHES, Ami
from callflow.asterisk.ami_connection import AmiConnection
from callflow.asterisk.lookups import Lookups
from tests.fakes.ami_server import FakeAmi
from tests.fakes.running import running
from tests.fakes.waiting import until

EXPIRE = "SorceryMemoryCacheExpire"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "LOOK_SECONDS", 0.01)


async def test_the_start_and_each_clock_that_was_set_renew_each_cache_once() -> None:
    jumps = [0]
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        async with running(connection.run()), running(Lookups(Ami(connection), lambda: jumps[-1]).run()):
            await connection.wait_until_connected()
            for count in (0, 1, 2):
                jumps.append(count)
                await until(lambda: len(fake.names()) == len(CACHES) * (jumps[-1] + 1))
            asked = [action["Cache"] for action in fake.actions if action["Action"] == EXPIRE]
    assert asked == [*CACHES, *CACHES, *CACHES]


async def test_an_asterisk_that_was_away_is_told_when_it_is_there() -> None:
    counts = itertools.chain([0], itertools.repeat(1))
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        with capture_logs() as told:
            async with running(Lookups(Ami(connection), lambda: next(counts)).run()):
                await until(lambda: any(line["event"] == "lookups_not_renewed" for line in told))
                async with running(connection.run()):
                    await until(lambda: fake.names() == [EXPIRE] * len(CACHES))


async def test_what_has_been_renewed_at_once_is_not_renewed_again() -> None:
    writes = [0]
    async with FakeAmi().running() as fake:
        connection = AmiConnection(fake.address)
        kept = Lookups(Ami(connection), lambda: writes[-1])
        async with running(connection.run()), running(kept.run()):
            await until(lambda: len(fake.names()) == len(CACHES))
            writes.append(1)
            await kept.renew()
            writes.append(2)
            await until(lambda: len(fake.names()) >= len(CACHES) * 3)
    assert fake.names() == [EXPIRE] * (len(CACHES) * 3)
