"""What the replica holds for a snapshot: a row is made anew only when something that it is made of has changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import structlog

from callflow.asterisk.changed_rows import ChangedRows, changed_rows
from callflow.asterisk.conf_text import ConfigurationError, telephone_number
from callflow.asterisk.mailboxes import mailbox_row
from callflow.asterisk.net import (
    as_the_net_rings_it,
    extension_arguments,
    net_arguments,
    operator_calls,
    short_numbers,
)
from callflow.asterisk.phones import phone_row
from callflow.asterisk.replica import MailboxRow, NumberRow, PhoneRow, ReplicaRows, Standing
from callflow.policy.model import Extension, Mailbox, Organisation, Policy, Target, TargetKind
from callflow.policy.presentation import presentation_of
from callflow.service.ports import MailboxAccount, PhoneAccount, Snapshot

Item = TypeVar("Item")
Result = TypeVar("Result")
Sources: TypeAlias = tuple[Any, ...]
"""All that a row is made of. Objects that are the same as before are seen to be equal without a look inside."""
Made: TypeAlias = dict[str, tuple[Sources, Result]]

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class MadeRows:
    """What was made for the snapshot before, and what stands in the replica: kept from one write to the next."""

    phones: Made[PhoneRow] = field(default_factory=dict)
    mailboxes: Made[MailboxRow] = field(default_factory=dict)
    numbers: Made[str | None] = field(default_factory=dict)
    operators: dict[int, str] = field(default_factory=dict)
    """How each organisation's operators were called: it stands in the row of every extension of its."""
    short: dict[str, str] = field(default_factory=dict)
    numbering: Sources = ()
    standing: Standing = field(default_factory=Standing)
    snapshot: Snapshot | None = None
    """What all of it was made for."""
    writes: int = 0
    """How many times anything in the replica was changed."""
    left_out: dict[str, str] = field(default_factory=dict)
    """What could not stand in the replica, by its row's kind and key, and why."""


def replica_rows(snapshot: Snapshot, made: MadeRows) -> ReplicaRows:
    """Return what the replica holds for a snapshot, and keep it in `made`.

    A row that cannot stand there is left out and told: one odd name must not keep 15,000 phones from working.
    """
    policy = snapshot.policy

    def of_phone(account: PhoneAccount) -> Sources:
        extension = policy.extensions[account.extension_id]
        person = policy.people.get(extension.person_id) if extension.person_id is not None else None
        language = policy.organisations[extension.organisation_id].language
        shown = presentation_of(policy, extension)
        return account, extension, person, _mailbox(extension, policy), language, shown

    def of_mailbox(account: MailboxAccount) -> Sources:
        return policy.mailboxes[account.mailbox_id], account.pin

    only = changed_rows(made.snapshot, snapshot)
    made.snapshot = None
    phones = ((row.username, row) for row in snapshot.phones if only is None or row.extension_id in only.extensions)
    mailboxes = (
        (str(row.mailbox_id), row) for row in snapshot.mailboxes if only is None or row.mailbox_id in only.mailboxes
    )
    before, left_out = made.left_out, dict(made.left_out) if only is not None else {}
    made.phones = _make(phones, of_phone, phone_row, made.phones, left_out, "phone", anew=only is None)
    made.mailboxes = _make(mailboxes, of_mailbox, mailbox_row, made.mailboxes, left_out, "mailbox", anew=only is None)
    numbers = _number_rows(policy, made, left_out, only)
    made.left_out, made.snapshot = left_out, snapshot
    for row, reason in left_out.items() - before.items():
        log.warning("asterisk_row_left_out", row=row, reason=reason)
    return ReplicaRows(
        phones=[row for _, row in made.phones.values()],
        mailboxes=[row for _, row in made.mailboxes.values()],
        numbers=numbers,
    )


def _number_rows(
    policy: Policy, made: MadeRows, left_out: dict[str, str], only: ChangedRows | None
) -> list[NumberRow]:
    operators, short = operator_calls(policy), _short_numbers(policy, made)

    def of_number(item: tuple[str, Target]) -> Sources:
        number, target = item
        extension = policy.extensions.get(target.id or 0) if target.kind is TargetKind.EXTENSION else None
        if extension is None:
            return number, net_arguments(target, operators, policy)
        organisation = policy.organisations[extension.organisation_id]
        rings = as_the_net_rings_it(extension, policy)
        return number, rings, _mailbox(extension, policy), organisation, operators[organisation.id]

    others = {key for key, calls in operators.items() if made.operators.get(key) != calls}
    made.operators = operators

    def may_differ(target: Target) -> bool:
        if only is None or target.kind is not TargetKind.EXTENSION or target.id in only.extensions:
            return True
        return bool(others) and policy.extensions[target.id or 0].organisation_id in others

    numbers = ((number, (number, target)) for number, target in policy.numbers.items() if may_differ(target))
    made.numbers = _make(numbers, of_number, _arguments, made.numbers, left_out, "number", anew=only is None)
    return [
        NumberRow(number, short.get(number), arguments)
        for number, (_, arguments) in made.numbers.items()
        if arguments
    ]


def _short_numbers(policy: Policy, made: MadeRows) -> dict[str, str]:
    numbering = (policy.number_ranges, policy.numbers.keys())
    if made.numbering != numbering:
        made.short, made.numbering = short_numbers(policy), numbering
    return made.short


def _arguments(
    number: str,
    owner: Extension | str | None,
    mailbox: Mailbox | None = None,
    organisation: Organisation | None = None,
    operators: str = "",
) -> str | None:
    """Return the arguments of an extension's number; those of any other stand for themselves."""
    telephone_number(number)
    if isinstance(owner, Extension) and organisation is not None:
        return extension_arguments(owner, mailbox, organisation, operators)
    return owner if isinstance(owner, str) else None


def _make(  # noqa: PLR0913, PLR0917 - what is made of what, and where it is told
    items: Iterable[tuple[str, Item]],
    sources: Callable[[Item], Sources],
    make: Callable[..., Result],
    before: Made[Result],
    left_out: dict[str, str],
    kind: str,
    *,
    anew: bool,
) -> Made[Result]:
    """Return what is made of these items: all there is, or, unless `anew`, beside all that was made before."""
    made: Made[Result] = {} if anew else dict(before)
    for key, item in items:
        made.pop(key, None)
        left_out.pop(f"{kind} {key}", None)
        try:
            needed = sources(item)
            known = before.get(key)
            made[key] = known if known is not None and known[0] == needed else (needed, make(*needed))
        except ConfigurationError as error:
            left_out[f"{kind} {key}"] = str(error)
        except KeyError as error:
            left_out[f"{kind} {key}"] = f"it refers to row {error} that the snapshot does not hold"
    return made


def _mailbox(extension: Extension, policy: Policy) -> Mailbox | None:
    return policy.mailboxes.get(extension.mailbox_id) if extension.mailbox_id is not None else None
