"""`callflow barring`: what is barred for whom and why, and what kind of number a number is (R18)."""

import asyncio
from typing import Annotated

import typer

from callflow.commands.number_kind import tell_number
from callflow.commands.rights import (
    Rights,
    exemption_line,
    in_force,
    in_words,
    name_of,
    read_category,
    read_rights,
    reasons_of,
    rows_of,
    say,
    what_opens,
)
from callflow.commands.shared import change_policy, find_extension, find_organisation
from callflow.errors import CallflowError
from callflow.policy.barrings import BARRED_BY_DEFAULT, NEVER_OPENED, Category, Exemption
from callflow.policy.lineage import lineage
from callflow.policy.model import Extension, Organisation, Policy, TargetKind, Unit
from callflow.policy.numbers import normalise
from callflow.policy.outgoing import Mover
from callflow.service.clock import now
from callflow.storage.connection import Connection

MOST_EXEMPTIONS = 40
"""How many exemptions are shown; an organisation may have thousands."""


class UnknownUnitError(CallflowError):
    """A unit that the policy does not have, or has several of."""

    code = "unknown_unit"


class NotRemovedError(CallflowError):
    """There is no barring that could be removed."""

    code = "not_removed"


def command(  # noqa: PLR0913, PLR0917 - the options of the command
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EXTENSION] [CATEGORY]", help="An extension's number; a kind such as 'mobile'."),
    ] = None,
    organisation: Annotated[str, typer.Option(help="For an organisation, by its key, e.g. umea.")] = "",
    unit: Annotated[str, typer.Option(help="For a unit and those below it, by name, number or id.")] = "",
    reason: Annotated[str, typer.Option(help="Bar the kind there, for this reason.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the barring of the kind there away.")] = False,
    number: Annotated[str, typer.Option(help="Tell what kind of number this is, and whether it may be called.")] = "",
) -> None:
    """Show what an extension, a unit or an organisation may not call and why; bar a kind of number, or unbar it."""
    extension, category = _split(words or [])
    kind = read_category(category) if category else None
    _require_sense(kind, [extension, organisation, unit], reason=reason, remove=remove, number=number)
    rights = asyncio.run(read_rights())
    mover = _mover(rights.policy, extension, organisation, unit)
    if number:
        tell_number(rights, mover, number)
        return
    if kind is not None and mover is not None and (reason or remove):
        asyncio.run(_remove(rights, mover, kind) if remove else _add(mover, kind, reason))
        typer.echo(say("removed" if remove else "added"))
        rights = asyncio.run(read_rights())
    _show(rights, mover, kind)


def _split(words: list[str]) -> tuple[str, str]:
    """Return the extension and the category among the arguments, empty where there is none."""
    numbers = [word for word in words if any(character.isdigit() for character in word)]
    categories = [word for word in words if word not in numbers]
    if len(numbers) > 1 or len(categories) > 1:
        raise typer.BadParameter(say("barring_words"))
    return "".join(numbers), "".join(categories)


def _require_sense(kind: Category | None, scopes: list[str], *, reason: str, remove: bool, number: str) -> None:
    given = sum(map(bool, scopes))
    if number and (kind is not None or reason or remove):
        raise typer.BadParameter(say("number_alone"))
    if (reason or remove) and (kind is None or (reason and remove)):
        raise typer.BadParameter(say("barring_options"))
    if given > 1 or ((reason or remove) and given == 0):
        raise typer.BadParameter(say("one_scope"))


def _mover(policy: Policy, extension: str, organisation: str, unit: str) -> Mover | None:
    if extension:
        return find_extension(extension, policy)
    if organisation:
        return find_organisation(organisation, policy)
    return _unit(policy, unit) if unit else None


def _unit(policy: Policy, text: str) -> Unit:
    """Return the unit with this id, this number, or this name or part of one, which only one may have."""
    if text.isdecimal() and int(text) in policy.units:
        return policy.units[int(text)]
    target = policy.numbers.get(normalise(text, policy, internal=True).number or "")
    if target is not None and target.kind is TargetKind.UNIT:
        return policy.units[target.id or 0]
    wanted = text.strip().casefold()
    named = [row for row in policy.units.values() if wanted in row.name.casefold()]
    found = [row for row in named if row.name.casefold() == wanted] or named
    if not found:
        raise UnknownUnitError(say("unknown_unit", text=text))
    if len(found) > 1:
        ids = ", ".join(f"{row.id} ({row.name}, {policy.organisations[row.organisation_id].name})" for row in found)
        raise UnknownUnitError(say("many_units", text=text, ids=ids))
    return found[0]


def _show(rights: Rights, mover: Mover | None, kind: Category | None) -> None:
    typer.echo(name_of(mover, rights.policy) if mover is not None else say("everybody"))
    exempted = in_force(_exemptions(rights.policy, mover), now())
    free = []
    for category in [kind] if kind is not None else list(Category):
        reasons = reasons_of(rights, mover, category)
        if not reasons:
            free.append(in_words(category))
            continue
        opened = [row for row in exempted if row.category is category and category not in NEVER_OPENED]
        is_open = isinstance(mover, Extension) and bool(opened)
        typer.echo(f"  {say('opened' if is_open else 'barred', category=in_words(category))} {'; '.join(reasons)}")
    if free:
        typer.echo(f"  {say('free', categories=', '.join(free))}")
    _show_exemptions(rights, mover, [row for row in exempted if kind in {None, row.category}])


def _show_exemptions(rights: Rights, mover: Mover | None, rows: list[Exemption]) -> None:
    if not rows:
        return
    typer.echo(say("exemptions_in_force"))
    instant = now()
    for row in rows[:MOST_EXEMPTIONS]:
        whose = name_of(rights.policy.extensions[row.extension_id], rights.policy)
        prefix = "" if isinstance(mover, Extension) else f"{whose}, "
        typer.echo(f"  {prefix}{exemption_line(rights, row, instant)}")
    if len(rows) > MOST_EXEMPTIONS:
        typer.echo(f"  {say('and_more', count=len(rows) - MOST_EXEMPTIONS)}")


def _exemptions(policy: Policy, mover: Mover | None) -> list[Exemption]:
    """Return the exemptions of a mover's extensions, by extension."""
    rows = sorted(policy.exemptions.values(), key=lambda row: (policy.extensions[row.extension_id].number, row.id))
    return [row for row in rows if _belongs(policy, policy.extensions[row.extension_id], mover)]


def _belongs(policy: Policy, extension: Extension, mover: Mover | None) -> bool:
    if mover is None or extension == mover:
        return True
    if isinstance(mover, Organisation):
        return extension.organisation_id == mover.id
    return isinstance(mover, Unit) and mover in lineage(policy, policy.units.get(extension.unit_id))


def _column(mover: Mover) -> str:
    if isinstance(mover, Extension):
        return "extension_id"
    return "unit_id" if isinstance(mover, Unit) else "organisation_id"


async def _add(mover: Mover, kind: Category, reason: str) -> None:
    statement = f"INSERT INTO barring ({_column(mover)}, category, reason) VALUES ($1, $2, $3)"  # noqa: S608

    async def work(connection: Connection) -> None:
        await connection.execute(statement, mover.id, kind.value, reason)

    await change_policy(work)


async def _remove(rights: Rights, mover: Mover, kind: Category) -> None:
    statement = f"DELETE FROM barring WHERE {_column(mover)} = $1 AND category = $2"  # noqa: S608

    async def work(connection: Connection) -> str:
        return str(await connection.execute(statement, mover.id, kind.value))

    if (await change_policy(work)).endswith(" 0"):
        raise NotRemovedError(_not_removed(rights, mover, kind))


def _not_removed(rights: Rights, mover: Mover, kind: Category) -> str:
    if kind in BARRED_BY_DEFAULT:
        return say("is_default", category=in_words(kind), opens=what_opens(rights.policy, mover, kind))
    above = [row for row in rows_of(rights.policy, mover) if row.category is kind]
    if above:
        reasons = "; ".join(reasons_of(rights, mover, kind))
        return say("barred_above", category=in_words(kind), reasons=reasons)
    return say("not_barred", category=in_words(kind))
