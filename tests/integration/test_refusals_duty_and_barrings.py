"""Duty, barrings, exemptions and feature codes that the policy database refuses."""

import pytest

from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases

LEVEL = "INSERT INTO duty_level (duty_roster_id, level, ring_limit, standing_extension_id) VALUES "
SHIFT = "INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, to_extension_id) VALUES "
BARRING = "INSERT INTO barring (organisation_id, unit_id, extension_id, category, reason) VALUES "
EXEMPTION = "INSERT INTO exemption (extension_id, category, approver_id, reason, starts_at, ends_at) VALUES "
CODE = "INSERT INTO feature_code (organisation_id, code, action) VALUES "

REFUSALS = [
    Refusal("UPDATE duty_roster SET name = ''", "duty_roster_name_text", "rad text", net=True),
    Refusal("UPDATE duty_roster SET mailbox_id = 2", "duty_roster_mailed", "e-postadress"),
    Refusal("UPDATE duty_roster SET mailbox_id = 3", "duty_roster_mailbox_id_own", "Vännäs"),
    Refusal("UPDATE mailbox SET email = NULL WHERE id = 1", "duty_roster_mailed", "Socialjouren"),
    Refusal(LEVEL + "(1, 0, 4, 1)", "duty_level_level_range", "först", net=True),
    Refusal(LEVEL + "(1, 10, 4, 1)", "duty_level_level_range", "Journivåer", net=True),
    Refusal(LEVEL + "(1, 1, 4, 1)", "duty_level_once", "Journivån finns redan", net=True),
    Refusal(LEVEL + "(1, 3, 5, 1)", "duty_level_ring_limit_rings", "fyra", net=True),
    Refusal(
        "UPDATE duty_level SET standing_unit_id = 1 WHERE level = 1",
        "duty_level_standing_target",
        "ifyllda",
        net=True,
    ),
    Refusal(
        "UPDATE duty_level SET standing_number = '1' WHERE level = 2", "duty_level_standing_number_number", "plus"
    ),
    Refusal(
        "UPDATE duty_level SET standing_number = '112' WHERE level = 2", "duty_level_standing_number_emergency", "112"
    ),
    Refusal(
        "UPDATE duty_level SET standing_mailbox_id = 3 WHERE level = 2",
        "duty_level_standing_mailbox_id_own",
        "Vännäs",
    ),
    Refusal(SHIFT + "(1, 1, '2026-02-01Z', '2026-02-01Z', 1)", "duty_shift_ends_at_order", "före", net=True),
    Refusal(SHIFT + "(1, 1, '2026-01-08 07:59Z', '2026-01-09Z', 1)", "duty_shift_no_overlap", "går in i", net=True),
    Refusal(SHIFT + "(1, 1, '2026-02-01Z', '2026-02-02Z', NULL)", "duty_shift_to_target", "Fyll", net=True),
    Refusal(SHIFT + "(1, 3, '2026-02-01Z', '2026-02-02Z', 1)", "duty_shift_level_exists", "nivå 3"),
    Refusal(
        "UPDATE duty_shift SET to_extension_id = NULL, to_number = '112'", "duty_shift_to_number_emergency", "Nöd"
    ),
    Refusal("DELETE FROM duty_level WHERE level = 1", "duty_shift_level_exists", "nivå 1"),
    Refusal("UPDATE duty_level SET level = 4 WHERE level = 1", "duty_shift_level_exists", "flytta passen"),
    Refusal("UPDATE number_class SET category = 'cheap'", "number_class_category_known", "Välj", net=True),
    Refusal("UPDATE number_class SET note = ''", "number_class_note_text", "rad text", net=True),
    Refusal(
        "INSERT INTO number_class (prefix, category) VALUES ('+870', 'premium')",
        "number_class_prefix_once",
        "Ändra den raden",
        net=True,
    ),
    Refusal("UPDATE barring SET category = 'fun'", "barring_category_known", "Välj något av", net=True),
    Refusal("UPDATE barring SET reason = ''", "barring_reason_text", "rad text", net=True),
    Refusal(BARRING + "(1, 1, NULL, 'premium', 'x')", "barring_one_scope", "spärr gäller", net=True),
    Refusal(BARRING + "(NULL, NULL, NULL, 'premium', 'x')", "barring_one_scope", "spärr gäller", net=True),
    Refusal(BARRING + "(1, NULL, NULL, 'international', 'x')", "barring_once", "Spärren finns redan", net=True),
    Refusal("UPDATE exemption SET category = 'cheap'", "exemption_category_known", "Välj", net=True),
    Refusal("UPDATE exemption SET ends_at = 'infinity'", "exemption_ends_at_time", "mellan år", net=True),
    Refusal("UPDATE exemption SET starts_at = '-infinity'", "exemption_starts_at_time", "mellan år", net=True),
    Refusal("UPDATE duty_shift SET ends_at = 'infinity'", "duty_shift_ends_at_time", "mellan år", net=True),
    Refusal("UPDATE duty_shift SET starts_at = '-infinity'", "duty_shift_starts_at_time", "mellan år", net=True),
    Refusal(
        "UPDATE duty_shift SET to_extension_id = NULL, to_number = '12'", "duty_shift_to_number_number", "+", net=True
    ),
    Refusal("UPDATE exemption SET reason = ''", "exemption_reason_text", "rad text", net=True),
    Refusal("UPDATE exemption SET ends_at = starts_at", "exemption_ends_at_order", "efter början (R18)", net=True),
    Refusal("UPDATE exemption SET ends_at = NULL", "exemption_ends_at_required", "ifylld"),
    Refusal(
        EXEMPTION + "(1, 'international', 1, 'x', '2026-06-29Z', '2026-12-31Z')",
        "exemption_no_overlap",
        "redan ett undantag för international",
        net=True,
    ),
    Refusal(EXEMPTION + "(1, 'premium', 2, 'x', '2026-01-01Z', '2026-02-01Z')", "exemption_approver", "Åsa Öberg"),
    Refusal(EXEMPTION + "(2, 'premium', 1, 'x', '2026-01-01Z', '2026-02-01Z')", "exemption_approver", "Ingen chef"),
    Refusal(
        EXEMPTION + "(3, 'premium', 1, 'x', '2026-01-01Z', '2026-02-01Z')", "exemption_approver", "unit.manager_id"
    ),
    Refusal("UPDATE exemption SET approver_id = 2", "exemption_approver", "närmaste chef"),
    Refusal(CODE + "(1, '21*', 'absence')", "feature_code_code_form", "Tjänstekoden '21*' går inte", net=True),
    Refusal(CODE + "(1, '*2a*', 'absence')", "feature_code_code_form", "börjar med", net=True),
    Refusal(CODE + "(1, '*112*', 'absence')", "feature_code_code_form", "*112", net=True),
    Refusal(CODE + "(1, '*21*', 'divert_all')", "feature_code_code_once", "Tjänstekoden finns redan", net=True),
    Refusal(CODE + "(1, '*21*1*', 'absence')", "feature_code_no_collision", "går inte att skilja åt"),
    Refusal(CODE + "(1, '*23*1*', 'absence')", "feature_code_no_collision", "*23*"),
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)
