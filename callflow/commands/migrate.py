"""`callflow migrate`."""

import asyncio

import typer

from callflow.commands.shared import database_url
from callflow.storage.migrate import migrate


def command() -> None:
    """Bring the policy database to the newest schema; do nothing if it is there."""
    asyncio.run(migrate(database_url()))
    typer.echo("Databasen har det nyaste schemat.")
