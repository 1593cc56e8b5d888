"""Names that no clerk would type but a program may: spoken and mailed as they are, and never read as a plan."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest

from callflow.phone.client import PhoneCall
from callflow.speech.policy_speech import sound_name
from tests.e2e.faults.lost_database import fell_back
from tests.e2e.helpers import eventually
from tests.e2e.listening import mailbox_folder, messages, plays
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.test_absence import DURING, next_tuesday
from tests.e2e.town import OUTSIDER, WORKING_HOURS, Town

OWNER, NUMBER = "61100", "+4690161100"
GIVEN, FAMILY = 'Åsa & "Bo"', "🗓️ 'x'"
NAME, REASON = f"{GIVEN} {FAMILY}", f"är hos {GIVEN} {FAMILY}"
IN_A_MAIL = "Åsa Bo 🗓️ 'x'"
"""The same without what mail headers and Asterisk's files take for their own."""
STANDS_FOR_IT = b'"X"'
LONG_NAME = ('Åsa & \\"Bo\\" 🗓️ ${SET(GLOBAL(CF_READ_AS_DIALPLAN)=1)} $[1/0] ;|,' * 200)[:4000].rstrip("\\")

TELL_OF_WHO_CALLS = {"res_pjsip.c", "chan_pjsip.c"}
"""What warns of a name cut off, and of a phone that is not registered; neither runs the dialplan."""

IS_AWAY = """
    WITH owner AS (
        UPDATE extension SET name = NULL, ring_limit = 1 WHERE sip_username = $1
        RETURNING person_id, mailbox_id, organisation_id
    ), named AS (
        UPDATE person SET given_name = $2, family_name = $3 WHERE id = (SELECT person_id FROM owner)
    ), box AS (
        UPDATE mailbox SET name = $4 WHERE id = (SELECT mailbox_id FROM owner)
    ), reason AS (
        INSERT INTO absence_reason (organisation_id, digit, text_sv, text_en)
        SELECT organisation_id, '0', $5, $5 FROM owner RETURNING id
    )
    INSERT INTO absence (person_id, reason_id, starts_at, returns_at)
    SELECT owner.person_id, reason.id, $6, $7 FROM owner, reason
"""
TASKS = """
    SELECT array_agg(m.caller_number || ' to ' || b.number)
    FROM voicemail_message AS m JOIN mailbox AS b ON b.id = m.mailbox_id
"""


@pytest.fixture(autouse=True)
async def no_messages(town: Town) -> AsyncIterator[None]:
    """Take away what other tests have left, and what these leave."""
    shutil.rmtree(mailbox_folder(town, OWNER), ignore_errors=True)
    await town.sql("DELETE FROM voicemail_message")
    yield
    await town.sql("DELETE FROM voicemail_message")


class Naming(asyncio.DatagramProtocol):
    """Between a phone and Asterisk: gives the caller the long name, of which a phone has no room for the whole."""

    def __init__(self, asterisk: tuple[str, int]) -> None:
        self._asterisk = asterisk
        self._phone: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        assert self._transport is not None
        name = f'"{LONG_NAME}"'.encode()
        if sender != self._asterisk:
            self._phone = sender
            self._transport.sendto(data.replace(STANDS_FOR_IT, name), self._asterisk)
        elif self._phone is not None:
            self._transport.sendto(data.replace(name, STANDS_FOR_IT), self._phone)


@asynccontextmanager
async def naming(town: Town) -> AsyncIterator[str]:
    """Give where to call Asterisk by the long name (host:port)."""
    settings = town.region.settings
    asterisk = (settings.sip_host, settings.sip_port)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Naming(asterisk), local_addr=(settings.trunk_host, 0)
    )
    host, port = transport.get_extra_info("sockname")
    try:
        yield f"{host}:{port}"
    finally:
        transport.close()


async def leaves_a_message(town: Town, call: PhoneCall) -> EmailMessage:
    """Speak to the mailbox; return the mail with the recording, when the message is the owner's task."""
    await town.step("voicemail", 40, containing=f"{OWNER}@")
    await town.speak(call)
    await call.hang_up()
    await eventually(town.has_mail, 20, "the mail never came")
    await eventually(lambda: is_a_task(town), 20, "the message never was a task")
    assert len(messages(town, OWNER)) == 1
    [mail] = town.region.mail.mails
    [recording] = mail.iter_attachments()
    assert recording.get_content()[:4] == b"RIFF"
    return mail


async def is_a_task(town: Town) -> bool:
    return bool(await town.value(TASKS) == [f"{OUTSIDER} to {OWNER}"])


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body()
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


async def test_an_absent_person_of_an_odd_name_and_reason_is_told_of_and_gets_the_message(town: Town) -> None:
    await town.sql(IS_AWAY, OWNER, GIVEN, FAMILY, NAME, REASON, next_tuesday(9, 30), next_tuesday(13))
    for text in (NAME, REASON):
        await speech_is_made(town, text)
    call = await town.call_from_outside(NUMBER, at=DURING)
    menu = await town.step("menu", containing=f"{sound_of(town, NAME)}&{sound_of(town, REASON)}&policy/and-is-back")
    for text in (NAME, REASON):
        await plays(town, f"policy/{sound_name('sv', text)}")
    await plays(town, "policy/hour-13")
    [digit] = re.findall(r"policy/message-press-(\d)", menu.fields["Plan"])
    await plays(town, f"policy/message-press-{digit}")
    await call.send_digits(digit)
    mail = await leaves_a_message(town, call)
    assert mail["Subject"].endswith(f"till {IN_A_MAIL}")
    assert mail["To"].addresses[0].display_name == IN_A_MAIL
    assert f"lämnade ett röstmeddelande till {IN_A_MAIL} (brevlåda {OWNER})" in text_of(mail)
    assert not fell_back(town)


async def test_a_caller_with_a_name_that_is_too_long_and_odd_leaves_a_message_like_any_other(town: Town) -> None:
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", OWNER)
    log = town.region.settings.asterisk_folder / "log" / "messages.log"
    before, service = log.stat().st_size, town.service_log()
    async with naming(town) as to:
        phone = await town.outsider()
        caller = f"{STANDS_FOR_IT.decode()} <sip:{OUTSIDER}@{town.region.settings.trunk_host}>"
        call = await phone.call(NUMBER, to=to, caller=caller, headers={"X-Callflow-At": WORKING_HOURS})
        mail = await leaves_a_message(town, call)
    assert OUTSIDER in mail["Subject"]
    assert len(service.lines("call_decided")) == 1
    said = log.read_bytes()[before:].decode(errors="replace")
    assert set(re.findall(r"(?:WARNING|ERROR)\[\d+\] (\w+\.c)", said)) <= TELL_OF_WHO_CALLS, said
    assert all(line.startswith("[20") for line in said.splitlines())
    assert "CF_READ_AS_DIALPLAN" not in await town.region.asterisk.console("dialplan show globals")
    assert re.search(rf'"Åsa & .*🗓️ .*" <\{OUTSIDER}> lämnade ett röstmeddelande till ', text_of(mail))
    assert not fell_back(town)
