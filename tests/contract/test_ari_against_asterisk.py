"""Our ARI operations and event fields against what the running Asterisk says of itself."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from callflow.asterisk.ari_events import EVENT_TYPES, Bridge, CallerID, Channel, Dialplan
from callflow.asterisk.ari_operations import OPERATIONS, Operation
from callflow.embedded.asterisk import EmbeddedAsterisk
from tests.asterisks import ari_address, asterisk

__all__ = ["asterisk"]

MODELS: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "DialplanCEP": ("channels", Dialplan),
    "CallerID": ("channels", CallerID),
    "Channel": ("channels", Channel),
    "Bridge": ("bridges", Bridge),
}


@pytest.fixture(scope="module")
async def api_docs(asterisk: EmbeddedAsterisk) -> AsyncIterator["ApiDocs"]:
    address = ari_address(asterisk)
    headers = {"Authorization": address.authorization}
    async with aiohttp.ClientSession(f"http://{address.host}:{address.port}", headers=headers) as session:
        yield ApiDocs(session)


class ApiDocs:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def read(self, resource: str) -> dict[str, Any]:
        async with self._session.get(f"/ari/api-docs/{resource}.json") as answer:
            found: dict[str, Any] = json.loads(await answer.text())
            return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.nickname)
async def test_an_operation_is_as_asterisk_describes_it(api_docs: ApiDocs, operation: Operation) -> None:
    described = await api_docs.read(operation.resource)
    [(path, found)] = [
        (api["path"], one)
        for api in described["apis"]
        for one in api["operations"]
        if one["nickname"] == operation.nickname
    ]
    assert (found["httpMethod"], path) == (operation.method, operation.path)
    parameters = {(one["paramType"], one["name"]) for one in found.get("parameters", [])}
    assert {("query", name) for name in operation.query} <= parameters
    if operation.body is not None:
        assert ("body", operation.body) in parameters
    needed = {one["name"] for one in found.get("parameters", []) if one["required"] and one["paramType"] == "query"}
    assert needed <= set(operation.query)


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
async def test_an_event_has_the_fields_that_asterisk_describes(api_docs: ApiDocs, kind: type[msgspec.Struct]) -> None:
    models = (await api_docs.read("events"))["models"]
    _require_fields(kind, models[kind.__name__]["properties"])


@pytest.mark.parametrize("name", MODELS)
async def test_a_model_has_the_fields_that_asterisk_describes(api_docs: ApiDocs, name: str) -> None:
    resource, model = MODELS[name]
    described = (await api_docs.read(resource))["models"]
    _require_fields(model, described[name]["properties"])


def _require_fields(kind: type[msgspec.Struct], described: dict[str, Any]) -> None:
    for field in msgspec.structs.fields(kind):
        assert field.name in described, f"{kind.__name__}.{field.name} is unknown to Asterisk"
        if field.required:
            assert described[field.name]["required"], f"Asterisk need not send {kind.__name__}.{field.name}"
