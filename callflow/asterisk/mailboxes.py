"""Every voicemail box, with where its recordings are mailed, as the replica holds it for Asterisk."""

import re

from callflow.asterisk.conf_text import ConfigurationError, asterisk_language, display_name
from callflow.asterisk.plan_variables import VOICEMAIL_CONTEXT, voicemail_box
from callflow.asterisk.replica import MailboxRow
from callflow.policy.model import Mailbox

_PIN = re.compile(r"[0-9]{1,16}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+")


def mailbox_row(mailbox: Mailbox, pin: str) -> MailboxRow:
    """Return the row of one mailbox; raise `ConfigurationError` for a bad number, PIN or address."""
    number = voicemail_box(mailbox.number).removesuffix(f"@{VOICEMAIL_CONTEXT}")
    if not _PIN.fullmatch(pin):
        raise ConfigurationError(f"the PIN of mailbox {number} is not 1 to 16 digits; set another")
    if mailbox.email and not _EMAIL.fullmatch(mailbox.email):
        raise ConfigurationError(f"mailbox {number} has an address that cannot be mailed to: {mailbox.email!r}")
    return MailboxRow(
        number=number,
        pin=pin,
        name=display_name(mailbox.name),
        email=mailbox.email or None,
        language=asterisk_language(mailbox.language),
    )
