"""Every SIP account, as the replica holds it for Asterisk."""

from callflow.asterisk.conf_text import (
    ConfigurationError,
    account_name,
    asterisk_language,
    display_name,
    one_line,
    telephone_number,
)
from callflow.asterisk.plan_variables import voicemail_box
from callflow.asterisk.replica import PhoneRow
from callflow.policy.model import Extension, Mailbox, Person
from callflow.service.ports import PhoneAccount

RESERVED = frozenset({"trunk", "global", "system", "transport-udp"})
"""Sections of asterisk-conf/pjsip.conf, which no account may be taken for."""


def phone_row(  # noqa: PLR0913, PLR0917 - all that a row is made of
    account: PhoneAccount,
    extension: Extension,
    person: Person | None,
    mailbox: Mailbox | None,
    language: str,
    confidential: bool,
) -> PhoneRow:
    """Return the row of one SIP account; raise `ConfigurationError` when a value cannot stand there.

    The extension's own number goes with every call from the account; a phone cannot claim another. `locked` keeps a
    phone reported lost barred while no service answers (R21). The phones of a unit that is confidential, itself or by
    one above it, ask for privacy on every call (R17, RFC 3323).
    """
    name = account_name(account.username)
    if name.lower() in RESERVED:
        raise ConfigurationError(f"the SIP account {name!r} has a name that the system uses itself; choose another")
    number = telephone_number(extension.number)
    return PhoneRow(
        username=name,
        password=one_line(account.password, f"the SIP password of {name}"),
        number=number,
        callerid=f"{_shown_name(extension, person)}<{number}>",
        privacy="prohib" if confidential else "allowed",
        language=asterisk_language(language),
        mailbox=voicemail_box(mailbox.number) if mailbox else None,
        locked=int(extension.locked),
    )


def _shown_name(extension: Extension, person: Person | None) -> str:
    shown = display_name(extension.name or (person.full_name if person else ""))
    return f'"{shown}" ' if shown else ""
