"""Handing an order to its receiver as a signed webhook, as the specification Standard Webhooks has it.

The receiver checks `webhook-signature`: HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, in base64 after `v1,`,
with the secret's bytes (what stands in base64 after `whsec_`). docs/operations.md shows how.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus

import aiohttp
import msgspec

from callflow import __version__
from callflow.service.clock import now
from callflow.service.outbox import Answer, Fate, Order

REQUEST_SECONDS = 10.0
"""How long a receiver may take, from the first look at its name to the last byte that is read."""
LONGEST_RECEIPT = 2000
"""Bytes of an answer that are kept."""
_SECRET_PREFIX = "whsec_"  # noqa: S105 - what each secret begins with
_TEMPORARY = frozenset(
    (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
)  # of the errors 4xx, which else say that the order itself is not wanted


async def post(order: Order) -> Answer:
    """Send an order once and return what came of it; a redirect is not followed.

    Nothing is raised: what goes wrong on the way is a reason to try again.
    """
    body = body_of(order)
    try:
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS), auto_decompress=False
            ) as session,
            session.post(
                order.recipient.url, data=body, headers=headers_of(order, body, now()), allow_redirects=False
            ) as answer,
        ):
            return _answer(answer.status, await _read(answer))
    except TimeoutError:
        return _later(f"no answer within {REQUEST_SECONDS:g} s")
    except aiohttp.InvalidURL:
        return _later("the receiver's address cannot be read")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _later(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def body_of(order: Order) -> bytes:
    """Return the JSON that is sent: `type`, `timestamp` (when it was ordered) and `data`."""
    return msgspec.json.encode(
        {"type": order.kind, "timestamp": order.created_at.isoformat(), "data": dict(order.data)}, order="sorted"
    )


def headers_of(order: Order, body: bytes, at: datetime) -> Mapping[str, str]:
    """Return the headers of one try at `at`; the id is the same at each, so that a receiver takes the order once."""
    timestamp = str(int(at.timestamp()))
    return {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": f"callflow/{__version__}",
        "webhook-id": order.key,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(order.recipient.secret, order.key, timestamp, body),
    }


def signature(secret: str, key: str, timestamp: str, body: bytes) -> str:
    """Return the value of `webhook-signature`."""
    signed = f"{key}.{timestamp}.".encode() + body
    digest = hmac.new(b64decode(secret.removeprefix(_SECRET_PREFIX)), signed, sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


async def _read(answer: aiohttp.ClientResponse) -> str:
    """Return the beginning of the body; an answer that breaks off has been given all the same."""
    body = b""
    try:
        async for chunk in answer.content.iter_chunked(LONGEST_RECEIPT):
            body += chunk
            if len(body) >= LONGEST_RECEIPT:
                break
    except (aiohttp.ClientError, OSError, TimeoutError):
        pass
    return printable(body[:LONGEST_RECEIPT].decode("utf-8", "replace"))


def printable(text: str) -> str:
    """Return a text of somebody else's as one line without control characters, as it may be stored and shown."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _later(reason: str) -> Answer:
    return Answer(Fate.LATER, printable(reason), printable(reason))


def _answer(status: int, body: str) -> Answer:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return _later(f"{status}: a redirect, which is not followed; set webhook_url to where it leads")
    return Answer(_fate(status), f"{status} {body}".strip(), str(status))


def _fate(status: int) -> Fate:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Fate.DELIVERED
    is_temporary = status in _TEMPORARY or not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Fate.LATER if is_temporary else Fate.REFUSED
