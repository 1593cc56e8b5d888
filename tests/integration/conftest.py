"""What the tests with a real database share."""

from tests.databases import database_url, sample_database_url

__all__ = ["database_url", "sample_database_url"]
