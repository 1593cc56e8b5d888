"""`callflow duty`: show who has duty for a unit, take it over and hand it back (R7)."""

import asyncio
from datetime import datetime, tzinfo
from typing import Annotated

import typer

from callflow.commands.rights import read_rights
from callflow.commands.shared import change_policy, find_extension, find_unit, in_language, until_instant
from callflow.errors import CallflowError
from callflow.policy.duty import DutyBy, OnDuty, duty_of, on_duty, until_when
from callflow.policy.feature_words import name_and_number
from callflow.policy.model import DutyRoster, DutyShift, Policy, Target, TargetKind, Unit
from callflow.policy.numbers import national
from callflow.policy.schedule import zone_of
from callflow.service.clock import now
from callflow.storage.connection import Connection
from callflow.storage.duty import hand_back, take_duty

_TEXTS = {
    "sv": {
        "roster": "{unit} har sin jour från {roster}:",
        "line": "  nivå {level}: {who} ({why})",
        "nobody": "  nivå {level}: ingen",
        "until": "Nästa byte: {ends}.",
        DutyBy.TAKEN_OVER: "har tagit över",
        DutyBy.SHIFT: "enligt schemat",
        DutyBy.STANDING: "stående jour",
        "no_roster": "{unit} har ingen jourlista, och ingen enhet ovanför den eller organisationen heller.",
        "no_level": "{roster} har inga nivåer: lägg upp en i duty_level.",
        "one_thing": "Ange --take och --until, eller --back, eller inget av dem för att se vem som har jouren.",
    },
    "en": {
        "roster": "{unit} has its duty from {roster}:",
        "line": "  level {level}: {who} ({why})",
        "nobody": "  level {level}: nobody",
        "until": "Next change: {ends}.",
        DutyBy.TAKEN_OVER: "has taken over",
        DutyBy.SHIFT: "by plan",
        DutyBy.STANDING: "standing duty",
        "no_roster": "{unit} has no duty roster, nor has a unit above it or its organisation.",
        "no_level": "{roster} has no levels: add one to duty_level.",
        "one_thing": "Give --take and --until, or --back, or none of them to see who has duty.",
    },
}


class NoDutyError(CallflowError):
    """A unit that has its duty from no roster, or from one without levels."""

    code = "no_duty"


def command(
    number: Annotated[str, typer.Argument(help="The unit's number, short or whole.")],
    take: Annotated[str, typer.Option(help="The extension that takes duty over (*27*).")] = "",
    until: Annotated[str, typer.Option(help="Until 07:00, 2026-12-14 or '2026-12-14 08:00'.")] = "",
    back: Annotated[
        bool, typer.Option("--back", help="End what is taken over; what is planned counts again.")
    ] = False,
) -> None:
    """Show who has duty for a unit, level by level; have an extension take it over, or end that."""
    if bool(take) != bool(until) or (take and back):
        raise typer.BadParameter(in_language(_TEXTS)["one_thing"])
    policy = asyncio.run(read_rights()).policy
    unit = find_unit(number, policy)
    zone = zone_of(policy, unit.organisation_id)
    roster = _roster(policy, unit)
    if take or back:
        asyncio.run(_change(roster, _shift(policy, roster, take, until_instant(until, zone)) if take else None))
        policy = asyncio.run(read_rights()).policy
    _show(policy, unit, _roster(policy, unit), zone)


def _roster(policy: Policy, unit: Unit) -> DutyRoster:
    duty = duty_of(policy, unit)
    if duty is None:
        raise NoDutyError(_say("no_roster", unit=unit.name))
    return duty[0]


def _shift(policy: Policy, roster: DutyRoster, take: str, ends_at: datetime) -> DutyShift:
    if not roster.levels:
        raise NoDutyError(_say("no_level", roster=roster.name))
    target = Target(TargetKind.EXTENSION, find_extension(take, policy).id)
    first = min(row.level for row in roster.levels)
    return DutyShift(level=first, starts_at=now(), ends_at=ends_at, target=target, taken_over=True)


async def _change(roster: DutyRoster, shift: DutyShift | None) -> None:
    async def work(connection: Connection) -> None:
        if shift is None:
            await hand_back(connection, now(), roster_id=roster.id)
        else:
            await take_duty(connection, roster.id, shift)

    await change_policy(work)


def _show(policy: Policy, unit: Unit, roster: DutyRoster, zone: tzinfo) -> None:
    moment = now()
    typer.echo(_say("roster", unit=unit.name, roster=roster.name))
    for level in on_duty(roster, moment):
        typer.echo(_line(policy, level))
    if (ends := until_when(roster, moment)) is not None:
        typer.echo(_say("until", ends=f"{ends.astimezone(zone):%Y-%m-%d %H:%M}"))


def _line(policy: Policy, level: OnDuty) -> str:
    if level.target is None:
        return _say("nobody", level=level.level)
    name, number = name_and_number(policy, level.target)
    who = " ".join(part for part in (national(number) if number else "", name) if part)
    return _say("line", level=level.level, who=who or level.target.id, why=in_language(_TEXTS)[level.by])


def _say(word: str, **values: object) -> str:
    return in_language(_TEXTS)[word].format_map(values)
