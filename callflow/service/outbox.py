"""Delivers the orders to others that wait in the outbox (R18, R21), each at least once.

An order is held by a lock of the database from before it is sent until what came of it is stored, so that two
instances never send the same order at the same time. Who dies in between leaves it waiting, and it is sent again
under the same key, by which its receiver knows it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import structlog

from callflow.errors import CallflowError
from callflow.service.metrics import ORDERS

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 3600.0
FINISH_SECONDS = 3.0
"""How long a stop waits for the order that is being sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets an order."""

    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order that is due; `attempts` have come to nothing before. `key` is the receiver's name for it."""

    id: int
    key: str
    kind: str
    data: Mapping[str, object] = field(repr=False)
    created_at: datetime
    attempts: int
    recipient: Recipient


class Fate(StrEnum):
    """What came of a try."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try, and what the receiver said, or why there is no answer.

    `brief` is as much of it as a log may have: what a receiver says may name people.
    """

    fate: Fate
    said: str
    brief: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is in the outbox: the orders that wait, for how long the oldest has, why the last try came to nothing."""

    waiting: int = 0
    oldest_seconds: float = 0.0
    refused: int = 0
    reason: str | None = None


Send = Callable[[Order], Awaitable[Answer]]


class Outbox(Protocol):
    """The outbox as the service sees it; each raises `CallflowError` when the database is away."""

    async def deliver_next(self, send: Callable[[Order], Awaitable[tuple[Answer, float]]]) -> bool:
        """Hand the order that is due next to `send`, which returns its answer and the pause in seconds; store both.

        Return False when none is due. No other instance has the same order meanwhile, nor a later one for the same
        subscription before an earlier one.
        """
        ...

    async def waiting(self) -> Waiting:
        """Return what is in the outbox."""
        ...

    def close(self) -> None:
        """Let go of what is held; it is opened anew when it is used again."""
        ...


class OutboxDelivery:
    """Delivers what is due; `state` and `error` are for health."""

    def __init__(self, outbox: Outbox, send: Send) -> None:
        self._outbox = outbox
        self._send = send
        self._sending = asyncio.Lock()
        self._stopping = False
        self.state = Waiting()
        self.error: str | None = None

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._outbox.close()

    async def _look(self) -> None:
        try:
            await self._deliver_all()
            self.error = None
        except CallflowError as error:
            if self.error is None:
                log.warning("outbox_not_read", code=error.code, reason=str(error))
            self.error = str(error)

    async def finish(self) -> None:
        """Return when no order is half sent, at most a moment later: one that is cut off will be sent again."""
        self._stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS), self._sending:
                pass

    async def _deliver_all(self) -> None:
        is_more = True
        while is_more:
            self.state = await self._outbox.waiting()
            async with self._sending:
                is_more = not self._stopping and await self._outbox.deliver_next(self._try)

    async def _try(self, order: Order) -> tuple[Answer, float]:
        answer = await self._send(order)
        ORDERS.labels(outcome=answer.fate.value).inc()
        about = {
            "order": order.id,
            "kind": order.kind,
            "recipient": order.recipient.name,
            "attempt": order.attempts + 1,
        }
        pause = pause_after(order.attempts)
        match answer.fate:
            case Fate.DELIVERED:
                log.info("order_sent", **about)
            case Fate.REFUSED:
                log.error("order_refused", reason=answer.brief, **about)
            case Fate.LATER:
                log.warning("order_not_sent", reason=answer.brief, again_in_seconds=round(pause, 1), **about)
        return answer, pause


def pause_after(attempts: int) -> float:
    """Return how many seconds to wait after a try that came to nothing when `attempts` had before.

    Each pause is twice the last, up to an hour, and of that a half to all, so that not all come at once.
    """
    length = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempts, 20))
    return random.uniform(length / 2, length)  # noqa: S311 - jitter, not a secret
