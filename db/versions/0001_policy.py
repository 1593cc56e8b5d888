"""The policy database: tables, references, guards, audit and revision.

The SQL stands in the folder beside, one subject a file, in the order of the names; `undo.sql` takes it all away.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def run(script: Path) -> None:
    """Run a file of many statements: as plain text, since a prepared statement holds only one."""
    connection = op.get_bind()
    connection.exec_driver_sql("SELECT 1")  # begins the transaction that the file belongs to
    text = script.read_text(encoding="utf-8")
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute(text))


def upgrade() -> None:
    for script in sorted(FOLDER.glob("[0-9]*.sql")):
        run(script)


def downgrade() -> None:
    run(FOLDER / "undo.sql")
