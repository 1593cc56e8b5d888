"""A policy made from the one before, when few of its rows have changed: a large region is not built anew."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from callflow.policy.model import (
    Extension,
    Mailbox,
    Person,
    Policy,
    Target,
    TargetKind,
    accounts_of,
    indexed,
    keep_what_stands,
    numbers_of,
)

Row = TypeVar("Row")
Changes = Mapping[int, Row | None]
"""Rows as they are now, by id; None for one that is gone."""


def changed_policy(  # noqa: PLR0913 - what the tables are now
    before: Policy,
    *,
    revision: int,
    people: Changes[Person],
    extensions: Changes[Extension],
    mailboxes: Changes[Mailbox],
    others: Mapping[str, Iterable[Any]] | None = None,
) -> Policy:
    """Return what `build_policy` returns for the rows of `before` with these changes, provided numbers are unique.

    `others` are all rows of all the other tables, as `build_policy` takes them; None where none of them has changed.
    """
    tables: dict[str, Any] = {name: {row.id: row for row in rows} for name, rows in (others or {}).items()}
    now = replace(
        before,
        revision=revision,
        people=mended(before.people, people),
        extensions=mended(before.extensions, extensions),
        mailboxes=mended(before.mailboxes, mailboxes),
        **tables,
    )
    old, new = _rows(before, extensions), _rows(now, extensions)
    numbers = _numbers(before, old, others=bool(others)), _numbers(now, new, others=bool(others))
    indexed(
        now,
        numbers=_reindexed(before.numbers, *numbers),
        accounts=_reindexed(before.accounts, accounts_of(old), accounts_of(new)),
        others=bool(others),
    )
    if not others and now.numbers is before.numbers:
        keep_what_stands(now, before.kept.without(_changed(now, people, extensions, mailboxes)))
    return now


def _changed(
    now: Policy, people: Changes[Person], extensions: Changes[Extension], mailboxes: Changes[Mailbox]
) -> frozenset[Target]:
    """Return the extensions, with those of changed people, and the mailboxes that are others now."""
    ids = set(extensions)
    if people:
        ids |= {row.id for row in now.extensions.values() if row.person_id in people}
    return frozenset(
        (
            *(Target(TargetKind.EXTENSION, row_id) for row_id in ids),
            *(Target(TargetKind.MAILBOX, row_id) for row_id in mailboxes),
        )
    )


def mended(rows: Mapping[int, Row], changes: Changes[Row]) -> Mapping[int, Row]:
    """Return the rows with these changes; the same mapping where there are none."""
    if not changes:
        return rows
    found = dict(rows)
    for row_id, row in changes.items():
        if row is None:
            found.pop(row_id, None)
        else:
            found[row_id] = row
    return found


def _rows(policy: Policy, changes: Changes[Extension]) -> list[Extension]:
    return [policy.extensions[row_id] for row_id in changes if row_id in policy.extensions]


def _numbers(policy: Policy, extensions: Iterable[Extension], *, others: bool) -> dict[str, Target]:
    """Return the numbers of these extensions and, if other tables have changed, of all units and organisations."""
    if others:
        return numbers_of(policy.organisations.values(), policy.units.values(), extensions)
    return numbers_of((), (), extensions)


Value = TypeVar("Value")


def _reindexed(index: Mapping[str, Value], old: Mapping[str, Value], new: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the index with the old entries replaced by the new ones; the same where they are equal."""
    if old == new:
        return index
    found = dict(index)
    for key in old:
        del found[key]
    found.update(new)
    return found
