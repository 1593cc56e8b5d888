"""What the tests with a real database share."""

from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.databases import database_url, sample_database_url

__all__ = ["database_url", "sample_database_url"]


@pytest.fixture
def callflow(tmp_path: Path, sample_database_url: str) -> CommandLine:
    """`callflow …` on the sample region, in a home where nothing runs."""
    return CommandLine(tmp_path, sample_database_url)
