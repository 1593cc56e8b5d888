"""`callflow exemption`: what an extension may call although it is barred, and by whose approval (R18)."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated

import typer

from callflow.commands.rights import (
    Rights,
    exemption_line,
    in_words,
    name_of,
    read_category,
    read_rights,
    say,
)
from callflow.commands.shared import change_policy, find_extension
from callflow.errors import CallflowError
from callflow.policy.barrings import Category
from callflow.policy.model import Extension, Person, Policy
from callflow.policy.numbers import national
from callflow.policy.outgoing import nearest_manager
from callflow.policy.schedule import zone_of
from callflow.service.clock import BadTimeError, local_instant, now
from callflow.storage.connection import Connection

FIRST_YEAR, LAST_YEAR = 2000, 2199
"""What the database takes for a year."""

_ADD = """
    INSERT INTO exemption (extension_id, category, approver_id, reason, starts_at, ends_at)
    VALUES ($1, $2, $3, $4, coalesce($5, now()), $6)
"""
_END = """
    UPDATE exemption SET ends_at = now()
    WHERE extension_id = $1 AND category = $2 AND starts_at < now() AND now() < ends_at
"""
_WITHDRAW = "DELETE FROM exemption WHERE extension_id = $1 AND category = $2 AND starts_at >= now()"


class UnknownPersonError(CallflowError):
    """A person that the policy does not have, or has several of."""

    code = "unknown_person"


class NoManagerError(CallflowError):
    """No manager can approve an exemption."""

    code = "no_manager"


class NoExemptionError(CallflowError):
    """There is no exemption to end."""

    code = "no_exemption"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An exemption to give, as it was written."""

    until: str
    starts: str
    reason: str
    approver: str


def command(  # noqa: PLR0913, PLR0917 - the options of the command
    number: Annotated[str, typer.Argument(help="The extension's number, short or whole.")],
    category: Annotated[str, typer.Argument(help="The kind of number, such as 'international' or 'utland'.")] = "",
    until: Annotated[str, typer.Option(help="The last day, such as 2027-05-31, or a time.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    starts: Annotated[str, typer.Option("--from", help="The first day, or a time; else now.")] = "",
    approver: Annotated[str, typer.Option(help="Who approved it, by name or id; else the nearest manager.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End it now, and withdraw what has not begun.")] = False,
) -> None:
    """Show an extension's exemptions from what is barred, give one that the nearest manager approved, or end one.

    To change one, end it and give a new one.
    """
    kind = read_category(category) if category else None
    wanted = Wanted(until=until, starts=starts, reason=reason, approver=approver)
    gives = any((until, starts, reason, approver))
    if (gives and (end or kind is None or not (until and reason))) or (end and kind is None):
        raise typer.BadParameter(say("exemption_options"))
    rights = asyncio.run(read_rights())
    extension = find_extension(number, rights.policy)
    if kind is not None and (gives or end):
        asyncio.run(_end(extension, kind) if end else _give(rights.policy, extension, kind, wanted))
        rights = asyncio.run(read_rights())
    _show(rights, rights.policy.extensions[extension.id], kind)


def _show(rights: Rights, extension: Extension, kind: Category | None) -> None:
    typer.echo(name_of(extension, rights.policy))
    exempted = rights.policy.exempted.get(extension.id, ())
    rows = sorted((row for row in exempted if kind in {None, row.category}), key=lambda row: row.starts_at)
    instant = now()
    for row in rows:
        typer.echo(f"  {exemption_line(rights, row, instant)}")
    if not rows:
        typer.echo(f"  {say('no_exemptions')}")
    manager = nearest_manager(rights.policy, extension)
    typer.echo(say("approves", manager=manager.full_name) if manager is not None else _no_manager(extension))


async def _give(policy: Policy, extension: Extension, kind: Category, wanted: Wanted) -> None:
    local = zone_of(policy, extension.organisation_id)
    approver = _approver(policy, extension, wanted.approver)
    starts_at = _instant(wanted.starts, local) if wanted.starts else None
    ends_at = _instant(wanted.until, local, whole_day=True)

    async def work(connection: Connection) -> None:
        await connection.execute(_ADD, extension.id, kind.value, approver.id, wanted.reason, starts_at, ends_at)

    await change_policy(work)


async def _end(extension: Extension, kind: Category) -> None:
    """End what counts now and withdraw what would count later, so that nothing of the kind is open any more."""

    async def work(connection: Connection) -> tuple[str, str]:
        ended = await connection.execute(_END, extension.id, kind.value)
        return ended, await connection.execute(_WITHDRAW, extension.id, kind.value)

    ended, withdrawn = await change_policy(work)
    values = {"number": national(extension.number), "category": in_words(kind)}
    done = [word for word, tag in (("ended", ended), ("withdrawn", withdrawn)) if not tag.endswith(" 0")]
    if not done:
        raise NoExemptionError(say("nothing_to_end", **values))
    for word in done:
        typer.echo(say(word, **values))


def _approver(policy: Policy, extension: Extension, text: str) -> Person:
    """Return who approved: the nearest manager, or the one named; the database tells whether that person may."""
    manager = nearest_manager(policy, extension)
    if not text:
        if manager is None:
            raise NoManagerError(_no_manager(extension))
        return manager
    organisation = policy.organisations[extension.organisation_id].name
    if text.strip().isdecimal():
        found = [row for row in policy.people.values() if row.id == int(text)]
    else:
        found = _called(policy, extension, text)
    if manager in found:
        return manager
    if not found:
        raise UnknownPersonError(say("unknown_person", text=text, organisation=organisation))
    if len(found) > 1:
        ids = ", ".join(str(row.id) for row in found)
        raise UnknownPersonError(say("many_people", text=text, organisation=organisation, ids=ids))
    return found[0]


def _called(policy: Policy, extension: Extension, name: str) -> list[Person]:
    wanted = " ".join(name.split()).casefold()
    return [
        row
        for row in policy.people.values()
        if row.organisation_id == extension.organisation_id and row.full_name.casefold() == wanted
    ]


def _no_manager(extension: Extension) -> str:
    return say("no_manager", number=national(extension.number))


def _instant(text: str, local: tzinfo, *, whole_day: bool = False) -> datetime:
    """Read a time, or a date alone: its first moment, or with `whole_day` the first moment after it."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return _within_years(local_instant(text, local), text)
    midnight = _within_years(datetime.combine(day, time(), tzinfo=local), text)
    return midnight + timedelta(days=1) if whole_day else midnight


def _within_years(instant: datetime, text: str) -> datetime:
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise BadTimeError(say("bad_time", text=text))
    return instant
