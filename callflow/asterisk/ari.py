"""Asterisk as call control's `Switch`: ARI operations over the one websocket."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus

import msgspec
import structlog

from callflow.asterisk import ari_operations as operations
from callflow.asterisk.ari_connection import AriConnection, AriRequestError, Request
from callflow.asterisk.ari_events import (
    ApplicationReplaced,
    CallBroadcast,
    Channel,
    Connected,
    RESTResponse,
    StasisStart,
)
from callflow.asterisk.trunk_settings import wrong_settings
from callflow.service.telephony import (
    NO_ANSWER,
    CallArrived,
    CallEntered,
    CallGoneError,
    SwitchConnected,
    SwitchEvent,
    WaitingCall,
)

log = structlog.get_logger(__name__)

APPLICATION_PREFIX = "callflow"
"""Each process has an application name of its own that begins so: a second websocket of one name ends the first."""
DEAF = "Asterisk does not listen for SIP: no phone and no trunk reaches it; its log says why"
RUN_CONTEXT = "callflow-run"
TRANSFER_CONTEXTS = ("callflow-transfer", "callflow-entry-transfer")
_FROM, _PRESENTATION, _AT = 1, 2, 3
_WITHHELD = ("prohib", "unavail")
_NO_NUMBER = ("", "anonymous", "unknown", "restricted")
_CALLED = ("Down", "Ringing")
"""States of a channel that Asterisk calls; one that calls is in `Ring`."""
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


class _Application(msgspec.Struct):
    name: str
    channel_ids: tuple[str, ...] = ()


class _Leg(msgspec.Struct):
    id: str
    name: str
    state: str

    @property
    def rings_at_a_phone(self) -> bool:
        return self.state in _CALLED and _endpoint(self.name) not in {"", "trunk"}


class _Setting(msgspec.Struct):
    attribute: str
    value: str


class Ari:
    """The operations of ARI that call control uses; the connection is kept up by `AriConnection.run`."""

    def __init__(self, connection: AriConnection) -> None:
        self._connection = connection

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """Yield arrived and entered calls, and each connection."""
        async for event in self._connection.events():
            match event:
                case Connected():
                    yield SwitchConnected()
                case CallBroadcast(channel=channel):
                    yield CallArrived(waiting_call(channel, entry_args(channel)))
                case StasisStart(channel=channel, args=args):
                    yield CallEntered(waiting_call(channel, args))
                case ApplicationReplaced():
                    log.error("ari_application_replaced", application=self._connection.application)

    async def claim(self, channel_id: str) -> bool:
        """`claimChannel`: False for 404 (gone) and 409 (another instance has it)."""
        query = {"channelId": channel_id, "application": self._connection.application}
        answer = await self._connection.request(operations.CLAIM_CHANNEL, query=query)
        return _still_there(operations.CLAIM_CHANNEL, answer)

    async def hangup(self, channel_id: str, *, reason_code: int = 16) -> None:
        """`hangup` with a Q.850 cause; a channel that is gone already is as good."""
        operation, query = operations.HANGUP, {"reason_code": str(reason_code)}
        _still_there(operation, await self._connection.request(operation, {"channelId": channel_id}, query))

    async def end_ringing_at_phones(self) -> int:
        """`list`, and `hangup` as not answered for each leg that is called or rings at a phone of ours."""
        answer = await self._connection.request(operations.LIST_CHANNELS)
        _require_success(operations.LIST_CHANNELS, answer)
        legs = [leg for leg in msgspec.json.decode(answer.message_body, type=list[_Leg]) if leg.rings_at_a_phone]
        for leg in legs:
            await self.hangup(leg.id, reason_code=NO_ANSWER)
        return len(legs)

    async def start_plan(self, channel_id: str, variables: Mapping[str, str]) -> None:
        """`setChannelVars`, then `continueInDialplan`, sent together: the whole plan, and the interpreter runs it.

        The channel must be in Stasis. One that has gone on meanwhile refuses both.
        """
        channel = {"channelId": channel_id}
        plan = Request(operations.SET_CHANNEL_VARS, channel, body={"variables": dict(variables)})
        run = {"context": RUN_CONTEXT, "extension": "s", "priority": "1"}
        asked = (plan, Request(operations.CONTINUE_IN_DIALPLAN, channel, run))
        for request, answer in zip(asked, await self._connection.requests(*asked), strict=True):
            _require_call(request.operation, answer)

    async def let_fall_back(self, channel_id: str) -> None:
        """`continueInDialplan` behind the entry's Stasis: without a plan the dialplan goes on to its fallback."""
        operation = operations.CONTINUE_IN_DIALPLAN
        _require_call(operation, await self._connection.request(operation, {"channelId": channel_id}))

    async def left_over(self) -> tuple[WaitingCall, ...]:
        """Return the calls in applications of ours, also those of a process that has died."""
        answer = await self._connection.request(operations.LIST_APPLICATIONS)
        _require_success(operations.LIST_APPLICATIONS, answer)
        applications = msgspec.json.decode(answer.message_body, type=list[_Application])
        found = [
            await self._channel(channel_id)
            for application in applications
            if application.name.startswith(APPLICATION_PREFIX)
            for channel_id in application.channel_ids
        ]
        return tuple(waiting_call(channel, entry_args(channel)) for channel in found if channel is not None)

    async def presentation_faults(self) -> tuple[str, ...]:
        """`getObject`: what in the trunk's settings would show a number that is to be hidden, in words."""
        return wrong_settings(await self._settings("endpoint", "trunk"), await self._settings("global", "global"))

    async def sip_faults(self) -> tuple[str, ...]:
        """`getObject`: `DEAF` where there is no transport; Asterisk has none whose address it could not have."""
        return () if await self._settings("transport", "transport-udp") else (DEAF,)

    async def _settings(self, kind: str, name: str) -> dict[str, str]:
        operation, path = operations.GET_OBJECT, {"configClass": "res_pjsip", "objectType": kind, "id": name}
        answer = await self._connection.request(operation, path)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return {}
        _require_success(operation, answer)
        rows = msgspec.json.decode(answer.message_body, type=list[_Setting])
        return {row.attribute: row.value for row in rows}

    async def _channel(self, channel_id: str) -> Channel | None:
        operation = operations.GET_CHANNEL
        answer = await self._connection.request(operation, {"channelId": channel_id})
        if not _still_there(operation, answer):
            return None
        return msgspec.json.decode(answer.message_body, type=Channel)


def waiting_call(channel: Channel, args: tuple[str, ...] = ()) -> WaitingCall:
    """Read a call from its channel and the entry's arguments: where from, by whom, presentation, Call-ID, time.

    The caller is known by the endpoint that Asterisk authenticated, which the channel's name tells, never by what
    the caller claims; who transfers is known by the name of the transferring channel, the argument of a transfer.
    The time is split at its colons by Asterisk.
    """
    transferred = channel.dialplan.context in TRANSFER_CONTEXTS
    moved_by = args[_FROM] if len(args) > _FROM and transferred else ""
    number, presentation = channel.caller.number, args[_PRESENTATION] if len(args) > _PRESENTATION else ""
    withheld = number in _NO_NUMBER or presentation.startswith(_WITHHELD)
    return WaitingCall(
        channel_id=channel.id,
        endpoint=_endpoint(channel.name),
        called_number=channel.dialplan.exten,
        caller_number=None if withheld else number,
        mover=_endpoint(moved_by) if transferred else None,
        at=":".join(args[_AT:]),
        sip_call_id=channel.protocol_id,
    )


def entry_args(channel: Channel) -> tuple[str, ...]:
    """Return what the entry gave with a call that still stands at it, as `StasisStart` told once; () elsewhere."""
    if channel.dialplan.app_name != "StasisBroadcast":
        return ()
    args = channel.dialplan.app_data.split(",", 2)[2:]  # behind time-out and applications
    return tuple(args[0].split(":")) if args else ()


def _endpoint(channel_name: str) -> str:
    technology, _, rest = channel_name.partition("/")
    return rest.rpartition("-")[0] if technology == "PJSIP" else ""


def _require_success(operation: operations.Operation, answer: RESTResponse) -> None:
    if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        raise AriRequestError(operation.nickname, answer.status_code, answer.reason_phrase)


def _require_call(operation: operations.Operation, answer: RESTResponse) -> None:
    if not _still_there(operation, answer):
        raise CallGoneError(f"{operation.nickname}: the call is there no longer ({answer.status_code})")


def _still_there(operation: operations.Operation, answer: RESTResponse) -> bool:
    """Return False for 404 and 409, True for success; raise for anything else."""
    if answer.status_code in _GONE:
        return False
    _require_success(operation, answer)
    return True
