"""`callflow migrate`."""

import asyncio

import typer

from callflow.commands.shared import database_url, in_language
from callflow.storage.migrate import migrate

_DONE = {"sv": "Databasen har det nyaste schemat.", "en": "The database has the newest schema."}


def command() -> None:
    """Bring the policy database to the newest schema; do nothing if it is there."""
    asyncio.run(migrate(database_url()))
    typer.echo(in_language(_DONE))
