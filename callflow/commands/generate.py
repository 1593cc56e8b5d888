"""`callflow generate`."""

import asyncio
from typing import Annotated

import typer

from callflow.commands.shared import database_url, in_language
from callflow.storage.generator import generate_region

_DONE = {
    "sv": "En region med {extensions} anknytningar är inläst.",
    "en": "A region of {extensions} extensions is loaded.",
}


def command(
    extensions: Annotated[int, typer.Argument(min=1, help="How many extensions, such as 1000, 15000 or 100000.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same region.")] = 1,
) -> None:
    """Fill an empty policy database with a region of many extensions."""
    asyncio.run(generate_region(database_url(), extensions, seed))
    typer.echo(in_language(_DONE).format(extensions=extensions))
