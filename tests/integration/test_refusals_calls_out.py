"""Number classes, rights to call, feature codes, trunks and diversions outside that the policy database refuses."""

import pytest

from callflow.policy.barrings import NEVER_OPENED, Category
from callflow.policy.feature_actions import FeatureAction
from callflow.storage.generated_rights import CODES
from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases, connect, region_url

PREFIX = "UPDATE number_class SET prefix = '{}'"
CODE = "INSERT INTO feature_code (organisation_id, code, action) VALUES "
EXEMPTION = "INSERT INTO exemption (extension_id, category, approver_id, reason, starts_at, ends_at) VALUES "
TRUNK = "INSERT INTO trunk (position, host, port) VALUES "
LIMIT = "UPDATE organisation SET outside_diversion_days = 30 WHERE id = 1"
OUTSIDE = "INSERT INTO diversion (extension_id, condition, to_number, ends_at) VALUES (2, 'all', '+46701740605', {})"
AFTER_THE_LIMIT = "now() + interval '31 days'"
OTHER_MANAGER = "UPDATE unit SET manager_id = 2 WHERE id = 1"
NOT_OF_NUMBERS = {Category.OUTSIDE_DIVERSION, Category.SMS_PURCHASE, Category.DATA_PURCHASE}

PREFIXES = [
    ("0900", "+46900 i stället"),
    ("0047", "skriv + i stället"),
    ("00", "skriv + i stället"),
    ("+46x", "början på ett nummer"),
    ("+0900", "början på ett nummer"),
    ("+1234567890123456", "början på ett nummer"),
    ("1181181", "2 till 6 siffror"),
    ("1", "2 till 6 siffror"),
    ("+", "varje svenskt nummer"),
    ("+4", "varje svenskt nummer"),
    ("+46", "varje svenskt nummer"),
    ("112", "nödnumret"),
    ("90000", "nödnumret"),
    ("+46112", "nödnumret"),
]
ENDINGS = [
    ("*21", "divert_all"),
    ("*61#", "divert_no_answer"),
    ("*21*1*", "divert_all_cancel"),
    ("#21", "divert_busy_cancel"),
    ("*#21*", "divert_unreachable_ask"),
    ("*22*", "divert_all_voicemail"),
    ("##002*", "divert_cancel_all"),
    ("#31", "hide_number_once"),
    ("*31*", "show_number_once"),
    ("*23", "absence"),
    ("#23*", "absence_cancel"),
    ("*#23", "absence_ask"),
    ("*230#", "absence_for_another"),
    ("*27#", "duty_take"),
    ("#27*", "duty_back"),
    ("*#27*", "duty_ask"),
    ("*#27#", "duty_ask_elsewhere"),
    ("*28#", "unit_hours"),
    ("#28*", "unit_hours_cancel"),
    ("*#28*", "unit_hours_ask"),
    ("#28#", "unit_hours_cancel_elsewhere"),
    ("*#28#", "unit_hours_ask_elsewhere"),
    ("#230#", "absence_for_another_cancel"),
    ("*#230", "absence_for_another_ask"),
    ("*210#", "divert_all_for_another"),
    ("#610", "divert_no_answer_for_another_cancel"),
    ("*#670#", "divert_busy_for_another_ask"),
    ("*98", "voicemail"),
    ("*98#", "voicemail_of_another"),
]

REFUSALS = [
    *(Refusal(PREFIX.format(prefix), "number_class_prefix_form", says, net=True) for prefix, says in PREFIXES),
    Refusal("UPDATE number_class SET category = 'sms_purchase'", "number_class_category_known", "Välj", net=True),
    Refusal(
        "UPDATE number_class SET category = 'outside_diversion'", "number_class_category_known", "Välj", net=True
    ),
    Refusal("UPDATE number_class SET category = 'unclassified'", "number_class_category_known", "spärrat", net=True),
    Refusal("UPDATE barring SET category = 'unclassified'", "barring_category_known", "alltid spärrat", net=True),
    Refusal("UPDATE exemption SET category = 'unclassified'", "exemption_category_known", "number_class", net=True),
    Refusal(
        "UPDATE exemption SET starts_at = starts_at - interval '1 s', approver_id = 2", "exemption_approver", "R18"
    ),
    Refusal(
        f"{OTHER_MANAGER}; UPDATE exemption SET ends_at = ends_at + interval '1 s'", "exemption_approver", "chef"
    ),
    Refusal(f"{OTHER_MANAGER}; UPDATE exemption SET starts_at = '2025-12-31Z'", "exemption_approver", "chef"),
    Refusal(f"{OTHER_MANAGER}; UPDATE exemption SET category = 'premium'", "exemption_approver", "chef"),
    Refusal("UPDATE exemption SET extension_id = 2", "exemption_approver", "Ingen chef"),
    Refusal(
        EXEMPTION + "(1, 'mobile', 1, 'x', '2026-01-01Z', '2026-02-01Z');"
        " UPDATE exemption SET ends_at = '2027-01-01Z', approver_id = 2 WHERE category = 'mobile'",
        "exemption_approver",
        "närmaste chef",
    ),
    Refusal(CODE + "(1, '*61*', 'divert')", "feature_code_action_known", "tjänsten 'divert' finns inte", net=True),
    Refusal(CODE + "(1, '*61*', 'Divert!')", "feature_code_action_form", "tjänstens namn", net=True),
    *(
        Refusal(CODE + f"(2, '{code}', '{action}')", "feature_code_code_ending", "måste sluta med", net=True)
        for code, action in ENDINGS
    ),
    Refusal(
        "UPDATE feature_code SET action = 'divert_all_ask' WHERE id = 1", "feature_code_code_ending", "#", net=True
    ),
    Refusal(TRUNK + "(0, 'a.example', 5060)", "trunk_position_order", "från 1", net=True),
    Refusal(TRUNK + "(1, 'a.example', 5060)", "trunk_position_once", "finns redan", net=True),
    Refusal(TRUNK + "(2, 'sbc.example', 5060)", "trunk_address_once", "En trunk dit finns redan", net=True),
    Refusal(TRUNK + "(NULL, 'a.example', 5060)", "trunk_position_required", "ifylld"),
    Refusal(TRUNK + "(2, NULL, 5060)", "trunk_host_required", "ifylld"),
    Refusal(TRUNK + "(2, 'a.example', NULL)", "trunk_port_required", "ifylld"),
    Refusal(TRUNK + "(2, 'a.example', 0)", "trunk_port_range", "1 till 65535", net=True),
    Refusal(TRUNK + "(2, 'a.example', 65536)", "trunk_port_range", "65536", net=True),
    *(
        Refusal(TRUNK + f"(2, {host}, 5060)", "trunk_host_form", "IP-adress", net=True)
        for host in (
            "''",
            "'sip:a.example'",
            "'a.example:5060'",
            "'växel.example'",
            "'a..example'",
            "'-a.example'",
            "'10.1.2'",
            "'10.1.2.256'",
            "'10.0.0.0/8'",
            "'::1::'",
            "'[::1]'",
            "E'a\\nb'",
            "repeat('a', 64)",
            "repeat('a.', 130) || 'b'",
        )
    ),
    Refusal("UPDATE trunk SET id = 9", "trunk_same_id", "ändras"),
    Refusal("TRUNCATE trunk", "policy_no_truncate", "loggen"),
    Refusal(
        "UPDATE organisation SET outside_diversion_days = 0",
        "organisation_outside_diversion_days_range",
        "NULL för hur länge",
        net=True,
    ),
    Refusal(
        "UPDATE organisation SET absence_date_order = 'YYMM'",
        "organisation_absence_date_order_known",
        "Välj något av: MMDD, DDMM",
        net=True,
    ),
    Refusal(
        "UPDATE organisation SET outside_diversion_days = 3651",
        "organisation_outside_diversion_days_range",
        "1 till 3650",
        net=True,
    ),
    Refusal(
        f"{LIMIT}; {OUTSIDE.format('NULL')}", "diversion_ends_at_outside", "+46701740605 utan slut, men hos Umeå"
    ),
    Refusal(f"{LIMIT}; {OUTSIDE.format(AFTER_THE_LIMIT)}", "diversion_ends_at_outside", "högst 30 dagar"),
    Refusal(
        f"{LIMIT}; {OUTSIDE.format('now()')}; UPDATE diversion SET ends_at = NULL WHERE extension_id = 2",
        "diversion_ends_at_outside",
        "Sätt diversion.ends_at",
    ),
    Refusal(
        f"{LIMIT}; UPDATE diversion SET to_extension_id = NULL, to_number = '+46701740605'",
        "diversion_ends_at_outside",
        "+4690161001",
    ),
    Refusal(f"{OUTSIDE.format('NULL')}; {LIMIT}", "diversion_ends_at_outside", "utanför gälla i högst 30"),
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)


@pytest.mark.parametrize(
    ("table", "never"),
    [("number_class", NEVER_OPENED | NOT_OF_NUMBERS), ("barring", NEVER_OPENED), ("exemption", NEVER_OPENED)],
)
async def test_the_database_knows_the_categories_that_the_policy_knows(table: str, never: set[Category]) -> None:
    connection = await connect(await region_url())
    known = await connection.fetchval("SELECT policy_categories($1)", table)
    await connection.close()
    assert sorted(known) == sorted(set(Category) - never)


async def test_the_database_knows_the_actions_that_the_policy_knows() -> None:
    connection = await connect(await region_url())
    endings = {action: await connection.fetchval("SELECT policy_code_ending($1)", action) for action in FeatureAction}
    await connection.close()
    assert endings == {action: code[-1] for code, action in CODES.items()}
