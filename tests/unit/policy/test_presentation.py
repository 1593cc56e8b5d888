"""How callers of ours are shown: own number, the unit's, the organisation's, or nothing (R17)."""

import pytest

from callflow.policy.decision import Call
from callflow.policy.evaluate import decide
from callflow.policy.feature_actions import FeatureCode
from callflow.policy.model import Policy
from callflow.policy.plan import Presentation
from tests.builders import TUESDAY_TEN, extension, person, policy, unit

OUTSIDE = "0701740606"
OWN = Presentation(number="+4690161001", name="Anknytning 1")
HIDDEN = Presentation(number=None)
HIDDEN_EVERYWHERE = Presentation(number=None, hidden_inside=True)
CODES = (
    FeatureCode(id=1, organisation_id=1, code="#31#", action="hide_number_once"),
    FeatureCode(id=2, organisation_id=1, code="*31#", action="show_number_once"),
)


def town(**of_unit: object) -> Policy:
    return policy(
        units=[unit(1, **of_unit), unit(2, name="Ovan", number="+4690161950")],
        extensions=[extension(1), extension(2)],
        feature_codes=CODES,
    )


def shown(rows: Policy, dialled: str = OUTSIDE, **values: object) -> Presentation | None:
    call = Call(**{"called_number": dialled, "caller_number": "+4690161001", "caller_extension_id": 1, **values})  # type: ignore[arg-type]
    return decide(rows, call, TUESDAY_TEN).plan.presentation


def test_ordinary_extension_shows_its_own_number_and_name() -> None:
    assert shown(town()) == OWN


def test_name_of_the_person_is_shown_where_the_extension_has_none() -> None:
    rows = policy(
        units=[unit()],
        people=[person(5)],
        extensions=[extension(1, name=None, person_id=5), extension(2, name=None)],
    )
    assert shown(rows) == Presentation(number="+4690161001", name="Åsa Öberg 5")
    assert shown(rows, caller_extension_id=2) == Presentation(number="+4690161002")


def test_unit_that_shows_its_own_number_does_so_for_all_its_extensions() -> None:
    assert shown(town(presents="unit")) == Presentation(number="+4690161901", name="Enhet 1")


def test_unit_without_a_number_shows_that_of_the_nearest_above() -> None:
    rows = town(presents="unit", number=None, parent_id=2)
    assert shown(rows) == Presentation(number="+4690161950", name="Ovan")


@pytest.mark.parametrize("presents", ["unit", "organisation"])
def test_organisation_stands_for_units_that_show_it_or_have_no_number(presents: str) -> None:
    rows = town(presents=presents, number=None)
    assert shown(rows) == Presentation(number=rows.organisations[1].main_number, name="Umeå kommun")


def test_hidden_unit_may_show_itself_for_one_call() -> None:
    rows = town(presents="hidden")
    assert shown(rows) == HIDDEN
    assert shown(rows, f"*31#{OUTSIDE}") == OWN


def test_anybody_may_hide_for_one_call() -> None:
    assert shown(town(), f"#31#{OUTSIDE}") == HIDDEN_EVERYWHERE
    assert shown(town(), "#31#61002") == HIDDEN_EVERYWHERE


@pytest.mark.parametrize("dialled", [OUTSIDE, f"*31#{OUTSIDE}", "61002", "*31#61002"])
def test_nothing_opens_what_a_confidential_unit_hides(dialled: str) -> None:
    assert shown(town(confidential=True), dialled) == HIDDEN_EVERYWHERE


def test_units_below_a_confidential_one_are_confidential() -> None:
    rows = policy(
        units=[unit(1, parent_id=2), unit(2, confidential=True)],
        extensions=[extension(1)],
    )
    assert shown(rows) == HIDDEN_EVERYWHERE


def test_extension_of_a_missing_unit_is_hidden() -> None:
    assert shown(policy(units=[], extensions=[extension(1)])) == HIDDEN_EVERYWHERE


@pytest.mark.parametrize("presents", ["unit", "organisation"])
def test_organisation_that_is_missing_leaves_nothing_to_show(presents: str) -> None:
    rows = policy(organisations=[], units=[unit(1, presents=presents, number=None)], extensions=[extension(1)])
    assert shown(rows) == HIDDEN


@pytest.mark.parametrize("presents", ["", "Own", "group"])
@pytest.mark.parametrize("dialled", [OUTSIDE, f"*31#{OUTSIDE}"])
def test_what_is_not_known_hides_the_number(presents: str, dialled: str) -> None:
    assert shown(town(presents=presents), dialled) == HIDDEN


def test_unit_whose_parent_is_missing_may_be_below_a_confidential_one() -> None:
    rows = policy(units=[unit(1, parent_id=2)], extensions=[extension(1)])
    assert shown(rows) == HIDDEN_EVERYWHERE


def test_extension_that_is_missing_is_hidden() -> None:
    assert shown(town(), "+4690161002", caller_extension_id=9) == HIDDEN_EVERYWHERE
    assert shown(town(), "112", caller_extension_id=9) is None


def test_who_is_transferred_while_hidden_stays_hidden() -> None:
    assert shown(town(), caller_number=None, mover_extension_id=2) == HIDDEN_EVERYWHERE
    assert shown(town(), mover_extension_id=2) == OWN


def test_caller_from_outside_is_shown_as_the_network_gave_it() -> None:
    assert shown(town(), "+4690161002", caller_extension_id=None, caller_number="+46701740605") is None


def test_emergency_call_is_the_dialplans_to_present() -> None:
    assert shown(town(confidential=True), "112") is None
    assert shown(town(), "#31#112") is None


def test_trace_tells_what_is_shown_only_where_a_call_leaves_the_house() -> None:
    def reasons(dialled: str) -> set[str]:
        call = Call(called_number=dialled, caller_extension_id=1)
        return {line.reason for line in decide(town(), call, TUESDAY_TEN).trace}

    assert "number_shown" in reasons(OUTSIDE)
    assert "number_hidden" in reasons(f"#31#{OUTSIDE}")
    assert not {"number_shown", "number_hidden"} & reasons("61002")
