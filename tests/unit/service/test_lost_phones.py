"""The calls of a phone that becomes lost are ended at once, and looked for again for a while (R21)."""

from dataclasses import dataclass, field

import pytest

from callflow.policy.model import Extension
from callflow.service import lost_phones
from callflow.service.lost_phones import WATCH_SECONDS, LostPhones
from callflow.service.ports import Snapshot
from callflow.service.telephony import LostPhone
from tests.builders import extension, mobile, policy
from tests.fakes.running import running
from tests.fakes.stopwatch import Stopwatch
from tests.fakes.switch import SwitchAwayError
from tests.fakes.waiting import until

DESK = LostPhone(account="61001", mobile_number=None)


@dataclass
class Calls:
    """Which phones' calls were asked to end, and a switch that may be away."""

    asked: list[tuple[LostPhone, ...]] = field(default_factory=list)
    away: bool = False
    legs: int = 1

    async def end_calls_of(self, phones: tuple[LostPhone, ...]) -> int:
        if self.away:
            raise SwitchAwayError("The switch is away.")
        self.asked.append(phones)
        return self.legs


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_phones, "FIRST_PAUSE_SECONDS", 0.005)
    monkeypatch.setattr(lost_phones, "LONGEST_PAUSE_SECONDS", 0.005)


def snapshot(*extensions: Extension) -> Snapshot:
    return Snapshot(policy=policy(extensions=extensions))


async def test_phone_that_becomes_lost_has_its_calls_ended_and_nobody_else() -> None:
    calls = Calls()
    lost = LostPhones(calls)
    async with running(lost.run()):
        await lost.follow(snapshot(extension(1), extension(2)))
        await lost.follow(snapshot(extension(1, locked=True), extension(2)))
        await until(lambda: calls.asked)
    assert set(calls.asked) == {(DESK,)}


async def test_phone_that_was_lost_before_the_start_is_looked_at_too() -> None:
    calls = Calls()
    lost = LostPhones(calls)
    await lost.follow(snapshot(extension(1, locked=True)))
    async with running(lost.run()):
        await until(lambda: calls.asked)


async def test_mobile_goes_with_the_extension_where_it_rings_along() -> None:
    calls = Calls()
    lost = LostPhones(calls)
    desk = extension(2, mobile_number="+46701740602", locked=True)
    await lost.follow(snapshot(mobile(1, locked=True), desk))
    async with running(lost.run()):
        await until(lambda: calls.asked)
    assert calls.asked[0] == (
        LostPhone(account=None, mobile_number="+46701740601"),
        LostPhone(account="61002", mobile_number=None),
    )


async def test_calls_are_looked_for_again_until_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, clock = Calls(), Stopwatch(monkeypatch, "callflow.service.lost_phones.time")
    lost = LostPhones(calls)
    async with running(lost.run()):
        await lost.follow(snapshot(extension(1, locked=True)))
        await until(lambda: len(calls.asked) > 2)
        clock.passes(WATCH_SECONDS)
        before = len(calls.asked)
        await until(lambda: len(calls.asked) > before)
        await until(lambda: not lost.watches)


async def test_phone_that_is_found_is_left_alone() -> None:
    calls = Calls()
    lost = LostPhones(calls)
    await lost.follow(snapshot(extension(1, locked=True)))
    assert lost.watches
    await lost.follow(snapshot(extension(1)))
    assert not lost.watches


async def test_change_of_anything_else_does_not_begin_the_time_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Stopwatch(monkeypatch, "callflow.service.lost_phones.time")
    lost, first = LostPhones(Calls()), snapshot(extension(1, locked=True))
    await lost.follow(first)
    clock.passes(1)
    await lost.follow(first)
    await lost.follow(snapshot(extension(1, locked=True), extension(2)))
    clock.passes(WATCH_SECONDS - 1)
    async with running(lost.run()):
        await until(lambda: not lost.watches)


async def test_switch_that_is_away_is_asked_until_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    calls = Calls(away=True)
    lost = LostPhones(calls)
    async with running(lost.run()):
        await lost.follow(snapshot(extension(1, locked=True)))
        await until(lambda: "lost_phones_calls_not_ended" in capsys.readouterr().out)
        calls.away = False
        await until(lambda: calls.asked)
