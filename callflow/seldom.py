"""Log lines that may come by the thousand: one at a time, and then how many more there were."""

import time
from collections.abc import Callable
from typing import Any

SECONDS = 10.0


class Seldom:
    """Writes one line and no other for `seconds`; the next one says in `unsaid` how many there were in between."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._last: float | None = None
        self._unsaid = 0

    def tell(self, write: Callable[..., Any], event: str, **facts: object) -> None:
        """Write the line, or count it."""
        now = time.monotonic()
        if self._last is not None and now - self._last < self._seconds:
            self._unsaid += 1
            return
        if self._unsaid:
            facts["unsaid"] = self._unsaid
        self._last, self._unsaid = now, 0
        write(event, **facts)
