"""Duty taken over, units forced open or closed, and code sets in which no code is the beginning of another.

The SQL stands in the folder beside; `undo.sql` takes it back.
"""

from pathlib import Path

from callflow.storage.migrate import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    for script in sorted(FOLDER.glob("[0-9]*.sql")):
        run_script(script)


def downgrade() -> None:
    run_script(FOLDER / "undo.sql")
