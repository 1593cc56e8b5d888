"""How long what is over is kept, and the function that forgets it (R12).

The SQL stands in the folder beside; `undo.sql` takes it back.
"""

from pathlib import Path

from callflow.storage.migrate import run_script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    for script in sorted(FOLDER.glob("[0-9]*.sql")):
        run_script(script)


def downgrade() -> None:
    run_script(FOLDER / "undo.sql")
