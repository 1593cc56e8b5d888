"""Calls that wait in an application of ours and that nobody handles: of a process that died, or a lost connection."""

import asyncio
from collections.abc import AsyncIterator, Callable

from callflow.service.feature_changes import STORE_SECONDS
from callflow.service.telephony import Switch, WaitingCall

LEFT_OVER_SECONDS = 0.3
"""A call still there after this long was left by whoever claimed it, unless it changes something."""
LEFT_OVER_CHANGE_SECONDS = STORE_SECONDS + 0.2
"""The same for one that does: until then it may be stored by whoever claimed it, and must not be stored twice."""


async def left_over_calls(
    switch: Switch, in_hand: set[str], changes: Callable[[WaitingCall], bool]
) -> AsyncIterator[WaitingCall]:
    """Yield calls that were there when it was asked and still are, but none `in_hand`, by channel id."""
    before = {call.channel_id for call in await switch.left_over()} - in_hand
    if not before:
        return
    await asyncio.sleep(LEFT_OVER_SECONDS)
    left = [call for call in await switch.left_over() if call.channel_id in before]
    changing = {call.channel_id for call in left if changes(call)}
    for call in left:
        if call.channel_id not in changing:
            yield call
    if changing:
        await asyncio.sleep(LEFT_OVER_CHANGE_SECONDS - LEFT_OVER_SECONDS)
        for call in await switch.left_over():
            if call.channel_id in changing:
                yield call
