"""The watches over what may be wrong with the running switch."""

import pytest
from structlog.testing import capture_logs

from callflow.errors import CallflowError
from callflow.service import fault_watch
from callflow.service.fault_watch import FaultWatch, Told, presentation_watch, sip_watch
from tests.fakes.running import running
from tests.fakes.waiting import until

TOLD = Told(fault="it_is_wrong", what_now="mend it", well_again="it_is_well")


class Switch:
    """Answers with what `answers` holds, the last of it for ever; an error is raised."""

    def __init__(self, *answers: tuple[str, ...] | CallflowError) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.mended = 0

    async def faults(self) -> tuple[str, ...]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, CallflowError):
            raise answer
        return answer

    async def mend(self) -> None:
        self.mended += 1


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_watch, "AGAIN_SECONDS", 0.01)


def watch_over(switch: Switch) -> FaultWatch:
    return FaultWatch(switch.faults, TOLD, every_seconds=0.01, mend=switch.mend)


async def test_state_is_bad_until_the_switch_has_been_asked() -> None:
    watch = watch_over(Switch(CallflowError("away"), ()))
    assert watch.state() == (False, "the switch has not been asked yet")
    async with running(watch.run()):
        await until(lambda: watch.state() == (True, None))


async def test_fault_is_told_once_and_its_end_too() -> None:
    switch = Switch(("a",), ("a",), ("a", "b"), ())
    watch = watch_over(switch)
    with capture_logs() as lines:
        async with running(watch.run()):
            await until(lambda: switch.asked > 4)
    assert [(line["event"], line.get("reason")) for line in lines] == [
        ("it_is_wrong", "a"),
        ("it_is_wrong", "b"),
        ("it_is_well", None),
    ]
    assert watch.state() == (True, None)


async def test_switch_is_mended_as_long_as_something_is_wrong() -> None:
    switch = Switch(("a",), ("b",), ())
    watch = watch_over(switch)
    async with running(watch.run()):
        await until(lambda: watch.state() == (True, None) and switch.asked > 4)
    assert switch.mended == 2


async def test_faults_are_in_the_state() -> None:
    watch = watch_over(Switch(("a", "b")))
    async with running(watch.run()):
        await until(lambda: watch.faults is not None)
    assert watch.state() == (False, "a; b")


async def test_deaf_switch_is_told_and_tries_again_until_it_listens() -> None:
    switch = Switch(("deaf",), ("deaf",), ())
    watch = sip_watch(switch.faults, switch.mend)
    with capture_logs() as lines:
        async with running(watch.run()):
            await until(lambda: watch.state() == (True, None))
    assert [line["event"] for line in lines] == ["asterisk_does_not_listen", "asterisk_listens_again"]
    assert switch.mended == 2


async def test_setting_that_would_show_a_number_is_told() -> None:
    watch = presentation_watch(Switch(("from_user",)).faults)
    with capture_logs() as lines:
        async with running(watch.run()):
            await until(lambda: watch.faults is not None)
    assert [(line["event"], line["reason"]) for line in lines] == [("number_would_be_shown", "from_user")]
