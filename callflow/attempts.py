"""Attempts at keeping one connection up: how long to wait between them, and what is worth a line in the log."""

import time
from dataclasses import dataclass

from callflow.backoff import Backoff

MOST_REASONS = 10


@dataclass(frozen=True, slots=True)
class Next:
    """When to try again, and whether the log has not told why yet."""

    wait_seconds: float
    is_news: bool


class Attempts:
    """Pauses that grow from `first` to `longest` seconds until a connection has lasted for the longest pause.

    A connection that comes up and breaks at once, again and again, is tried as seldom as one that never comes up.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._backoff = Backoff(first, longest)
        self._longest = longest
        self._told: set[str] = set()
        self._up_since: float | None = None

    def is_up(self) -> None:
        """Note that the connection has come up."""
        self._up_since = time.monotonic()

    def failed(self, reason: str, *, hopeless: bool = False) -> Next:
        """Note that the connection was lost or did not come up; `hopeless`: trying again soon is of no use.

        News is the loss of a connection that was up, and each reason why it does not come up, once.
        """
        was_up = self._up_since is not None
        if self._up_since is not None and time.monotonic() - self._up_since >= self._longest:
            self._backoff.reset()
        if was_up:
            self._told.clear()
            self._up_since = None
        if hopeless:
            self._backoff.slow_down()
        is_news = was_up or (reason not in self._told and len(self._told) < MOST_REASONS)
        self._told.add(reason)
        return Next(self._backoff.pause(), is_news)
