"""`generated/phones.conf`: endpoint, auth and AOR of every SIP account."""

from callflow.asterisk.conf_text import (
    ConfigurationError,
    account_name,
    asterisk_language,
    conf_value,
    display_name,
    telephone_number,
)
from callflow.asterisk.plan_variables import voicemail_box
from callflow.policy.model import Extension, Policy
from callflow.service.ports import PhoneAccount

RESERVED = frozenset({"trunk", "phone", "phone-auth", "phone-aor", "global", "system", "transport-udp"})
"""Sections of asterisk-conf/pjsip.conf, which no account may take over."""


def render_phone(account: PhoneAccount, policy: Policy) -> str:
    """Return the sections of one SIP account; raise `ConfigurationError` when a value cannot stand there.

    The extension's own number goes with every call from the account (`CALLFLOW_NUMBER`); a phone cannot claim
    another. `CALLFLOW_LOCKED` keeps a phone reported lost barred while no service answers (R21). A confidential
    unit's phones ask for privacy on every call (R17, RFC 3323).
    """
    name = account_name(account.username)
    if name.lower() in RESERVED:
        raise ConfigurationError(f"the SIP account {name!r} has a name that the system uses itself; choose another")
    extension = policy.extensions[account.extension_id]
    number = telephone_number(extension.number)
    lines = [
        f"[{name}](phone)",
        f"auth={name}",
        f"aors={name}",
        f"callerid={_shown_name(extension, policy)}<{number}>",
        f"language={asterisk_language(policy.organisations[extension.organisation_id].language)}",
        f"set_var=CALLFLOW_NUMBER={number}",
        *(["set_var=CALLFLOW_LOCKED=1"] if extension.locked else []),
        *_privacy(extension, policy),
        *_mailbox(extension, policy),
        f"[{name}](phone-auth)",
        f"username={name}",
        f"password={conf_value(account.password, f'the SIP password of {name}')}",
        f"[{name}](phone-aor)",
    ]
    return "\n".join(lines) + "\n\n"


def _shown_name(extension: Extension, policy: Policy) -> str:
    person = policy.people.get(extension.person_id) if extension.person_id is not None else None
    full_name = person.full_name if person else extension.name
    shown = display_name(full_name or "")
    return f'"{shown}" ' if shown else ""


def _privacy(extension: Extension, policy: Policy) -> list[str]:
    unit = policy.units.get(extension.unit_id)
    return ["callerid_privacy=prohib"] if unit is not None and unit.confidential else []


def _mailbox(extension: Extension, policy: Policy) -> list[str]:
    mailbox = policy.mailboxes.get(extension.mailbox_id) if extension.mailbox_id is not None else None
    return [f"mailboxes={voicemail_box(mailbox.number)}"] if mailbox else []
