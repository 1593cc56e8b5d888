"""Every SIP account, as the replica holds it for Asterisk."""

from callflow.asterisk.conf_text import (
    ConfigurationError,
    account_name,
    asterisk_language,
    display_name,
    one_line,
    telephone_number,
)
from callflow.asterisk.plan_variables import shown_outside, voicemail_box
from callflow.asterisk.replica import PhoneRow
from callflow.policy.model import Extension, Mailbox, Person
from callflow.policy.plan import Presentation
from callflow.service.ports import PhoneAccount

RESERVED = frozenset({"trunk", "global", "system", "transport-udp"})
"""Sections of asterisk-conf/pjsip.conf, which no account may be taken for."""
TRUNK = "trunk-"
"""How the trunk's channels begin: a phone's must not, or it would be taken for the trunk (dialplan/)."""


def phone_row(  # noqa: PLR0913, PLR0917 - all that a row is made of
    account: PhoneAccount,
    extension: Extension,
    person: Person | None,
    mailbox: Mailbox | None,
    language: str,
    shown: Presentation,
) -> PhoneRow:
    """Return the row of one SIP account; raise `ConfigurationError` when a value cannot stand there.

    The extension's own number goes with every call from the account; a phone cannot claim another. `locked` keeps a
    phone reported lost barred while no service answers (R21), and `shown` is what its calls show then. The phones of
    a unit that is confidential, itself or by one above it, ask for privacy on every call (R17, RFC 3323).
    """
    name = account_name(account.username)
    if name.lower() in RESERVED or name.lower().startswith(TRUNK):
        raise ConfigurationError(f"the SIP account {name!r} has a name that the system uses itself; choose another")
    number = telephone_number(extension.number)
    shown_number, shown_name = shown_outside(shown)
    return PhoneRow(
        username=name,
        password=one_line(account.password, f"the SIP password of {name}"),
        number=number,
        callerid=f"{_own_name(extension, person)}<{number}>",
        privacy="prohib" if shown.hidden_inside else "allowed",
        language=asterisk_language(language),
        mailbox=voicemail_box(mailbox.number) if mailbox else None,
        shown=shown_number,
        shown_name=shown_name,
        locked=int(extension.locked),
    )


def _own_name(extension: Extension, person: Person | None) -> str:
    name = display_name(extension.name or (person.full_name if person else ""))
    return f'"{name}" ' if name else ""
