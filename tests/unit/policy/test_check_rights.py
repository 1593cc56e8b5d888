"""The policy check: exemptions, barrings, number classes, feature codes and number ranges (R1, R9, R18)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callflow.policy.barrings import BARRED_BY_DEFAULT, Barring, Category, Exemption, NumberClass
from callflow.policy.feature_actions import FeatureAction, FeatureCode
from tests.builders import at, extension, number_range, organisation, person, to_extension, unit
from tests.unit.policy.checked import MAIN, OPERATOR, PHONE, UNIT, codes, found, names, sound, values

IN_A_YEAR = at("2027-11-24 10:00")


def exemption(ends: datetime = IN_A_YEAR, **more: Any) -> Exemption:
    defaults = {"extension_id": 1, "category": Category.INTERNATIONAL, "approver_id": 1}
    return Exemption(id=1, starts_at=at("2026-01-01 00:00"), ends_at=ends, **{**defaults, **more})


def test_an_exemption_that_somebody_may_use_is_no_finding() -> None:
    assert codes(sound(exemptions=[exemption()])) == []
    assert codes(sound(exemptions=[exemption(extension_id=77)])) == []


def test_an_exemption_that_has_ended_is_found() -> None:
    rows = sound(exemptions=[exemption(at("2026-11-24 10:00"), approver_id=7)])
    assert codes(rows) == ["exemption_ended"]
    assert values(rows, "exemption_ended") == [
        {"exemption": "1", "category": "international", "ends_at": "2026-11-24T10:00+01:00"}
    ]
    assert codes(sound(exemptions=[exemption(at("2026-11-24 10:01"))])) == []


def test_an_exemption_for_more_than_five_years_is_found() -> None:
    assert codes(sound(exemptions=[exemption(at("9999-12-31 00:00"))])) == ["exemption_without_end"]
    assert codes(sound(exemptions=[exemption(at("2031-11-20 00:00"))])) == []


def test_an_exemption_whose_approver_is_not_the_nearest_manager_any_more_is_found() -> None:
    people = [person(1), person(2, given_name="Nils")]
    rows = sound(exemptions=[exemption(approver_id=2)], people=people)
    assert values(rows, "exemption_approver_not_manager") == [
        {"exemption": "1", "category": "international", "approver": "Nils Öberg 2", "manager": "Åsa Öberg 1"}
    ]
    nobody = sound(exemptions=[exemption(approver_id=7)], units=[replace(UNIT, manager_id=None)])
    assert values(nobody, "exemption_approver_not_manager")[0]["approver"] == "7"
    assert values(nobody, "exemption_approver_not_manager")[0]["manager"] == "-"


def test_a_managers_own_exemption_is_approved_by_the_next_above() -> None:
    above = unit(2, to_extension(2), manager_id=2, telephone_contact_id=2, telephone_schedule_id=1)
    rows = {"units": [replace(UNIT, parent_id=2), above], "people": [person(1), person(2)]}
    managers = [replace(PHONE, person_id=1), OPERATOR]
    assert codes(sound(exemptions=[exemption()], extensions=managers, **rows)) == ["exemption_approver_not_manager"]
    assert codes(sound(exemptions=[exemption(approver_id=2)], extensions=managers, **rows)) == []


def test_an_exemption_that_opens_nothing_is_found() -> None:
    mobile = exemption(category=Category.MOBILE)
    assert values(sound(exemptions=[mobile]), "exemption_opens_nothing") == [{"exemption": "1", "category": "mobile"}]
    barred = Barring(id=1, category=Category.MOBILE, unit_id=1)
    assert codes(sound(exemptions=[mobile], barrings=[barred])) == []
    never = exemption(category=Category.UNCLASSIFIED)
    assert codes(sound(exemptions=[never])) == ["exemption_opens_nothing"]


def test_a_barring_of_what_is_barred_for_everybody_is_found_once_a_scope() -> None:
    barrings = [
        Barring(id=3, category=Category.PREMIUM, organisation_id=1),
        Barring(id=4, category=Category.INTERNATIONAL, organisation_id=1),
        Barring(id=5, category=Category.MOBILE, organisation_id=1),
        Barring(id=6, category=Category.PREMIUM, extension_id=1),
    ]
    rows = sound(barrings=barrings)
    assert codes(rows) == ["barring_by_default", "barring_by_default"]
    assert values(rows, "barring_by_default") == [
        {"category": "international premium", "barrings": "4 3"},
        {"category": "premium", "barrings": "6"},
    ]
    assert names(rows, "barring_by_default") == ["Umeå kommun", "+4690161001 Anknytning 1"]


def test_a_barring_that_holds_from_above_is_found() -> None:
    above = Barring(id=1, category=Category.MOBILE, organisation_id=1)
    of_unit, of_extension = replace(above, id=2, organisation_id=None, unit_id=1), replace(above, id=3)
    of_extension = replace(of_extension, organisation_id=None, extension_id=1)
    rows = sound(barrings=[of_extension, above, of_unit], extensions=[PHONE, OPERATOR])
    assert names(rows, "barring_above") == ["Enhet 1", "+4690161001 Anknytning 1"]
    assert codes(sound(barrings=[of_unit])) == []
    other = replace(of_unit, category=Category.NATIONAL)
    assert codes(sound(barrings=[above, other])) == []
    assert codes(sound(barrings=[replace(of_unit, unit_id=7)])) == []


def test_what_is_barred_by_default_is_what_the_check_goes_by() -> None:
    rows = [
        Barring(id=n, category=category, organisation_id=1) for n, category in enumerate(BARRED_BY_DEFAULT, start=1)
    ]
    [one] = found(sound(barrings=rows), "barring_by_default")
    assert one.values["category"].split() == sorted(BARRED_BY_DEFAULT)


def of_class(prefix: str, category: Category) -> NumberClass:
    return NumberClass(id=1, prefix=prefix, category=category)


@pytest.mark.parametrize(
    ("prefix", "category"),
    [("+4670", Category.MOBILE), ("+4640", Category.NATIONAL), ("+47", Category.INTERNATIONAL)],
)
def test_a_class_that_says_what_the_numbering_plan_says_is_found(prefix: str, category: Category) -> None:
    rows = sound(number_classes=[of_class(prefix, category)])
    assert values(rows, "number_class_as_plan") == [{"prefix": prefix, "category": category.value}]
    assert found(rows, "number_class_as_plan")[0].subject.organisation_id is None


@pytest.mark.parametrize(
    ("prefix", "category"),
    [
        ("+4670", Category.PREMIUM),
        ("+4690", Category.NATIONAL),
        ("+46254", Category.SERVICE),
        ("+47", Category.NATIONAL),
    ],
)
def test_a_class_that_says_something_else_is_no_finding(prefix: str, category: Category) -> None:
    assert codes(sound(number_classes=[of_class(prefix, category)])) == []


def test_a_class_within_another_is_held_against_that_one() -> None:
    wide, narrow = of_class("+4670", Category.PREMIUM), replace(of_class("+46701", Category.MOBILE), id=2)
    assert codes(sound(number_classes=[wide, narrow])) == []
    assert names(sound(number_classes=[narrow]), "number_class_as_plan") == ["+46701"]


@pytest.mark.parametrize("prefix", ["0900", "00", "+00"])
def test_a_class_that_no_number_begins_with_is_found(prefix: str) -> None:
    assert codes(sound(number_classes=[of_class(prefix, Category.PREMIUM)])) == ["number_class_never_matches"]


def test_feature_codes_that_this_version_does_not_know_are_told_together() -> None:
    known = [FeatureCode(id=n, organisation_id=1, code=f"*{n}*", action=row) for n, row in enumerate(FeatureAction)]
    assert codes(sound(feature_codes=known)) == []
    unknown = [
        FeatureCode(id=92, organisation_id=1, code="*990*", action="of_tomorrow"),
        FeatureCode(id=91, organisation_id=1, code="#990*", action="of_tomorrow_cancel"),
        FeatureCode(id=93, organisation_id=7, code="*99*", action="nothing"),
    ]
    rows = sound(feature_codes=[*known, *unknown])
    assert values(rows, "feature_code_unknown_action") == [{"codes": "#990* of_tomorrow_cancel, *990* of_tomorrow"}]
    assert codes(rows) == ["feature_code_unknown_action"]


def test_numbers_outside_all_ranges_are_found() -> None:
    rows = sound(
        organisations=[replace(MAIN, main_number="+4690170000")],
        units=[replace(UNIT, number="+4690170001")],
        extensions=[PHONE, OPERATOR, extension(3, number="+4690170002")],
    )
    assert [row["number"] for row in values(rows, "number_outside_ranges")] == [
        "+4690170000",
        "+4690170001",
        "+4690170002",
    ]


def test_numbers_of_another_organisations_range_are_found() -> None:
    other = organisation(2, name="Vännäs kommun", main_number="+46935140000", operator_group_id=1, duty_roster_id=1)
    theirs = number_range(2, organisation_id=2, first_number="+46935140000", last_number="+46935149999")
    lost = number_range(3, organisation_id=7, first_number="+46936140000", last_number="+46936149999")
    rows = sound(
        organisations=[MAIN, other],
        number_ranges=[number_range(), theirs, lost],
        units=[replace(UNIT, number="+46935140001")],
        extensions=[PHONE, OPERATOR, extension(3, number="+46936140000")],
    )
    assert values(rows, "number_of_another_organisation") == [
        {"number": "+46935140001", "owner": "Vännäs kommun"},
        {"number": "+46936140000", "owner": "7"},
    ]
    assert len(codes(rows)) == 2
