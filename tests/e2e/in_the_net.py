"""What the tests share in which no service answers: how it comes to that, and what the net knows then (R23)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.e2e.helpers import eventually, in_replica
from tests.e2e.town import Town


async def service_is_killed(town: Town) -> None:
    """Kill the service alone."""
    await town.region.service.kill()


async def service_is_stuck(town: Town) -> None:
    """Let the service hang."""
    town.pause_service()


async def everything_is_down(town: Town) -> None:
    """Kill the service, stop the database, and start Asterisk cold."""
    await town.region.service.kill()
    await town.stop_database()
    await town.start_asterisk_cold()


@asynccontextmanager
async def somebody_claims_and_hangs(town: Town) -> AsyncIterator[None]:
    """Kill the service; meanwhile every call is claimed as by the service, and then nothing is done with it."""
    await town.region.service.kill()
    connected = asyncio.Event()
    hanging = asyncio.create_task(_claim_and_hang(town, connected))
    await asyncio.wait_for(connected.wait(), 5)
    yield
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)


async def _claim_and_hang(town: Town, connected: asyncio.Event) -> None:
    settings = town.region.settings
    key = f"{settings.ari_username}:{settings.ari_password.get_secret_value()}"
    where = f"http://{settings.http_host}:{settings.http_port}/ari/events"
    listen = {"app": "callflow-stuck", "api_key": key}
    async with aiohttp.ClientSession() as session, session.ws_connect(where, params=listen) as socket:
        connected.set()
        async for message in socket:
            event = message.json()
            if event["type"] == "CallBroadcast":
                claim = {"channelId": event["channel"]["id"], "application": "callflow-stuck", "api_key": key}
                async with session.post(f"{where}/claim", params=claim):
                    pass


async def the_net_has(town: Town, query: str, wanted: object) -> None:
    """Wait until what Asterisk looks up by itself holds a change."""

    async def known() -> bool:
        return bool(in_replica(town.region, query) == wanted)

    await eventually(known, 5, f"the net never had {wanted!r}")
