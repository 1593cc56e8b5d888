"""Mailboxes of whose messages nobody is told (R11)."""

from collections import defaultdict
from collections.abc import Iterator

from callflow.policy.checks.finding import Finding, Subject, finding, of_extension, of_organisation, of_unit
from callflow.policy.checks.look import Look
from callflow.policy.follow_up import readers
from callflow.policy.model import Mailbox, Policy


def mailbox_findings(look: Look) -> Iterator[Finding]:
    """Yield the mailboxes of which neither an owner nor a telephone contact can be reminded by mail."""
    policy = look.policy
    extensions, units = _users(policy)
    for mailbox in policy.mailboxes.values():
        organisation = policy.organisations.get(mailbox.organisation_id)
        extension_ids, unit_ids = tuple(extensions[mailbox.id]), tuple(units[mailbox.id])
        owners, contact = readers(policy, mailbox, extension_ids, unit_ids)
        if organisation is None or owners or contact:
            continue
        if organisation.message_owner_hours is None and organisation.message_contact_hours is None:
            continue
        yield from (
            finding("messages_tell_nobody", subject, mailbox=mailbox.number)
            for subject in _subjects(policy, mailbox, extension_ids, unit_ids)
        )


def _users(policy: Policy) -> tuple[defaultdict[int, list[int]], defaultdict[int, list[int]]]:
    """Return the extensions and the units that have each mailbox, the latter also by their duty roster."""
    extensions, units = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for extension in policy.extensions.values():
        extensions[extension.mailbox_id or 0].append(extension.id)
    for unit in policy.units.values():
        roster = policy.duty_rosters.get(unit.duty_roster_id or 0)
        for mailbox_id in {unit.mailbox_id or 0, roster.mailbox_id if roster is not None else 0}:
            units[mailbox_id].append(unit.id)
    return extensions, units


def _subjects(
    policy: Policy, mailbox: Mailbox, extension_ids: tuple[int, ...], unit_ids: tuple[int, ...]
) -> list[Subject]:
    """Return whose mailbox it is: extensions, else units, else its organisation where it has no other use."""
    if extension_ids:
        return [of_extension(policy, policy.extensions[row_id]) for row_id in extension_ids]
    if unit_ids:
        return [of_unit(policy.units[row_id]) for row_id in unit_ids]
    return [of_organisation(policy.organisations[mailbox.organisation_id])]
