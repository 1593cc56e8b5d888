"""`callflow call`: a real SIP call into the running system, and what the caller hears, step by step."""

import asyncio
import os
import shlex
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from callflow.asterisk.ami_connection import AmiAddress, AmiConnection, Lost
from callflow.asterisk.ami_event import AmiEvent
from callflow.commands.call_listener import Listener
from callflow.commands.call_phones import SamplePhones, wanted, without_phone
from callflow.commands.call_texts import texts
from callflow.commands.explain import question
from callflow.commands.shared import database_url, find_extension
from callflow.config import Settings, settings
from callflow.embedded.home import as_running
from callflow.embedded.tools import find_tools
from callflow.errors import CallflowError
from callflow.logs import configure_logging
from callflow.phone.client import Phone, PhoneCall
from callflow.phone.tones import write_tone
from callflow.policy.decision import Call
from callflow.policy.evaluate import decide
from callflow.policy.explain import as_text
from callflow.policy.model import DEFAULT_TIME_ZONE, Policy
from callflow.policy.numbers import bare
from callflow.service.clock import BadTimeError, local_instant, now
from callflow.service.ports import PhoneAccount, Snapshot
from callflow.speech.prompt_texts import PROMPTS_FOLDER, read_prompts
from callflow.storage.snapshot import read_snapshot

TRYOUT_ONLY = 2
LONGEST_SECONDS = 150.0
CONNECT_SECONDS = 2.0
LAST_WORDS_SECONDS = 0.5
VOICE_HZ = 300.0
DIGITS = frozenset("0123456789*#,")
ANONYMOUS = "sip:anonymous@anonymous.invalid"
MOST_ACCOUNTS = 5
"""pjsua2 takes eight accounts a process, some of them its own."""


class NoAsteriskError(CallflowError):
    """No Asterisk answered the call."""

    code = "no_asterisk"


class NoPhoneError(CallflowError):
    """An extension that is to answer has no SIP phone."""

    code = "no_phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be called: who answers of the built-in phones, None for no such phones."""

    caller: str
    called: str
    at: datetime | None
    press: str
    seconds: float
    answers: str | None = ""


def command(  # noqa: PLR0913, PLR0917 - one argument an option
    caller: Annotated[
        str, typer.Option("--from", help="Who calls: a number of ours, any outside number, or 'withheld'.")
    ],
    called: Annotated[str, typer.Option("--to", help="The number or feature code that is dialled.")],
    at: Annotated[str, typer.Option(help="The time of the call, e.g. '2026-03-10 20:00'; only for trying out.")] = "",
    press: Annotated[str, typer.Option(help="A digit for each choice; a comma waits a second.")] = "",
    seconds: Annotated[float, typer.Option(min=0, help="Hang up after this many seconds.")] = LONGEST_SECONDS,
    answer: Annotated[str, typer.Option(help="The short number whose built-in phone takes the call.")] = "",
    phones: Annotated[
        bool, typer.Option(help="Ring built-in phones for people without one (only for trying out).")
    ] = True,
) -> None:
    """Place a real call into the running system and show what the caller hears, then the rules that decided."""
    configure_logging(level="ERROR")
    chosen = as_running(settings())
    words = texts(chosen.language)
    if at and not chosen.tryout:
        typer.echo(words["at_refused"], err=True)
        raise typer.Exit(TRYOUT_ONLY)
    if not DIGITS.issuperset(press):
        typer.echo(words["bad_digits"].format(text=press), err=True)
        raise typer.Exit(TRYOUT_ONLY)
    try:
        instant = local_instant(at, ZoneInfo(DEFAULT_TIME_ZONE)) if at else None
    except BadTimeError as error:
        typer.echo(words["bad_time"].format(text=at), err=True)
        raise typer.Exit(TRYOUT_ONLY) from error
    answers = answer if chosen.tryout and phones else None
    asked = Asked(caller=caller, called=called, at=instant, press=press, seconds=seconds, answers=answers)
    asyncio.run(call(chosen, asked))


async def call(chosen: Settings, asked: Asked) -> None:
    """Place the call and write what happens.

    Raises:
        CallflowError: no database, no phone, no Asterisk, or a number that nobody has or could dial.
    """
    snapshot = await read_snapshot(database_url())
    words = texts(chosen.language)
    account, asked_call = _caller(snapshot, asked)
    answers = _username(asked.answers, snapshot.policy, words) if asked.answers else asked.answers
    decision = decide(snapshot.policy, asked_call, asked.at or now())
    prompts = read_prompts(PROMPTS_FOLDER / f"{decision.plan.language}.txt")
    os.environ.setdefault("CALLFLOW_PHONE_PYTHON", shlex.join(find_tools(chosen).phone_python(typer.echo)))
    async with AsyncExitStack() as stack:
        connection = await _ami(chosen, stack)
        if not connection.connected:
            typer.echo(words["no_steps"])
        elif answers is not None:
            accounts = await without_phone(connection, wanted(snapshot, decision))
            await _stand_in(chosen, accounts, partial(SamplePhones, answers=answers, decision=decision), stack)
        phone = await Phone.start(chosen.sip_host if account else chosen.trunk_host)
        stack.push_async_callback(phone.stop)
        placed = await _place(phone, chosen, asked_call, asked.at, account)
        listener = Listener(placed, decision, snapshot.policy, prompts, words, typer.echo, asked.press)
        listener.tell(words["calls"].format(number=asked.called, caller=asked.caller))
        _background(_follow(connection, listener, account.username if account else "trunk"), stack)
        await _listen(placed, listener, asked.seconds, f"{chosen.sip_host}:{chosen.sip_port}")
        if listener.press.strip(","):
            typer.echo(words["unused"].format(digits=listener.press))
    typer.echo(f"\n{words['decision']}\n{as_text(decision, chosen.language, prompts)}")


async def _ami(chosen: Settings, stack: AsyncExitStack) -> AmiConnection:
    password = chosen.ami_password.get_secret_value()
    address = AmiAddress(host="127.0.0.1", port=chosen.ami_port, username=chosen.ami_username, password=password)
    connection = AmiConnection(address)
    _background(connection.run(), stack)
    with suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.wait_until_connected()
    return connection


def _background(work: Coroutine[Any, Any, None], stack: AsyncExitStack) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


async def _stand_in(
    chosen: Settings, accounts: list[PhoneAccount], phones: Callable[[Phone], SamplePhones], stack: AsyncExitStack
) -> None:
    if not accounts:
        return
    words = texts(chosen.language)
    names = ", ".join(account.username for account in accounts)
    typer.echo(words["stand_in"].format(names=names))
    for first in range(0, len(accounts), MOST_ACCOUNTS):
        phone = await Phone.start(chosen.sip_host, title="built-in phones")
        stack.push_async_callback(phone.stop)
        stack.callback(phones(phone).close)
        for account in accounts[first : first + MOST_ACCOUNTS]:
            await phone.add_account(account.username, account.password, f"{chosen.sip_host}:{chosen.sip_port}")


def _caller(snapshot: Snapshot, asked: Asked) -> tuple[PhoneAccount | None, Call]:
    """Return the account that calls and the call; an extension without a phone of its own calls from outside."""
    call = question(asked.caller, asked.called, snapshot.policy)
    account = next((row for row in snapshot.phones if row.extension_id == call.caller_extension_id), None)
    return account, call if account is not None else replace(call, caller_extension_id=None)


def _username(number: str, policy: Policy, words: dict[str, str]) -> str:
    row = find_extension(number, policy)
    if row.sip_username is None:
        raise NoPhoneError(words["no_phone"].format(number=number))
    return row.sip_username


async def _place(
    phone: Phone, chosen: Settings, call: Call, at: datetime | None, account: PhoneAccount | None
) -> PhoneCall:
    address, number = f"{chosen.sip_host}:{chosen.sip_port}", bare(call.called_number)
    headers = {"X-Callflow-At": at.isoformat()} if at else {}
    if account is None:
        caller = bare(call.caller_number) if call.caller_number is not None else ANONYMOUS
        return await phone.call(number, to=address, caller=caller, headers=headers)
    await phone.use_account(account.username, account.password, address)
    return await phone.call(number, headers=headers)


async def _listen(placed: PhoneCall, listener: Listener, seconds: float, address: str) -> None:
    for event in placed.events:
        listener.phone_event(event)
    placed.listen(listener.phone_event)
    with tempfile.TemporaryDirectory(prefix="callflow-call-") as folder:
        voice = write_tone(Path(folder) / "voice.wav", [(0.6, 0.1)] * 80, hertz=VOICE_HZ)
        await placed.play(voice)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await listener.done.wait()
        if not placed.ended:
            listener.tell(listener.words["hangs_up"])
            await placed.hang_up()
        await asyncio.sleep(LAST_WORDS_SECONDS)
    listener.close()
    if not any(event.name in {"trying", "ringing", "connected"} for event in placed.events):
        raise NoAsteriskError(listener.words["no_answer"].format(address=address))


async def _follow(connection: AmiConnection, listener: Listener, endpoint: str) -> None:
    """Give the listener what concerns its call: the first one reported of its endpoint, and all linked to it."""
    linked = ""
    async for event in connection.events():
        if isinstance(event, Lost):
            continue
        if not linked and event.get("Channel").startswith(f"PJSIP/{endpoint}-"):
            linked = event.get("Linkedid")
        if linked and event.get("Linkedid") == linked:
            _pass_on(event, listener)


def _pass_on(event: AmiEvent, listener: Listener) -> None:
    if event.name == "UserEvent":
        listener.reported(event.get("UserEvent"), dict(event.headers()))
    elif event.name == "DialEnd" and event.get("DialStatus") == "ANSWER":
        listener.leg_answered(event.get("DestChannel"))
