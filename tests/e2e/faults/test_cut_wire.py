"""The proxy itself: it must do what the tests that stand on it believe."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.e2e.faults.cut_wire import CutWire, Towards, that_said
from tests.fakes.waiting import until


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[str, int]]:
    """Serve what answers each byte with the same."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()
        yield host, port
    finally:
        server.close()


async def said(reader: asyncio.StreamReader, count: int, seconds: float = 5.0) -> bytes:
    return await asyncio.wait_for(reader.readexactly(count), seconds)


async def test_everything_passes_until_it_is_cut_and_again_after_that() -> None:
    async with echo() as server, CutWire(server) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(b"hej")
        assert await said(reader, 3) == b"hej"
        wire.cut()
        with pytest.raises(ConnectionResetError):
            await said(reader, 1)
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(b"igen")
        assert await said(reader, 4) == b"igen"
        writer.close()


async def test_refused_means_refused_until_it_is_healed() -> None:
    async with echo() as server, CutWire(server) as wire:
        wire.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", wire.port)
        wire.heal()
        _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.close()


async def test_half_open_passes_nothing_and_closes_nothing_and_what_was_held_comes_later() -> None:
    async with echo() as server, CutWire(server) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(b"en")
        other_writer.write(b"annan")
        assert (await said(reader, 2), await said(other_reader, 5)) == (b"en", b"annan")
        wire.go_half_open(that_said(b"en"))
        writer.write(b"tyst")
        other_writer.write(b"mer")
        assert await said(other_reader, 3) == b"mer"
        with pytest.raises(TimeoutError):
            await said(reader, 1, 0.2)
        wire.heal()
        assert await said(reader, 4) == b"tyst"
        writer.close()
        other_writer.close()


@pytest.mark.parametrize("by", ["what it holds", "how much has gone"])
async def test_a_message_is_cut_in_the_middle(by: str) -> None:
    received = bytearray()

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                received.extend(data)
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    async with server, CutWire(server.sockets[0].getsockname()) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        if by == "what it holds":
            wire.cut_in_next(Towards.SERVER, lambda data: b"67" in data)
        else:
            wire.cut_after(Towards.SERVER, 5)
        writer.write(b"1234")
        await until(lambda: bytes(received) == b"1234")
        writer.write(b"67")
        with pytest.raises(ConnectionResetError):
            await said(reader, 1)
        writer.close()
        assert bytes(received) in (b"1234", b"12346")  # a reset may overtake what was sent before it


async def test_a_reader_that_does_not_read_fills_its_senders_buffers() -> None:
    async with echo() as server, CutWire(server) as wire:
        _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        await until(lambda: wire.connections)
        wire.stop_reading(Towards.SERVER)
        writer.write(b"x" * 30_000_000)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.5)
        writer.transport.abort()


async def test_slow_is_slow_and_what_nobody_sent_comes_as_well() -> None:
    async with echo() as server, CutWire(server) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        await until(lambda: wire.connections)
        await wire.inject("från ingen".encode(), Towards.CLIENT)
        assert await said(reader, 11) == "från ingen".encode()
        wire.slow_down(Towards.CLIENT, 100)
        writer.write(b"y" * 1000)
        with pytest.raises(TimeoutError):
            await said(reader, 1000, 0.5)
        writer.close()
