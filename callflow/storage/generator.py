"""Filling a database with a generated region, all guards on."""

from datetime import UTC, date, datetime, timedelta

from callflow.service.ports import Snapshot
from callflow.storage.connection import LOST, connected, unavailable
from callflow.storage.generated_region import RegionError, generated_policy
from callflow.storage.writer import write_snapshot

__all__ = ["RegionError", "generate_region", "generated_policy"]


async def generate_region(url: str, extensions: int, seed: int = 1) -> None:
    """Fill the empty database at `url` with a region of so many extensions.

    Raises:
        RegionError: there are organisations already, or more extensions are asked for than numbers.
        DatabaseUnavailableError: the database cannot be reached or is not migrated.
    """
    policy = generated_policy(extensions, seed, monday=_this_monday())
    try:
        async with connected(url) as connection:
            if await connection.fetchval("SELECT EXISTS (SELECT FROM organisation)"):
                raise RegionError("The database has organisations already: generate a region into an empty one.")
            await write_snapshot(connection, Snapshot(policy=policy))
            await connection.execute("ANALYZE")
    except LOST as error:
        raise unavailable(error) from error


def _this_monday() -> date:
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())
