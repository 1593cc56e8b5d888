"""`callflow unit`: show what a unit is forced to be, close and open it for a time (R4 to R6)."""

import asyncio
from datetime import tzinfo
from typing import Annotated

import typer

from callflow.commands.rights import read_rights
from callflow.commands.shared import change_policy, find_unit, in_language, until_instant
from callflow.policy.model import Unit, UnitOverride
from callflow.policy.overrides import override_at
from callflow.policy.schedule import zone_of
from callflow.service.clock import now
from callflow.storage.connection import Connection
from callflow.storage.overrides import put_override

_TEXTS = {
    "sv": {
        "usual": "{unit} följer sina vanliga tider.",
        "open": "{unit} är satt öppen från {starts} till {ends}, av {by}{present}",
        "closed": "{unit} är satt stängd från {starts} till {ends}, av {by}{present}",
        "present": "  ← nu",
        "one_thing": "Ange --closed-until, --open-until eller --as-usual, eller inget för att se vad som gäller.",
    },
    "en": {
        "usual": "{unit} follows its usual hours.",
        "open": "{unit} is forced open from {starts} to {ends}, by {by}{present}",
        "closed": "{unit} is forced closed from {starts} to {ends}, by {by}{present}",
        "present": "  ← now",
        "one_thing": "Give --closed-until, --open-until or --as-usual, or none of them to see what there is.",
    },
}


def command(
    number: Annotated[str, typer.Argument(help="The unit's number, short or whole.")],
    closed_until: Annotated[str, typer.Option(help="Closed until 14:00, 2026-12-14 or '2026-12-14 08:00'.")] = "",
    open_until: Annotated[str, typer.Option(help="Open until then, whatever its hours.")] = "",
    as_usual: Annotated[bool, typer.Option("--as-usual", help="Follow its usual hours again (#28#).")] = False,
) -> None:
    """Show what a unit is forced to be, now and to come; close or open it until a time, or no longer."""
    if bool(closed_until) + bool(open_until) + as_usual > 1:
        raise typer.BadParameter(in_language(_TEXTS)["one_thing"])
    policy = asyncio.run(read_rights()).policy
    unit = find_unit(number, policy)
    zone = zone_of(policy, unit.organisation_id)
    if closed_until or open_until or as_usual:
        asyncio.run(_change(unit, closed_until or open_until, zone, is_open=bool(open_until)))
        policy = asyncio.run(read_rights()).policy
    _show(policy.units.get(unit.id, unit), zone)


async def _change(unit: Unit, until: str, zone: tzinfo, *, is_open: bool) -> None:
    at = now()
    override = UnitOverride(is_open=is_open, starts_at=at, ends_at=until_instant(until, zone)) if until else None

    async def work(connection: Connection) -> None:
        await put_override(connection, unit.id, at, override)

    await change_policy(work)


def _show(unit: Unit, zone: tzinfo) -> None:
    texts, moment = in_language(_TEXTS), now()
    present = override_at(unit, moment)
    if present is None:
        typer.echo(texts["usual"].format(unit=unit.name))
    for row in unit.overrides:
        if row.ends_at > moment:
            starts, ends = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (row.starts_at, row.ends_at))
            mark = texts["present"] if row is present else ""
            line = texts["open" if row.is_open else "closed"]
            typer.echo(line.format(unit=unit.name, starts=starts, ends=ends, by=row.set_by, present=mark))
