"""Who may act for a colleague or a unit from the own phone (R14)."""

from typing import Any

import pytest

from callflow.policy.acting_for import may_act_for, may_act_for_unit
from callflow.policy.model import Policy
from tests.builders import extension, group, organisation, person, policy, unit

MANAGER, CONTACT, ABOVE, COLLEAGUE, OPERATOR, NOBODYS, OWN_SECOND = range(11, 18)


def town(**tables: Any) -> Policy:
    """Return a policy in which Anna (extension 1) is in unit 2, which is in unit 1."""
    people = {1: 1, MANAGER: 2, CONTACT: 3, ABOVE: 4, COLLEAGUE: 5, OPERATOR: 6, NOBODYS: None, OWN_SECOND: 1}
    defaults: dict[str, Any] = {
        "organisations": [organisation(operator_group_id=1)],
        "units": [unit(1, manager_id=4), unit(2, parent_id=1, manager_id=2, telephone_contact_id=3)],
        "people": [person(row_id) for row_id in range(1, 7)],
        "extensions": [extension(row, person_id=of, unit_id=2) for row, of in people.items()],
        "ring_groups": [group(1, OPERATOR)],
    }
    return policy(**{**defaults, **tables})


@pytest.mark.parametrize("caller", [1, MANAGER, CONTACT, ABOVE, OPERATOR, OWN_SECOND])
def test_these_may_act_for_an_extension(caller: int) -> None:
    rows = town()
    assert may_act_for(rows, rows.extensions[caller], rows.extensions[1])


@pytest.mark.parametrize("caller", [COLLEAGUE, NOBODYS])
def test_others_may_not(caller: int) -> None:
    rows = town()
    assert not may_act_for(rows, rows.extensions[caller], rows.extensions[1])


def test_phones_that_are_nobodys_are_not_one_persons() -> None:
    rows = town(units=[unit(2)], extensions=[extension(row, unit_id=2) for row in (1, 2)])
    assert not may_act_for(rows, rows.extensions[1], rows.extensions[2])


def test_manager_of_the_unit_above_acts_for_the_unit_but_not_the_other_way() -> None:
    rows = town()
    assert may_act_for_unit(rows, rows.extensions[ABOVE], rows.units[2])
    assert not may_act_for_unit(rows, rows.extensions[MANAGER], rows.units[1])


@pytest.mark.parametrize(
    "missing", [{"units": []}, {"organisations": []}, {"ring_groups": []}, {"organisations": [organisation()]}]
)
def test_where_a_row_is_missing_operators_have_no_such_right(missing: dict[str, Any]) -> None:
    rows = town(**missing)
    assert not may_act_for(rows, rows.extensions[OPERATOR], rows.extensions[1])
