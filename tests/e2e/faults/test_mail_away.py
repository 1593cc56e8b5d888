"""The mail server away: a voice message's mail waits, health says so, and it comes once when that is back (R11)."""

import shutil
from collections.abc import AsyncIterator

import pytest

from tests.e2e.faults.moments import is_well_again
from tests.e2e.helpers import eventually
from tests.e2e.listening import leaves_a_message, mailbox_folder, messages
from tests.e2e.town import OUTSIDER, Town

OWNER, NUMBER = "61100", "+4690161100"
TOLD_SECONDS, BACK_SECONDS = 20.0, 90.0
"""The pauses between tries grow: how long the next one is depends on how long the server was away."""


@pytest.fixture(autouse=True)
async def no_messages(town: Town) -> AsyncIterator[None]:
    """Take away what other tests have left, and what this one leaves."""
    shutil.rmtree(mailbox_folder(town, OWNER), ignore_errors=True)
    await town.sql("DELETE FROM voicemail_message")
    yield
    await town.sql("DELETE FROM voicemail_message")


async def test_mail_waits_for_its_server_and_then_comes_once_with_the_recording(town: Town) -> None:
    await is_well_again(town)
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", OWNER)
    server = town.region.mail
    port = server.port
    await server.stop()
    try:
        await leaves_a_message(town, NUMBER, OWNER)

        async def is_told() -> bool:
            told = (await town.health())["mail"]
            return (told["ok"], told["waiting"]) == (False, 1) and bool(told["error"])

        await eventually(is_told, TOLD_SECONDS, f"health never said that a mail waits: {await town.health()}")
    finally:
        await server.start()
    assert server.port == port
    await eventually(town.has_mail, BACK_SECONDS, "the mail never came")
    await is_well_again(town)
    told = (await town.health())["mail"]
    assert (told["waiting"], told["refused"]) == (0, 0)
    [mail] = server.mails
    [recording] = mail.iter_attachments()
    [message] = messages(town, OWNER)
    assert OUTSIDER in mail["Subject"]
    assert recording.get_content_type() in {"audio/x-wav", "audio/wav"}
    assert recording.get_content() == message.with_suffix(".wav").read_bytes()
