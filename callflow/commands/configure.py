"""`callflow configure`."""

import asyncio

import typer

from callflow.commands.shared import database_url, in_language
from callflow.config import settings
from callflow.embedded.configure import configure_asterisk
from callflow.embedded.home import make_home
from callflow.embedded.tools import prepare_programs
from callflow.errors import CallflowError
from callflow.speech.prompts import make_prompts

_DONE = {
    "sv": "Asterisks konfiguration står i {folder}, ljuden i {sounds}.",
    "en": "Asterisk's configuration is in {folder}, the sounds in {sounds}.",
}
_NO_SECRETS = {
    "sv": "Sätt CALLFLOW_ARI_PASSWORD och CALLFLOW_AMI_PASSWORD (långa och slumpade) och börja om.",
    "en": "Set CALLFLOW_ARI_PASSWORD and CALLFLOW_AMI_PASSWORD (long and random), then start again.",
}


class SecretsMissingError(CallflowError):
    """The passwords of ARI and AMI are not set."""

    code = "secrets_missing"


def command() -> None:
    """Write Asterisk's configuration and speak the prompts, for an Asterisk that `callflow run` does not start."""
    chosen = settings()
    database_url()
    if not (chosen.ari_password.get_secret_value() and chosen.ami_password.get_secret_value()):
        raise SecretsMissingError(in_language(_NO_SECRETS))
    make_home(chosen.home)
    tools = prepare_programs(chosen, typer.echo)
    make_prompts(chosen, tools, typer.echo)
    asyncio.run(configure_asterisk(chosen, tools))
    folder = chosen.asterisk_folder / "etc"
    typer.echo(in_language(_DONE).format(folder=folder, sounds=chosen.sounds_folder))
