"""The mails that remind of messages which nobody has answered (R11, R12)."""

from email.message import EmailMessage
from typing import Any

import pytest

from callflow.policy.follow_up import OpenMessage, Reminded, Reminder
from callflow.policy.model import Policy
from callflow.service.reminder_mail import grouped, reminder_mail
from tests.builders import OUTSIDER, at, mailbox, policy

ROWS = policy(mailboxes=[mailbox(1, name="Åsa Öberg"), mailbox(2, name="Växeln")])
SENDER = "callflow@umea.example"


def mails(policy_rows: Policy, reminders: list[Reminder]) -> list[EmailMessage]:
    return [reminder_mail(policy_rows, group, SENDER) for group in grouped(reminders)]


def due(to: Reminded = Reminded.OWNER, address: str = "asa@umea.example", **values: Any) -> Reminder:
    defaults = {"id": 1, "mailbox_id": 1, "left_at": at("2026-11-26 14:03"), "seconds": 34, "caller_number": OUTSIDER}
    return Reminder(message=OpenMessage(**{**defaults, **values}), to=to, addresses=tuple(address.split()))


def test_owner_reads_who_called_when_and_what_to_do() -> None:
    [mail] = mails(ROWS, [due()])
    assert (mail["To"], mail["Subject"]) == ("asa@umea.example", "Ett röstmeddelande väntar på svar")
    assert mail["From"] == "Röstbrevlådan <callflow@umea.example>"
    text = mail.get_content()
    assert "Åsa Öberg (70001)\n  - 2026-11-26 14:03 från 0701740605, 34 s, inte avlyssnat\n" in text
    assert "Ring upp från din anknytning" in text
    assert "  - 2026-11-26 14:03 from 0701740605, 34 s, not heard\n" in text


def test_messages_of_one_reader_are_one_mail_oldest_first_by_mailbox() -> None:
    later = due(id=2, left_at=at("2026-11-26 15:00"), heard=True, caller_number=None)
    urgent = due(id=3, mailbox_id=2, urgent=True)
    [mail] = mails(ROWS, [later, due(), urgent])
    assert mail["Subject"] == "3 röstmeddelanden väntar på svar"
    assert (
        "Åsa Öberg (70001)\n"
        "  - 2026-11-26 14:03 från 0701740605, 34 s, inte avlyssnat\n"
        "  - 2026-11-26 15:00 från dolt nummer, 34 s, avlyssnat\n\n"
        "Växeln (70002)\n"
        "  - 2026-11-26 14:03 från 0701740605, 34 s, brådskande, inte avlyssnat\n"
    ) in mail.get_content()


def test_telephone_contact_reads_that_messages_wait_but_not_from_whom() -> None:
    [mail] = mails(ROWS, [due(Reminded.CONTACT, "kontakt@umea.example")])
    assert "Åsa Öberg (70001)\n  - 2026-11-26 14:03, inte avlyssnat\n" in mail.get_content()
    assert "0701740605" not in mail.as_string()


def test_each_reader_has_a_mail_of_their_own_and_so_has_one_in_both_roles() -> None:
    found = mails(ROWS, [due(), due(Reminded.CONTACT), due(address="bo@umea.example")])
    assert sorted(mail["To"] for mail in found) == ["asa@umea.example", "asa@umea.example", "bo@umea.example"]


def test_name_of_a_mailbox_cannot_become_a_header_or_a_field() -> None:
    rows = policy(mailboxes=[mailbox(1, name="{to}\nBcc: andra@example.org")])
    [mail] = mails(rows, [due()])
    assert mail["Bcc"] is None
    assert "{to}" in mail.get_content()


def test_everybody_who_has_a_mailbox_reads_the_same_mail() -> None:
    [mail] = mails(ROWS, [due(address="asa@umea.example bo@umea.example")])
    assert mail["To"] == "asa@umea.example, bo@umea.example"


def test_address_that_no_mail_can_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="local-part"):
        mails(ROWS, [due(address="anna..ek@umea.example")])
