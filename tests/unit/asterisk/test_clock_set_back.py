"""What rings is ended when the clock was set back, once each time, and by no other news."""

import pytest
from structlog.testing import capture_logs

from callflow.asterisk import clock_set_back
from callflow.asterisk.ari_connection import AriRequestError
from callflow.asterisk.clock_set_back import ClockSetBack
from tests.fakes.running import running
from tests.fakes.waiting import until


class Switch:
    """Ends the ringing, unless it is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.ended = 0

    async def end_ringing_at_phones(self) -> int:
        self.ended += 1
        if self.away:
            raise AriRequestError("list", 503, "away")
        return 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_set_back, "LOOK_SECONDS", 0.01)


async def test_each_clock_set_back_ends_what_rings_once() -> None:
    switch, counts = Switch(), [3]
    async with running(ClockSetBack(switch, lambda: counts[-1]).run()):
        for times in (1, 2):
            counts.append(3 + times)
            await until(lambda: switch.ended == counts[-1] - 3)
    assert switch.ended == 2


async def test_a_switch_that_is_away_is_told_and_not_asked_again() -> None:
    switch, counts = Switch(away=True), [0]
    with capture_logs() as lines:
        async with running(ClockSetBack(switch, lambda: counts[-1]).run()):
            counts.append(1)
            await until(lambda: bool(lines))
    assert [(line["event"], line["code"]) for line in lines] == [("ringing_not_ended", "ari_request_refused")]
    assert switch.ended == 1
