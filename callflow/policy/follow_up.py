"""A voicemail message as a task until its caller was called back: whose it is, and who is reminded of it (R11)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from callflow.policy.acting_for import is_operator, may_act_for, may_act_for_unit
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.feature_codes import read
from callflow.policy.hours import open_seconds
from callflow.policy.lineage import lineage
from callflow.policy.model import Mailbox, Policy, Unit
from callflow.policy.numbers import bare, normalise

LONGEST_LOOK = timedelta(days=92)
"""How far back open hours are counted."""
_PREFIXES = frozenset((FeatureAction.HIDE_NUMBER_ONCE, FeatureAction.SHOW_NUMBER_ONCE))
"""Codes after which a number is dialled."""


class Reminded(StrEnum):
    """Who is reminded of a message: whose mailbox it is in, or who answers for the unit's telephones."""

    OWNER = "owner"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMessage:
    """A message that nobody has answered. `extension_ids` and `unit_ids` are those that have the mailbox as theirs.

    `caller_number` is in E.164, or as it came where it has no such form; None where there is none.
    """

    id: int
    mailbox_id: int
    left_at: datetime
    seconds: int = 0
    caller_number: str | None = None
    heard: bool = False
    urgent: bool = False
    extension_ids: tuple[int, ...] = ()
    unit_ids: tuple[int, ...] = ()
    owner_reminded_at: datetime | None = None
    contact_reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A message that somebody is to be told of, at these mail addresses."""

    message: OpenMessage
    to: Reminded
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CalledBack:
    """A call from an extension of ours that was answered, and the number it was made to, as `OpenMessage` has it."""

    extension_id: int
    number: str


def caller_of(number: str, policy: Policy) -> str | None:
    """Return a caller's number, as a voicemail has it, in the form by which it is known again; None for none."""
    digits = bare(number)
    read_as = normalise(digits, policy, internal=True).number or normalise(digits, policy, internal=False).number
    return read_as or (digits[:24] if digits.isdecimal() else None)


def called_back(policy: Policy, account: str, dialled: str) -> CalledBack | None:
    """Return who called whom, by the SIP account and what it dialled; None for no call of ours to a number."""
    caller = policy.extensions.get(policy.accounts.get(account, 0))
    if caller is None:
        return None
    code = read(dialled, policy.codes.get(caller.organisation_id, ()))
    number = code.rest if code is not None and code.action in _PREFIXES else dialled
    found = normalise(number, policy, internal=True)
    return CalledBack(caller.id, found.number) if found.number is not None else None


def answers(policy: Policy, caller_id: int, message: OpenMessage) -> bool:
    """Tell whether a call from this extension to a message's caller answers the message.

    It does from its owner's, from those of the owner's unit or of the unit whose mailbox it is, from who may act for
    either, and from the operators where the mailbox is the organisation's alone.
    """
    caller, mailbox = policy.extensions.get(caller_id), policy.mailboxes.get(message.mailbox_id)
    if caller is None or mailbox is None:
        return False
    owners = [policy.extensions[row_id] for row_id in message.extension_ids if row_id in policy.extensions]
    unit_ids = (*message.unit_ids, *(owner.unit_id for owner in owners))
    units = [policy.units[row_id] for row_id in unit_ids if row_id in policy.units]
    if not (owners or units):
        return is_operator(policy, caller, mailbox.organisation_id)
    own_units = lineage(policy, policy.units.get(caller.unit_id))
    return any(may_act_for(policy, caller, owner) for owner in owners) or any(
        unit in own_units or may_act_for_unit(policy, caller, unit) for unit in units
    )


def reminder(policy: Policy, message: OpenMessage, now: datetime) -> Reminder | None:
    """Return whom to remind of a message at `now` (aware): its owner first, later the telephone contact of the unit.

    Both by the hours that the unit has been open. The owner has a turn before the contact: where the owner is told
    late, so is the contact. Where the owner has no address, the contact is told at the contact's time.
    """
    mailbox = policy.mailboxes.get(message.mailbox_id)
    organisation = policy.organisations.get(mailbox.organisation_id) if mailbox is not None else None
    if mailbox is None or organisation is None:
        return None
    unit = _unit(policy, message.extension_ids, message.unit_ids)
    owners, contact = readers(policy, mailbox, message.extension_ids, message.unit_ids)

    def is_due(hours: int, since: datetime) -> bool:
        begin = max(since, now - LONGEST_LOOK).timestamp()
        return open_seconds(policy, unit, organisation, begin, now.timestamp()) >= hours * 3600

    owner_hours, told = organisation.message_owner_hours, message.owner_reminded_at
    if owners and owner_hours is not None and told is None:
        is_owners = is_due(owner_hours, message.left_at)
        return Reminder(message=message, to=Reminded.OWNER, addresses=owners) if is_owners else None
    hours = organisation.message_contact_hours
    if contact is None or hours is None or message.contact_reminded_at is not None:
        return None
    is_contacts = is_due(hours, message.left_at) if told is None else is_due(hours - (owner_hours or 0), told)
    return Reminder(message=message, to=Reminded.CONTACT, addresses=(contact,)) if is_contacts else None


def readers(
    policy: Policy, mailbox: Mailbox, extension_ids: tuple[int, ...], unit_ids: tuple[int, ...]
) -> tuple[tuple[str, ...], str | None]:
    """Return where the owners of a mailbox have mail, and the telephone contact, None where there is none.

    The owners' is what the mailbox says, else each person's own.
    """
    owners = (mailbox.email,) if mailbox.email else _own_addresses(policy, extension_ids)
    return owners, _contact_address(policy, _unit(policy, extension_ids, unit_ids), owners)


def _own_addresses(policy: Policy, extension_ids: tuple[int, ...]) -> tuple[str, ...]:
    owners = (policy.extensions.get(row_id) for row_id in extension_ids)
    people = (policy.people.get(owner.person_id or 0) for owner in owners if owner is not None)
    addresses = (person.email for person in people if person is not None)
    return tuple(dict.fromkeys(filter(None, addresses)))


def _unit(policy: Policy, extension_ids: tuple[int, ...], unit_ids: tuple[int, ...]) -> Unit | None:
    owners = (policy.extensions.get(row_id) for row_id in extension_ids)
    ids = [*(owner.unit_id for owner in owners if owner is not None), *unit_ids]
    return policy.units.get(ids[0]) if ids else None


def _contact_address(policy: Policy, unit: Unit | None, owners: tuple[str, ...]) -> str | None:
    """Return the address of the nearest who answers for a unit's telephones and is none of the owners.

    Its telephone contact, its manager, then those of the units above.
    """
    above = lineage(policy, unit)
    ids = (person_id for row in above for person_id in (row.telephone_contact_id, row.manager_id))
    people = (policy.people.get(person_id or 0) for person_id in ids)
    addresses = (person.email for person in people if person is not None)
    return next((address for address in addresses if address and address not in owners), None)
