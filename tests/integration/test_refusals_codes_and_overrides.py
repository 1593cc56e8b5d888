"""Code sets that could be taken for each other or for 112, duty taken over twice, and units forced twice."""

import pytest

from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases, connect, region_url

CODE = "INSERT INTO feature_code (organisation_id, code, action) VALUES "
SHIFT = (
    "INSERT INTO duty_shift (duty_roster_id, level, taken_over, to_extension_id, starts_at, ends_at) "
    "VALUES (1, 1, true, 2, {})"
)
OVERRIDE = "INSERT INTO unit_override (unit_id, is_open, starts_at, ends_at) VALUES (1, false, {})"
DAY, NEXT_DAY = "'2026-01-02 08:00Z', '2026-01-03 08:00Z'", "'2026-01-03 08:00Z', '2026-01-04 08:00Z'"
TOO_EARLY = "'2026-01-03 07:59Z', '2026-01-04 08:00Z'"
FORCED = OVERRIDE.format(DAY)
EMERGENCY = [
    ("*112#", "divert_all_cancel"),
    ("#112*", "divert_all"),
    ("*#112#", "divert_all_ask"),
    ("**112#", "divert_all_ask"),
    ("#0112#", "divert_all_cancel"),
    ("*00112*", "divert_all"),
    ("*21#112#", "hide_number_once"),
    ("#1120#", "hide_number_once"),
]
WITHOUT_DIGIT = [("**", "divert_all"), ("*#", "divert_all_ask"), ("##", "divert_cancel_all")]
BEGINNINGS = [
    ("*21*#", "divert_all_voicemail"),
    ("*21**", "absence"),
    ("*23*#", "absence_ask"),
    ("*21*61104#", "divert_all_ask"),
]
PAIRS = [
    "(2, '#21#', 'divert_all_cancel'), (2, '#21##', 'divert_cancel_all')",
    "(2, '#31#*', 'divert_all'), (2, '#31#', 'hide_number_once')",
    "(2, '#28*1*', 'absence'), (2, '#28*', 'unit_hours_cancel_elsewhere')",
]

REFUSALS = [
    *(
        Refusal(CODE + f"(2, '{code}', '{action}')", "feature_code_code_form", "nödnumret", net=True)
        for code, action in EMERGENCY
    ),
    *(
        Refusal(CODE + f"(2, '{code}', '{action}')", "feature_code_code_form", "minst en siffra", net=True)
        for code, action in WITHOUT_DIGIT
    ),
    Refusal(CODE + "(1, '61100', 'absence')", "feature_code_code_form", "börjar med * eller #"),
    Refusal(CODE + "(1, '112', 'absence')", "feature_code_code_form", "börjar med * eller #"),
    *(
        Refusal(CODE + f"(1, '{code}', '{action}')", "feature_code_no_collision", "är början på den andra")
        for code, action in BEGINNINGS
    ),
    *(Refusal(CODE + pair, "feature_code_no_collision", "går inte att skilja åt") for pair in PAIRS),
    Refusal("UPDATE feature_code SET code = '*21*1*' WHERE code = '*23*'", "feature_code_no_collision", "*21*"),
    Refusal(f"{SHIFT.format(DAY)}; {SHIFT.format(TOO_EARLY)}", "duty_shift_no_overlap", "Bara en har jour", net=True),
    Refusal(
        f"{FORCED}; {OVERRIDE.format(TOO_EARLY)}",
        "unit_override_no_overlap",
        "Socialkontoret är redan satt",
        net=True,
    ),
    Refusal(
        OVERRIDE.format("'2026-01-02Z', '2026-01-02Z'"), "unit_override_ends_at_order", "måste komma före", net=True
    ),
    Refusal(OVERRIDE.format("'2026-01-02Z', 'infinity'"), "unit_override_ends_at_time", "mellan år", net=True),
    Refusal(OVERRIDE.format("'-infinity', '2026-01-02Z'"), "unit_override_starts_at_time", "mellan år", net=True),
    Refusal(OVERRIDE.format("'2026-01-02Z', NULL"), "unit_override_ends_at_required", "ifylld"),
    Refusal(f"{FORCED}; UPDATE unit_override SET is_open = NULL", "unit_override_is_open_required", "ifylld"),
    Refusal(f"{FORCED}; UPDATE unit_override SET set_by = ' '", "unit_override_set_by_text", "rad text", net=True),
    Refusal(f"{FORCED}; UPDATE unit_override SET unit_id = 99", "unit_override_unit_id_exists", "finns inte i unit"),
    Refusal(f"{FORCED}; UPDATE unit_override SET id = id + 1", "unit_override_same_id", "id kan inte ändras"),
    Refusal("TRUNCATE unit_override", "policy_no_truncate", "TRUNCATE går inte"),
]

ACCEPTED = [
    f"{SHIFT.format(DAY)}; {SHIFT.format(NEXT_DAY)}",
    "UPDATE duty_shift SET taken_over = true",
    f"{FORCED}; {OVERRIDE.format(NEXT_DAY)}; DELETE FROM unit_override",
    CODE + "(1, '*27*', 'duty_take'), (1, '#27#', 'duty_back'), (1, '*#27#', 'duty_ask')",
    CODE + "(1, '#28#', 'unit_hours_cancel'), (1, '#28*', 'unit_hours_cancel_elsewhere'), (1, '*28*', 'unit_hours')",
    CODE + "(1, '*#28*', 'unit_hours_ask_elsewhere'), (1, '*#27*', 'duty_ask_elsewhere'), (2, '*21*', 'unit_hours')",
    CODE + "(1, '*2112*', 'duty_take')",
    "UPDATE feature_code SET code = CASE code WHEN '*21*' THEN '*23*' ELSE '*21*' END",
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)


@pytest.mark.parametrize("statement", ACCEPTED)
async def test_what_lies_just_beside_is_accepted(statement: str) -> None:
    connection = await connect(await region_url())
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(statement)
    await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    await transaction.rollback()
    await connection.close()
