"""What a phone reports, and waiting for it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callflow.errors import CallflowError


class PhoneError(CallflowError):
    """The phone could not be started or could not do what was asked."""

    code = "phone_failed"


class PhoneTimeoutError(PhoneError):
    """What was waited for did not happen; the message tells what did."""

    code = "phone_timeout"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `name`, when (`at`, monotonic seconds), and the process's own fields."""

    name: str
    at: float
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> int:
        """The SIP code, 0 where there is none."""
        return int(self.fields.get("code") or 0)


class EventLog:
    """Events in order, and waiting for one of them."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.events: list[Event] = []
        self._changed = asyncio.Condition()
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with each event from now on."""
        self._listeners.append(listener)

    async def add(self, event: Event) -> None:
        """Keep an event and wake those who wait."""
        async with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        for listener in self._listeners:
            listener(event)

    def first(self, name: str) -> Event | None:
        """Return the first event of this name, or None if it has not come."""
        return next((event for event in self.events if event.name == name), None)

    async def wait_for(
        self,
        name: str,
        timeout: float = 10.0,  # noqa: ASYNC109 - a limit in seconds is what the reader of a test looks for
        where: Callable[[Event], bool] = lambda _: True,
        count: int = 1,
    ) -> Event:
        """Return the `count`-th event of this name (for which `where` holds), past or to come.

        Raises:
            PhoneTimeoutError: it has not come within `timeout` seconds, or the phone process has ended.
        """

        def found() -> list[Event]:
            return [event for event in self.events if event.name == name and where(event)]

        def settled() -> bool:
            return len(found()) >= count or any(event.name == "process_ended" for event in self.events)

        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(settled)
        except TimeoutError:
            raise PhoneTimeoutError(self._missing(name, timeout)) from None
        if len(found()) < count:
            raise PhoneTimeoutError(self._missing(name, timeout))
        return found()[count - 1]

    def _missing(self, name: str, seconds: float) -> str:
        seen = ", ".join(f"{event.name} {event.code or ''}".strip() for event in self.events) or "nothing"
        return f"{self.title}: no {name} within {seconds} s; seen: {seen}"
