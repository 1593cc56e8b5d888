"""Asterisk as call control's `Ringing`: what rings, by AMI's dial events, and the means to end it."""

import re
from collections.abc import AsyncIterator
from urllib.parse import unquote

import structlog

from callflow.asterisk.ami_connection import LONGEST_ANSWER_SECONDS, AmiActionRefusedError, AmiConnection, Lost
from callflow.asterisk.ami_event import AmiEvent
from callflow.asterisk.plan_variables import VOICEMAIL_CONTEXT
from callflow.service.telephony import (
    NO_ANSWER,
    LegDialled,
    LegEnded,
    LegRinging,
    MailboxChanged,
    PlanReported,
    RingEvent,
    RingingLost,
)

log = structlog.get_logger(__name__)

RING_HEADER = "AccountCode"
"""The caller's `CHANNEL(accountcode)` while a plan's dial step runs: milliseconds, a colon, and the step."""
ENDED_VARIABLE = "CALLFLOW_RING_ENDED"
CACHES = ("res_pjsip/endpoint", "res_pjsip/aor")
"""What Asterisk keeps for a moment, as asterisk-conf/sorcery.conf says."""
_REPORTS = {
    "CallflowStep": "plan_step",
    "CallflowEnd": "plan_ended",
    "CallflowEmergency": "emergency_call",
    "CallflowFallback": "call_fell_back",
}
_RINGS = frozenset({"RINGING", "PROGRESS"})
_ACCOUNT = re.compile(r"PJSIP/(.+)-[0-9a-f]+")
SIP_CALL_ID = "sip_call_id"
"""The Call-ID of the caller's SIP dialogue, written as in a URI."""
_REPORTED = frozenset(
    {"decision", "step", "verb", "plan", "path", "dialled", "dialstatus", "answered", "voicemail", "cause"}
    | {"number", "status", "attempts", "reason", SIP_CALL_ID}
)
"""What the dialplan says itself in a UserEvent; the channel's own headers stand beside it."""


class Ami:
    """The events and actions of AMI that call control uses; `AmiConnection.run` keeps the connection up."""

    def __init__(self, connection: AmiConnection) -> None:
        self._connection = connection

    async def events(self) -> AsyncIterator[RingEvent]:
        """Yield what concerns ringing, and what plans report."""
        async for message in self._connection.events():
            event = RingingLost() if isinstance(message, Lost) else read_event(message)
            if event is not None:
                yield event

    async def end_ringing(self, caller_channel: str, dial: str, legs: tuple[str, ...]) -> bool:
        """Mark the caller's dial as ended by us, then hang up its legs as not answered; False when it was too late.

        What we know of the legs may be old: this process may have been stopped for a while, and another instance ends
        the same ringing at the same time.
        """
        states = [await self._state(leg) for leg in legs]
        if "Up" in states or not any(states):
            return False
        await self._connection.action(
            "Setvar", {"Channel": caller_channel, "Variable": ENDED_VARIABLE, "Value": dial}
        )
        for leg in legs:
            try:
                await self._connection.action("Hangup", {"Channel": leg, "Cause": str(NO_ANSWER)})
            except AmiActionRefusedError as error:
                log.info("leg_gone_already", leg=leg, reason=str(error))
        return True

    async def _state(self, channel: str) -> str | None:
        try:
            answer = await self._connection.action("Getvar", {"Channel": channel, "Variable": "CHANNEL(state)"})
        except AmiActionRefusedError:
            return None
        return str(answer.get("Value", ""))

    async def function_value(self, call: str) -> str:
        """Return what a dialplan function gives outside any channel, such as `PJSIP_AOR(61100,contact)`.

        An empty value comes as no header at all.
        """
        answer = await self._connection.action("Getvar", {"Variable": call})
        return str(answer.get("Value", ""))

    async def reload(self, module: str) -> None:
        """Reload one module of Asterisk, such as `res_pjsip.so`, which with many phones takes seconds."""
        await self._connection.action("Reload", {"Module": module}, seconds=LONGEST_ANSWER_SECONDS)

    async def look_up_anew(self) -> None:
        """Have Asterisk forget what it keeps of its lookups."""
        for cache in CACHES:
            await self._connection.action("SorceryMemoryCacheExpire", {"Cache": cache})

    async def rotate_logs(self) -> None:
        """Have Asterisk begin new log files."""
        await self._connection.action("LoggerRotate")


def read_event(event: AmiEvent) -> RingEvent | None:
    """Return what an AMI event says, None for one that does not concern us or lacks what it should have."""
    match event.name:
        case "DialBegin" | "DialState" | "DialEnd":
            return _read_dial(event, event.get("Uniqueid"), event.get("DestChannel"))
        case "UserEvent":
            report = _REPORTS.get(event.get("UserEvent"))
            return _read_report(event, report) if report else None
        case "MessageWaiting":
            mailbox, _, context = event.get("Mailbox").partition("@")
            return MailboxChanged(mailbox) if context == VOICEMAIL_CONTEXT else None
        case _:
            return None


def _read_dial(event: AmiEvent, caller: str, leg: str) -> RingEvent | None:
    if not (caller and leg):
        return None
    if event.name == "DialBegin":
        return LegDialled(caller_id=caller, leg_channel=leg)
    status = event.get("DialStatus")
    if event.name == "DialEnd":
        return LegEnded(caller_id=caller, leg_channel=leg, answered=status == "ANSWER")
    if status not in _RINGS:
        return None
    ring_ms, dial = _ring_ms(event)
    return LegRinging(
        caller_id=caller,
        caller_channel=event.get("Channel"),
        leg_channel=leg,
        ring_ms=ring_ms,
        dial=dial,
        early_media=status == "PROGRESS",
    )


def _read_report(event: AmiEvent, report: str) -> PlanReported:
    fields = {lower: value for key, value in event.headers() if (lower := key.lower()) in _REPORTED}
    if SIP_CALL_ID in fields:
        fields[SIP_CALL_ID] = unquote(fields[SIP_CALL_ID])
    account = _ACCOUNT.fullmatch(event.get("Channel"))
    return PlanReported(
        event=report, call_id=event.get("Uniqueid"), fields=fields, account=account[1] if account is not None else ""
    )


def _ring_ms(event: AmiEvent) -> tuple[int | None, str]:
    value = event.get(RING_HEADER)
    ring_ms, colon, _ = value.partition(":")
    return (int(ring_ms), value) if colon and ring_ms.isdecimal() else (None, "")
