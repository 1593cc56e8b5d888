"""Rows of the replica made for what has changed alone are those that are made for everything."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from callflow.asterisk.changed_rows import ChangedRows, changed_rows
from callflow.asterisk.replica import ReplicaRows
from callflow.asterisk.replica_rows import MadeRows, replica_rows
from callflow.policy.changed import changed_policy
from callflow.service.ports import MailboxAccount, PhoneAccount, Snapshot
from tests.builders import extension, group, mailbox, organisation, person, policy, unit


def town() -> Snapshot:
    rows = policy(
        extensions=[
            extension(row, name=None, sip_username=f"6100{row}", person_id=row, mailbox_id=row) for row in (1, 2, 3)
        ],
        people=[person(row) for row in (1, 2, 3)],
        mailboxes=[mailbox(row) for row in (1, 2, 3)],
        units=[unit(1)],
        organisations=[organisation(operator_group_id=1)],
        ring_groups=[group(1, 2)],
    )
    return Snapshot(
        policy=rows,
        phones=tuple(PhoneAccount(extension_id=row, username=f"6100{row}", password="hemligt") for row in (1, 2, 3)),
        mailboxes=tuple(MailboxAccount(mailbox_id=row, pin="7294") for row in (1, 2, 3)),
    )


def changed(before: Snapshot, *, others: Any = None, **changes: Any) -> Snapshot:
    """Return the snapshot with these rows of people, extensions and mailboxes as they are now."""
    tables: Any = {"people": {}, "extensions": {}, "mailboxes": {}, **changes}
    return replace(before, policy=changed_policy(before.policy, revision=2, **tables, others=others))


def one_password(before: Snapshot) -> Snapshot:
    return replace(before, phones=(replace(before.phones[0], password="ett-annat"), *before.phones[1:]))


def one_pin(before: Snapshot) -> Snapshot:
    return replace(before, mailboxes=(*before.mailboxes[:2], replace(before.mailboxes[2], pin="1357")))


def one_phone_less(before: Snapshot) -> Snapshot:
    return replace(before, phones=before.phones[1:])


def another_unit(before: Snapshot) -> Snapshot:
    names = ("organisations", "number_ranges", "units", "schedules")
    others: Any = {name: list(getattr(before.policy, name).values()) for name in names}
    return changed(before, others={**others, "units": [unit(1, confidential=True)]})


SOME = {
    "an operator locked": lambda it: changed(it, extensions={2: replace(it.policy.extensions[2], locked=True)}),
    "another locked": lambda it: changed(it, extensions={3: replace(it.policy.extensions[3], locked=True)}),
    "a name": lambda it: changed(it, people={2: person(2, given_name="Annan")}),
    "an odd name": lambda it: changed(it, people={2: person(2, given_name="A\nB")}),
    "a box": lambda it: changed(it, mailboxes={3: mailbox(3, email="ny@example.org")}),
    "a password": one_password,
    "a pin": one_pin,
    "nothing": changed,
}
ANY = {
    "an extension is gone": lambda it: changed(it, extensions={3: None}),
    "a mailbox is gone": lambda it: changed(replace(it, mailboxes=it.mailboxes[:2]), mailboxes={3: None}),
    "a phone is gone": one_phone_less,
    "a pin is gone": lambda it: replace(it, mailboxes=it.mailboxes[1:]),
    "a unit": another_unit,
}
Change = Callable[[Snapshot], Snapshot]


def by_key(rows: ReplicaRows) -> tuple[set[Any], set[Any], set[Any]]:
    return set(rows.phones), set(rows.mailboxes), set(rows.numbers)


@pytest.mark.parametrize("change", [*SOME.values(), *ANY.values()], ids=[*SOME, *ANY])
def test_rows_made_for_a_change_are_those_made_for_everything(change: Change) -> None:
    before, kept, anew = town(), MadeRows(), MadeRows()
    replica_rows(before, kept)
    now = change(before)
    assert by_key(replica_rows(now, kept)) == by_key(replica_rows(now, anew))
    assert kept.left_out == anew.left_out
    assert by_key(replica_rows(before, kept)) == by_key(replica_rows(before, MadeRows()))
    assert kept.left_out == {}


@pytest.mark.parametrize("change", SOME.values(), ids=SOME)
def test_what_has_changed_is_seen(change: Change) -> None:
    found = changed_rows(town_before := town(), change(town_before))
    assert found is not None
    assert len(found.extensions) <= 1


@pytest.mark.parametrize("change", ANY.values(), ids=ANY)
def test_anything_may_have_changed_when_rows_come_and_go_or_another_table_differs(change: Change) -> None:
    before = town()
    assert changed_rows(before, change(before)) is None


def test_nothing_has_changed_in_the_same_snapshot() -> None:
    before = town()
    assert changed_rows(before, before) == ChangedRows(frozenset(), frozenset())
    assert changed_rows(None, before) is None
