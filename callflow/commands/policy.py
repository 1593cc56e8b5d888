"""`callflow policy`: look the whole policy over."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from callflow.commands.shared import database_url, find_organisation, in_language
from callflow.errors import CallflowError
from callflow.policy.check import check as findings_of
from callflow.policy.check_report import Findings, as_json, as_text, of_organisation
from callflow.policy.checks.finding import Severity
from callflow.policy.model import DEFAULT_TIME_ZONE, Organisation, Policy
from callflow.service.clock import local_instant, now
from callflow.storage.snapshot import read_snapshot

app = typer.Typer(add_completion=False, no_args_is_help=True)

FOUND = 1
NOT_CHECKED = 2
"""Exit codes: something was found; nothing could be checked. 0 is neither."""


@app.callback()
def group() -> None:
    """Look the whole policy over."""


@app.command()
def check(
    as_json_text: Annotated[bool, typer.Option("--json", help="Print the documented, stable JSON.")] = False,
    language: Annotated[
        Literal["sv", "en"] | None, typer.Option("--language", "--lang", help="The language of the text.")
    ] = None,
    at: Annotated[str, typer.Option("--at", help="Check as of this time, e.g. '2026-12-24 13:00'; else now.")] = "",
    organisation: Annotated[str, typer.Option(help="Only this organisation, by its key, e.g. umea.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors for the exit code.")] = False,
) -> None:
    """Find what in the policy breaks a rule, loses calls or does nothing, and tell what to do.

    Exit code 0: no errors; 1: errors (with --strict also warnings); 2: it could not be checked.
    """
    try:
        instant = local_instant(at, ZoneInfo(DEFAULT_TIME_ZONE)) if at else now()
        policy = asyncio.run(read_snapshot(database_url())).policy
        only = find_organisation(organisation, policy) if organisation else None
    except CallflowError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(NOT_CHECKED) from error
    found = _found(policy, instant, only)
    if as_json_text:
        typer.echo(json.dumps(as_json(found, policy, instant, only), ensure_ascii=False, indent=2))
    else:
        typer.echo(as_text(found, policy, language or in_language({"sv": "sv", "en": "en"})))
    if any(strict or row.severity is Severity.ERROR for row in found):
        raise typer.Exit(FOUND)


def _found(policy: Policy, instant: datetime, only: Organisation | None) -> Findings:
    found = findings_of(policy, instant)
    return found if only is None else of_organisation(found, only)
