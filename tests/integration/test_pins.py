"""PINs that are stored in a real database, refused by it, or kept because it cannot take them now (R11)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from callflow.service.pin_changes import PinNotStoredError, PinRefusedError
from callflow.storage import pins
from callflow.storage.connection import connected
from callflow.storage.pins import pin_store
from tests.ports import free_port

PIN_OF = "SELECT pin FROM mailbox WHERE number = '61100'"
CHANGED_BY = "SELECT actor FROM audit WHERE table_name = 'mailbox' ORDER BY id DESC LIMIT 1"
LIMIT_SECONDS = 10.0


async def pin_of(url: str) -> str:
    async with connected(url) as connection:
        return str(await connection.fetchval(PIN_OF))


async def test_pin_is_stored_and_the_audit_names_the_voicemail(sample_database_url: str) -> None:
    await pin_store(sample_database_url)("61100", "590317")
    assert await pin_of(sample_database_url) == "590317"
    async with connected(sample_database_url) as connection:
        assert await connection.fetchval(CHANGED_BY) == "voicemail:61100"


@pytest.mark.parametrize("pin", ["4x11", "1234", ""])
async def test_pin_that_the_database_will_never_take_is_refused(sample_database_url: str, pin: str) -> None:
    with pytest.raises(PinRefusedError, match=r"[åäö]"):
        await pin_store(sample_database_url)("61100", pin)


async def test_pin_of_a_mailbox_that_is_gone_is_refused(sample_database_url: str) -> None:
    with pytest.raises(PinRefusedError, match="no such mailbox"):
        await pin_store(sample_database_url)("69999", "590317")


async def test_pin_is_kept_while_the_database_may_only_be_read(sample_database_url: str) -> None:
    """As one is that was demoted to a standby."""
    before = await pin_of(sample_database_url)
    async with connected(sample_database_url) as connection:
        name = await connection.fetchval("SELECT quote_ident(current_database())")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with pytest.raises(PinNotStoredError, match="read-only transaction"):
            await pin_store(sample_database_url)("61100", "590317")
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert await pin_of(sample_database_url) == before
    await pin_store(sample_database_url)("61100", "590317")
    assert await pin_of(sample_database_url) == "590317"


async def test_pin_is_kept_when_the_database_fails_in_a_way_that_nobody_foresaw(sample_database_url: str) -> None:
    async with connected(sample_database_url) as connection:
        await connection.execute("""
            CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''out of order''; END';
            CREATE TRIGGER fails BEFORE UPDATE ON mailbox EXECUTE FUNCTION fails()
        """)
    with pytest.raises(PinNotStoredError, match="out of order"):
        await pin_store(sample_database_url)("61100", "590317")


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Give the address of a database that takes connections and never says a word."""
    gone = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    port = free_port()
    async with await asyncio.start_server(say_nothing, "127.0.0.1", port):
        yield f"postgresql+asyncpg://callflow@127.0.0.1:{port}/callflow"
        async with asyncio.timeout(LIMIT_SECONDS):
            await gone.wait()


async def test_pin_is_kept_when_the_database_takes_the_connection_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pins, "ANSWER_SECONDS", 0.2)
    async with silent_server() as url, asyncio.timeout(LIMIT_SECONDS / 2):
        with pytest.raises(PinNotStoredError, match="TimeoutError"):
            await pin_store(url)("61100", "590317")


async def test_pin_is_kept_when_the_database_does_not_answer_the_change(
    sample_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "ANSWER_SECONDS", 0.5)
    async with connected(sample_database_url) as other, other.transaction():
        await other.execute("SELECT FROM policy_revision FOR UPDATE")
        async with asyncio.timeout(LIMIT_SECONDS):
            with pytest.raises(PinNotStoredError, match="TimeoutError"):
                await pin_store(sample_database_url)("61100", "590317")
