"""Monotonic time that passes when a test says so."""

import pytest


class Stopwatch:
    """Stands in for the module `time` of one of our modules, by the name `callflow.….time`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, of: str) -> None:
        self._now = 1000.0
        monkeypatch.setattr(of, self)

    def monotonic(self) -> float:
        """Return the time."""
        return self._now

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
