"""A switch in memory for tests of call control and of the ring guard."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from callflow.errors import CallflowError
from callflow.service.telephony import RingEvent, SwitchEvent, WaitingCall


class SwitchAwayError(CallflowError):
    """The switch of a test is away."""

    code = "switch_away"


@dataclass
class FakeSwitch:
    """What call control did, and how the switch takes it."""

    queue: asyncio.Queue[SwitchEvent] = field(default_factory=asyncio.Queue)
    claimed: list[str] = field(default_factory=list)
    plans: dict[str, Mapping[str, str]] = field(default_factory=dict)
    fell_back: list[str] = field(default_factory=list)
    waiting: tuple[WaitingCall, ...] = ()
    taken_by_another: set[str] = field(default_factory=set)
    refuses_plans: bool = False
    held_up: asyncio.Event | None = None
    claims_answered: asyncio.Event | None = None

    async def events(self) -> AsyncIterator[SwitchEvent]:
        while True:
            yield await self.queue.get()

    async def claim(self, channel_id: str) -> bool:
        self.claimed.append(channel_id)
        if self.claims_answered is not None:
            await self.claims_answered.wait()
        return channel_id not in self.taken_by_another

    async def start_plan(self, channel_id: str, variables: Mapping[str, str]) -> None:
        if self.held_up is not None:
            await self.held_up.wait()
        if self.refuses_plans:
            raise SwitchAwayError("The switch is away.")
        self.plans[channel_id] = variables

    async def let_fall_back(self, channel_id: str) -> None:
        self.fell_back.append(channel_id)

    async def left_over(self) -> tuple[WaitingCall, ...]:
        return self.waiting


@dataclass
class FakeRinging:
    """What rings, and which ringing was ended."""

    queue: asyncio.Queue[RingEvent] = field(default_factory=asyncio.Queue)
    ended: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)

    async def events(self) -> AsyncIterator[RingEvent]:
        while True:
            yield await self.queue.get()

    async def end_ringing(self, caller_channel: str, dial: str, legs: tuple[str, ...]) -> bool:
        self.ended.append((caller_channel, dial, legs))
        return True
