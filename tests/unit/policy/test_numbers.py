"""Reading what was dialled."""

import re
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.policy.barrings import BARRED_BY_DEFAULT, Category, NumberClass
from callflow.policy.model import Policy
from callflow.policy.numbering_plan import categories_of
from callflow.policy.numbers import EMERGENCY_NUMBERS, Dialled, bare, national, normalise, range_of
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
        ("0112#", "112", "emergency"),
        ("090161000#", "+4690161000", "national"),
        ("+44 (0)20 7946 0958", "+442079460958", "international"),
        ("(0)90-16 10 00", "+4690161000", "national"),
        ("00 46-(0)90161000", "+4690161000", "international"),
        ("\u202a090\u00a016\u200910\u221200\u202c", "+4690161000", "national"),
        ("tel:090161000;phone-context=+46", "+4690161000", "national"),
        ("tel:+4690161000;phone-context=+47", "+4690161000", "international"),
        ("090161000;ext=12", "+4690161000", "national"),
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


def test_digits_of_another_script_are_in_no_range_of_ours() -> None:
    wide = policy(number_ranges=[number_range(1, last_number="+4690169999")])
    assert normalise("61\u066001", wide, internal=True) == Dialled(None, "unreadable")


def test_national_number_without_its_zero_is_read_from_the_trunk_when_it_is_ours() -> None:
    assert normalise("90161000", RANGES, internal=False) == Dialled("+4690161000", "trunk")
    assert normalise("90161000", RANGES, internal=True) == Dialled(None, "unreadable")
    assert normalise("701740606", RANGES, internal=False) == Dialled(None, "unreadable")


@pytest.mark.parametrize(
    ("dialled", "number", "form"),
    [
        ("1177", "1177", "service"),
        ("118 118#", "118118", "service"),
        ("9512 070-174 06 05", "95120701740605", "operator_prefix"),
        ("951234567", "951234567", "operator_prefix"),
    ],
)
def test_short_numbers_of_the_network_and_operator_prefixes_are_dialled_from_inside_only(
    dialled: str, number: str, form: str
) -> None:
    assert normalise(dialled, RANGES, internal=True) == Dialled(number, form)
    assert normalise(dialled, RANGES, internal=False) == Dialled(None, "unreadable")


def test_short_number_of_ours_wins_over_one_of_the_network() -> None:
    ours = policy(number_ranges=[number_range(1, short_prefix="1", short_digits=3)])
    assert normalise("1177", ours, internal=True) == Dialled("+4690161177", "short")
    assert normalise("118118", ours, internal=True) == Dialled("118118", "service")


def test_table_makes_a_short_number_known() -> None:
    row = NumberClass(id=1, prefix="222", category=Category.SERVICE)
    assert normalise("222", policy(number_classes=[row]), internal=True) == Dialled("222", "service")
    assert normalise("222", policy(), internal=True) == Dialled(None, "unreadable")


def test_emergency_numbers_are_those_that_the_dialplan_takes_before_any_decision() -> None:
    dialplan = Path(__file__).parents[3].joinpath("dialplan/emergency.conf").read_text(encoding="utf-8")
    matched = re.findall(
        r"^exten => ([+*#0-9]+),1,Goto\(callflow-emergency-run,(call|test),1\)$", dialplan, re.MULTILINE
    )
    to = {"call": "112", "test": "*112"}
    assert {number: to[label] for number, label in matched} == EMERGENCY_NUMBERS


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
        "4600161000",
        "#",
        "#31#090161000",
        "*21*090161000#",
        "090161000##",
        "090161000,1",
        "090161000p1",
        "+460090161000",
        "%252B4690161000",
        "tel:090161000;phone-context=+47",
        "tel:090161000;phone-context=+468",
        "0" * 100_000,
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


keys = st.text("0123456789+*#", max_size=20)
marks = "+*#-./() \u00a0\u2009\u200b;:@,pw%&"
written = (
    keys
    | st.text(string.digits + marks, max_size=30)
    | st.text(st.characters(), max_size=30)
    | st.builds(
        "{}{}{}{}".format,
        st.sampled_from(
            [
                "",
                "0",
                "00",
                "000",
                "+",
                "++",
                "+00",
                "+46",
                "0046",
                "+46(0)",
                "46",
                "009",
                "tel:",
                "sip:+",
                "%2B",
                "95",
                "118",
            ]
        ),
        st.sampled_from(
            ["", "900", "939", "944", "99", "118", "70", "8", "90", "46", "0046", "1177", "870", "77", "\u0660"]
        ),
        st.text(string.digits, min_size=2, max_size=12),
        st.sampled_from(["", "#", "##", ",1", "p1", ";ext=1", ";phone-context=+46", "@example.org", "%23", "\uff10"]),
    )
)


@settings(max_examples=1000, deadline=None)
@given(dialled=written, internal=st.booleans())
def test_whatever_is_dialled_only_valid_swedish_and_known_service_numbers_are_free(
    dialled: str, internal: bool
) -> None:
    read = normalise(dialled, RANGES, internal=internal)
    assert (read.number is None) == (read.form == "unreadable")
    if read.number is None or read.form == "emergency":
        return
    free = BARRED_BY_DEFAULT.isdisjoint(categories_of(read.number, RANGES.classes))
    if read.form in {"service", "operator_prefix"}:
        assert internal
        assert read.number in bare(dialled)
        assert not free or read.number == "90000" or re.fullmatch(r"11[0-9]{2,4}", read.number)
    else:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", read.number)
        assert not free or re.fullmatch(r"\+46[1-9][0-9]{5,9}", read.number)


@settings(max_examples=400, deadline=None)
@given(dialled=written)
def test_what_is_read_has_the_digits_that_were_dialled(dialled: str) -> None:
    read = normalise(dialled, RANGES, internal=True)
    if read.form in {"international", "national", "trunk"} and read.number is not None:
        digits = read.number.removeprefix("+46").removeprefix("+")
        assert re.sub(r"[^0-9]", "", bare(dialled)).endswith(digits)
