"""Pauses and news of a connection that is kept up."""

import pytest

from callflow.attempts import MOST_REASONS, Attempts
from tests.fakes.stopwatch import Stopwatch


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    return Stopwatch(monkeypatch, "callflow.attempts.time")


def test_a_reason_that_stays_is_told_once_and_another_is_news_again(watch: Stopwatch) -> None:
    attempts = Attempts(0.1, 5)
    assert [attempts.failed(reason).is_news for reason in ("refused", "refused", "no answer", "refused")] == [
        True,
        False,
        True,
        False,
    ]
    watch.passes(3600)
    assert not attempts.failed("refused").is_news


def test_reasons_that_are_never_the_same_are_not_told_for_ever() -> None:
    attempts = Attempts(0.1, 5)
    assert sum(attempts.failed(f"reason {number}").is_news for number in range(1000)) == MOST_REASONS


def test_the_loss_of_a_connection_that_was_up_is_always_news(watch: Stopwatch) -> None:
    attempts = Attempts(0.1, 5)
    for _ in range(3):
        attempts.is_up()
        watch.passes(10)
        assert attempts.failed("closed").is_news
        assert not attempts.failed("closed").is_news


def test_only_a_connection_that_lasted_lets_the_pauses_begin_anew(watch: Stopwatch) -> None:
    attempts = Attempts(0.1, 5)
    for _ in range(10):
        attempts.is_up()
        watch.passes(0.1)
        waits = attempts.failed("closed").wait_seconds
    assert waits >= 2.5
    attempts.is_up()
    watch.passes(5)
    assert attempts.failed("closed").wait_seconds <= 0.1


def test_where_there_is_no_hope_the_longest_pause_comes_at_once() -> None:
    assert Attempts(0.1, 10).failed("wrong password", hopeless=True).wait_seconds >= 5
