"""`callflow explain`: how a call would be decided, from the database alone."""

import asyncio
import json
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from callflow.commands.shared import database_url, find_extension, in_language, require_diallable
from callflow.policy.decision import Call
from callflow.policy.explain import explain, explain_text
from callflow.policy.model import DEFAULT_TIME_ZONE, Policy, TargetKind
from callflow.policy.numbers import normalise
from callflow.service.clock import local_instant, now
from callflow.speech.prompt_texts import PROMPTS_FOLDER, read_prompts
from callflow.storage.snapshot import read_snapshot

WITHHELD = ("withheld", "dolt", "anonymous")


def command(  # noqa: PLR0913, PLR0917 - one argument an option
    caller: Annotated[
        str, typer.Option("--from", help="Who calls: a number of ours means that extension's phone; or 'withheld'.")
    ],
    called: Annotated[str, typer.Option("--to", help="The number or feature code that is dialled.")],
    mover: Annotated[
        str, typer.Option("--transferred-by", help="The extension that transfers the call: it goes by its rights.")
    ] = "",
    at: Annotated[str, typer.Option("--at", help="The time of the call, e.g. '2026-12-24 13:00'; else now.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the documented, stable JSON.")] = False,
    lang: Annotated[Literal["sv", "en"] | None, typer.Option("--lang", help="The language of the text.")] = None,
) -> None:
    """Tell how a call would be decided, and by which rules: the same function that decides real calls."""
    policy = asyncio.run(read_snapshot(database_url())).policy
    call, instant = question(caller, called, policy, mover), _instant(at)
    if as_json:
        typer.echo(json.dumps(explain(policy, call, instant), ensure_ascii=False, indent=2))
        return
    language: str = lang or in_language({"sv": "sv", "en": "en"})
    prompts = read_prompts(PROMPTS_FOLDER / f"{language}.txt")
    typer.echo(explain_text(policy, call, instant, language, prompts))


def question(caller: str, called: str, policy: Policy, mover: str = "") -> Call:
    """Return the call that is asked about; `mover` is the extension that transfers it, empty for nobody.

    A caller's number that is an extension of ours stands for its phone, since the database knows it; raise
    `BadNumberError` for what cannot be dialled.
    """
    called_number = require_diallable(called)
    mover_id = find_extension(mover, policy).id if mover else None
    if caller.strip().lower() in WITHHELD:
        return Call(called_number=called_number, mover_extension_id=mover_id)
    dialled = require_diallable(caller)
    number = normalise(dialled, policy, internal=True).number
    target = policy.numbers.get(number or "")
    extension_id = target.id if target is not None and target.kind is TargetKind.EXTENSION else None
    return Call(
        called_number=called_number,
        caller_number=number or dialled,
        caller_extension_id=extension_id,
        mover_extension_id=mover_id,
    )


def _instant(text: str) -> datetime:
    return local_instant(text, ZoneInfo(DEFAULT_TIME_ZONE)) if text else now()
