"""Messages heard from outside; which PINs are refused, and for how long nobody is asked for one (R11)."""

import shutil
import time

import pytest

from tests.e2e.listening import (
    asked_anew,
    gives_pin,
    is_inside,
    leaves_a_message,
    listens,
    mailbox_folder,
    plays,
)
from tests.e2e.test_voicemail import NUMBER, OWN, PIN, in_database, owner_with_pin
from tests.e2e.town import Town

EASY = [OWN, "0000", "1234", "98765", "123", "12345678901"]
"""The own number, all alike, up, down, too short and too long."""
HOUR = 3600


@pytest.fixture(autouse=True)
async def one_message(town: Town) -> None:
    """Leave the mailbox with one new message."""
    for folder in ("INBOX", "Old"):
        shutil.rmtree(mailbox_folder(town, OWN) / folder, ignore_errors=True)
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", OWN)
    await leaves_a_message(town, NUMBER, OWN)
    town.reported.clear()


async def test_owner_hears_a_message_from_outside(town: Town) -> None:
    phone = await owner_with_pin(town)
    await phone.stop()
    call = await town.call_from_outside(NUMBER)
    await town.step("voicemail", 40, containing=f"{OWN}@")
    await call.wait_for("media")
    await plays(town, "vm-intro")
    await call.send_digits("*")
    await gives_pin(town, call, PIN)
    await is_inside(town)
    await plays(town, "vm-onefor")
    await call.send_digits("1")
    await plays(town, "INBOX/msg0000")
    await call.hang_up()


async def test_every_pin_that_is_easy_to_guess_is_refused_while_it_is_changed(town: Town) -> None:
    call = await listens(town, await owner_with_pin(town), "*98#", PIN)
    await plays(town, "vm-opts")
    await call.send_digits("0")
    for pin in EASY:
        await plays(town, "vm-options")
        await call.send_digits("5")
        await plays(town, "vm-newpassword")
        await call.send_digits(f"{pin}#")
        await plays(town, "vm-invalid-password")
    await call.hang_up()
    assert await in_database(town) == PIN


@pytest.mark.parametrize(("ago", "asked"), [(HOUR - 60, "dialplan/pin-locked"), (HOUR + 1, "dialplan/pin")])
async def test_after_an_hour_the_pin_is_asked_for_again(town: Town, ago: int, asked: str) -> None:
    phone = await owner_with_pin(town)
    async with asked_anew(town, OWN):
        since = int(time.time()) - ago
        await town.region.asterisk.console(f"dialplan set global CF_PIN_{OWN} 5:{since}")
        call = await town.call(phone, "*98#")
        await plays(town, asked)
        await call.hang_up()
