"""`callflow lost`: lock a lost phone, unlock one that was found, and show which are lost (R21)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from callflow.commands.order_texts import order_line, shown
from callflow.commands.shared import change_policy, database_url, find_extension, in_language
from callflow.policy.extensions import extension_name
from callflow.policy.model import Extension, Policy
from callflow.policy.numbers import national
from callflow.storage.connection import Connection
from callflow.storage.outbox_orders import OrderRow, read_orders
from callflow.storage.snapshot import read_snapshot

_LOCK = "UPDATE extension SET locked = $2 WHERE id = $1 AND locked <> $2"
_LAST = """
    SELECT at, actor FROM audit
    WHERE table_name = 'extension' AND row_id = $1 AND old ->> 'locked' <> new ->> 'locked' ORDER BY id DESC LIMIT 1
"""
_TRIES = "SELECT count(*) FROM lock_attempt WHERE extension_id = $1 AND at > clock_timestamp() - interval '1 hour'"

_TEXTS = {
    "sv": {
        "none": "Ingen telefon är spärrad som förlorad.",
        "locked": "{who} är spärrad{since}. Bara nödsamtal går fram, och samtal dit följer hänvisningen.",
        "unlocked": "{who} är inte spärrad{since}.",
        "since": " sedan {at} av {actor}",
        "tries": "Fel pinkod vid spärr från telefon den senaste timmen: {count} gånger.",
        "without": "Ange vilken anknytning som är återfunnen: callflow lost 61100 --found",
    },
    "en": {
        "none": "No phone is locked as lost.",
        "locked": "{who} is locked{since}. Only emergency calls go ahead, and calls to it follow its referral.",
        "unlocked": "{who} is not locked{since}.",
        "since": " since {at} by {actor}",
        "tries": "Wrong PIN when locking from a phone within the last hour: {count} times.",
        "without": "Tell which extension was found: callflow lost 61100 --found",
    },
}


@dataclass(frozen=True, slots=True)
class _Found:
    """What the database knows beside the policy: when an extension was locked or unlocked last, and its orders."""

    at: datetime | None
    actor: str
    tries: int
    orders: list[OrderRow]


def command(
    number: Annotated[str, typer.Argument(help="The lost extension's number, short or whole.")] = "",
    found: Annotated[bool, typer.Option("--found", help="The phone was found: unlock it.")] = False,
) -> None:
    """Lock a lost phone at once, or unlock one that was found; without a number show those that are lost."""
    policy = _policy()
    if not number:
        if found:
            raise typer.BadParameter(_say("without"))
        _show_all(policy)
        return
    extension = find_extension(number, policy)
    asyncio.run(change_policy(_set(extension, locked=not found)))
    policy = _policy()
    _show(policy, policy.extensions[extension.id])


def _policy() -> Policy:
    return asyncio.run(read_snapshot(database_url())).policy


def _set(extension: Extension, *, locked: bool) -> Callable[[Connection], Awaitable[None]]:
    async def work(connection: Connection) -> None:
        await connection.execute(_LOCK, extension.id, locked)

    return work


def _show_all(policy: Policy) -> None:
    lost = [row for row in policy.extensions.values() if row.locked]
    for extension in sorted(lost, key=lambda row: row.number):
        _show(policy, extension)
    if not lost:
        typer.echo(_say("none"))


def _show(policy: Policy, extension: Extension) -> None:
    known = asyncio.run(change_policy(lambda connection: _read(connection, extension)))
    who = " ".join(filter(None, (national(extension.number), extension_name(policy, extension))))
    since = _say("since", at=shown(known.at), actor=known.actor) if known.at is not None else ""
    typer.echo(_say("locked" if extension.locked else "unlocked", who=who, since=since))
    if known.tries:
        typer.echo(_say("tries", count=known.tries))
    for row in known.orders:
        typer.echo(order_line(row))


async def _read(connection: Connection, extension: Extension) -> _Found:
    last = await connection.fetchrow(_LAST, extension.id)
    tries = await connection.fetchval(_TRIES, extension.id)
    orders = await read_orders(connection, extension.id)
    return _Found(last["at"] if last else None, last["actor"] if last else "", tries, orders)


def _say(word: str, **values: object) -> str:
    return in_language(_TEXTS)[word].format_map(values)
