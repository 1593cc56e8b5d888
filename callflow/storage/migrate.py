"""The schema of the policy database: brings it up to date, and refuses to work with another than ours.

The migrations stand in `db/` beside the package; a lock in the database lets one process at a time run them.
"""

from collections.abc import Callable
from pathlib import Path

import asyncpg
from alembic import command, op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from callflow.errors import CallflowError
from callflow.storage.connection import LOST, unavailable

MIGRATIONS = Path(__file__).parents[2] / "db"
_LOCK = 0x43414C4C  # any number that nobody else locks; here "CALL"


class SchemaTooNewError(CallflowError):
    """The database was migrated by a newer Callflow than this one."""

    code = "schema_too_new"


class SchemaTooOldError(CallflowError):
    """The database lacks migrations that this Callflow needs."""

    code = "schema_too_old"


class MigrationFailedError(CallflowError):
    """PostgreSQL refused a migration; the database is as it was."""

    code = "migration_failed"


class DatabaseEncodingError(CallflowError):
    """The database cannot hold Swedish text."""

    code = "database_encoding"


async def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at `url` (postgresql+asyncpg://…) up to `revision`, the newest; do nothing if it is there.

    Raises:
        DatabaseUnavailableError: the database cannot be reached.
        SchemaTooNewError: it was migrated by a newer Callflow.
        DatabaseEncodingError: the database is not in UTF-8.
        MigrationFailedError: PostgreSQL refused it; nothing was changed.
    """
    await _with_connection(url, lambda connection: _upgrade(connection, revision))


async def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision` (`base` for an empty one). Deletes what it held."""
    await _with_connection(url, lambda connection: command.downgrade(_config(connection), revision))


async def require_current_schema(url: str) -> None:
    """Return if the database at `url` has exactly the schema of this Callflow.

    Raises:
        DatabaseUnavailableError: the database cannot be reached.
        SchemaTooNewError: it was migrated by a newer Callflow.
        SchemaTooOldError: it lacks migrations.
    """
    await _with_connection(url, _require_current)


def in_tables(_item: object, _name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    """Tell Alembic what `tables.py` shows too: indexes, UNIQUE and EXCLUDE stand only in the migrations."""
    return not (reflected and compared is None and kind in {"index", "unique_constraint"})


def run_script(script: Path) -> None:
    """Run a migration's file of many statements: as plain text, since a prepared statement holds only one."""
    connection = op.get_bind()
    connection.exec_driver_sql("SELECT 1")  # begins the transaction that the file belongs to
    sql = script.read_text(encoding="utf-8")
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))  # type: ignore[union-attr]


async def _with_connection(url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(work)
            await connection.commit()
    except (DBAPIError, asyncpg.PostgresError, OSError) as error:
        raise _as_ours(error) from error
    finally:
        await engine.dispose()


def _as_ours(error: Exception) -> CallflowError:
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(cause, LOST):
        return unavailable(cause)
    return MigrationFailedError(
        f"PostgreSQL refused to bring the schema up to date, and nothing was changed: {cause}. "
        "See that the user of CALLFLOW_DATABASE_URL owns the database, then run `callflow migrate`."
    )


def _upgrade(connection: Connection, revision: str) -> None:
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise DatabaseEncodingError(
            f"The database is encoded in {encoding}, which cannot hold Swedish text. "
            "Create it with: CREATE DATABASE callflow ENCODING 'UTF8' TEMPLATE template0"
        )
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    _refuse_newer(connection)
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))  # rather fail than hold up whoever waits behind us
    command.upgrade(_config(connection), revision)


def _require_current(connection: Connection) -> None:
    found = _refuse_newer(connection)
    wanted = _scripts().get_current_head()
    if found != wanted:
        raise SchemaTooOldError(
            f"The database has schema {found or 'none'}, this Callflow needs {wanted}. Run `callflow migrate`."
        )


def _refuse_newer(connection: Connection) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return None
    try:
        _scripts().get_revision(found)
    except CommandError:
        raise SchemaTooNewError(
            f"The database has schema {found}, which is newer than this Callflow knows. "
            "Start a newer Callflow, or restore the database from before its upgrade."
        ) from None
    return found


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
