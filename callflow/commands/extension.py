"""`callflow extension`: show and change an extension."""

import asyncio
from typing import Annotated

import typer

from callflow.commands.shared import change_policy, database_url, find_extension, in_language
from callflow.policy.extensions import extension_name
from callflow.policy.model import Extension, Policy
from callflow.storage.connection import Connection
from callflow.storage.snapshot import read_snapshot

app = typer.Typer(add_completion=False, no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The extension's number, short or whole.")]

_NOTHING = {
    "sv": "Inget att ändra: ange minst ett val, se --help.",
    "en": "Nothing to change: give an option, see --help.",
}


@app.command()
def show(number: Number) -> None:
    """Show an extension as the policy has it."""
    policy = asyncio.run(read_snapshot(database_url())).policy
    _show(find_extension(number, policy), policy)


@app.command("set")
def change(
    number: Number,
    ring_limit: Annotated[int | None, typer.Option(help="Rings before the next place answers, 1 to 4 (R8).")] = None,
    locked: Annotated[bool | None, typer.Option("--locked/--unlocked", help="Lock a lost phone (R21).")] = None,
    mobile_confirms: Annotated[
        bool | None, typer.Option(help="Whether who answers on the mobile must press a digit.")
    ] = None,
) -> None:
    """Change an extension; the next call goes by it."""
    wanted = {"ring_limit": ring_limit, "locked": locked, "mobile_confirms": mobile_confirms}
    changes = {name: value for name, value in wanted.items() if value is not None}
    if not changes:
        raise typer.BadParameter(in_language(_NOTHING))
    policy = asyncio.run(_change(number, changes))
    _show(find_extension(number, policy), policy)


async def _change(number: str, changes: dict[str, int]) -> Policy:
    row = find_extension(number, (await read_snapshot(database_url())).policy)
    columns = ", ".join(f"{name} = ${at}" for at, name in enumerate(changes, start=2))

    async def work(connection: Connection) -> None:
        await connection.execute(f"UPDATE extension SET {columns} WHERE id = $1", row.id, *changes.values())  # noqa: S608

    await change_policy(work)
    return (await read_snapshot(database_url())).policy


def _show(row: Extension, policy: Policy) -> None:
    unit = policy.units[row.unit_id]
    lines = {
        "number": row.number,
        "name": extension_name(policy, row),
        "unit": f"{unit.name}, {policy.organisations[row.organisation_id].name}",
        "kind": row.kind.value,
        "sip_username": row.sip_username,
        "mobile_number": row.mobile_number,
        "mobile_confirms": row.mobile_confirms if row.mobile_number else None,
        "ring_limit": row.ring_limit,
        "locked": row.locked,
        "diversions": ", ".join(f"{one.condition.value} → {one.target.kind.value}" for one in row.diversions) or None,
    }
    for name, value in lines.items():
        if value is not None:
            typer.echo(f"{name:<16} {value}")
