"""The `callflow` command: one registry of sub-commands, each imported only when it is used."""

import importlib
import importlib.util
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from callflow import __version__
from callflow.errors import CallflowError

COMMANDS = {
    "run": "Set everything up and run the whole system on the sample region.",
    "call": "Place a real call into the running system and show what the caller hears.",
    "explain": "Tell how a call would be decided, and by which rules.",
    "policy": "Find what in the policy breaks a rule, loses calls or does nothing.",
    "barring": "Show what is barred, bar and unbar; tell what kind of number a number is.",
    "exemption": "Show and give exemptions from barrings.",
    "divert": "Divert an extension's calls, or cancel the diversion.",
    "absence": "Show, report and end the absence of whose extension it is.",
    "duty": "Show who has duty, take it over and hand it back.",
    "unit": "Show what a unit is forced to be, close and open it for a time.",
    "codes": "Print the employees' card of an organisation's feature codes.",
    "calendar": "Show whose calendars are read for absences; set, remove and read them.",
    "messages": "Show the voice messages that nobody has answered; close one by hand.",
    "extension": "Show and change an extension.",
    "lost": "Lock a lost phone, unlock one that was found, and show what came of it.",
    "outbox": "Show the orders to others, send one again, hand over what is not delivered.",
    "serve": "Take calls from Asterisk and give each its plan.",
    "migrate": "Bring the policy database to the newest schema.",
    "configure": "Write Asterisk's configuration and speak the prompts, in production.",
    "sample": "Load the sample region into an empty policy database.",
    "generate": "Fill an empty policy database with a region of many extensions.",
}
"""Every sub-command with its line of help, in the order of `callflow --help`."""

FAILED = 1
BAD_SETTING = 2


class LazyGroup(TyperGroup):
    """Commands found by name in `callflow.commands`, imported on use.

    `Any` stands for click's own types, which Typer carries under a name of its own in newer versions.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        """Return those whose file is there."""
        del ctx
        return [name for name in COMMANDS if importlib.util.find_spec(_module(name)) is not None]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Import a command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(_module(cmd_name))
        app = getattr(module, "app", None) or _app_of(module.command)
        command = typer.main.get_command(app)
        command.name, command.short_help = cmd_name, COMMANDS[cmd_name]
        return command


def _module(name: str) -> str:
    return f"callflow.commands.{name.replace('-', '_')}"


def _app_of(command: Any) -> typer.Typer:  # noqa: ANN401 - whatever function the module calls its command
    app = typer.Typer(add_completion=False)
    app.command()(command)
    return app


cli = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def callflow(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Telephone policy for municipalities: written rules that a real Asterisk keeps on every call."""
    del version


def main() -> None:
    """Run the command line; an error of ours is one clear message, never a traceback.

    The exit code is 2 for a setting that has a wrong value, as for a wrong option, else 1.
    """
    try:
        cli()
    except CallflowError as error:
        typer.echo(str(error), err=True)
        sys.exit(BAD_SETTING if error.code == "bad_setting" else FAILED)
