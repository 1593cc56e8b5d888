"""Numbers that the policy database refuses: malformed, taken, outside their ranges."""

import pytest

from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases

RANGE = "INSERT INTO number_range (organisation_id, first_number, last_number, short_prefix, short_digits) VALUES "

REFUSALS = [
    Refusal("UPDATE organisation SET main_number = '090161000'", "organisation_main_number_number", "plus", net=True),
    Refusal("UPDATE unit SET number = '+46 90 16'", "unit_number_number", "+46 90 16", net=True),
    Refusal("UPDATE extension SET number = '+0690161001'", "extension_number_number", "landsnummer", net=True),
    Refusal("UPDATE extension SET number = '112'", "extension_number_emergency", "nödnumret 112"),
    Refusal(RANGE + "(1, '90', '+4690162999', '8', 3)", "number_range_first_number_number", "plus", net=True),
    Refusal(RANGE + "(1, '+4690162000', '90', '8', 3)", "number_range_last_number_number", "plus", net=True),
    Refusal(RANGE + "(1, '+4690162999', '+4690162000', '8', 4)", "number_range_last_number_order", "före", net=True),
    Refusal(RANGE + "(1, '+4690162000', '+46901620000', '8', 4)", "number_range_last_number_order", "före", net=True),
    Refusal(RANGE + "(1, '+4690162000', '+4690162999', '9', 3)", "number_range_short_prefix_free", "9", net=True),
    Refusal(RANGE + "(1, '+4690162000', '+4690162999', '11', 3)", "number_range_short_prefix_free", "112", net=True),
    Refusal(
        RANGE + "(1, '+4690162000', '+4690162999', '0', 3)", "number_range_short_prefix_free", "linjen", net=True
    ),
    Refusal(
        RANGE + "(1, '+4690162000', '+4690162999', '8', 2)", "number_range_short_digits_enough", "dela", net=True
    ),
    Refusal(RANGE + "(2, '+4690161500', '+4690162499', '8', 4)", "number_range_no_overlap", "Umeå", net=True),
    Refusal(RANGE + "(2, '+4690171000', '+4690171999', '6', 4)", "number_range_no_short_overlap", "Umeå", net=True),
    Refusal(
        RANGE + "(2, '+4690171000', '+4690171999', '61', 3)", "number_range_no_short_overlap", "krockar", net=True
    ),
    Refusal(
        RANGE + "(2, '+4690171000', '+4690171999', '61', 4)", "number_range_no_short_overlap", "krockar", net=True
    ),
    Refusal(
        "UPDATE extension SET number = '+4690161002' WHERE id = 1", "extension_number_once", "finns redan", net=True
    ),
    Refusal("UPDATE extension SET number = '+4690161100' WHERE id = 1", "extension_number_once", "Socialkontoret"),
    Refusal("UPDATE extension SET number = '+4690161000' WHERE id = 1", "extension_number_once", "Umeå"),
    Refusal("UPDATE unit SET number = '+4690161100' WHERE id = 2", "unit_number_once", "Hemtjänsten", net=True),
    Refusal("UPDATE unit SET number = '+4690161001' WHERE id = 2", "unit_number_once", "anknytning"),
    Refusal(
        "UPDATE organisation SET main_number = '+4690161001' WHERE id = 1", "organisation_number_once", "anknytning"
    ),
    Refusal("UPDATE extension SET number = '+46935141009' WHERE id = 1", "extension_number_in_range", "Umeå"),
    Refusal("UPDATE extension SET number = '+4690162001' WHERE id = 1", "extension_number_in_range", "nummerserie"),
    Refusal("UPDATE unit SET number = '+46935141009' WHERE id = 1", "unit_number_in_range", "Umeå"),
    Refusal(
        "UPDATE organisation SET main_number = '+46935141009' WHERE id = 1", "organisation_number_in_range", "Umeå"
    ),
    Refusal("DELETE FROM number_range WHERE id = 1", "number_range_in_use", "hamnar utanför"),
    Refusal("UPDATE number_range SET last_number = '+4690161050' WHERE id = 1", "number_range_in_use", "+4690161100"),
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_the_number(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_the_number_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)
