"""Voicemail with real phones: left, heard from the own phone and from outside, its PIN, the name recorded (R11)."""

import shutil
import sqlite3

import pytest

from callflow.asterisk.policy_files import replica_path
from callflow.phone.client import Phone
from tests.e2e.helpers import connected, eventually
from tests.e2e.listening import (
    asked_anew,
    gives_pin,
    has_seconds,
    is_inside,
    leaves_a_message,
    listens,
    mailbox_folder,
    messages,
    plays,
    records,
)
from tests.e2e.test_absence import DURING
from tests.e2e.test_feature_codes import dial
from tests.e2e.town import FRIEND, Town

OWN, OTHER, NUMBER = "61100", "61104", "+4690161100"
WITHOUT = "61103"
"""Has no voicemail."""
PIN, WRONG, NEW = "4711", "4712", "8024"


@pytest.fixture(autouse=True)
def empty_mailbox(town: Town) -> None:
    """Take away what other tests have left."""
    for folder in ("INBOX", "Old"):
        shutil.rmtree(mailbox_folder(town, OWN) / folder, ignore_errors=True)


async def owner_with_pin(town: Town) -> Phone:
    """Return the owner's phone, the PIN set and live in Asterisk."""
    await town.sql("UPDATE mailbox SET pin = $1 WHERE number = $2", PIN, OWN)
    await pin_is(town, PIN)
    return await town.phone(OWN)


async def pin_is(town: Town, pin: str) -> None:
    """Wait until Asterisk knows a mailbox by this PIN."""

    async def known() -> bool:
        with sqlite3.connect(replica_path(town.region.settings)) as replica:
            found = replica.execute("SELECT password FROM voicemail WHERE mailbox = ?", (OWN,)).fetchone()
        return bool(found == (pin,))

    await eventually(known, 10, "Asterisk never had the PIN")


async def in_database(town: Town) -> str:
    async with connected(town.database_url) as connection:
        return str(await connection.fetchval("SELECT pin FROM mailbox WHERE number = $1", OWN))


def waiting(phone: Phone) -> list[str]:
    """Return what the lamp has been told, `yes` or `no`."""
    told = [event.fields["message"] for event in phone.events if event.name == "mwi"]
    return [message.partition("Messages-Waiting:")[2].split()[0].lower() for message in told]


async def test_message_lights_the_lamp_is_heard_with_the_pin_and_is_no_longer_new(town: Town) -> None:
    phone = await owner_with_pin(town)
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", OWN)
    await leaves_a_message(town, NUMBER, OWN)
    await eventually(lambda: told(phone, "yes"), 10, "the lamp was never lit")
    call = await listens(town, phone, "*98#", PIN)
    await plays(town, "vm-onefor")
    await call.send_digits("1")
    await plays(town, "INBOX/msg0000")
    await call.hang_up()
    await eventually(lambda: heard(town), 10, "the message was never heard")
    await eventually(lambda: told(phone, "no"), 10, "the lamp never went out")


async def told(phone: Phone, state: str) -> bool:
    return waiting(phone)[-1:] == [state]


async def heard(town: Town) -> bool:
    return not messages(town, OWN) and len(messages(town, OWN, "Old")) == 1


async def test_voicemail_is_heard_from_a_colleagues_phone_with_the_pin(town: Town) -> None:
    await owner_with_pin(town)
    call = await listens(town, await town.phone(OTHER), f"*98*{OWN}#", PIN)
    await call.hang_up()


async def test_owner_who_calls_from_outside_presses_star_and_gives_the_pin(town: Town) -> None:
    await owner_with_pin(town)
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", OWN)
    call = await town.call_from_outside(NUMBER)
    await town.step("voicemail", 40, containing=f"{OWN}@")
    await call.wait_for("media")
    await plays(town, "vm-intro")
    await call.send_digits("*")
    await gives_pin(town, call, PIN)
    await is_inside(town)
    await call.hang_up()


async def test_after_five_wrong_pins_nobody_is_asked_any_more(town: Town) -> None:
    phone = await owner_with_pin(town)
    async with asked_anew(town, OWN):
        for tries in (3, 2):
            call = await town.call(phone, "*98#")
            for _ in range(tries):
                await gives_pin(town, call, WRONG)
                await plays(town, "dialplan/pin-wrong")
            await call.hang_up()
        call = await town.call(phone, "*98#")
        await plays(town, "dialplan/pin-locked")
        await call.hang_up()
    call = await listens(town, phone, "*98#", PIN)
    await call.hang_up()


async def test_who_comes_while_another_is_counted_is_not_asked(town: Town) -> None:
    phone, other = await owner_with_pin(town), await town.phone(OTHER)
    await (await town.call(other, FRIEND)).wait_for("connected")
    console = town.region.asterisk.console
    counted = next(line for line in (await console("core show channels concise")).splitlines() if OTHER in line)
    await console(f"dialplan set chanvar {counted.partition('!')[0]} GROUP(pin) CF_PIN_{OWN}")
    call = await town.call(phone, "*98#")
    await plays(town, "dialplan/pin-locked")
    await call.hang_up()
    await other.calls["out1"].hang_up()
    call = await listens(town, phone, "*98#", PIN)
    await call.hang_up()


async def test_right_pin_forgets_the_wrong_ones(town: Town) -> None:
    phone = await owner_with_pin(town)
    async with asked_anew(town, OWN):
        for _ in range(3):
            call = await town.call(phone, "*98#")
            for _ in range(2):
                await gives_pin(town, call, WRONG)
                await plays(town, "dialplan/pin-wrong")
            await gives_pin(town, call, PIN)
            await is_inside(town)
            await call.hang_up()


async def test_new_pin_is_stored_and_one_that_is_easy_to_guess_is_refused(town: Town) -> None:
    phone = await owner_with_pin(town)
    call = await listens(town, phone, "*98#", PIN)
    await plays(town, "vm-opts")
    await call.send_digits("0")
    await plays(town, "vm-options")
    await call.send_digits("5")
    await plays(town, "vm-newpassword")
    await call.send_digits("1234#")
    await plays(town, "vm-invalid-password")
    await plays(town, "vm-options")
    await call.send_digits("5")
    for asked in ("vm-newpassword", "vm-reenterpassword"):
        await plays(town, asked)
        await call.send_digits(f"{NEW}#")
    await plays(town, "vm-passchanged")
    await call.hang_up()
    await pin_is(town, NEW)
    assert await in_database(town) == NEW
    async with connected(town.database_url) as connection:
        actor = await connection.fetchval("SELECT actor FROM audit ORDER BY id DESC LIMIT 1")
    assert actor == f"voicemail:{OWN}"
    call = await listens(town, phone, "*98#", NEW)
    await call.hang_up()


async def test_name_that_the_owner_has_recorded_is_what_callers_hear(town: Town) -> None:
    phone = await owner_with_pin(town)
    recorded = mailbox_folder(town, OWN) / "greet.wav"
    call = await listens(town, phone, "*98#", PIN)
    await records(town, call, "3", recorded, [(0.6, 0.1)] * 3, hertz=300)
    await call.hang_up()
    try:
        await dial(town, phone, "*23*2*1330#", "callers-hear", at=DURING)
        town.reported.clear()
        await town.call_from_outside(NUMBER, at=DURING)
        await town.step("menu", containing=f"{recorded.with_suffix('')}&")
    finally:
        recorded.unlink(missing_ok=True)


async def test_who_hangs_up_without_a_word_leaves_no_message(town: Town) -> None:
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", OWN)
    call = await town.call_from_outside(NUMBER)
    await town.step("voicemail", 40, containing=f"{OWN}@")
    await eventually(lambda: has_recorded_seconds(town, 4), 20, "nothing was recorded")
    await call.hang_up()
    await town.report("CallflowEnd", 10)
    assert messages(town, OWN) == []


async def has_recorded_seconds(town: Town, seconds: float) -> bool:
    recordings = (mailbox_folder(town, OWN) / "tmp").glob("*.wav")
    return any([await has_seconds(path, seconds) for path in recordings])


@pytest.mark.parametrize("code", ["*98#", f"*98*{WITHOUT}#"])
async def test_where_there_is_no_voicemail_the_caller_hears_so(town: Town, code: str) -> None:
    await dial(town, await town.phone(WITHOUT), code, "no-voicemail")
