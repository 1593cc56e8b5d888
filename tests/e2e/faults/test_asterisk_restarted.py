"""Asterisk killed, frozen or restarted under the running service: everything comes back by itself (R23)."""

import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

import pytest

from callflow.phone.client import Phone, PhoneCall
from tests.e2e.faults.lost_database import bring_back, health, started, until_on_disk
from tests.e2e.faults.moments import (
    EXTENSION,
    Moment,
    is_well_again,
    still_talking,
    when_the_caller_has_chosen,
    while_112_rings,
    while_a_message_is_recorded,
    while_two_talk,
)
from tests.e2e.faults.telling import told_everywhere
from tests.e2e.helpers import eventually, in_replica
from tests.e2e.in_the_net import everything_is_down
from tests.e2e.service_log import ServiceLog
from tests.e2e.talking import answered
from tests.e2e.town import RINGING_LIMIT, TOLERANCE, Town

WAYS = ("ari", "ami", "reloading")
"""The service's connections to Asterisk."""
BACK_SECONDS = 12.0
"""How long they may take to come back: each is tried at least every five seconds."""
NOTICE_SECONDS = 15.0
"""How long Asterisk may be frozen before health says so."""


async def a_phone_rings(town: Town) -> PhoneCall:
    """Have a call ring at a phone, and give its caller's end."""
    phone = await town.phone("61104")
    call = await town.call_from_outside("+4690161104")
    await (await phone.incoming()).ring()
    await call.wait_for("ringing")
    return call


async def a_plan_is_followed(town: Town, log: ServiceLog, phone: Phone, number: str = "+4690161100") -> None:
    """See that a call comes to a phone by a plan and that both hear each other."""
    decided = len(log.lines("call_decided"))
    await they_talk(town, phone, number)
    assert len(log.lines("call_decided")) == decided + 1


async def they_talk(town: Town, phone: Phone, number: str = "+4690161100") -> None:
    """See that one more call comes to a phone and that both hear each other."""
    before = sum(event.name == "incoming" for event in phone.events)
    call = await town.call_from_outside(number)
    await still_talking(call, await answered(phone, call, count=before + 1))()


async def registered(town: Town, username: str) -> Phone:
    """Return a phone that Asterisk knows after a crash too: it writes what registers once a second."""
    phone = await town.phone(username)
    path = town.region.settings.asterisk_folder / "lib" / "astdb.sqlite3"

    async def is_written() -> bool:
        # Without a lock: Asterisk gives up what it is about to write while anybody reads. While there is a journal,
        # what is read is not sure to stay.
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as kept, suppress(sqlite3.DatabaseError):
            query = "SELECT count(*) FROM astdb WHERE key LIKE '/registrar/contact/' || ? || '%' AND value LIKE ?"
            found = bool(kept.execute(query, (username, f"%:{phone.port}%")).fetchone()[0])
            return found and not path.with_name(f"{path.name}-journal").exists()
        return False

    await eventually(is_written, 10, "Asterisk never wrote down where the phone is")
    return phone


async def until_back(town: Town, *names: str) -> None:
    """Wait until the service says that these are well."""

    async def is_back() -> bool:
        told = await health(town)
        return told is not None and all(told[name]["ok"] for name in names)

    await eventually(is_back, BACK_SECONDS, f"never all back: {names}")


async def until_lost(town: Town, *names: str) -> None:
    """Wait until the service says in words that these are not well."""

    async def is_lost() -> bool:
        told = await town.health()
        return all(not told[name]["ok"] and told[name]["error"] for name in names)

    await eventually(is_lost, NOTICE_SECONDS, f"health never said that all are lost: {names}")


@asynccontextmanager
async def frozen_asterisk(town: Town) -> AsyncIterator[None]:
    """Stop Asterisk where it stands; it goes on afterwards in any case."""
    pid = town.region.asterisk.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def test_a_phone_registered_before_is_called_by_a_plan_when_asterisk_is_back(town: Town) -> None:
    phone, log = await registered(town, EXTENSION), town.service_log()
    numbers = in_replica(town.region, "SELECT count(*) FROM number")
    await town.region.asterisk.kill()
    await until_lost(town, *WAYS)
    assert (await town.health())["status"] == "degraded"
    lost = dict.fromkeys(WAYS, False)
    await told_everywhere(town, ready=False, source="database", policy=True, database=True, **lost)
    await town.region.asterisk.start()
    began = time.monotonic()
    await until_back(town, *WAYS)
    assert time.monotonic() - began < BACK_SECONDS
    await a_plan_is_followed(town, log, phone)
    assert in_replica(town.region, "SELECT count(*) FROM number") == numbers > 0
    assert log.lines("policy_loaded") == log.lines("asterisk_written") == []
    await is_well_again(town)


async def test_a_call_to_the_asterisk_that_has_just_come_up_is_never_lost(town: Town) -> None:
    phone = await registered(town, EXTENSION)
    await town.start_asterisk_cold()
    await they_talk(town, phone)


async def test_what_rang_in_the_asterisk_that_was_killed_is_forgotten(town: Town) -> None:
    phone, log = await registered(town, EXTENSION), town.service_log()
    await a_phone_rings(town)
    gone = (await town.step("dial", containing="PJSIP/61104")).fields["Uniqueid"]
    await town.start_asterisk_cold()
    await until_back(town, *WAYS)
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    ringing = await call.wait_for("ringing")
    ended = await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    assert abs(ended.at - ringing.at - RINGING_LIMIT) < TOLERANCE
    await call.wait_for("connected")
    assert not [
        line for event in ("ringing_not_ended", "ringing_over_already") for line in log.lines(event) if gone in line
    ]


async def test_a_change_made_while_asterisk_is_away_counts_when_it_is_back(town: Town) -> None:
    log = town.service_log()
    await town.region.asterisk.kill()
    await town.sql(
        "INSERT INTO diversion (extension_id, condition, to_extension_id) SELECT a.id, 'all', b.id"
        " FROM extension AS a, extension AS b WHERE a.sip_username = '61100' AND b.sip_username = '61104'"
    )
    await town.region.asterisk.start()
    await until_back(town, *WAYS)
    await a_plan_is_followed(town, log, await town.phone("61104"))


async def test_the_service_that_was_started_before_asterisk_takes_calls_when_it_is_there(town: Town) -> None:
    phone, log = await registered(town, EXTENSION), town.service_log()
    await town.region.service.kill()
    await town.region.asterisk.kill()
    await town.region.service.start()

    async def answers() -> bool:
        told = await health(town)
        return told is not None and told["policy"]["ok"] and not told["ari"]["ok"]

    await eventually(answers, NOTICE_SECONDS, "the service never answered without Asterisk")
    await town.region.asterisk.start()
    await until_back(town, *WAYS)
    await a_plan_is_followed(town, log, phone)


async def test_after_a_cold_start_of_all_but_the_database_calls_are_decided_by_the_snapshot(town: Town) -> None:
    phone = await registered(town, EXTENSION)
    await until_on_disk(town)
    await everything_is_down(town)
    call = await town.call_from_outside("+4690161100")
    still = still_talking(call, await answered(phone, call))
    log = town.service_log()
    async with started(town) as told:
        assert told["policy"]["source"] == "file"
        await still()
        await a_plan_is_followed(town, log, phone)
    await bring_back(town)
    await is_well_again(town)


@pytest.mark.parametrize(
    "moment",
    [while_two_talk, when_the_caller_has_chosen, while_a_message_is_recorded, while_112_rings],
    ids=lambda moment: moment.__name__,
)
async def test_a_call_goes_on_when_asterisk_was_frozen_for_some_seconds(town: Town, moment: Moment) -> None:
    async def freeze() -> None:
        async with frozen_asterisk(town):
            await until_passed(3.0)

    undisturbed = await moment(town, freeze)
    await undisturbed()
    await is_well_again(town)


async def test_a_call_that_came_to_a_frozen_asterisk_is_decided_when_it_goes_on(town: Town) -> None:
    phone, log = await town.phone(EXTENSION), town.service_log()
    async with frozen_asterisk(town):
        await until_lost(town, *WAYS)
        call = await town.call_from_outside("+4690161100")
    await still_talking(call, await answered(phone, call))()
    await until_back(town, *WAYS)
    await a_plan_is_followed(town, log, phone)
    await is_well_again(town)


async def until_passed(seconds: float) -> None:
    """Let so much time pass: it is the fault itself."""
    until = time.monotonic() + seconds
    await eventually(lambda: _passed(until), seconds + 5, "time stands still")


async def _passed(until: float) -> bool:
    return time.monotonic() >= until
