"""One call of a SIP phone: what is known of it and what can be done with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from callflow.phone.events import Event, EventLog


class Commanded(Protocol):
    """What a call needs of the phone that has it."""

    title: str
    registrar: str

    async def send(self, command: str, **fields: object) -> None:
        """Give the phone's process one command."""

    def uri(self, number: str) -> str:
        """Return the URI of a number at the registrar."""


class PhoneCall(EventLog):
    """One call.

    Events: trying, ringing, progress, connected, media, digit, transfer, disconnected, closed, request. `transfer`
    tells the `code` of each NOTIFY of a transfer, and of a refused REFER; the last one has `final`, and a phone
    whose transfer succeeded hangs up by itself, as phones do.
    """

    def __init__(self, phone: Commanded, name: str, invite: Event | None = None) -> None:
        super().__init__(f"{phone.title} {name}")
        self._phone = phone
        self.name = name
        self.invite = invite

    @property
    def headers(self) -> Mapping[str, list[str]]:
        """An incoming call's headers by lower-case name."""
        return self.invite.fields["headers"] if self.invite else {}

    @property
    def called_user(self) -> str:
        """The user part of an incoming call's request URI."""
        return _user(str(self.invite.fields["request"])) if self.invite else ""

    @property
    def caller_number(self) -> str:
        """The number an incoming call shows: P-Asserted-Identity if there is one, else From."""
        shown = self.headers.get("p-asserted-identity") or self.headers.get("from") or [""]
        return _user(shown[0])

    @property
    def digits(self) -> str:
        """The digits heard so far."""
        return "".join(str(event.fields["digit"]) for event in self.events if event.name == "digit")

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return self.first("disconnected") is not None

    async def ring(self) -> None:
        """Ring (180)."""
        await self._phone.send("answer", call=self.name, code=180)

    async def answer(self, code: int = 200) -> None:
        """Take the call, or answer with another SIP code."""
        await self._phone.send("answer", call=self.name, code=code)

    async def reject(self, code: int = 486) -> None:
        """Refuse: 486 busy, 603 declined, 480 unavailable."""
        await self._phone.send("answer", call=self.name, code=code)

    async def forward(self, number: str) -> None:
        """Send the caller on to `number` (302), as a phone does by a forwarding set in the phone itself."""
        contact = f"<sip:{number}@{self._phone.registrar}>"
        await self._phone.send("answer", call=self.name, code=302, contact=contact)

    async def transfer(self, number: str) -> None:
        """Send the other end on to `number` (REFER), without having asked there first."""
        await self._phone.send("transfer", call=self.name, to=self._phone.uri(number))

    async def transfer_to(self, other: "PhoneCall") -> None:
        """Join the other end to that of `other`, a call of the same phone (REFER with Replaces)."""
        await self._phone.send("transfer", call=self.name, to="", other=other.name)

    async def hold(self) -> None:
        """Put the other end on hold and wait until that is done."""
        await self._change("hold")

    async def unhold(self) -> None:
        """Take the other end back from hold and wait until that is done."""
        await self._change("unhold")

    async def reinvite(self) -> None:
        """Offer the call's media anew by INVITE and wait until that is done."""
        await self._change("reinvite")

    async def update(self) -> None:
        """Offer the call's media anew by UPDATE and wait until that is done."""
        await self._change("update")

    async def _change(self, how: str) -> None:
        before = len([event for event in self.events if event.name == "changed"])
        await self._phone.send("change", call=self.name, how=how)
        await self.wait_for("changed", count=before + 1)

    async def send_digits(self, digits: str) -> None:
        """Send digits as RFC 4733 events."""
        await self._phone.send("digits", call=self.name, digits=digits)

    async def play(self, wav: Path) -> None:
        """Play a wav (16 bit, mono) once, now or when there is audio."""
        await self._phone.send("media", call=self.name, kind="play", path=str(wav))

    async def record(self, wav: Path) -> None:
        """Record what is heard to a wav (8 kHz), complete when `closed` has come."""
        await self._phone.send("media", call=self.name, kind="record", path=str(wav))

    async def hang_up(self) -> None:
        """End the call and wait until it has."""
        if not self.ended:
            await self._phone.send("hangup", call=self.name)
            await self.wait_for("disconnected")


def _user(text: str) -> str:
    return text.partition("sip:")[2].partition("@")[0].partition(";")[0] if "@" in text else ""
