"""An ARI that tests can script; `tests/contract/test_ari_shared.py` holds it and a real Asterisk to the same."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import WSMsgType, web

from callflow.asterisk.ari_connection import AriAddress
from tests.fakes.ports import port_of

GONE = (404, "Not Found")
NO_CONTENT = (204, "No Content")


def channel(channel_id: str, exten: str = "+4690161001", name: str = "PJSIP/trunk-00000001") -> dict[str, Any]:
    """A channel as Asterisk sends it."""
    return {
        "id": channel_id,
        "name": name,
        "state": "Ring",
        "caller": {"name": "", "number": "+46701740605"},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "from-trunk",
            "exten": exten,
            "priority": 2,
            "app_name": "StasisBroadcast",
            "app_data": "",
        },
        "creationtime": "2026-03-10T10:00:00.000+0100",
        "language": "se",
    }


@dataclass
class FakeAri:
    """What it has been asked, who is connected, which channels wait or hear each other; `silent` answers nothing."""

    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    connections: int = 0
    refusals: int = 0
    broadcast: set[str] = field(default_factory=set)
    in_stasis: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    bridges: list[tuple[str, ...]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    refuses_lists: set[str] = field(default_factory=set)
    claimed_by_another: set[str] = field(default_factory=set)
    silent: bool = False
    address: AriAddress = field(init=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeAri"]:
        """Serve on a port of loopback."""
        app = web.Application()
        app.router.add_get("/ari/events", self._websocket)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.address = AriAddress(
            host="127.0.0.1", port=port_of(runner), username="callflow", password="lösen", application="callflow-test"
        )
        try:
            yield self
        finally:
            await self.cut()
            await runner.cleanup()

    async def say(self, message: dict[str, Any] | str) -> None:
        """Send one message, as it stands when it is text."""
        await self.sockets[-1].send_str(message if isinstance(message, str) else json.dumps(message))

    def send(self, data: bytes) -> None:
        """Send bytes as they stand, a websocket frame or not."""
        request = self.sockets[-1]._req
        assert request is not None
        assert request.transport is not None
        request.transport.write(data)

    async def event(self, kind: str, channel_id: str, **fields: Any) -> None:
        """Send an event about a channel."""
        await self.say({"type": kind, "application": "callflow-test", "channel": channel(channel_id), **fields})

    async def cut(self) -> None:
        """Drop every connection at once."""
        for socket in self.sockets:
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()
        self.sockets.clear()
        await asyncio.sleep(0)

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        expected = "Basic " + b64encode("callflow:lösen".encode()).decode()
        if request.headers.get("Authorization") != expected:
            self.refusals += 1
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.connections += 1
        async for frame in socket:
            if frame.type is WSMsgType.TEXT and not self.silent:
                await self._answer(socket, json.loads(frame.data))
        return socket

    async def _answer(self, socket: web.WebSocketResponse, request: dict[str, Any]) -> None:
        body = json.loads(request["message_body"]) if "message_body" in request else None
        self.asked.append((request["method"], request["uri"], body))
        (status, reason), answer = self._do(request["method"], request["uri"], body)
        response = {
            "type": "RESTResponse",
            "transaction_id": request["transaction_id"],
            "request_id": request["request_id"],
            "status_code": status,
            "reason_phrase": reason,
            "uri": request["uri"],
        }
        if answer is not None:
            response |= {"content_type": "application/json", "message_body": json.dumps(answer)}
        await socket.send_json(response)

    def _do(self, method: str, uri: str, body: Any) -> tuple[tuple[int, str], Any]:  # noqa: PLR0911 - a line each
        parts = urlsplit(uri)
        steps, query = parts.path.split("/"), parse_qs(parts.query)
        match method, steps:
            case "PUT", ["applications", name, "eventFilter"]:
                return (200, "OK"), {"name": name, "filter": body}
            case "GET", ["applications" | "bridges" | "channels" as resource]:
                return self._list(resource)
            case "POST", ["events", "claim"]:
                return self._claim(query["channelId"][0]), None
            case "GET", ["channels", channel_id, "variable"]:
                value = self.variables.get(channel_id, {}).get(query["variable"][0])
                return ((200, "OK"), {"value": value}) if value is not None else (GONE, {"message": "Not found"})
            case "GET", ["channels", channel_id]:
                found = self.in_stasis.get(channel_id)
                return ((200, "OK"), found) if found else (GONE, {"message": "Channel not found"})
            case "POST", ["channels", channel_id, "variables"]:
                return NO_CONTENT if channel_id in self.in_stasis else GONE, None
            case "POST", ["channels", channel_id, "continue"]:
                return NO_CONTENT if self.in_stasis.pop(channel_id, None) else GONE, None
            case "DELETE", ["channels", channel_id]:
                is_there = self.in_stasis.pop(channel_id, None) and channel_id not in self.gone
                return NO_CONTENT if is_there else GONE, None
            case _:
                return GONE, {"message": "Resource not found"}

    def _list(self, resource: str) -> tuple[tuple[int, str], Any]:
        if resource in self.refuses_lists:
            return (503, "Busy"), None
        lists = {
            "applications": [{"name": "callflow-test", "channel_ids": list(self.in_stasis)}],
            "bridges": [{"id": f"bridge-{number}", "channels": ids} for number, ids in enumerate(self.bridges)],
            "channels": list(self.in_stasis.values()),
        }
        return (200, "OK"), lists[resource]

    def _claim(self, channel_id: str) -> tuple[int, str]:
        if channel_id in self.claimed_by_another:
            return (409, "Conflict")
        return NO_CONTENT if channel_id in self.broadcast else GONE
