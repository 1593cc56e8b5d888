"""`callflow …` as a person runs it."""

import os
import subprocess
import sys
from pathlib import Path


class CommandLine:
    """The command with a home and a database of its own; `environment` may be added to."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.environment = {**os.environ, "CALLFLOW_HOME": str(home), "CALLFLOW_DATABASE_URL": database_url}

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "callflow", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment, timeout=60)

    def shows(self, *arguments: str) -> str:
        """Return what a command prints that must succeed."""
        done = self(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refuses(self, *arguments: str, code: int = 1) -> str:
        """Return the message of a command that must fail with this exit code, and change and print nothing."""
        done = self(*arguments)
        assert done.returncode == code, (done.stdout, done.stderr)
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        return done.stderr
