"""The calls of lost phones in Asterisk, and their end (R21): call control's `OngoingCalls`, over ARI.

A phone's channels have its SIP account in their names, whatever it claims. A mobile is known by the number at the
other end of a leg through the trunk (To of a call there, From of one from there), and while who answers has yet to
confirm by the name of the Local channel.

No leg of an emergency call is ended: what matters is not who called 112 but who is joined with it now, by whatever
transfers. The far end of a leg to 112 is known as a mobile's is.
"""

import re
from collections.abc import Collection
from http import HTTPStatus

import msgspec

from callflow.asterisk import ari_operations as operations
from callflow.asterisk.ari_connection import AriConnection, AriRequestError, Request
from callflow.asterisk.ari_events import Bridge, Channel
from callflow.service.telephony import NO_ANSWER, LostPhone

NORMAL = 16
EMERGENCY_CONTEXTS = frozenset({"callflow-emergency", "callflow-emergency-run"})
RUN_CONTEXT = "callflow-run"
ENTRIES = frozenset({"from-phone", "callflow-entry-phone", "callflow-transfer", "callflow-entry-transfer"})
"""Where calls come in (dialplan/entry.conf, transfer.conf), until the plan begins or the emergency call."""
_ENTERING = frozenset({"", "Goto", "GotoIf", "MSet", "Set", "StasisBroadcast", "Stasis"})
"""What runs there; a channel that Asterisk calls or has joined with another has AppDial or a bridge."""
_EMERGENCY = "112"
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
        channels = msgspec.json.decode(await self._list(operations.LIST_CHANNELS), type=list[Channel])
        self._far_ends = {it.id: self._far_ends[it.id] for it in channels if it.id in self._far_ends}
        accounts = {phone.account for phone in phones if phone.account is not None}
        mobiles = {phone.mobile_number for phone in phones if phone.mobile_number is not None}
        legs = [channel for channel in channels if _account(channel) in accounts]
        if mobiles:
            legs += await self._mobile_legs(channels, mobiles)
        if legs:
            legs = await self._without_emergencies(channels, legs)
        return sum([await self._end(leg) for leg in legs])

    async def _list(self, operation: operations.Operation) -> str:
        answer = await self._connection.request(operation)
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise AriRequestError(operation.nickname, answer.status_code, answer.reason_phrase)
        return answer.message_body

    async def _without_emergencies(self, channels: list[Channel], legs: list[Channel]) -> list[Channel]:
        """Leave out those whose call is an emergency call, or may yet become one."""
        bridges = msgspec.json.decode(await self._list(operations.LIST_BRIDGES), type=list[Bridge])
        groups = [*(frozenset(bridge.channels) for bridge in bridges), *_local_channels(channels)]
        reached = _joined_with({leg.id for leg in legs}, groups)
        emergencies = await self._emergencies([channel for channel in channels if channel.id in reached])
        spared = _joined_with(emergencies, groups)
        return [leg for leg in legs if leg.id not in spared]

    async def _emergencies(self, channels: list[Channel]) -> set[str]:
        """Return which are with 112 or on their way there, and those of which that cannot be told yet."""
        running = [channel for channel in channels if channel.dialplan.context.startswith(RUN_CONTEXT)]
        plans = await self._values(running, "CF_PLAN")
        trunk = await self._trunk_legs(channels)
        return {
            *(channel.id for channel in channels if not _may_end(channel)),
            *(channel_id for channel_id, plan in plans.items() if _EMERGENCY_STEP in plan),
            *(leg.id for leg in trunk if _may_be_emergency(self._far_ends.get(leg.id))),
        }

    async def _trunk_legs(self, channels: list[Channel]) -> list[Channel]:
        """Return the legs through the trunk, each with its far end in `_far_ends` as far as that can be told."""
        trunk = [channel for channel in channels if channel.name.startswith(_TRUNK)]
        self._far_ends |= await self._values([leg for leg in trunk if leg.id not in self._far_ends], _FAR_END)
        return trunk

    async def _mobile_legs(self, channels: list[Channel], mobiles: Collection[str]) -> list[Channel]:
        """Return the legs to and from these mobiles."""
        trunk = await self._trunk_legs(channels)
        legs = [leg for leg in trunk if _is_one_of(self._far_ends.get(leg.id, ""), mobiles)]
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


def _local_channels(channels: list[Channel]) -> list[frozenset[str]]:
    """Return both ends of each Local channel, which lead into each other."""
    ends: dict[str, set[str]] = {}
    for channel in channels:
        if channel.name.startswith("Local/"):
            ends.setdefault(channel.name.rpartition(";")[0], set()).add(channel.id)
    return [frozenset(pair) for pair in ends.values()]


def _joined_with(ids: set[str], groups: Collection[frozenset[str]]) -> set[str]:
    """Return these channels and all that hear them, over any number of groups."""
    joined = ids.union(*(group for group in groups if not ids.isdisjoint(group)))
    return joined if joined == ids else _joined_with(joined, groups)


def _number(uri: str) -> str:
    found = _USER.search(uri)
    return found[1] if found else ""


def _may_be_emergency(uri: str | None) -> bool:
    return uri is None or _number(uri) == _EMERGENCY


def _is_one_of(uri: str, numbers: Collection[str]) -> bool:
    found = _number(uri)
    return any(found.endswith(number[_COUNTRY_DIGITS:]) for number in numbers)
