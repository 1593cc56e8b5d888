"""What call control needs of the switch, as Protocols; `callflow.asterisk` implements them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from callflow.errors import CallflowError

NO_ANSWER = 19
"""Q.850: the user was alerted and did not answer."""


class CallGoneError(CallflowError):
    """The caller has hung up, or the call has gone on by itself, before we could do what we wanted."""

    code = "call_gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCall:
    """A call that waits for its plan.

    `endpoint` is the authenticated SIP account, or the trunk's name, or "" where neither can be told.
    `called_number` is as dialled or as the trunk gave it; `caller_number` is None when withheld. `mover` is the SIP
    account that transferred the call here ("" where it cannot be told), None for a call that nobody transferred.
    `at` is the time that a call in a try-out system carries, as the phone wrote it. `sip_call_id` is the Call-ID of
    its SIP dialogue, for the log, "" while it is not known.
    """

    channel_id: str
    endpoint: str
    called_number: str
    caller_number: str | None = None
    mover: str | None = None
    at: str = ""
    sip_call_id: str = ""


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A call may be claimed; it waits half a second and then goes on by itself."""

    call: WaitingCall


@dataclass(frozen=True, slots=True)
class CallEntered:
    """A call that we claimed is in our hands and takes its plan."""

    call: WaitingCall


@dataclass(frozen=True, slots=True)
class SwitchConnected:
    """The switch is there (again); calls may be left over from before."""


SwitchEvent = CallArrived | CallEntered | SwitchConnected


class Switch(Protocol):
    """Asterisk as call control sees it.

    Each method raises `CallflowError` when it is away or refuses; what acts on a call that is there no longer
    raises `CallGoneError`.
    """

    def events(self) -> AsyncIterator[SwitchEvent]:
        """Yield what happens, in order."""
        ...

    async def claim(self, channel_id: str) -> bool:
        """Claim a call; False when it is gone or another instance has it."""
        ...

    async def start_plan(self, channel_id: str, variables: Mapping[str, str]) -> None:
        """Give the call all of its plan in one request and let it run."""
        ...

    async def let_fall_back(self, channel_id: str) -> None:
        """Let the call go on without a plan, by what stands in the dialplan."""
        ...

    async def left_over(self) -> tuple[WaitingCall, ...]:
        """Return the calls that wait in an application of ours, as after a lost connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRinging:
    """A leg rings; `ring_ms` is how long the legs of this caller may ring, None for a call that is not ours.

    `dial` is what the dialplan calls this dial of the caller's: it is given back to end the ringing of no other.
    `early_media`: the leg's network sends its own sound and has not said that it rings (SIP 183). Most likely that
    sound is a ringing tone.
    """

    caller_id: str
    caller_channel: str
    leg_channel: str
    ring_ms: int | None
    dial: str = ""
    early_media: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LegDialled:
    """A leg has been dialled and does not ring yet."""

    caller_id: str
    leg_channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded:
    """A leg was answered or has ended."""

    caller_id: str
    leg_channel: str
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReported:
    """The dialplan reports: a step (in a try-out system), the end with its path, an emergency call, a fallback.

    `event` is a fixed word for the log, `account` the caller's SIP account, or the trunk's name.
    """

    event: str
    call_id: str
    fields: Mapping[str, str]
    account: str = ""


@dataclass(frozen=True, slots=True)
class MailboxChanged:
    """A message came into a mailbox, or somebody listened there; `mailbox` is its number."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class RingingLost:
    """The connection was lost: nothing is known any more of what rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPhone:
    """How a lost phone's calls are known: its SIP account and its mobile, each None where there is none."""

    account: str | None
    mobile_number: str | None


class OngoingCalls(Protocol):
    """The calls that go on in the switch."""

    async def end_calls_of(self, phones: tuple[LostPhone, ...]) -> int:
        """End every call from and to these phones, but no emergency call; return how many legs were ended.

        A call that is at the very beginning, so that nobody can tell yet what it will be, is left for the next time.
        Raise `CallflowError` when the switch is away.
        """
        ...


RingEvent = LegDialled | LegRinging | LegEnded | PlanReported | MailboxChanged | RingingLost


class Ringing(Protocol):
    """What rings in the switch, and the means to end it."""

    def events(self) -> AsyncIterator[RingEvent]:
        """Yield what happens, in order."""
        ...

    async def end_ringing(self, caller_channel: str, dial: str, legs: tuple[str, ...]) -> bool:
        """End these legs of this dial as not answered, unless one has been answered or all are gone by now.

        Return whether they were ended; raise `CallflowError` when the switch is away.
        """
        ...
