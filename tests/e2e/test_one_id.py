"""One id leads from a phone's SIP Call-ID through the log to the database's row, and back."""

import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from callflow.asterisk.ari import Ari
from callflow.asterisk.ari_connection import AriAddress, AriConnection
from callflow.phone.client import Phone
from callflow.phone.wire import Direction, Message
from callflow.service.telephony import CallArrived
from tests.e2e.helpers import connected
from tests.e2e.test_feature_codes import OTHER, OWN, dial
from tests.e2e.town import Town
from tests.fakes.running import running
from tests.fakes.waiting import until


def field(line: str, name: str) -> str:
    """Return a field of a line in logfmt."""
    return next(word for word in line.split() if word.startswith(f"{name}=")).removeprefix(f"{name}=")


async def call_id_of(phone: Phone) -> str:
    """Return the Call-ID of the phone's last call as it went over the wire."""
    return [it.headers["call-id"][0] for it in await phone.messages() if is_invite(it)][-1]


def is_invite(message: Message) -> bool:
    return message.direction is Direction.SENT and message.first_line.startswith("INVITE ")


async def test_from_the_phones_call_id_to_the_row_in_the_audit_and_back(town: Town) -> None:
    log, phone = town.service_log(), await town.phone(OWN, recorded=True)
    await dial(town, phone, f"*21*{OTHER}#", "are-diverted-to")
    decided = await log.line("call_decided", await call_id_of(phone))
    decision_id, call_id = field(decided, "decision_id"), field(decided, "call_id")
    async with connected(town.database_url) as connection:
        row = await connection.fetchrow("SELECT * FROM audit WHERE decision_id = $1", decision_id)
    assert (row["table_name"], row["action"], row["actor"]) == ("diversion", "insert", "phone:+4690161100")
    assert field(await log.line("change_stored", row["decision_id"]), "call_id") == call_id
    for event in ("call_claimed", "change_stored", "call_decided", "plan_ended"):
        await log.line(event, call_id)
    await log.line("plan_ended", decision_id)


async def test_call_from_outside_is_found_by_its_call_id(town: Town) -> None:
    log = town.service_log()
    call = await town.call_from_outside("+4690161100")
    await town.step("dial")
    invite = next(it for it in await town.trunk_messages() if is_invite(it))
    decided = await log.line("call_decided", invite.headers["call-id"][0])
    await call.hang_up()
    await log.line("plan_ended", field(decided, "call_id"))


async def test_emergency_call_is_found_by_its_call_id(town: Town) -> None:
    log, phone = town.service_log(), await town.phone(OWN, recorded=True)
    call = await phone.call("112")
    await call.wait_for("connected")
    await call.hang_up()
    await log.line("emergency_call", await call_id_of(phone))


async def test_call_that_nobody_claims_is_found_and_counted(town: Town) -> None:
    log, phone = town.service_log(), await town.phone(OWN, recorded=True)
    before = await net_calls(town, "unclaimed")
    with frozen(town):
        call = await town.call(phone, OTHER)
        await town.report("CallflowFallback")
    await call.hang_up()
    line = await log.line("call_fell_back", await call_id_of(phone))
    assert field(line, "reason") == "TIMEOUT"
    assert await net_calls(town, "unclaimed") == before + 1


async def test_call_that_is_claimed_and_gets_no_plan_is_found_and_counted(town: Town) -> None:
    log, phone = town.service_log(), await town.phone(OWN, recorded=True)
    before = await net_calls(town, "deadman")
    with frozen(town):
        async with claims_and_does_nothing(town):
            call = await town.call(phone, OTHER)
            await town.report("CallflowFallback")
    await call.hang_up()
    line = await log.line("call_fell_back", await call_id_of(phone))
    assert field(line, "reason") == "DEADMAN"
    assert await net_calls(town, "deadman") == before + 1


async def net_calls(town: Town, reason: str) -> int:
    """Return how many calls the service has counted as carried by the net for this reason."""
    _, text = await town.ask("metrics")
    found = re.search(rf'^callflow_net_calls_total{{reason="{reason}"}} ([0-9.]+)$', text, re.MULTILINE)
    return int(float(found[1])) if found else 0


@contextmanager
def frozen(town: Town) -> Iterator[None]:
    """Let the service hang; afterwards it goes on."""
    pid = town.region.service.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def claims_and_does_nothing(town: Town) -> AsyncIterator[None]:
    """Be another service, which claims each call and then hangs."""
    settings = town.region.settings
    address = AriAddress(
        host=settings.http_host,
        port=settings.http_port,
        username=settings.ari_username,
        password=settings.ari_password.get_secret_value(),
        application="callflow-hangs",
    )
    connection = AriConnection(address)
    switch = Ari(connection)

    async def claim() -> None:
        async for event in switch.events():
            if isinstance(event, CallArrived):
                assert await switch.claim(event.call.channel_id)

    async with running(connection.run(), claim()):
        await until(lambda: connection.connected)
        yield
