"""A receiver of signed webhooks on loopback, which checks them as docs/operations.md tells receivers to."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web

from tests.fakes.ports import port_of

TOLERANCE_SECONDS = 300


def verified(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Tell whether a webhook is the sender's own: its signature, made anew, is one of those sent."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    sent = [one.partition(",")[2] for one in headers["webhook-signature"].split() if one.startswith("v1,")]
    return any(hmac.compare_digest(one, expected) for one in sent)


@dataclass
class Receiver:
    """What it has taken, in order (key, body), and how it answers; `stuck`: never."""

    secret: str
    status: int = 200
    body: str = ""
    location: str = ""
    stuck: bool = False
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    forged: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    url: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Receiver"]:
        """Serve on a port of loopback, the same one when served again."""
        app = web.Application()
        app.router.add_post("/orders", self._take)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        self.port = port_of(runner)
        self.url = f"http://127.0.0.1:{self.port}/orders"
        try:
            yield self
        finally:
            await runner.cleanup()

    @property
    def kinds(self) -> list[str]:
        """The kinds of orders taken."""
        return [str(body["type"]) for _, body in self.taken]

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        fresh = abs(time.time() - int(request.headers["webhook-timestamp"])) < TOLERANCE_SECONDS
        if not (fresh and verified(request.headers, body, self.secret)):
            self.forged += 1
            return web.Response(status=401)
        self.taken.append((request.headers["webhook-id"], json.loads(body)))
        self.arrived.set()
        if self.stuck:
            await asyncio.Event().wait()
        headers = {"Location": self.location} if self.location else {}
        return web.Response(status=self.status, text=self.body if self.status != 204 else None, headers=headers)
