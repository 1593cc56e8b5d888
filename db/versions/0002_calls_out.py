"""Calls out: kinds of numbers as the numbering plan writes them, codes that are known, trunks, diversions that end.

The SQL stands in the folder beside, one subject a file, in the order of the names; `undo.sql` takes it back. Rows are
kept; what could never have matched a number goes, and stays readable in the audit.
"""

from pathlib import Path

from callflow.storage.migrate import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    for script in sorted(FOLDER.glob("[0-9]*.sql")):
        run_script(script)


def downgrade() -> None:
    run_script(FOLDER / "undo.sql")
