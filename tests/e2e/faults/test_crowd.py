"""Two hundred calls to one extension in one second: one is answered, the others hear what the plan says (R23)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from callflow.phone.client import Phone
from callflow.phone.events import Event
from tests.e2e.faults.moments import EXTENSION, nothing_is_in_hand
from tests.e2e.faults.sipp import callers
from tests.e2e.faults.test_two_instances import ended, fell_back, until_calls_have_ended
from tests.e2e.town import Town

CALLS = 200
NUMBER = f"+46901{EXTENSION}"


@asynccontextmanager
async def takes_one(town: Town) -> AsyncIterator[Phone]:
    """Have a phone that takes the first call and is busy for every other."""
    phone, answers = await town.phone(EXTENSION), set[asyncio.Task[None]]()

    def take(event: Event) -> None:
        if event.name == "incoming":
            call = phone.calls[event.fields["call"]]
            answers.add(asyncio.create_task(call.answer() if len(phone.calls) == 1 else call.reject()))

    phone.listen(take)
    yield phone
    await asyncio.gather(*answers)


async def test_one_of_two_hundred_gets_through_and_the_others_reach_voicemail(town: Town, tmp_path: Path) -> None:
    async with (
        takes_one(town) as phone,
        callers(town, tmp_path, NUMBER, calls=CALLS, a_second=CALLS, talk_ms=2000) as coming,
    ):
        await coming.end()
        await until_calls_have_ended(town, CALLS)
    await nothing_is_in_hand(town)
    assert len(ended(town)) + len(fell_back(town)) == CALLS
    assert len([call for call in phone.calls.values() if call.first("connected")]) == 1
