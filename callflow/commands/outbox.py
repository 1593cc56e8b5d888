"""`callflow outbox`: the orders to others, what became of them, trying again and handing over (R18, R21)."""

import asyncio
import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from callflow.commands.order_texts import kind_text, order_line
from callflow.commands.shared import change_policy, in_language
from callflow.errors import CallflowError
from callflow.files import write_new
from callflow.storage.outbox_orders import OrderRow, hand_over, read_orders, try_again

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a cell a formula to a spreadsheet, which then works out what somebody wrote, or opens it."""
_DATA = ("organisation_name", "extension_number", "mobile_number", "holder", "ordered_by")

_TEXTS = {
    "sv": {
        "none": "Inga beställningar.",
        "unknown": "Det finns ingen beställning {id}, eller så har en senare om samma abonnemang gjort den gammal.",
        "again": "Beställning {id} skickas igen, med samma nyckel.",
        "nothing": "Inget att lämna över: allt är levererat eller redan överlämnat.",
        "exists": "{path} finns redan och skrivs inte över. Ange en ny fil.",
        "not_written": "{path} kunde inte skrivas ({reason}), och ingenting är överlämnat.",
        "written": "{count} beställningar är överlämnade i {path}.",
        "one_thing": "Ange --again eller --csv, inte båda.",
    },
    "en": {
        "none": "No orders.",
        "unknown": "There is no order {id}, or a later one about the same subscription has made it old.",
        "again": "Order {id} is sent again, under the same key.",
        "nothing": "Nothing to hand over: all is delivered or handed over already.",
        "exists": "{path} is there already and is not written over. Name a new file.",
        "not_written": "{path} could not be written ({reason}), and nothing is handed over.",
        "written": "{count} orders are handed over in {path}.",
        "one_thing": "Give --again or --csv, not both.",
    },
}
_HEADINGS = {
    "sv": ("Nummer", "Nyckel", "Beställning", "Tid", "Organisation", "Anknytning", "Mobil", "Innehavare", "Av"),
    "en": ("Number", "Key", "Order", "Time", "Organisation", "Extension", "Mobile", "Holder", "By"),
}


class OutboxError(CallflowError):
    """What was asked of the outbox cannot be done."""

    code = "outbox"


def command(
    again: Annotated[int | None, typer.Option("--again", help="Send this order again, by its number.")] = None,
    file: Annotated[
        Path | None, typer.Option("--csv", help="Write what is not delivered to this new file, and mark it.")
    ] = None,
) -> None:
    """Show the orders with their state and why; send one again, or hand over by a file what is not delivered."""
    if again is not None and file is not None:
        raise typer.BadParameter(_say("one_thing"))
    if again is not None:
        _try_again(again)
    elif file is not None:
        _hand_over(file)
    else:
        rows = asyncio.run(change_policy(read_orders))
        for row in rows:
            typer.echo(order_line(row))
        if not rows:
            typer.echo(_say("none"))


def _try_again(order_id: int) -> None:
    if not asyncio.run(change_policy(lambda connection: try_again(connection, order_id))):
        raise OutboxError(_say("unknown", id=order_id))
    typer.echo(_say("again", id=order_id))


def _hand_over(path: Path) -> None:
    def write(rows: Sequence[OrderRow]) -> None:
        try:
            write_new(path, as_csv(rows))
        except FileExistsError as error:
            raise OutboxError(_say("exists", path=path)) from error
        except OSError as error:
            raise OutboxError(_say("not_written", path=path, reason=error.strerror)) from error

    count = asyncio.run(change_policy(lambda connection: hand_over(connection, write)))
    typer.echo(_say("written", count=count, path=path) if count else _say("nothing"))


def as_csv(rows: Sequence[OrderRow]) -> bytes:
    """Return orders as a spreadsheet in Swedish reads them: UTF-8 with its mark, semicolons, no cell a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(in_language(_HEADINGS))
    for row in rows:
        about = [str(row.data.get(name) or "") for name in _DATA]
        cells = [str(row.id), row.key, kind_text(row.kind), row.created_at.isoformat(timespec="seconds"), *about]
        writer.writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _say(word: str, **values: object) -> str:
    return in_language(_TEXTS)[word].format_map(values)
