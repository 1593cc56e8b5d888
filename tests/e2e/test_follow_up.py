"""Voice messages followed up with real phones and a real mail server: heard, called back, reminded of (R11)."""

import re
import shutil
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest

from callflow.embedded.home import environment_of
from callflow.phone.client import Phone
from callflow.phone.trunk_peer import Behaviour
from tests.e2e.helpers import callflow, eventually
from tests.e2e.listening import leaves_a_message, listens, mailbox_folder, messages, plays
from tests.e2e.test_voicemail import PIN, owner_with_pin
from tests.e2e.town import OUTSIDER, Town

OWNER, NUMBER, ELSEWHERE = "61100", "+4690161100", "61202"
CALLED_BACK = OUTSIDER.replace("+46", "0")


@pytest.fixture(autouse=True)
async def one_message(town: Town) -> AsyncIterator[None]:
    """Leave a message to the owner, from a caller who answers when called back."""
    shutil.rmtree(mailbox_folder(town, OWNER), ignore_errors=True)
    await town.sql("DELETE FROM voicemail_message")
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", OWNER)
    town.trunk.behaviours[OUTSIDER] = Behaviour(ring_seconds=0.2)
    await leaves_a_message(town, NUMBER, OWNER)
    await becomes(town, "unheard")
    town.reported.clear()
    yield
    await town.sql("DELETE FROM voicemail_message")


async def becomes(town: Town, state: str, by: str | None = None) -> None:
    """Wait until the message has this state, ended by this actor."""

    async def is_so() -> bool:
        rows = await town.value("SELECT array_agg(state || coalesce(' by ' || ended_by, '')) FROM voicemail_message")
        return bool(rows == [state if by is None else f"{state} by {by}"])

    await eventually(is_so, 20, f"the message never was {state} by {by}")


async def test_message_is_stored_with_its_caller_and_length(town: Town) -> None:
    caller, seconds, mailbox = await town.row(
        "SELECT caller_number, seconds, number FROM voicemail_message AS m JOIN mailbox AS b ON b.id = mailbox_id"
    )
    assert (caller, mailbox) == (OUTSIDER, OWNER)
    assert seconds >= 2
    facts = (await town.health())["messages"]
    assert (facts["ok"], facts["open"], facts["unheard"]) == (True, 1, 1)


async def test_message_is_heard_when_its_owner_has_listened_and_answered_when_the_caller_is_called_back(
    town: Town,
) -> None:
    phone = await owner_with_pin(town)
    call = await listens(town, phone, "*98#", PIN)
    await plays(town, "vm-onefor")
    await call.send_digits("1")
    await plays(town, "INBOX/msg0000")
    await call.hang_up()
    await becomes(town, "heard")
    await calls(town, phone)
    await becomes(town, "answered", f"phone:{NUMBER}")


async def test_call_back_with_a_hidden_number_answers_an_unheard_message(town: Town) -> None:
    await calls(town, await town.phone(OWNER), f"#31#{CALLED_BACK}")
    await becomes(town, "answered", f"phone:{NUMBER}")


async def test_call_back_that_nobody_answers_and_another_units_call_leave_the_message_waiting(town: Town) -> None:
    town.trunk.behaviours[OUTSIDER] = Behaviour(code=486)
    phone = await town.phone(OWNER)
    call = await town.call(phone, CALLED_BACK)
    await call.wait_for("disconnected", 20)
    await town.report("CallflowEnd", 10)
    town.trunk.behaviours[OUTSIDER] = Behaviour(ring_seconds=0.2)
    elsewhere = await town.phone(ELSEWHERE)
    await calls(town, elsewhere)
    await becomes(town, "unheard")
    await calls(town, phone)
    await becomes(town, "answered", f"phone:{NUMBER}")


async def calls(town: Town, phone: Phone, number: str = CALLED_BACK) -> None:
    """Call the one who left the message, who answers, and hang up."""
    town.reported.clear()
    call = await town.call(phone, number)
    await call.wait_for("connected", 20)
    await call.hang_up()
    await town.report("CallflowEnd", 10)


async def test_message_that_is_deleted_by_telephone_is_closed(town: Town) -> None:
    call = await listens(town, await owner_with_pin(town), "*98#", PIN)
    await plays(town, "vm-onefor")
    await call.send_digits("1")
    await plays(town, "INBOX/msg0000")
    await call.send_digits("7")
    await plays(town, "vm-deleted")
    await call.hang_up()
    await becomes(town, "closed", "voicemail")


async def test_message_that_is_closed_by_hand_is_shown_and_counted_no_more_and_its_recording_stays(
    town: Town,
) -> None:
    await town.sql("UPDATE voicemail_message SET left_at = left_at - interval '125 minutes'")
    [line] = (await shown(town)).splitlines()
    about = rf" +(\d+)  20\d\d-\d\d-\d\d \d\d:\d\d  .* \({OWNER}\): från {CALLED_BACK}, \d+ s, inte avlyssnat, "
    found = re.match(about + r"väntar sedan 2 tim [56] min", line)
    assert found is not None, line
    await counted(town, "1 unheard of 1, 2 hours")
    assert await shown(town, "--close", found[1]) == (
        f"Röstmeddelande {found[1]} är stängt. Inspelningen ligger kvar i röstbrevlådan.\n"
    )
    await counted(town, "0 unheard of 0, 0 hours")
    assert await shown(town) == "Inga röstmeddelanden väntar på svar.\n"
    assert re.search(r", \d+ s, stängt 20\S+ \S+ av cli:", await shown(town, "--all"))
    assert len(messages(town, OWNER)) == 1


async def shown(town: Town, *arguments: str) -> str:
    """Return what `callflow messages` tells."""
    code, told = await callflow(environment_of(town.region.settings), "messages", *arguments)
    assert code == 0, told
    return told


async def counted(town: Town, wanted: str) -> None:
    """Wait until the service says of itself that so many messages wait, the oldest for so long."""

    async def is_so() -> bool:
        facts = (await town.health())["messages"]
        told = f"{facts['unheard']} unheard of {facts['open']}, {facts['oldest_seconds'] // 3600:.0f} hours"
        return bool(facts["ok"] and told == wanted)

    await eventually(is_so, 20, f"the service never counted {wanted}")


async def test_owner_and_then_the_telephone_contact_are_reminded_by_mail(town: Town) -> None:
    await eventually(town.has_mail, 20, "the recording was never mailed")
    town.region.mail.mails.clear()
    await town.sql("UPDATE voicemail_message SET left_at = left_at - interval '9 days'")
    owner = await next_mail(town)
    assert owner["Subject"] == "Ett röstmeddelande väntar på svar"
    assert owner["To"] == await town.value("SELECT email FROM mailbox WHERE number = $1", OWNER)
    assert f"från {CALLED_BACK}" in owner.get_content()
    await town.sql("UPDATE voicemail_message SET owner_reminded_at = owner_reminded_at - interval '9 days'")
    contact = await next_mail(town)
    assert contact["To"] not in {owner["To"], None}
    assert "Du svarar för enhetens telefoni" in contact.get_content()
    assert CALLED_BACK not in contact.as_string()


async def next_mail(town: Town) -> EmailMessage:
    """Wait for a mail and take it."""
    await eventually(town.has_mail, 40, "nobody was reminded")
    [mail] = town.region.mail.mails
    town.region.mail.mails.clear()
    return mail
