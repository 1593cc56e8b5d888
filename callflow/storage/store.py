"""The policy database as call control sees it."""

from collections.abc import AsyncIterator
from functools import partial

from callflow.service.ports import Feed, Snapshot
from callflow.storage.changes import revisions
from callflow.storage.connection import unavailable
from callflow.storage.own_loop import in_own_loop
from callflow.storage.snapshot_changes import Loaded, read_current


class PostgresPolicyStore:
    """A `PolicyStore` on the PostgreSQL database at `url` (`postgresql+asyncpg://…`)."""

    def __init__(self, url: str, poll_seconds: float = 5.0) -> None:
        """Prepare; nothing is opened before it is used. `poll_seconds` bounds how late a change may be seen."""
        self._url = url
        self.feed = Feed(poll_seconds=poll_seconds)
        self._loaded: Loaded | None = None

    async def load(self) -> Snapshot:
        """Return the present snapshot, read beside the event loop; raise `DatabaseUnavailableError`."""
        try:
            self._loaded = await in_own_loop(partial(read_current, self._url, self._loaded))
        except OSError as error:  # no descriptor left for the loop itself
            raise unavailable(error) from error
        return self._loaded.snapshot

    def revisions(self) -> AsyncIterator[int]:
        """Yield the present revision, then each new one; survive a lost database."""
        return revisions(self._url, self.feed)
