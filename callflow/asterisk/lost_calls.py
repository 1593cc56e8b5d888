"""The calls of lost phones in Asterisk, and their end (R21): call control's `OngoingCalls`, over ARI.

A phone's channels have its SIP account in their names, whatever it claims. A mobile is known by the number at the
other end of a leg through the trunk (To of a call there, From of one from there), and while who answers has yet to
confirm by the name of the Local channel.
"""

import re
from collections.abc import Collection
from http import HTTPStatus

import msgspec

from callflow.asterisk import ari_operations as operations
from callflow.asterisk.ari_connection import AriConnection, AriRequestError, Request
from callflow.asterisk.ari_events import Channel
from callflow.service.telephony import NO_ANSWER, LostPhone

NORMAL = 16
EMERGENCY_CONTEXTS = frozenset({"callflow-emergency", "callflow-emergency-run"})
RUN_CONTEXT = "callflow-run"
ENTRIES = frozenset({"from-phone", "callflow-entry-phone", "callflow-transfer", "callflow-entry-transfer"})
"""Where calls come in (dialplan/entry.conf, transfer.conf), until the plan begins or the emergency call."""
_ENTERING = frozenset({"", "Goto", "GotoIf", "MSet", "Set", "StasisBroadcast", "Stasis"})
"""What runs there; a channel that Asterisk calls or has joined with another has AppDial or a bridge."""
_EMERGENCY_STEP = "|emergency,"
_CALLED = frozenset({"Down", "Ringing"})
_TRUNK = "PJSIP/trunk-"
_FAR_END = "CHANNEL(pjsip,remote_uri)"
_USER = re.compile(r"sips?:\+?([0-9]+)@")
_COUNTRY_DIGITS = 3
"""A plus and two digits: what stands before the same number as the network may write it with a 0, or without."""


class LostCalls:
    """Finds and ends them, by the connection that `AriConnection.run` keeps up."""

    def __init__(self, connection: AriConnection) -> None:
        self._connection = connection
        self._far_ends: dict[str, str] = {}

    async def end_calls_of(self, phones: tuple[LostPhone, ...]) -> int:
        """`list`, and `hangup` for each leg of these phones; as not answered where it still rings."""
        channels = await self._channels()
        accounts = {phone.account for phone in phones if phone.account is not None}
        mobiles = {phone.mobile_number for phone in phones if phone.mobile_number is not None}
        legs = [channel for channel in channels if _account(channel) in accounts]
        if mobiles:
            legs += await self._mobile_legs(channels, mobiles)
        legs = await self._without_emergencies([leg for leg in legs if _may_end(leg)])
        return sum([await self._end(leg) for leg in legs])

    async def _channels(self) -> list[Channel]:
        answer = await self._connection.request(operations.LIST_CHANNELS)
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise AriRequestError(operations.LIST_CHANNELS.nickname, answer.status_code, answer.reason_phrase)
        return msgspec.json.decode(answer.message_body, type=list[Channel])

    async def _without_emergencies(self, legs: list[Channel]) -> list[Channel]:
        """Leave out those whose plan leads to the emergency number and has not come there yet."""
        running = [leg for leg in legs if leg.dialplan.context == RUN_CONTEXT]
        plans = await self._values(running, "CF_PLAN")
        return [leg for leg in legs if _EMERGENCY_STEP not in plans.get(leg.id, "")]

    async def _mobile_legs(self, channels: list[Channel], mobiles: Collection[str]) -> list[Channel]:
        """Return the legs to and from these mobiles."""
        trunk = [channel for channel in channels if channel.name.startswith(_TRUNK)]
        known = {channel.id: self._far_ends[channel.id] for channel in trunk if channel.id in self._far_ends}
        asked = await self._values([channel for channel in trunk if channel.id not in known], _FAR_END)
        self._far_ends = {**known, **asked}
        legs = [channel for channel in trunk if _is_one_of(self._far_ends.get(channel.id, ""), mobiles)]
        waiting = tuple(f"Local/{number}@callflow-confirm-" for number in mobiles)
        return [*legs, *(channel for channel in channels if channel.name.startswith(waiting))]

    async def _values(self, channels: list[Channel], variable: str) -> dict[str, str]:
        """Return a variable of each channel that is still there and has it."""
        if not channels:
            return {}
        asked = (
            Request(operations.GET_CHANNEL_VAR, {"channelId": channel.id}, {"variable": variable})
            for channel in channels
        )
        answers = await self._connection.requests(*asked)
        return {
            channel.id: msgspec.json.decode(answer.message_body, type=_Value).value
            for channel, answer in zip(channels, answers, strict=True)
            if answer.status_code == HTTPStatus.OK
        }

    async def _end(self, leg: Channel) -> bool:
        cause = NO_ANSWER if leg.state in _CALLED else NORMAL
        operation, query = operations.HANGUP, {"reason_code": str(cause)}
        answer = await self._connection.request(operation, {"channelId": leg.id}, query)
        return answer.status_code == HTTPStatus.NO_CONTENT


class _Value(msgspec.Struct):
    value: str = ""


def _account(channel: Channel) -> str:
    technology, _, rest = channel.name.partition("/")
    return rest.rpartition("-")[0] if technology == "PJSIP" else ""


def _may_end(channel: Channel) -> bool:
    """Tell whether a channel is no emergency call, and can no more become one."""
    dialplan = channel.dialplan
    if dialplan.context in EMERGENCY_CONTEXTS:
        return False
    return dialplan.context not in ENTRIES or dialplan.app_name not in _ENTERING


def _is_one_of(uri: str, numbers: Collection[str]) -> bool:
    found = _USER.search(uri)
    return found is not None and any(found[1].endswith(number[_COUNTRY_DIGITS:]) for number in numbers)
