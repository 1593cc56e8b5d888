"""Reading what was dialled."""

import pytest

from callflow.policy.model import Policy
from callflow.policy.numbers import Dialled, national, normalise, range_of
from callflow.policy.outgoing import is_mobile
from tests.builders import number_range, policy

RANGES = policy(
    number_ranges=[
        number_range(1),
        number_range(2, first_number="+4690180000", last_number="+4690180099", short_prefix="8", short_digits=2),
        number_range(3, first_number="+4690162000", last_number="+4690162999", short_prefix="6", short_digits=4),
    ]
)


@pytest.mark.parametrize(
    ("dialled", "number", "form"),
    [
        ("+4690161000", "+4690161000", "international"),
        ("+46 (0)90-16 10 00", "+4690161000", "international"),
        ("+46090161000", "+4690161000", "international"),
        ("004690161000", "+4690161000", "international"),
        ("004512345678", "+4512345678", "international"),
        ("090-16 10 00", "+4690161000", "national"),
        ("090/161 000", "+4690161000", "national"),
        ("tel:+46-90-161000", "+4690161000", "international"),
        ("tel:+4690161000;phone-context=x", "+4690161000", "international"),
        ("SIP:%2B4690161000@host;user=phone", "+4690161000", "international"),
        ("sips:090161000@host", "+4690161000", "national"),
        ("4690161000", "+4690161000", "trunk"),
        ("112", "112", "emergency"),
        ("*112", "*112", "emergency"),
        *(
            (form, "112", "emergency")
            for form in ("0112", "00112", "+46112", "tel:+46112", "0046112", "112#", "1 1 2")
        ),
        ("*112#", "*112", "emergency"),
    ],
)
def test_number_in_any_common_form_is_read(dialled: str, number: str, form: str) -> None:
    for internal in (True, False):
        assert normalise(dialled, RANGES, internal=internal) == Dialled(number, form)


@pytest.mark.parametrize(
    ("dialled", "number"), [("61000", "+4690161000"), ("62999", "+4690162999"), ("807", "+4690180007")]
)
def test_short_number_is_read_from_inside_only(dialled: str, number: str) -> None:
    assert normalise(dialled, RANGES, internal=True) == Dialled(number, "short")
    assert normalise(dialled, RANGES, internal=False) == Dialled(None, "unreadable")


def test_national_number_without_its_zero_is_read_from_the_trunk_when_it_is_ours() -> None:
    assert normalise("90161000", RANGES, internal=False) == Dialled("+4690161000", "trunk")
    assert normalise("90161000", RANGES, internal=True) == Dialled(None, "unreadable")
    assert normalise("701740606", RANGES, internal=False) == Dialled(None, "unreadable")


@pytest.mark.parametrize(
    "dialled",
    [
        "",
        "+",
        "+0",
        "+123",
        "00",
        "0",
        "abc",
        "١٢٣",
        "60999999999",
        "63000",
        "8100",
        "+1234567890123456",
        "1",
        "5",
        "4612345",
    ],
)
def test_what_is_no_number_is_not_read(dialled: str) -> None:
    assert normalise(dialled, RANGES, internal=True) == Dialled(None, "unreadable")


@pytest.mark.parametrize(
    ("number", "row_id"),
    [
        ("+4690161000", 1),
        ("+4690161999", 1),
        ("+4690162000", 3),
        ("+4690180050", 2),
        ("+4690180100", None),
        ("+469016100", None),
        ("+46901610000", None),
        ("+4690160999", None),
    ],
)
def test_range_is_found_by_number(number: str, row_id: int | None) -> None:
    row = range_of(number, RANGES)
    assert (row.id if row else None) == row_id


def test_short_numbers_of_two_ranges_with_one_prefix_are_both_found() -> None:
    def of(rows: Policy, dialled: str) -> str | None:
        return normalise(dialled, rows, internal=True).number

    assert of(RANGES, "61999") == "+4690161999"
    assert of(RANGES, "62000") == "+4690162000"


def test_national_form_is_what_people_write() -> None:
    assert national("+4690161000") == "090161000"
    assert national("+4790000000") == "+4790000000"


def test_swedish_mobiles_are_known() -> None:
    assert is_mobile("+46701740605")
    assert not is_mobile("+4690161000")
    assert not is_mobile("+46741740605")
