"""`callflow codes`: the employees' card of feature codes, as Markdown."""

import asyncio
from typing import Annotated

import typer

from callflow.commands.rights import read_rights
from callflow.commands.shared import find_organisation, in_language
from callflow.policy.code_card import code_card


def command(
    organisation: Annotated[str, typer.Argument(help="The organisation's key; all of them if not given.")] = "",
) -> None:
    """Print what can be dialled in an organisation, with an example each."""
    policy = asyncio.run(read_rights()).policy
    rows = [find_organisation(organisation, policy)] if organisation else list(policy.organisations.values())
    language = in_language({"sv": "sv", "en": "en"})
    typer.echo("\n".join(code_card(policy, row, language) for row in rows), nl=False)
