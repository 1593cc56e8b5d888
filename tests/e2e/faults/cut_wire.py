"""A TCP proxy on loopback that does to a connection what networks and broken peers do.

It stands between `callflow serve` (the client) and a real Asterisk or PostgreSQL (the server), and passes
everything on until it is told otherwise; `heal` makes it pass everything again.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

LOOPBACK = "127.0.0.1"
CHUNK = 65536
KEPT_BYTES = 65536
"""How much of what a client says is kept, so that connections can be told apart."""
PIECES_A_SECOND = 20


class Towards(Enum):
    """Which way bytes go."""

    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Change:
    """What is passed on in place of what came; behind it the connection may be cut, or more be changed."""

    data: bytes
    then_cut: bool = False
    and_the_next: bool = False


Changes = Callable[[bytes], Change | None]
"""Is asked about all that comes until it changes something, and then no more unless it says so."""


class Connection:
    """One connection of a client with the server."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._ends = {Towards.CLIENT: client, Towards.SERVER: server}
        self._flowing = {towards: asyncio.Event() for towards in Towards}
        self._sending = {towards: asyncio.Lock() for towards in Towards}
        self.said = bytearray()
        self.is_open = True
        self.tasks: tuple[asyncio.Task[None], ...] = ()
        for event in self._flowing.values():
            event.set()

    def hold(self, *ways: Towards) -> None:
        """Read nothing more that goes these ways."""
        for towards in ways:
            self._flowing[towards].clear()

    def release(self) -> None:
        """Go on reading; an end that came meanwhile is passed on as well."""
        for event in self._flowing.values():
            event.set()

    async def receive(self, towards: Towards) -> bytes:
        """Return what came to go this way, nothing at its end."""
        source = self._ends[Towards.SERVER if towards is Towards.CLIENT else Towards.CLIENT]
        await self._flowing[towards].wait()
        data = await asyncio.get_running_loop().sock_recv(source, CHUNK)
        await self._flowing[towards].wait()
        if towards is Towards.SERVER:
            self.said += data
            del self.said[:-KEPT_BYTES]
        return data

    async def send(self, data: bytes, towards: Towards) -> None:
        """Pass these bytes on, in one piece."""
        async with self._sending[towards]:
            await asyncio.get_running_loop().sock_sendall(self._ends[towards], data)

    def close(self, *, rudely: bool = False) -> None:
        """End both sides; `rudely` by RST, as a broken network does, not by FIN."""
        if not self.is_open:
            return
        self.is_open = False
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        loop = asyncio.get_running_loop()
        for end in self._ends.values():
            loop.remove_reader(end)
            loop.remove_writer(end)
            if rudely:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()


def everyone(_: Connection) -> bool:
    """Choose every connection."""
    return True


def that_said(words: bytes) -> Callable[[Connection], bool]:
    """Choose the connections whose client has said this."""
    return lambda connection: words in connection.said


class CutWire:
    """The proxy; `server` is a host and port, or the path of a Unix socket. Use it as an async context."""

    def __init__(self, server: tuple[str, int] | str) -> None:
        self._server = server
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._all: list[Connection] = []
        self._changes: dict[Towards, Changes] = {}
        self._held_at_start = False
        self._rates: dict[Towards, float] = {}
        self.port = 0
        self.made = 0

    async def __aenter__(self) -> Self:
        self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def connections(self) -> list[Connection]:
        """Those that are open, oldest first."""
        return [connection for connection in self._all if connection.is_open]

    def heal(self) -> None:
        """Pass everything on again; what was held goes on."""
        self._changes.clear()
        self._rates.clear()
        self._held_at_start = False
        if self._listener is None:
            self._listen()
        for connection in self.connections:
            connection.release()

    def refuse(self) -> None:
        """End every connection and refuse new ones, as a server that does not run."""
        if self._accepting is not None and self._listener is not None:
            self._accepting.cancel()
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self, only: Callable[[Connection], bool] = everyone) -> None:
        """Cut connections now; new ones are made."""
        for connection in filter(only, self.connections):
            connection.close(rudely=True)

    def go_half_open(self, only: Callable[[Connection], bool] = everyone) -> None:
        """Pass nothing on either way and close nothing; without `only`, new connections fare the same."""
        self._held_at_start = self._held_at_start or only is everyone
        for connection in filter(only, self.connections):
            connection.hold(*Towards)

    def stop_reading(self, towards: Towards, only: Callable[[Connection], bool] = everyone) -> None:
        """Read nothing that goes this way, so that its sender's buffers fill; the other way all goes on."""
        for connection in filter(only, self.connections):
            connection.hold(towards)

    def slow_down(self, towards: Towards, bytes_a_second: float) -> None:
        """Pass on so little this way, on every connection."""
        self._rates[towards] = bytes_a_second

    def cut_in_next(self, towards: Towards, wanted: Callable[[bytes], bool] = any) -> None:
        """Cut a connection in the middle of the next message this way, or in the next that is wanted."""

        def half(data: bytes) -> Change | None:
            return Change(data[: len(data) // 2], then_cut=True) if wanted(data) else None

        self._changes[towards] = half

    def cut_after(self, towards: Towards, count: int) -> None:
        """Cut a connection when so many more bytes have gone this way."""
        left = count

        def counted(data: bytes) -> Change | None:
            nonlocal left
            if len(data) >= left:
                return Change(data[:left], then_cut=True)
            left -= len(data)
            return None

        self._changes[towards] = counted

    def change_next(self, towards: Towards, changes: Changes) -> None:
        """Put other bytes in the place of the first that `changes` has something for."""
        self._changes[towards] = changes

    async def inject(
        self, data: bytes, towards: Towards, only: Callable[[Connection], bool] = everyone, *, then_cut: bool = False
    ) -> None:
        """Send bytes that nobody sent, between messages if the connection is quiet; whoever gets them may hang up."""
        for connection in filter(only, self.connections):
            sending = self._start(connection.send(data, towards))
            connection.tasks = (*connection.tasks, sending)
            await asyncio.gather(sending, return_exceptions=True)
            if then_cut:
                connection.close(rudely=True)

    def _listen(self) -> None:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, self.port))
        listener.listen(128)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._accepting = self._start(self._accept(listener))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            server = socket.socket(socket.AF_UNIX if isinstance(self._server, str) else socket.AF_INET)
            server.setblocking(False)
            connection = Connection(client, server)
            if self._held_at_start:
                connection.hold(*Towards)
            self._all = [*self.connections, connection]
            connection.tasks = (self._start(self._connect(connection, server)),)

    async def _connect(self, connection: Connection, server: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().sock_connect(server, self._server)
        except OSError:
            connection.close()
        else:
            self.made += 1
            connection.tasks = tuple(self._start(self._carry(connection, towards)) for towards in Towards)

    async def _carry(self, connection: Connection, towards: Towards) -> None:
        try:
            while connection.is_open and (data := await connection.receive(towards)):
                change = self._change(data, towards)
                await self._pass_on(connection, change.data, towards)
                if change.then_cut:
                    connection.close(rudely=True)
        except OSError:
            pass  # one side has broken it: the other hears of an end
        finally:
            connection.close()

    def _change(self, data: bytes, towards: Towards) -> Change:
        changes = self._changes.get(towards)
        change = None if changes is None else changes(data)
        if change is None:
            return Change(data)
        if not change.and_the_next:
            del self._changes[towards]
        return change

    async def _pass_on(self, connection: Connection, data: bytes, towards: Towards) -> None:
        while data:
            rate = self._rates.get(towards)
            piece = len(data) if rate is None else max(1, round(rate / PIECES_A_SECOND))
            await connection.send(data[:piece], towards)
            data = data[piece:]
            if rate is not None:
                await asyncio.sleep(piece / rate)
