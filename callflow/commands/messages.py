"""`callflow messages`: the voicemail messages that nobody has answered, and closing one by hand (R11)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated

import typer

from callflow.commands.order_texts import shown
from callflow.commands.shared import change_policy, database_url, find_extension, in_language
from callflow.errors import CallflowError
from callflow.policy.model import Policy
from callflow.policy.numbers import national
from callflow.service.clock import now
from callflow.storage.connection import Connection
from callflow.storage.message_tasks import MessageRow, close_message, read_messages, reopen_message
from callflow.storage.snapshot import read_snapshot

_TEXTS = {
    "sv": {
        "none": "Inga röstmeddelanden väntar på svar.",
        "none_at_all": "Inga röstmeddelanden.",
        "line": "{id:>5}  {at}  {mailbox}: {urgent}från {caller}, {seconds} s, {state}{reminded}",
        "urgent": "brådskande ",
        "withheld": "dolt nummer",
        "unheard": "inte avlyssnat, väntar sedan {age}",
        "heard": "avlyssnat, väntar på svar sedan {age}",
        "answered": "besvarat {ended} av {by}",
        "closed": "stängt {ended} av {by}",
        "owner_reminded": "; den som har brevlådan påmind {at}",
        "contact_reminded": "; telefonkontakten påmind {at}",
        "minutes": "{minutes} min",
        "hours": "{hours} tim {minutes} min",
        "days": "{days} dygn {hours} tim",
        "unknown": "Inget röstmeddelande {id} väntar på svar. callflow messages visar dem som gör det.",
        "closed_now": "Röstmeddelande {id} är stängt. Inspelningen ligger kvar i röstbrevlådan.",
        "not_ended": "Inget röstmeddelande {id} är besvarat eller stängt. callflow messages --all visar dem.",
        "reopened": "Röstmeddelande {id} väntar på svar igen.",
        "no_mailbox": "{number} har ingen röstbrevlåda.",
        "one_thing": "Ange --close, --reopen eller en röstbrevlåda, inte flera av dem.",
    },
    "en": {
        "none": "No voice messages wait for an answer.",
        "none_at_all": "No voice messages.",
        "line": "{id:>5}  {at}  {mailbox}: {urgent}from {caller}, {seconds} s, {state}{reminded}",
        "urgent": "urgent ",
        "withheld": "withheld number",
        "unheard": "not heard, has waited {age}",
        "heard": "heard, has waited for an answer {age}",
        "answered": "answered {ended} by {by}",
        "closed": "closed {ended} by {by}",
        "owner_reminded": "; whose mailbox it is reminded {at}",
        "contact_reminded": "; telephone contact reminded {at}",
        "minutes": "{minutes} min",
        "hours": "{hours} h {minutes} min",
        "days": "{days} days {hours} h",
        "unknown": "No voice message {id} waits for an answer. callflow messages shows those that do.",
        "closed_now": "Voice message {id} is closed. The recording stays in the mailbox.",
        "not_ended": "No voice message {id} was answered or closed. callflow messages --all shows those that were.",
        "reopened": "Voice message {id} waits for an answer again.",
        "no_mailbox": "{number} has no voicemail.",
        "one_thing": "Give --close, --reopen or a mailbox, one of them.",
    },
}


class MessagesError(CallflowError):
    """What was asked of the voice messages cannot be done."""

    code = "messages"


def command(
    number: Annotated[
        str, typer.Argument(help="A mailbox, or the extension that has it; all where none is given.")
    ] = "",
    close: Annotated[int | None, typer.Option("--close", help="Close this message by hand, by its number.")] = None,
    reopen: Annotated[
        int | None,
        typer.Option("--reopen", help="Have this one wait again: whoever was called back was not reached."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show those that ended within 31 days as well.")] = False,
) -> None:
    """Show the voice messages that nobody has answered, oldest first; close one that needs no answer."""
    if sum((close is not None, reopen is not None, bool(number))) > 1:
        raise typer.BadParameter(_say("one_thing"))
    if close is not None:
        _change(close, close_message, "closed_now", "unknown")
        return
    if reopen is not None:
        _change(reopen, reopen_message, "reopened", "not_ended")
        return
    mailbox = _mailbox(number) if number else None
    rows = asyncio.run(change_policy(lambda connection: read_messages(connection, mailbox, with_ended=everything)))
    at = now()
    for row in rows:
        typer.echo(message_line(row, at))
    if not rows:
        typer.echo(_say("none_at_all" if everything else "none"))


def message_line(row: MessageRow, at: datetime) -> str:
    """Return a message in one line, as it stands at a time."""
    ended = shown(row.ended_at) if row.ended_at is not None else ""
    reminded = [
        _say(word, at=shown(when))
        for word, when in (
            ("owner_reminded", row.owner_reminded_at),
            ("contact_reminded", row.contact_reminded_at),
        )
        if when is not None
    ]
    return _say(
        "line",
        id=row.id,
        at=shown(row.left_at),
        mailbox=f"{row.mailbox_name} ({row.mailbox_number})",
        urgent=_say("urgent") if row.urgent else "",
        caller=national(row.caller_number) if row.caller_number else _say("withheld"),
        seconds=row.seconds,
        state=_say(row.state, age=_age(at - row.left_at), ended=ended, by=row.ended_by),
        reminded="".join(reminded),
    )


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    hours, days = minutes // 60, minutes // 1440
    word = "days" if days else "hours" if hours else "minutes"
    return _say(word, days=days, hours=hours % 24, minutes=minutes % 60)


def _change(message_id: int, work: Callable[[Connection, int], Awaitable[bool]], done: str, not_done: str) -> None:
    if not asyncio.run(change_policy(lambda connection: work(connection, message_id))):
        raise MessagesError(_say(not_done, id=message_id))
    typer.echo(_say(done, id=message_id))


def _mailbox(number: str) -> str:
    """Return the number of a mailbox: the one of that number, else the one of that extension."""
    policy: Policy = asyncio.run(read_snapshot(database_url())).policy
    if any(mailbox.number == number for mailbox in policy.mailboxes.values()):
        return number
    mailbox = policy.mailboxes.get(find_extension(number, policy).mailbox_id or 0)
    if mailbox is None:
        raise MessagesError(_say("no_mailbox", number=number))
    return mailbox.number


def _say(word: str, **values: object) -> str:
    return in_language(_TEXTS)[word].format_map(values)
