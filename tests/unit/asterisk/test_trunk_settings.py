"""Which of the trunk's settings would show a number that is to be hidden (R17)."""

import pytest

from callflow.asterisk.trunk_settings import GLOBAL_MUST, TRUNK_MUST, wrong_settings

TRUNK = {name: wanted for name, (wanted, _) in TRUNK_MUST.items()}
GLOBAL = {name: wanted for name, (wanted, _) in GLOBAL_MUST.items()}


def test_settings_as_we_render_them_are_right() -> None:
    assert wrong_settings(TRUNK, GLOBAL) == ()


@pytest.mark.parametrize("name", TRUNK_MUST)
def test_each_of_the_trunks_settings_is_looked_at(name: str) -> None:
    [fault] = wrong_settings({**TRUNK, name: "yes"}, GLOBAL)
    assert f"trunk: {name} is 'yes'" in fault


def test_global_settings_are_looked_at() -> None:
    [fault] = wrong_settings(TRUNK, {"use_callerid_contact": "yes"})
    assert "global: use_callerid_contact is 'yes' and must be 'no'" in fault


def test_setting_that_is_not_told_counts_as_wrong() -> None:
    assert len(wrong_settings({}, {})) == len(TRUNK_MUST) + len(GLOBAL_MUST)
