"""Targets, diversions and absences that the policy database refuses."""

import pytest

from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases

PLACE = "INSERT INTO answering_place (unit_id, position, ring_limit, {}) VALUES "
DIVERSION = "INSERT INTO diversion (extension_id, condition, {}) VALUES "
ABSENCE = "INSERT INTO absence (person_id, reason_id, starts_at, {}) VALUES (1, 1, '2026-01-01Z', {})"

REFUSALS = [
    Refusal(PLACE.format("to_unit_id") + "(3, 1, 4, NULL)", "answering_place_to_target", "Fyll", net=True),
    Refusal(
        PLACE.format("to_extension_id, to_mailbox_id") + "(3, 1, 4, 3, 3)",
        "answering_place_to_target",
        "to_extension_id och to_mailbox_id",
        net=True,
    ),
    Refusal(PLACE.format("to_number") + "(3, 1, 4, '112')", "answering_place_to_number_emergency", "Nödsamtal"),
    Refusal(PLACE.format("to_number") + "(3, 1, 4, '+46112')", "answering_place_to_number_emergency", "Nödsamtal"),
    Refusal(
        PLACE.format("to_number") + "(3, 1, 4, '0701740605')", "answering_place_to_number_number", "plus", net=True
    ),
    Refusal(PLACE.format("to_extension_id") + "(3, 1, 5, 3)", "answering_place_ring_limit_rings", "fyra", net=True),
    Refusal(PLACE.format("to_extension_id") + "(3, 1, 0, 3)", "answering_place_ring_limit_rings", "fyra", net=True),
    Refusal(PLACE.format("to_extension_id") + "(3, 0, 4, 3)", "answering_place_position_order", "från 1", net=True),
    Refusal(
        PLACE.format("to_extension_id") + "(1, 1, 4, 1)", "answering_place_position_once", "svarsställe", net=True
    ),
    Refusal(PLACE.format("to_unit_id") + "(3, 1, 4, 3)", "answering_place_loop", "Skolan → Skolan"),
    Refusal(PLACE.format("to_number") + "(3, 1, 4, '+46935141100')", "answering_place_loop", "Skolan → Skolan"),
    Refusal(
        PLACE.format("to_unit_id") + "(2, 1, 4, 1)",
        "answering_place_loop",
        "Hemtjänsten → Socialkontoret → Hemtjänsten",
    ),
    Refusal(
        PLACE.format("to_unit_id") + "(2, 1, 4, 99)", "answering_place_to_unit_id_exists", "Ange ett id som finns"
    ),
    Refusal(PLACE.format("to_mailbox_id") + "(2, 1, 4, 3)", "answering_place_to_mailbox_id_own", "Vännäs"),
    Refusal("UPDATE unit SET duty_phone_unit_id = 2 WHERE id = 1", "unit_duty_phone_target", "ifyllda", net=True),
    Refusal(
        "UPDATE unit SET duty_phone_number = '112' WHERE id = 2", "unit_duty_phone_number_emergency", "nödnumret"
    ),
    Refusal(
        "UPDATE unit SET duty_phone_number = '1' WHERE id = 2", "unit_duty_phone_number_number", "plus", net=True
    ),
    Refusal("UPDATE unit SET duty_phone_unit_id = 2 WHERE id = 2", "unit_not_itself", "Hemtjänsten"),
    Refusal("UPDATE diversion SET condition = 'never'", "diversion_condition_known", "Välj", net=True),
    Refusal(DIVERSION.format("to_unit_id") + "(1, 'busy', NULL)", "diversion_to_target", "Fyll", net=True),
    Refusal(DIVERSION.format("to_number") + "(1, 'busy', '112')", "diversion_to_number_emergency", "nödnumret"),
    Refusal(DIVERSION.format("to_number") + "(1, 'busy', '00470')", "diversion_to_number_number", "plus", net=True),
    Refusal(DIVERSION.format("to_mailbox_id") + "(1, 'all', 1)", "diversion_condition_once", "finns redan", net=True),
    Refusal(DIVERSION.format("to_mailbox_id") + "(1, 'busy', 3)", "diversion_to_mailbox_id_own", "Vännäs"),
    Refusal(
        DIVERSION.format("to_mailbox_id, rings") + "(1, 'no_answer', 1, 5)",
        "diversion_rings_rings",
        "fyra signaler (R8)",
        net=True,
    ),
    Refusal(
        DIVERSION.format("to_mailbox_id, rings") + "(1, 'busy', 1, 2)",
        "diversion_rings_for_no_answer",
        "gäller bara",
        net=True,
    ),
    Refusal(DIVERSION.format("to_extension_id") + "(1, 'busy', 1)", "diversion_not_itself", "sig själv", net=True),
    Refusal(
        DIVERSION.format("to_extension_id") + "(2, 'busy', 1)",
        "diversion_loop",
        "+4690161002 → +4690161001 (busy) → +4690161002 (all)",
    ),
    Refusal(DIVERSION.format("to_number") + "(2, 'no_answer', '+4690161001')", "diversion_loop", "+4690161001"),
    Refusal(DIVERSION.format("to_number") + "(2, 'all', '+4690161002')", "diversion_loop", "går runt"),
    Refusal(
        DIVERSION.format("to_extension_id") + "(2, 'all', 3), (3, 'unreachable', 1)",
        "diversion_loop",
        "+46935141001",
    ),
    Refusal("UPDATE absence_reason SET digit = '10'", "absence_reason_digit_form", "en siffra", net=True),
    Refusal("UPDATE absence_reason SET text_sv = ''", "absence_reason_text_sv_text", "rad text", net=True),
    Refusal("UPDATE absence_reason SET text_en = E'a\\nb'", "absence_reason_text_en_text", "rad text", net=True),
    Refusal(
        "INSERT INTO absence_reason (organisation_id, digit, text_sv, text_en) VALUES (1, '1', 'a', 'b')",
        "absence_reason_digit_once",
        "siffran finns redan",
        net=True,
    ),
    Refusal(ABSENCE.format("returns_at", "'2026-01-01Z'"), "absence_returns_at_order", "före", net=True),
    Refusal(
        ABSENCE.format("referral_unit_id, referral_mailbox_id", "1, 1"),
        "absence_referral_target",
        "ifyllda",
        net=True,
    ),
    Refusal(ABSENCE.format("referral_number", "'112'"), "absence_referral_number_emergency", "nödnumret"),
    Refusal(ABSENCE.format("referral_number", "'12'"), "absence_referral_number_number", "plus", net=True),
    Refusal(ABSENCE.format("referral_mailbox_id", "3"), "absence_referral_mailbox_id_own", "Vännäs"),
    Refusal(ABSENCE.format("referral_extension_id", "2"), "absence_not_itself", "hänvisning"),
    Refusal("UPDATE absence SET returns_at = 'infinity'", "absence_returns_at_time", "mellan år", net=True),
    Refusal("UPDATE absence SET starts_at = '-infinity'", "absence_starts_at_time", "mellan år", net=True),
    Refusal("UPDATE diversion SET ends_at = 'infinity'", "diversion_ends_at_time", "mellan år", net=True),
    Refusal("UPDATE absence SET reason_id = 2", "absence_reason_id_own", "Vännäs"),
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)
