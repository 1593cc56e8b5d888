"""Benches measure the real thing as the tests start it; `make bench` prints what they find."""

from tests.databases import database_url

__all__ = ["database_url"]
