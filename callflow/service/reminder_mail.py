"""The mails that remind of voicemail messages which nobody has answered (R11), Swedish first and English.

The owner reads who called, as in the mail with the recording. The telephone contact reads only that messages lie
there: who calls whom is not theirs to know (R12).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid

from callflow.policy.follow_up import OpenMessage, Reminded, Reminder
from callflow.policy.model import Policy
from callflow.policy.numbers import national
from callflow.policy.schedule import zone_of

SENDER_NAME = "Röstbrevlådan"

_SUBJECT = {1: "Ett röstmeddelande väntar på svar", 2: "{count} röstmeddelanden väntar på svar"}
_LINE = {
    Reminded.OWNER: ("{at} från {caller}, {seconds} s, {heard}", "{at} from {caller}, {seconds} s, {heard}"),
    Reminded.CONTACT: ("{at}, {heard}", "{at}, {heard}"),
}
_OWNER_SV = """\
Hej!

Det här har kommit till röstbrevlådan och väntar på svar:

{boxes}

Ring upp från din anknytning, så räknas meddelandet som besvarat. Ska ingen ringas upp: ta bort meddelandet i
röstbrevlådan.
"""
_OWNER_EN = """\
These voice messages wait for an answer:

{boxes}

Call back from your extension, and the message counts as answered. If nobody is to be called, delete it in the
mailbox.
"""
_CONTACT_SV = """\
Hej!

Du svarar för enhetens telefoni. Det här har kommit till en röstbrevlåda, och ingen har svarat på det:

{boxes}

Se till att någon på enheten ringer upp.
"""
_CONTACT_EN = """\
You answer for the telephones of the unit. Nobody has answered these voice messages:

{boxes}

See that somebody in the unit calls back.
"""
_BODY = {Reminded.OWNER: (_OWNER_SV, _OWNER_EN), Reminded.CONTACT: (_CONTACT_SV, _CONTACT_EN)}
_WORDS = (
    {"heard": "avlyssnat", "unheard": "inte avlyssnat", "urgent": "brådskande", "withheld": "dolt nummer"},
    {"heard": "heard", "unheard": "not heard", "urgent": "urgent", "withheld": "withheld number"},
)


def grouped(reminders: Iterable[Reminder]) -> list[list[Reminder]]:
    """Return the reminders that go into one mail each: those to the same readers."""
    groups: dict[tuple[Reminded, tuple[str, ...]], list[Reminder]] = defaultdict(list)
    for it in reminders:
        groups[it.to, it.addresses].append(it)
    return list(groups.values())


def reminder_mail(policy: Policy, group: Sequence[Reminder], sender: str) -> EmailMessage:
    """Return the mail from `sender` of reminders to the same readers; raise `ValueError` for a bad address."""
    to, messages = group[0].to, [it.message for it in group]
    mail = EmailMessage()
    mail["From"] = Address(SENDER_NAME, addr_spec=sender)
    mail["To"] = [Address(addr_spec=address) for address in group[0].addresses]
    mail["Subject"] = _SUBJECT[min(len(messages), 2)].format(count=len(messages))
    mail["Date"] = localtime()
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    bodies = (_BODY[to][at].format(boxes=_boxes(policy, to, messages, at)) for at in (0, 1))
    mail.set_content("\n– – –\n\n".join(bodies))
    return mail


def _boxes(policy: Policy, to: Reminded, messages: Sequence[OpenMessage], language: int) -> str:
    by_mailbox: dict[int, list[OpenMessage]] = defaultdict(list)
    for message in messages:
        by_mailbox[message.mailbox_id].append(message)
    return "\n\n".join(_box(policy, to, mailbox_id, of, language) for mailbox_id, of in by_mailbox.items())


def _box(policy: Policy, to: Reminded, mailbox_id: int, messages: Sequence[OpenMessage], language: int) -> str:
    mailbox = policy.mailboxes[mailbox_id]
    lines = [_line(policy, to, message, language) for message in sorted(messages, key=lambda it: it.left_at)]
    return "\n".join([f"{mailbox.name} ({mailbox.number})", *(f"  - {line}" for line in lines)])


def _line(policy: Policy, to: Reminded, message: OpenMessage, language: int) -> str:
    words, zone = _WORDS[language], zone_of(policy, policy.mailboxes[message.mailbox_id].organisation_id)
    heard = words["heard" if message.heard else "unheard"]
    return _LINE[to][language].format(
        at=f"{message.left_at.astimezone(zone):%Y-%m-%d %H:%M}",
        caller=national(message.caller_number) if message.caller_number else words["withheld"],
        seconds=message.seconds,
        heard=f"{words['urgent']}, {heard}" if message.urgent else heard,
    )
