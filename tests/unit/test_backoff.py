"""Pauses between attempts."""

from callflow.backoff import Backoff


def test_pauses_grow_from_the_first_to_the_longest_and_begin_anew() -> None:
    backoff = Backoff(1.0, 4.0)
    for length in (1.0, 2.0, 4.0, 4.0):
        assert length / 2 <= backoff.pause() <= length
    backoff.reset()
    assert backoff.pause() <= 1.0


def test_slowing_down_goes_on_with_the_longest_pause() -> None:
    backoff = Backoff(1.0, 60.0)
    backoff.slow_down()
    assert backoff.pause() >= 30.0
    assert backoff.pause() >= 30.0


def test_two_do_not_come_back_in_step() -> None:
    assert len({Backoff(1.0, 1.0).pause() for _ in range(20)}) > 1
