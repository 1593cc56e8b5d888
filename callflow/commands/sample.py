"""`callflow sample`."""

import asyncio

import typer

from callflow.commands.shared import database_url, in_language
from callflow.storage.sample import load_sample

_TEXTS = {
    "sv": ("Exempelregionen är inläst.", "Databasen har redan organisationer; inget ändrades."),
    "en": ("The sample region is loaded.", "The database has organisations already; nothing was changed."),
}


def command() -> None:
    """Load the sample region into an empty policy database."""
    loaded, there_already = in_language(_TEXTS)
    typer.echo(loaded if asyncio.run(load_sample(database_url())) else there_already)
