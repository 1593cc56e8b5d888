"""`callflow run`: set everything up and run the whole system on the sample region."""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from email.message import EmailMessage

import typer
from rich.console import Console
from rich.table import Table

from callflow.commands.run_texts import SOFTPHONES, TO_DIAL, texts
from callflow.config import Settings, settings
from callflow.embedded.region import Region, Told
from callflow.storage.connection import connected


def command() -> None:
    """Set everything up and run the whole system on the sample region, until Ctrl-C."""
    asyncio.run(run(settings().model_copy(update={"tryout": True})))


async def run(chosen: Settings) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP, or until a part ends by itself.

    Raises:
        CallflowError: it could not start, or a part ended by itself.
    """
    words = texts(chosen.language)
    stopped = asyncio.Event()
    region = Region(chosen, _told(words))
    starting = asyncio.create_task(region.start())
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(name, _stop, stopped, starting)
    try:
        await starting
    except asyncio.CancelledError:
        typer.echo(words["stopped"])
        return
    try:
        await _show(region, words)
        await _until(stopped, region)
    finally:
        typer.echo(words["stopping"])
        await region.stop()
        typer.echo(words["stopped"])


def _stop(stopped: asyncio.Event, starting: "asyncio.Task[None]") -> None:
    stopped.set()
    starting.cancel()


async def _until(stopped: asyncio.Event, region: Region) -> None:
    stop = asyncio.create_task(stopped.wait())
    watch = asyncio.create_task(region.watch())
    await asyncio.wait([stop, watch], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if watch.done():
        await watch
    watch.cancel()


def _told(words: dict[str, str]) -> Told:
    return Told(progress=_progress(), service=typer.echo, trunk=_trunk_line(words), mail=_mail_line(words))


def _progress() -> Callable[[str], None]:
    began = time.monotonic()

    def tell(line: str) -> None:
        typer.echo(f"[{time.monotonic() - began:5.1f} s] {line}")

    return tell


def _trunk_line(words: dict[str, str]) -> Callable[[str], None]:
    def tell(line: str) -> None:
        call = json.loads(line)
        shown = call["shown_number"] or words["hidden"]
        typer.echo(f"{_clock()}  {words['out'].format(called=call['called_number'], shown=shown)}")

    return tell


def _mail_line(words: dict[str, str]) -> Callable[[EmailMessage], None]:
    def tell(mail: EmailMessage) -> None:
        attached = words["attached"] if any(mail.iter_attachments()) else ""
        said = words["mail_line"].format(to=mail["To"], subject=mail["Subject"], attached=attached)
        typer.echo(f"{_clock()}  {said}")

    return tell


def _clock() -> str:
    return time.strftime("%H:%M:%S")


async def _show(region: Region, words: dict[str, str]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print()
    console.print(words["ready"], style="bold")
    console.print(_parts(region, words))
    server = f"{region.settings.sip_host}:{region.settings.sip_port}"
    console.print(words["accounts"].format(server=server), style="bold")
    console.print(await _accounts(region, words))
    console.print(words["dial"], style="bold")
    console.print(_to_dial(region.settings.language, words))
    console.print(words["calls"], style="bold")


def _parts(region: Region, words: dict[str, str]) -> Table:
    chosen = region.settings
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_row(words["asterisk"], f"{chosen.sip_host}:{chosen.sip_port}")
    table.add_row(words["trunk"], f"{chosen.trunk_host}:{chosen.trunk_port}")
    table.add_row(words["service"], f"http://{chosen.service_host}:{chosen.service_port}/health")
    table.add_row(words["database"], chosen.database_url.get_secret_value().partition("://")[0])
    table.add_row(words["mail"], str(region.mail.folder))
    table.add_row(words["home"], str(chosen.home))
    return table


async def _accounts(region: Region, words: dict[str, str]) -> Table:
    table = _table(words["username"], words["password"], words["owner"])
    query = """
        SELECT e.sip_username, e.sip_password, coalesce(p.given_name || ' ' || p.family_name, e.name, '') AS owner
        FROM extension AS e LEFT JOIN person AS p ON p.id = e.person_id
        WHERE e.sip_username = ANY ($1) ORDER BY 1
    """
    async with connected(region.settings.database_url.get_secret_value()) as connection:
        for row in await connection.fetch(query, list(SOFTPHONES)):
            table.add_row(row["sip_username"], row["sip_password"], row["owner"])
    return table


def _to_dial(language: str, words: dict[str, str]) -> Table:
    table = _table(words["number"], words["shows"], words["command"])
    for row in TO_DIAL:
        table.add_row(row.number, row.en if language == "en" else row.sv, row.arguments)
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 2), header_style="dim")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table
