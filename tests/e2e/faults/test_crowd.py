"""Two hundred calls to one extension in one second: one is answered, the others hear what the plan says (R23)."""

from pathlib import Path

from tests.e2e.faults.moments import EXTENSION, nothing_is_in_hand
from tests.e2e.faults.sipp import TAKEN, TAKES_ONE, callers, phone_that
from tests.e2e.faults.test_two_instances import carried, until_calls_have_ended
from tests.e2e.test_graceful_stop import fell_back
from tests.e2e.town import Town

CALLS = 200
NUMBER = f"+46901{EXTENSION}"


async def test_one_of_two_hundred_gets_through_and_the_others_reach_voicemail(town: Town, tmp_path: Path) -> None:
    async with (
        phone_that(TAKES_ONE, town, tmp_path, EXTENSION),
        callers(town, tmp_path, NUMBER, calls=CALLS, a_second=CALLS, talk_ms=2000) as coming,
    ):
        await coming.end()
        await until_calls_have_ended(town, CALLS)
    await nothing_is_in_hand(town)
    assert len(carried(town)) == CALLS
    assert len(fell_back(town)) < CALLS / 2
    assert (tmp_path / TAKEN).read_text().count("taken") == 1
