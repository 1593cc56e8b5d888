"""The watch over what the running switch would show of a hidden number (R17)."""

import pytest
from structlog.testing import capture_logs

from callflow.errors import CallflowError
from callflow.service import presentation_watch
from callflow.service.presentation_watch import PresentationWatch
from tests.fakes.running import running
from tests.fakes.waiting import until


class Switch:
    """Answers with what `answers` holds, the last of it for ever; an error is raised."""

    def __init__(self, *answers: tuple[str, ...] | CallflowError) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def presentation_faults(self) -> tuple[str, ...]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, CallflowError):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presentation_watch, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(presentation_watch, "AGAIN_SECONDS", 0.01)


async def test_state_is_bad_until_the_switch_has_been_asked() -> None:
    watch = PresentationWatch(Switch(CallflowError("away"), ()))
    assert watch.state() == (False, "the switch has not been asked yet")
    async with running(watch.run()):
        await until(lambda: watch.state() == (True, None))


async def test_fault_is_told_once_and_its_end_too() -> None:
    switch = Switch(("from_user",), ("from_user",), ("from_user", "other"), ())
    watch = PresentationWatch(switch)
    with capture_logs() as lines:
        async with running(watch.run()):
            await until(lambda: switch.asked > 4)
    assert [(line["event"], line.get("setting")) for line in lines] == [
        ("number_would_be_shown", "from_user"),
        ("number_would_be_shown", "other"),
        ("numbers_are_kept_again", None),
    ]
    assert watch.state() == (True, None)


async def test_fault_is_in_the_state() -> None:
    watch = PresentationWatch(Switch(("from_user", "other")))
    async with running(watch.run()):
        await until(lambda: watch.faults is not None)
    assert watch.state() == (False, "from_user; other")
