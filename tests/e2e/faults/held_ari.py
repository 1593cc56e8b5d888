"""A proxy between `callflow serve` and Asterisk's ARI that holds the websocket at a message of the test's choice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

LOOPBACK = "127.0.0.1"
Wanted = Callable[[str], bool]


class HeldAri:
    """Passes every message on, both ways, until one is wanted: that one, and all behind it, wait to be released."""

    def __init__(self, port: int) -> None:
        self._asterisk = f"http://{LOOPBACK}:{port}"
        self._wanted: Wanted = lambda _: False
        self._released = asyncio.Event()
        self.holds = asyncio.Event()
        self.port = 0

    def hold(self, wanted: Wanted) -> None:
        """Hold the next message for which `wanted` is true, whichever way it goes."""
        self._wanted = wanted
        self._released.clear()
        self.holds.clear()

    def release(self) -> None:
        """Let what is held go on, and hold nothing more."""
        self._wanted = lambda _: False
        self._released.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["HeldAri"]:
        """Listen on a port of loopback."""
        app = web.Application()
        app.router.add_get("/ari/events", self._pass_on)
        runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            self.release()
            await runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.WebSocketResponse:
        service = web.WebSocketResponse()
        await service.prepare(request)
        headers = {"Authorization": request.headers["Authorization"]}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self._asterisk}{request.path_qs}", headers=headers, max_msg_size=0) as asterisk,
        ):
            ways = [
                asyncio.create_task(way) for way in (self._pump(service, asterisk), self._pump(asterisk, service))
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        await service.close()
        return service

    async def _pump(self, source: "Socket", target: "Socket") -> None:
        coming: asyncio.Queue[str] = asyncio.Queue()
        sending = asyncio.create_task(self._send(coming, target))
        try:
            async for message in source:
                coming.put_nowait(message.data)
        finally:
            sending.cancel()

    async def _send(self, coming: "asyncio.Queue[str]", target: "Socket") -> None:
        while True:
            text = await coming.get()
            if self._wanted(text):
                self.holds.set()
                await self._released.wait()
            await target.send_str(text)


Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse
