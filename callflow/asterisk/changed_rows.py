"""Which rows of a snapshot differ from those of the one before, seen by the objects alone.

A policy that was made from the one before shares with it every table and row that has not changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from callflow.policy.model import Policy
from callflow.service.ports import Snapshot

_PEOPLE_AND_PHONES = {"revision", "people", "extensions", "mailboxes"}
_OTHERS = tuple(field.name for field in fields(Policy) if field.name not in _PEOPLE_AND_PHONES)


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """The ids of what has changed: extensions with their accounts, people and mailboxes, and mailboxes."""

    extensions: frozenset[int]
    mailboxes: frozenset[int]


def changed_rows(before: Snapshot | None, now: Snapshot) -> ChangedRows | None:
    """Return what has changed; None for anything: rows have come or gone, or the rest of the policy is another."""
    if before is None or any(getattr(before.policy, name) is not getattr(now.policy, name) for name in _OTHERS):
        return None
    was, policy = before.policy, now.policy
    if was.mailboxes.keys() != policy.mailboxes.keys() or len(before.phones) != len(now.phones):
        return None
    if len(before.mailboxes) != len(now.mailboxes):
        return None
    people = _differing(was.people, policy.people)
    boxes = _differing(was.mailboxes, policy.mailboxes)
    extensions = _differing(was.extensions, policy.extensions)
    if people or boxes:
        extensions |= {
            row.id for row in policy.extensions.values() if row.person_id in people or row.mailbox_id in boxes
        }
    extensions |= {row.extension_id for old, row in zip(before.phones, now.phones, strict=True) if old is not row}
    pins = {row.mailbox_id for old, row in zip(before.mailboxes, now.mailboxes, strict=True) if old is not row}
    return ChangedRows(frozenset(extensions), frozenset(boxes | pins))


def _differing(before: Mapping[int, Any], now: Mapping[int, Any]) -> set[int]:
    """Return the ids of rows that are not the same object."""
    if before is now:
        return set()
    return {row_id for row_id in before.keys() | now.keys() if before.get(row_id) is not now.get(row_id)}
