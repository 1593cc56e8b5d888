"""`generated/mailboxes.conf`: every voicemail box, with where its recordings are mailed."""

import re

from callflow.asterisk.conf_text import ConfigurationError, asterisk_language, display_name
from callflow.asterisk.plan_variables import VOICEMAIL_CONTEXT, voicemail_box
from callflow.policy.model import Mailbox

HEADER = f"[{VOICEMAIL_CONTEXT}]\n"

_PIN = re.compile(r"[0-9]{1,16}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9.-]+")


def render_mailbox(mailbox: Mailbox, pin: str) -> str:
    """Return the line of one mailbox; raise `ConfigurationError` for a bad number, PIN or address."""
    number = voicemail_box(mailbox.number).removesuffix(f"@{VOICEMAIL_CONTEXT}")
    if not _PIN.fullmatch(pin):
        raise ConfigurationError(f"the PIN of mailbox {number} is not 1 to 16 digits; set another")
    if mailbox.email and not _EMAIL.fullmatch(mailbox.email):
        raise ConfigurationError(f"mailbox {number} has an address that cannot be mailed to: {mailbox.email!r}")
    options = f"language={asterisk_language(mailbox.language)}|tz=swedish|attach=yes"
    return f"{number} => {pin},{display_name(mailbox.name)},{mailbox.email or ''},,{options}\n"
