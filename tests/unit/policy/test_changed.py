"""A policy made of the one before and what has changed is the one that is built of all its rows."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from callflow.policy.changed import changed_policy
from callflow.policy.model import Policy, build_policy
from tests.builders import extension, mailbox, organisation, person, policy, schedule, unit

Tables = dict[str, dict[int, Any]]
INDICES = {"numbers", "accounts", "range_order", "short_ranges", "classes", "barred", "exempted", "codes"}
OF_PEOPLE_AND_PHONES = ("people", "extensions", "mailboxes")


def town() -> Policy:
    return policy(
        extensions=[extension(row, sip_username=f"6100{row}", person_id=row) for row in range(1, 5)],
        people=[person(row) for row in range(1, 5)],
        mailboxes=[mailbox(1), mailbox(2)],
        units=[unit(1)],
    )


def tables_of(rows: Policy) -> Tables:
    names = {field.name for field in fields(Policy)} - INDICES - {"revision"}
    return {name: dict(getattr(rows, name)) for name in names}


def taken_over(tables: Tables) -> None:
    """One extension gets the number and the account of another, which gets others."""
    first, second = tables["extensions"][1], tables["extensions"][2]
    tables["extensions"][1] = replace(first, number=second.number, sip_username=second.sip_username)
    tables["extensions"][2] = replace(second, number=first.number, sip_username=None)


def put(table: str, *rows: Any) -> Callable[[Tables], None]:
    return lambda tables: tables[table].update({row.id: row for row in rows})


def put_and_lock(tables: Tables) -> None:
    """A new unit gets the number that an extension had."""
    old = tables["extensions"][3]
    tables["extensions"][3] = replace(old, number="+4690161777", locked=True)
    tables["units"][2] = unit(2, number=old.number)


CHANGES: dict[str, Callable[[Tables], None]] = {
    "nothing": lambda _: None,
    "a phone is locked": lambda tables: put("extensions", replace(tables["extensions"][2], locked=True))(tables),
    "an extension is added": put("extensions", extension(9, sip_username="61009")),
    "an extension is gone": lambda tables: tables["extensions"].__delitem__(3),
    "numbers change places": taken_over,
    "a person has another name": put("people", person(2, given_name="Annan")),
    "a mailbox is gone": lambda tables: tables["mailboxes"].__delitem__(1),
    "a unit has another number": put("units", unit(1, number="+4690161888")),
    "an organisation has another number": put("organisations", organisation(main_number="+4690161999")),
    "a schedule is added": put("schedules", schedule(4)),
    "a unit takes over an extension's number": put_and_lock,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_policy_is_the_one_built_of_all_its_rows(change: Callable[[Tables], None]) -> None:
    before = town()
    was, tables = tables_of(before), tables_of(before)
    change(tables)
    others = {name: rows.values() for name, rows in tables.items() if name not in OF_PEOPLE_AND_PHONES}
    same = all(tables[name] == was[name] for name in others)
    changes: Any = {
        name: {
            key: tables[name].get(key)
            for key in was[name] | tables[name]
            if tables[name].get(key) != was[name].get(key)
        }
        for name in OF_PEOPLE_AND_PHONES
    }
    found = changed_policy(before, revision=7, **changes, others=None if same else others)
    built: Any = {name: rows.values() for name, rows in tables.items()}
    assert found == build_policy(revision=7, **built)
    assert before == town()


def test_what_has_not_changed_is_the_same_object() -> None:
    before = town()
    locked = replace(before.extensions[1], locked=True)
    now = changed_policy(before, revision=2, people={}, extensions={1: locked, 77: None}, mailboxes={})
    assert now.numbers is before.numbers
    assert now.accounts is before.accounts
    assert now.people is before.people
    assert now.extensions[2] is before.extensions[2]
