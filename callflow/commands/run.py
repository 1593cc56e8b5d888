"""`callflow run`: set everything up and run the whole system on the sample region."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from callflow.commands.run_texts import SOFTPHONES, TO_DIAL, texts
from callflow.config import Settings, settings
from callflow.embedded.region import Region, Told
from callflow.policy.model import DEFAULT_TIME_ZONE
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
    return datetime.now(ZoneInfo(DEFAULT_TIME_ZONE)).strftime("%H:%M:%S")


def _command() -> str:
    """Return how this command was called, so that the lines shown can be copied as they are."""
    called = Path(sys.argv[0])
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)


async def _show(region: Region, words: dict[str, str]) -> None:
    chosen = region.settings
    typer.echo(f"\n{words['ready']}")
    for row in _parts(region, words):
        typer.echo(f"  {row[0]:<26} {row[1]}")
    typer.echo("\n" + words["accounts"].format(server=f"{chosen.sip_host}:{chosen.sip_port}"))
    for account in await _accounts(region):
        typer.echo(f"  {account['sip_username']:<8} {account['sip_password']:<34} {account['owner']}")
    typer.echo("\n" + words["dial"])
    for row_to_dial in TO_DIAL:
        typer.echo(f"  {row_to_dial.number:<8} {row_to_dial.en if chosen.language == 'en' else row_to_dial.sv}")
        typer.echo(f"           {_command()} call {row_to_dial.arguments}")
    typer.echo("\n" + words["calls"])


def _parts(region: Region, words: dict[str, str]) -> list[tuple[str, str]]:
    chosen = region.settings
    return [
        (words["asterisk"], f"{chosen.sip_host}:{chosen.sip_port}"),
        (words["trunk"], f"{chosen.trunk_host}:{chosen.trunk_port}"),
        (words["service"], f"http://{chosen.service_host}:{chosen.service_port}/health"),
        (words["database"], words["database_of"].format(path=chosen.home / "callflow.env")),
        (words["mail"], str(region.mail.folder)),
        (words["home"], str(chosen.home)),
    ]


async def _accounts(region: Region) -> Sequence[Mapping[str, str]]:
    query = """
        SELECT e.sip_username, e.sip_password, coalesce(p.given_name || ' ' || p.family_name, e.name, '') AS owner
        FROM extension AS e LEFT JOIN person AS p ON p.id = e.person_id
        WHERE e.sip_username = ANY ($1) ORDER BY 1
    """
    async with connected(region.settings.database_url.get_secret_value()) as connection:
        found: Sequence[Mapping[str, str]] = await connection.fetch(query, list(SOFTPHONES))
        return found
