"""The sample region: whom a newcomer dials is there, and the region shows every rule."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from callflow.policy import Call, Policy, decide
from callflow.policy.barrings import Category
from callflow.policy.feature_actions import FeatureAction
from callflow.policy.model import DiversionCondition, Extension, ExtensionKind, Target, TargetKind, Unit
from callflow.policy.numbering_plan import categories_of
from callflow.policy.outgoing import may_call, may_divert, nearest_manager
from callflow.storage.connection import DatabaseUnavailableError
from callflow.storage.sample import FOLDER, load_sample
from callflow.storage.snapshot import read_snapshot
from tests.databases import shared_server

TUESDAY_AT_TEN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
OUTSIDE_CALLER = "+46701740605"


async def sample(url: str) -> Policy:
    return (await read_snapshot(url)).policy


def number_of(policy: Policy, short: str) -> str:
    for row in policy.number_ranges.values():
        if short.startswith(row.short_prefix) and len(short) == len(row.short_prefix) + row.short_digits:
            return row.first_number[: -row.short_digits] + short[-row.short_digits :]
    raise AssertionError(short)


def extension(policy: Policy, short: str) -> Extension:
    target = policy.numbers[number_of(policy, short)]
    assert target.kind is TargetKind.EXTENSION
    assert target.id is not None
    return policy.extensions[target.id]


def unit(policy: Policy, short: str) -> Unit:
    target = policy.numbers[number_of(policy, short)]
    assert target.kind is TargetKind.UNIT
    assert target.id is not None
    return policy.units[target.id]


def extensions_of(policy: Policy, targets: Iterable[Target]) -> list[str]:
    return [policy.extensions[target.id].number[-5:] for target in targets if target.id is not None]


async def test_region_is_loaded_once(sample_database_url: str) -> None:
    before = await sample(sample_database_url)
    assert not await load_sample(sample_database_url)
    assert await sample(sample_database_url) == before


async def test_first_load_says_so(database_url: str) -> None:
    assert await load_sample(database_url)


async def test_database_that_was_not_migrated_is_told() -> None:
    with pytest.raises(DatabaseUnavailableError):
        await load_sample(shared_server().url)


async def test_six_municipalities_share_one_group_of_operators(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    assert {row.key for row in policy.organisations.values()} == {
        "umea", "bjurholm", "nordmaling", "robertsfors", "vannas", "vindeln",
    }  # fmt: skip
    groups = {row.operator_group_id for row in policy.organisations.values()}
    assert len(groups) == 1
    group = policy.ring_groups[groups.pop() or 0]
    names = {policy.extensions[member].sip_username for member in group.member_extension_ids}
    assert names == {"61001", "61002", "61003"}


async def test_main_numbers_lead_to_switchboards_with_hours_and_duty(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    for short in ("61000", "20000", "30000", "40000", "50000", "70000"):
        target = policy.numbers[number_of(policy, short)]
        assert target.kind is TargetKind.SWITCHBOARD
        organisation = policy.organisations[target.id or 0]
        assert organisation.switchboard_schedule_id
        assert organisation.duty_roster_id
        assert policy.duty_rosters[organisation.duty_roster_id].levels


async def test_extensions_that_show_ringing_and_voicemail(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    anna, erik, maria = (extension(policy, short) for short in ("61100", "61101", "61102"))
    assert (anna.kind, anna.ring_limit, anna.sip_username) == (ExtensionKind.DESK, 4, "61100")
    assert policy.mailboxes[anna.mailbox_id or 0].email == "anna.lindgren@umea.example"
    assert (erik.kind, erik.mobile_number, erik.mobile_confirms) == (ExtensionKind.TWIN, "+46701740610", True)
    assert (maria.kind, maria.mobile_number, maria.sip_username) == (ExtensionKind.MOBILE, "+46701740611", None)
    sara = extension(policy, "61108")
    assert (sara.mailbox_id, sara.diversions) == (None, ())


@pytest.mark.parametrize(
    ("short", "condition", "target"),
    [
        ("61103", DiversionCondition.NO_ANSWER, "61104"),
        ("61105", DiversionCondition.ALL, "61100"),
        ("61106", DiversionCondition.BUSY, "61104"),
        ("61107", DiversionCondition.UNREACHABLE, "61200"),
        ("61110", DiversionCondition.ALL, "61111"),
    ],
)
async def test_extension_that_shows_a_diversion(
    sample_database_url: str, short: str, condition: DiversionCondition, target: str
) -> None:
    policy = await sample(sample_database_url)
    diversions = extension(policy, short).diversions
    assert [(row.condition, row.target) for row in diversions] == [
        (condition, policy.numbers[number_of(policy, target)])
    ]


async def test_bygglov_has_telephone_hours_duty_phone_and_escalation(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    bygglov = unit(policy, "61200")
    week = policy.schedules[bygglov.telephone_schedule_id or 0].hours
    assert {(row.opens, row.closes) for row in week} == {(540, 690), (780, 900)}
    assert bygglov.duty_phone == policy.numbers[number_of(policy, "61210")]
    roster = policy.duty_rosters[bygglov.duty_roster_id or 0]
    standing = [row.standing for row in roster.levels if row.standing is not None]
    assert extensions_of(policy, standing) == ["61211", "61212"]
    assert policy.mailboxes[roster.mailbox_id].email == "jour.bygglov@umea.example"


async def test_first_answering_place_of_milj_och_halsoskydd_has_nobody(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    places = unit(policy, "61500").answering_places
    assert extensions_of(policy, (place.target for place in places)) == ["61501", "61502"]
    assert extension(policy, "61501").person_id is None


async def test_confidential_units_are_social_services(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    confidential = {row.name for row in policy.units.values() if row.confidential}
    assert confidential == {"Individ- och familjeomsorg", "Socialjour och skyddat boende"}
    assert extension(policy, "61401").unit_id == unit(policy, "61400").id


async def test_every_unit_has_its_manager_contact_and_duty(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    for row in policy.units.values():
        assert row.manager_id, row.name
        assert row.telephone_contact_id, row.name
        assert row.answering_places, row.name
        assert row.duty_phone or row.name == "Växel och reception", row.name


async def test_somebody_is_on_duty_now_whenever_the_sample_is_loaded(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    now = datetime.now(UTC)
    roster = next(row for row in policy.duty_rosters.values() if row.name == "Tjänsteman i beredskap")
    for at in (now - timedelta(days=7), now, now + timedelta(days=100)):
        on_duty = {shift.level: shift.target for shift in roster.shifts if shift.starts_at <= at < shift.ends_at}
        assert set(on_duty) == {1, 2}
        assert on_duty[1] != on_duty[2]


async def test_outside_numbers_are_fictional_and_mail_goes_nowhere(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    mobiles = {row.mobile_number for row in policy.extensions.values() if row.mobile_number}
    assert all("+46701740605" <= number <= "+46701740699" for number in mobiles)
    addresses = [person.email for person in policy.people.values()]
    addresses += [mailbox.email for mailbox in policy.mailboxes.values()]
    assert all(address is not None and address.endswith(".example") for address in addresses)


async def test_call_to_every_number_is_decided_at_any_hour(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    for number in policy.numbers:
        for hours in (0, 10, 96):
            call = Call(called_number=number, caller_number=OUTSIDE_CALLER)
            decision = decide(policy, call, TUESDAY_AT_TEN + timedelta(hours=hours))
            assert decision.plan.steps, number


async def test_people_in_the_readme_are_in_the_region(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    rows = [line.split("|") for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()]
    named = [(row[1].strip(), row[2].strip()) for row in rows if len(row) > 4 and row[1].strip().isdigit()]
    assert len(named) > 15
    for short, who in named:
        target = policy.numbers[number_of(policy, short)]
        if target.kind is TargetKind.EXTENSION:
            person = policy.people[policy.extensions[target.id or 0].person_id or 0]
            assert who == f"{person.given_name} {person.family_name}"
        elif target.kind is TargetKind.UNIT:
            assert who == policy.units[target.id or 0].name


async def test_secrets_are_made_anew_for_each_region(database_url: str, sample_database_url: str) -> None:
    await load_sample(database_url)
    one, two = await read_snapshot(database_url), await read_snapshot(sample_database_url)
    assert not {phone.password for phone in one.phones} & {phone.password for phone in two.phones}
    assert len({phone.password for phone in one.phones}) == len(one.phones)


async def test_calls_abroad_are_barred_and_opened_only_by_exemption(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    abroad = "+12125550123"
    for short, allowed in (("61100", True), ("61101", False), ("61104", False)):
        assert may_call(policy, extension(policy, short), abroad, TUESDAY_AT_TEN).allowed is allowed, short


async def test_exemptions_are_approved_by_the_nearest_manager_and_one_has_ended(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    for exemption in policy.exemptions.values():
        manager = nearest_manager(policy, policy.extensions[exemption.extension_id])
        assert manager is not None
        assert manager.id == exemption.approver_id
    ended = [row for row in policy.exemptions.values() if row.ends_at < datetime.now(UTC)]
    assert [policy.extensions[row.extension_id].number[-5:] for row in ended] == ["61101"]


async def test_robertsfors_lets_nobody_divert_outside(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    outside = "+46701740605"
    assert may_divert(policy, extension(policy, "40101"), outside, TUESDAY_AT_TEN).barred == (
        Category.OUTSIDE_DIVERSION,
    )
    assert may_divert(policy, extension(policy, "61100"), outside, TUESDAY_AT_TEN).allowed


async def test_every_number_class_of_the_sample_wins_over_the_numbering_plan(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    assert policy.classes
    for prefix, category in policy.classes.items():
        number = prefix.ljust(12, "1") if prefix.startswith("+") else prefix
        assert categories_of(number, policy.classes) == (category,), prefix
        assert categories_of(number, {}) != (category,), prefix


async def test_every_organisation_has_a_code_for_all_that_codes_do_and_vindeln_its_own(
    sample_database_url: str,
) -> None:
    policy = await sample(sample_database_url)
    sets = {
        policy.organisations[owner].key: {code.action: code.code for code in codes}
        for owner, codes in policy.codes.items()
    }
    assert len(sets) == 6
    assert all(set(FeatureAction) <= set(codes) for codes in sets.values())
    assert (sets["umea"]["divert_all"], sets["vindeln"]["divert_all"]) == ("*21*", "*22*")
    assert {code for code in sets["vindeln"].values() if "21" in code} == set()


async def test_units_show_each_kind_of_presentation(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    assert {row.presents for row in policy.units.values()} == {"own", "unit", "organisation", "hidden"}
    assert all(row.number for row in policy.units.values() if row.presents == "unit")


async def test_bjurholm_lets_a_diversion_outside_stand_for_a_month(sample_database_url: str) -> None:
    policy = await sample(sample_database_url)
    days = {
        row.key: row.outside_diversion_days for row in policy.organisations.values() if row.outside_diversion_days
    }
    assert days == {"bjurholm": 30}
