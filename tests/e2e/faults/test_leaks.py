"""The leak check itself: it must see what it is there for."""

import pytest

from tests.e2e.faults.leaks import footprint, nothing_leaked
from tests.e2e.town import WORKING_HOURS, Town


async def test_call_in_progress_is_seen_as_left_behind(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.e2e.faults.leaks.SETTLED_SECONDS", 0.5)
    before = await footprint(town)
    await town.call_from_outside("+4690161103", at=WORKING_HOURS)
    await town.step("dial")
    with pytest.raises(AssertionError, match=r"channels 0 -> [1-9]"):
        await nothing_leaked(town, before)
