"""`callflow divert`: divert an extension's calls, or cancel the diversions (R9)."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

import typer

from callflow.commands.shared import (
    BadNumberError,
    change_policy,
    database_url,
    find_extension,
    in_language,
    require_diallable,
)
from callflow.policy.model import DiversionCondition, Extension, Policy, Target, TargetKind
from callflow.policy.numbers import normalise
from callflow.storage.connection import Connection
from callflow.storage.snapshot import TARGET_COLUMNS, read_snapshot

VOICEMAIL = ("voicemail", "röstbrevlåda")

_TEXTS = {
    "sv": {"set": "{number}: {condition} går till {to}.", "cancelled": "{number}: inga vidarekopplingar längre."},
    "en": {"set": "{number}: {condition} goes to {to}.", "cancelled": "{number}: no diversions any more."},
}
_ONE_THING = {
    "sv": "Ange en vidarekoppling (--all, --no-answer, --busy, --unreachable) eller --cancel.",
    "en": "Give a diversion (--all, --no-answer, --busy, --unreachable) or --cancel.",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A diversion to set: `to` as it was written."""

    condition: DiversionCondition
    to: str
    rings: int | None


def command(  # noqa: PLR0913, PLR0917 - the options of the command
    number: Annotated[str, typer.Argument(help="The extension's number, short or whole.")],
    everything: Annotated[str, typer.Option("--all", help="Where all calls go (*21*).")] = "",
    no_answer: Annotated[str, typer.Option("--no-answer", help="Where unanswered calls go (*61*).")] = "",
    busy: Annotated[str, typer.Option("--busy", help="Where calls go while busy (*67*).")] = "",
    unreachable: Annotated[str, typer.Option("--unreachable", help="Where calls go without a phone (*62*).")] = "",
    rings: Annotated[int | None, typer.Option(help="Rings before --no-answer, 1 to 4.")] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel the extension's diversions.")] = False,
) -> None:
    """Divert an extension's calls to a number or to 'voicemail', or cancel; the next call goes by it."""
    written = {
        DiversionCondition.ALL: everything,
        DiversionCondition.NO_ANSWER: no_answer,
        DiversionCondition.BUSY: busy,
        DiversionCondition.UNREACHABLE: unreachable,
    }
    wanted = [
        Wanted(condition, to, rings if condition is DiversionCondition.NO_ANSWER else None)
        for condition, to in written.items()
        if to
    ]
    if bool(wanted) == cancel:
        raise typer.BadParameter(in_language(_ONE_THING))
    asyncio.run(_divert(number, wanted))
    texts = in_language(_TEXTS)
    for one in wanted:
        typer.echo(texts["set"].format(number=number, condition=one.condition.value, to=one.to))
    if cancel:
        typer.echo(texts["cancelled"].format(number=number))


async def _divert(number: str, wanted: list[Wanted]) -> None:
    """Set what is wanted in one transaction; nothing wanted means none at all."""
    policy = (await read_snapshot(database_url())).policy
    row = find_extension(number, policy)
    targets = [(one, _target(one.to, row, policy)) for one in wanted]

    async def work(connection: Connection) -> None:
        if not targets:
            await connection.execute("DELETE FROM diversion WHERE extension_id = $1", row.id)
        for one, target in targets:
            await _set(connection, row, one, target)

    await change_policy(work)


async def _set(connection: Connection, row: Extension, wanted: Wanted, target: Target) -> None:
    condition = wanted.condition.value
    await connection.execute("DELETE FROM diversion WHERE extension_id = $1 AND condition = $2", row.id, condition)
    columns = {kind: f"to_{column}" for column, kind in TARGET_COLUMNS} | {TargetKind.NUMBER: "to_number"}
    await connection.execute(
        f"INSERT INTO diversion (extension_id, condition, rings, {columns[target.kind]}) VALUES ($1, $2, $3, $4)",  # noqa: S608
        row.id,
        condition,
        wanted.rings,
        target.number if target.kind is TargetKind.NUMBER else target.id,
    )


def _target(to: str, row: Extension, policy: Policy) -> Target:
    if to.strip().lower() in VOICEMAIL:
        if row.mailbox_id is None:
            raise BadNumberError(f"{row.number} has no mailbox to divert to.")
        return Target(TargetKind.MAILBOX, row.mailbox_id)
    number = normalise(require_diallable(to), policy, internal=True).number
    if number is None:
        raise BadNumberError(f"'{to}' is no number that calls can go to.")
    return policy.numbers.get(number) or Target(TargetKind.NUMBER, number=number)
