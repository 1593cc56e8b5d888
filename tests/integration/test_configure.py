"""`callflow configure`: Asterisk's files for an Asterisk that somebody else starts."""

import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from callflow.config import Settings
from tests.command_line import CommandLine

PASSWORDS = {"CALLFLOW_ARI_PASSWORD": "a-long-and-random-one", "CALLFLOW_AMI_PASSWORD": "another-one-as-long"}


@pytest.fixture
def home() -> Iterator[Path]:
    # pytest's own folders leave too little of the 107 bytes that a Unix socket's path may have.
    with tempfile.TemporaryDirectory(prefix="callflow-test-", dir="/tmp") as name:
        yield Path(name) / "home"


@pytest.fixture
def callflow(home: Path, sample_database_url: str) -> CommandLine:
    line = CommandLine(home, sample_database_url)
    shared = Settings()
    line.environment |= {"CALLFLOW_TOOLS": str(shared.tools_folder), "CALLFLOW_SOUNDS": str(shared.sounds_folder)}
    return line


def test_configure_writes_what_asterisk_needs_to_start_alone(callflow: CommandLine, home: Path) -> None:
    callflow.environment |= PASSWORDS
    done = callflow("configure")
    assert done.returncode == 0, done.stderr
    etc = home / "asterisk" / "etc"
    with closing(sqlite3.connect(etc / "generated" / "replica.sqlite3")) as replica:
        assert replica.execute("SELECT id FROM ps_endpoints WHERE id = '61100'").fetchone()
        assert replica.execute("SELECT arguments FROM net WHERE dialled = '61100'").fetchone()
    assert PASSWORDS["CALLFLOW_ARI_PASSWORD"] in (etc / "ari.conf").read_text()
    assert all(path.stat().st_mode & 0o077 == 0 for path in etc.rglob("*.*"))
    version = subprocess.run(
        [home / "asterisk" / "run" / "asterisk", "-V"], capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("Asterisk 2")


def test_configure_without_passwords_says_what_to_set(callflow: CommandLine, home: Path) -> None:
    done = callflow("configure")
    assert done.returncode == 1
    assert "CALLFLOW_ARI_PASSWORD" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "asterisk").exists()
