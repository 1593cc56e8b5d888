"""`callflow divert`: divert an extension's calls, or cancel the diversions (R9)."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

import typer

from callflow.commands.rights import Rights, in_words, read_rights, reasons_of, say, what_opens
from callflow.commands.shared import (
    change_policy,
    find_extension,
    in_language,
    require_diallable,
)
from callflow.errors import CallflowError
from callflow.policy.diversion_targets import TargetRefusal, check_target, latest_end
from callflow.policy.model import Diversion, DiversionCondition, Extension, Target, TargetKind
from callflow.policy.numbers import national
from callflow.policy.texts import WORDS
from callflow.service.clock import now
from callflow.storage.connection import Connection
from callflow.storage.diversions import put_diversion

VOICEMAIL = ("voicemail", "röstbrevlåda")

_TEXTS = {
    "sv": {
        "set": "{number}: {condition} går till {to}.",
        "until": "{number}: {condition} går till {to}, längst till {ends}.",
        "cancelled": "{number}: inga vidarekopplingar längre.",
    },
    "en": {
        "set": "{number}: {condition} goes to {to}.",
        "until": "{number}: {condition} goes to {to}, until {ends} at the latest.",
        "cancelled": "{number}: no diversions any more.",
    },
}
_ONE_THING = {
    "sv": "Ange en vidarekoppling (--all, --no-answer, --busy, --unreachable) eller --cancel.",
    "en": "Give a diversion (--all, --no-answer, --busy, --unreachable) or --cancel.",
}


class TargetRefusedError(CallflowError):
    """A number that an extension's calls may not be diverted to."""

    code = "target_refused"


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
    done = asyncio.run(_divert(number, wanted))
    texts = in_language(_TEXTS)
    for one, set_now in zip(wanted, done, strict=True):
        ends = f"{set_now.ends_at:%Y-%m-%d %H:%M}" if set_now.ends_at is not None else ""
        text = texts["until" if ends else "set"]
        typer.echo(text.format(number=number, condition=one.condition.value, to=one.to, ends=ends))
    if cancel:
        typer.echo(texts["cancelled"].format(number=number))


async def _divert(number: str, wanted: list[Wanted]) -> list[Diversion]:
    """Set what is wanted in one transaction, by the checks of the feature codes; nothing wanted means none at all."""
    rights = await read_rights()
    row = find_extension(number, rights.policy)
    diversions = [_diversion(one, row, rights) for one in wanted]

    async def work(connection: Connection) -> None:
        if not diversions:
            await put_diversion(connection, row.id, DiversionCondition, None)
        for diversion in diversions:
            await put_diversion(connection, row.id, (diversion.condition,), diversion)

    await change_policy(work)
    return diversions


def _diversion(wanted: Wanted, row: Extension, rights: Rights) -> Diversion:
    target = _target(wanted.to, row, rights)
    ends_at = latest_end(rights.policy, row, target, now())
    return Diversion(condition=wanted.condition, target=target, rings=wanted.rings, ends_at=ends_at)


def _target(to: str, row: Extension, rights: Rights) -> Target:
    if to.strip().lower() in VOICEMAIL:
        if row.mailbox_id is None:
            raise TargetRefusedError(say("no_mailbox", number=national(row.number)))
        return Target(TargetKind.MAILBOX, row.mailbox_id)
    found = check_target(rights.policy, row, require_diallable(to), now())
    if isinstance(found, TargetRefusal):
        raise TargetRefusedError("\n".join(_refusal(found, to, row, rights)))
    return found


def _refusal(refusal: TargetRefusal, to: str, row: Extension, rights: Rights) -> list[str]:
    """Return why a number is no target, and of what is barred what opens it."""
    swedish, english = WORDS[refusal.obstacle]
    lines = [
        say("target_refused", number=national(row.number), to=to, why=in_language({"sv": swedish, "en": english}))
    ]
    for category in refusal.permission.barred if refusal.permission is not None else ():
        reasons = "; ".join(reasons_of(rights, row, category))
        lines.append(f"{say('barred', category=in_words(category))} {reasons}")
        lines.append(what_opens(rights.policy, row, category))
    return lines
