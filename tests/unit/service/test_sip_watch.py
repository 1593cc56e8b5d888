"""The watch over whether the switch listens for SIP at all."""

import pytest
from structlog.testing import capture_logs

from callflow.errors import CallflowError
from callflow.service import sip_watch
from callflow.service.sip_watch import DEAF, SipWatch
from tests.fakes.running import running
from tests.fakes.waiting import until


class Switch:
    """Answers with what `answers` holds, the last of it for ever; an error is raised."""

    def __init__(self, *answers: bool | CallflowError) -> None:
        self.answers = list(answers)
        self.tried_again = 0

    async def listens(self) -> bool:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, CallflowError):
            raise answer
        return answer

    async def try_again(self) -> None:
        self.tried_again += 1


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_watch, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(sip_watch, "AGAIN_SECONDS", 0.01)


def watch_over(switch: Switch) -> SipWatch:
    return SipWatch(switch, switch.try_again)


async def test_state_is_bad_until_the_switch_has_been_asked() -> None:
    watch = watch_over(Switch(CallflowError("away"), True))
    assert watch.state() == (False, "the switch has not been asked yet")
    async with running(watch.run()):
        await until(lambda: watch.state() == (True, None))


async def test_deaf_switch_is_told_once_and_tries_again_until_it_listens() -> None:
    switch = Switch(False, False, True)
    watch = watch_over(switch)
    with capture_logs() as lines:
        async with running(watch.run()):
            await until(lambda: watch.state() == (True, None))
    assert [line["event"] for line in lines] == ["asterisk_does_not_listen", "asterisk_listens_again"]
    assert switch.tried_again == 2


async def test_deaf_switch_is_in_the_state() -> None:
    watch = watch_over(Switch(False))
    async with running(watch.run()):
        await until(lambda: watch.listens is not None)
    assert watch.state() == (False, DEAF)
