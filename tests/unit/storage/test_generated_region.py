"""Generated regions, without a database."""

from collections import Counter

import pytest

from callflow.policy.feature_actions import FeatureAction
from callflow.policy.model import ExtensionKind
from callflow.policy.outgoing import nearest_manager
from callflow.storage.generated_region import RegionError, generated_policy


@pytest.mark.parametrize("count", [60, 1000, 15_000])
def test_region_has_as_many_extensions_as_asked_for(count: int) -> None:
    policy = generated_policy(count)
    assert len(policy.extensions) == count
    assert len(policy.organisations) == 6
    assert {row.organisation_id for row in policy.extensions.values()} == set(policy.organisations)


def test_same_seed_gives_the_same_region_and_another_another() -> None:
    assert generated_policy(300, 7) == generated_policy(300, 7)
    assert generated_policy(300, 7) != generated_policy(300, 8)


def test_every_number_belongs_to_one() -> None:
    policy = generated_policy(1000)
    assert len(policy.numbers) == len(policy.extensions) + len(policy.units) + len(policy.organisations)
    assert len({box.number for box in policy.mailboxes.values()}) == len(policy.mailboxes)


def test_region_has_all_kinds_of_extensions_and_some_diversions() -> None:
    policy = generated_policy(1000)
    kinds = Counter(row.kind for row in policy.extensions.values())
    assert min(kinds[kind] for kind in ExtensionKind) > 100
    assert 50 < sum(bool(row.diversions) for row in policy.extensions.values()) < 500
    assert {row.ring_limit for row in policy.extensions.values()} == {2, 3, 4}


def test_every_unit_has_hours_and_somewhere_to_answer() -> None:
    policy = generated_policy(1000)
    assert all(unit.answering_places and unit.telephone_schedule_id for unit in policy.units.values())
    assert any(unit.confidential for unit in generated_policy(5000).units.values())


def test_some_extensions_may_what_others_may_not_by_their_nearest_manager() -> None:
    policy = generated_policy(5000)
    assert 50 < len(policy.exempted) <= 100
    for exemption in policy.exemptions.values():
        manager = nearest_manager(policy, policy.extensions[exemption.extension_id])
        assert manager is not None
        assert manager.id == exemption.approver_id
    assert policy.barrings
    assert policy.classes


def test_every_organisation_has_a_code_for_all_that_codes_do() -> None:
    policy = generated_policy(60)
    assert set(policy.codes) == set(policy.organisations)
    for codes in policy.codes.values():
        assert {code.action for code in codes} == set(FeatureAction)


@pytest.mark.parametrize("count", [0, 59, 200_000])
def test_impossible_sizes_are_refused(count: int) -> None:
    with pytest.raises(RegionError, match=str(count)):
        generated_policy(count)
