"""An AMI that tests can script: it answers Login, Ping and what it is told to, and keeps every action it got."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from callflow.asterisk.ami_connection import AmiAddress

PASSWORD = "hemlig"


@dataclass
class FakeAmi:
    """`silent` names actions that get no answer, `refused` those that are refused, for this `reason`."""

    actions: list[dict[str, str]] = field(default_factory=list)
    logins: int = 0
    silent: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    reason: str = "No such channel"
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> AmiAddress:
        """How to reach it."""
        return AmiAddress(host="127.0.0.1", port=self.port, username="callflow", password=PASSWORD)

    def names(self) -> list[str]:
        """The names of the actions it got, without logins and pings."""
        return [action["Action"] for action in self.actions if action["Action"] not in ("Login", "Ping")]

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeAmi"]:
        """Serve on a port of loopback."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await server.wait_closed()

    def cut(self) -> None:
        """Drop every connection at once."""
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    async def send(self, data: bytes) -> None:
        """Send bytes as one segment of their own."""
        self.writers[-1].write(data)
        await self.writers[-1].drain()

    async def event(self, name: str, **headers: str) -> None:
        """Send an event."""
        await self.send(_message({"Event": name, **headers}))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
                self.actions.append(action)
                if action["Action"] not in self.silent:
                    writer.write(self._answer(action))

    def _answer(self, action: dict[str, str]) -> bytes:
        number = {"ActionID": action["ActionID"]}
        if action["Action"] == "Login":
            if action["Secret"] != PASSWORD:
                return _message({"Response": "Error", **number, "Message": "Authentication failed"})
            self.logins += action["Action"] not in self.refused
        if action["Action"] in self.refused:
            return _message({"Response": "Error", **number, "Message": self.reason})
        return _message({"Response": "Success", **number, "Message": "Done"})


def _message(headers: dict[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"
