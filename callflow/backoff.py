"""Pauses between attempts."""

import random


class Backoff:
    """Growing pauses in seconds, with jitter so that many nodes do not come back in step.

    Each pause lies between half of its length and the whole; the length doubles from `first` to `longest`.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._length = first

    def pause(self) -> float:
        """Return how long to wait now; the next wait is longer."""
        length = self._length
        self._length = min(length * 2, self._longest)
        return random.uniform(length / 2, length)  # noqa: S311 - jitter, not a secret

    def reset(self) -> None:
        """Begin anew with the first pause: an attempt went well."""
        self._length = self._first

    def slow_down(self) -> None:
        """Go on with the longest pause: trying again soon is of no use."""
        self._length = self._longest
