"""What several sub-commands need."""

from callflow.config import settings
from callflow.errors import CallflowError


class NoDatabaseError(CallflowError):
    """No database is configured."""

    code = "no_database"


def database_url() -> str:
    """Return the policy database's URL (`postgresql+asyncpg://…`); raise `NoDatabaseError` if none is set."""
    url = settings().database_url.get_secret_value()
    if not url:
        raise NoDatabaseError(
            "No policy database is set. Start `callflow run` first, or set CALLFLOW_DATABASE_URL "
            f"(postgresql+asyncpg://…) in the environment or in {settings().home / 'callflow.env'}."
        )
    return url
