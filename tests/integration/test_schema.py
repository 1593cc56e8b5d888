"""The schema is the one that the code knows, and goes up and down."""

import asyncio
import os
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from callflow.embedded.postgres_user import binaries_folder, server_user
from callflow.storage.connection import DatabaseUnavailableError
from callflow.storage.migrate import (
    DatabaseEncodingError,
    MigrationFailedError,
    SchemaTooNewError,
    SchemaTooOldError,
    downgrade,
    in_tables,
    migrate,
    require_current_schema,
)
from callflow.storage.tables import metadata
from tests.databases import shared_server
from tests.refusals import REGION, connect

# Rows of the policy refer to each other in circles; only the order in which tables would be made is lost by it.
cycles_are_meant = pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")
# SQLAlchemy reads a CHECK that is NOT VALID, and then wonders what that is.
not_valid_is_meant = pytest.mark.filterwarnings("ignore:Can't validate argument 'dialect_options'")


def differences(connection: Connection) -> list[object]:
    """Tell what autogenerate would change."""
    context = MigrationContext.configure(
        connection, opts={"include_object": in_tables, "compare_server_default": True, "target_metadata": metadata}
    )
    return list(compare_metadata(context, metadata))


async def compared(url: str) -> list[object]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    return found


async def objects(url: str) -> list[str]:
    connection = await connect(url)
    rows = await connection.fetch(
        "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relname NOT LIKE 'alembic%' UNION ALL SELECT p.proname FROM pg_proc AS p"
        " WHERE p.proname LIKE 'policy%' UNION ALL SELECT t.tgname FROM pg_trigger AS t WHERE NOT t.tgisinternal"
        " UNION ALL SELECT c.conname FROM pg_constraint AS c"
        " WHERE c.connamespace = 'public'::regnamespace AND c.conname NOT LIKE 'alembic%' ORDER BY 1"
    )
    await connection.close()
    return [row["name"] for row in rows]


@cycles_are_meant
@not_valid_is_meant
async def test_the_migrations_make_the_tables_that_the_code_knows(database_url: str) -> None:
    assert await compared(database_url) == []


@cycles_are_meant
@not_valid_is_meant
async def test_a_column_that_the_migrations_lack_is_found(database_url: str) -> None:
    connection = await connect(database_url)
    await connection.execute("ALTER TABLE unit DROP COLUMN confidential")
    await connection.close()
    assert len(await compared(database_url)) == 1


async def test_the_schema_goes_down_and_up_again_with_data_in_it(database_url: str) -> None:
    before = await objects(database_url)
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    await connection.execute("CREATE TABLE theirs (id integer PRIMARY KEY)")
    await connection.close()
    await downgrade(database_url, "base")
    assert await objects(database_url) == ["theirs", "theirs_id_not_null", "theirs_pkey", "theirs_pkey"]
    await migrate(database_url)
    assert [name for name in await objects(database_url) if not name.startswith("theirs")] == before


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    await migrate(database_url)
    assert await connection.fetchval("SELECT count(*) FROM unit") == 3
    await connection.close()
    await require_current_schema(database_url)


async def test_two_that_migrate_at_once_do_not_collide(database_url: str) -> None:
    await downgrade(database_url, "base")
    await asyncio.gather(migrate(database_url), migrate(database_url))
    await require_current_schema(database_url)


async def test_a_schema_that_is_too_old_is_refused_with_what_to_do(database_url: str) -> None:
    await downgrade(database_url, "base")
    with pytest.raises(SchemaTooOldError, match="callflow migrate"):
        await require_current_schema(database_url)


async def test_a_schema_that_is_too_new_is_refused_with_what_to_do(database_url: str) -> None:
    connection = await connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    with pytest.raises(SchemaTooNewError, match="newer Callflow"):
        await require_current_schema(database_url)
    with pytest.raises(SchemaTooNewError, match="newer Callflow"):
        await migrate(database_url)


async def test_a_database_that_cannot_hold_swedish_is_refused(database_url: str) -> None:
    connection = await connect(database_url)
    await connection.execute("DROP DATABASE IF EXISTS latin")
    await connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    await connection.close()
    with pytest.raises(DatabaseEncodingError, match="UTF8"):
        await migrate(shared_server().url_of("latin"))


async def test_a_database_that_is_away_is_said_so(database_url: str) -> None:
    with pytest.raises(DatabaseUnavailableError, match="CALLFLOW_DATABASE_URL"):
        await migrate(make_url(database_url).set(database="nowhere").render_as_string(hide_password=False))


async def test_a_migration_that_fails_changes_nothing_and_says_so(database_url: str) -> None:
    await downgrade(database_url, "base")
    connection = await connect(database_url)
    await connection.execute("CREATE TABLE unit (id integer PRIMARY KEY)")
    before = await objects(database_url)
    with pytest.raises(MigrationFailedError, match='"unit" already exists'):
        await migrate(database_url)
    assert await objects(database_url) == before
    await connection.close()


async def psql(url: str, *arguments: str) -> tuple[str, str]:
    """Run psql as an administrator would; return what it says on its two outputs."""
    return await run("psql", url, *arguments)


async def run(tool: str, url: str, *arguments: str) -> tuple[str, str]:
    process = await asyncio.create_subprocess_exec(
        binaries_folder(server_user()) / tool,
        "--dbname",
        url.replace("+asyncpg", ""),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PGCLIENTENCODING": "UTF8", "LC_ALL": "C.UTF-8"},
    )
    told, complained = await asyncio.wait_for(process.communicate(), 60)
    return told.decode(), complained.decode()


async def test_psql_shows_the_refusal_in_swedish_with_a_hint(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    await connection.close()
    _, complaint = await psql(database_url, "--command", "UPDATE extension SET ring_limit = 5")
    assert "extension.ring_limit är 5, men den som ringer ska få svar inom fyra signaler (R8)." in complaint
    assert "HINT:  Nobody hears more than four rings" in complaint
    _, complaint = await psql(database_url, "--command", "DELETE FROM mailbox WHERE id = 1")
    assert "Det går inte att ta bort mailbox 1 (Anna): den används av duty_roster 1" in complaint


async def test_a_dump_can_be_restored(database_url: str, tmp_path: Path) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    await connection.execute("DROP DATABASE IF EXISTS restored")
    await connection.execute("CREATE DATABASE restored")
    await connection.close()
    script = str(tmp_path / "dump.sql")
    _, complaint = await run("pg_dump", database_url, "--file", script)
    assert complaint == ""
    restored = shared_server().url_of("restored")
    _, complaint = await psql(restored, "--quiet", "--set", "ON_ERROR_STOP=1", "--file", script)
    assert complaint == ""
    assert await objects(restored) == await objects(database_url)


def test_no_file_of_the_migrations_names_a_table_that_the_downgrade_forgets() -> None:
    folders = [
        path for path in (Path(__file__).parents[2] / "db" / "versions").iterdir() if (path / "undo.sql").exists()
    ]
    made_by_all = 0
    for folder in folders:
        undo = (folder / "undo.sql").read_text(encoding="utf-8")
        scripts = "".join(path.read_text(encoding="utf-8") for path in folder.glob("[0-9]*.sql"))
        made = re.findall(r"CREATE TABLE (\w+)", scripts)
        made_by_all += len(made)
        assert not [name for name in made if not re.search(rf"\b{name}\b", undo)]
    assert made_by_all > 1
