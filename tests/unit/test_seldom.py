"""Lines that come by the thousand."""

from typing import Any

import pytest

from callflow.seldom import Seldom
from tests.fakes.stopwatch import Stopwatch


def test_one_line_at_a_time_and_the_next_tells_how_many_were_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    watch, lines = Stopwatch(monkeypatch, "callflow.seldom.time"), []

    def write(event: str, **facts: Any) -> None:
        lines.append((event, facts))

    seldom = Seldom(10)
    for number in range(1000):
        seldom.tell(write, "skipped", number=number)
    watch.passes(10)
    seldom.tell(write, "skipped", number=1000)
    watch.passes(10)
    seldom.tell(write, "skipped", number=1001)
    assert lines == [
        ("skipped", {"number": 0}),
        ("skipped", {"number": 1000, "unsaid": 999}),
        ("skipped", {"number": 1001}),
    ]
