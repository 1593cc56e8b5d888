"""What kind of number a number is: the table, the Swedish plan, the world's, and else nobody knows (R18)."""

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.policy.barrings import BARRED_BY_DEFAULT, Category
from callflow.policy.numbering_plan import categories_of, e164, is_service_number

NOBODYS: dict[str, Category] = {}
digits = st.text("0123456789", max_size=18)
anything = (
    st.text(st.characters(), max_size=40)
    | digits
    | st.builds("+{}".format, digits)
    | st.builds("+46{}".format, digits)
    | st.builds("95{}".format, digits)
    | st.builds("95120{}".format, digits)
)
thorough = settings(max_examples=400, deadline=None)


def classed(number: str, classes: dict[str, Category] = NOBODYS) -> str:
    return " ".join(categories_of(number, classes))


@pytest.mark.parametrize(
    ("number", "categories"),
    [
        ("+46701740605", "mobile"),
        ("+4690161000", "national"),
        ("+46101234567", "national"),
        ("+4620123456", "freephone"),
        ("+46771123456", "shared_cost"),
        ("+46751234567", "shared_cost"),
        ("+46649123456", "premium"),
        ("+46740123456", "unclassified"),
        ("+46900", "premium"),
        ("+46", "unclassified"),
        ("+460900123456", "unclassified"),
        ("+461177", "unclassified"),
        ("+4722334455", "international"),
        ("+472233445", "international unclassified"),
        ("+19005551234", "international premium"),
        ("+999123456", "international unclassified"),
        ("+8707", "satellite"),
        ("118", "directory"),
        ("118118", "directory"),
        ("1181181", "unclassified"),
        ("1177", "service"),
        ("116117", "service"),
        ("116999", "service"),
        ("112", "service"),
        ("72456", "premium"),
        ("90510", "unclassified"),
        ("222", "unclassified"),
        ("300", "unclassified"),
        ("*112", "unclassified"),
        ("", "unclassified"),
        ("+", "unclassified"),
        ("0701740605", "unclassified"),
        ("+46701740605x", "unclassified"),
    ],
)
def test_numbering_plans_tell_what_a_number_is(number: str, categories: str) -> None:
    assert classed(number) == categories


@pytest.mark.parametrize(
    ("number", "why"),
    [("+112025550123", "a 1 that is dialled inside the country"), ("+4402079460958", "a 0 that is")],
)
def test_number_abroad_that_phonenumbers_would_rewrite_is_dialled_as_nobody_knows_what(number: str, why: str) -> None:
    parsed = phonenumbers.parse(number, None)
    assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) != number, why
    assert classed(number) == "international unclassified"


def test_longest_prefix_of_the_table_wins_over_the_numbering_plans() -> None:
    classes = {
        "+47": Category.NATIONAL,
        "+47820": Category.PREMIUM,
        "+46900": Category.FREEPHONE,
        "118": Category.SERVICE,
        "118119": Category.PREMIUM,
    }
    assert classed("+4722334455", classes) == "national"
    assert classed("+4782012345", classes) == "premium"
    assert classed("+4570174060", classes) == "international"
    assert classed("+469001234567", classes) == "freephone"
    assert classed("118118", classes) == "service"
    assert classed("118119", classes) == "premium"
    assert classed("1177", classes) == "service"


def test_number_behind_an_operator_prefix_is_of_the_prefix_and_of_what_it_is_itself() -> None:
    assert classed("95120701740605") == "operator_prefix mobile"
    assert classed("9512004722334455") == "operator_prefix international"
    assert classed("9512+19005551234") == "operator_prefix international premium"
    assert classed("9512046701740605") == "operator_prefix unclassified"
    assert classed("9512118118") == "operator_prefix unclassified"
    assert classed("951295120701740605") == "operator_prefix unclassified"
    assert classed("9512") == "operator_prefix unclassified"
    assert classed("951") == "unclassified"


def test_table_opens_an_operator_prefix_but_never_what_stands_behind_it() -> None:
    ours = {"9512": Category.NATIONAL}
    assert classed("95120701740605", ours) == "national mobile"
    assert classed("9512090161000", ours) == "national"
    assert classed("951209001234567", ours) == "national premium"
    assert classed("95130701740605", ours) == "operator_prefix mobile"
    assert classed("9512" + "9512" * 50_000, ours) == "national unclassified"


def test_short_numbers_are_those_of_the_network_and_of_the_table() -> None:
    for number in ("1177", "118", "118118", "116016"):
        assert is_service_number(number, NOBODYS), number
    for number in ("", "72456", "222", "1178", "1181181", "0118", "61001", "11a7"):
        assert not is_service_number(number, NOBODYS), number
    assert is_service_number("222", {"222": Category.SERVICE})
    assert not is_service_number("2221234", {"222": Category.SERVICE})


@pytest.mark.parametrize(
    ("dialled", "number"),
    [
        ("+46701740605", "+46701740605"),
        ("0046701740605", "+46701740605"),
        ("0701740605", "+46701740605"),
        ("+460701740605", "+46701740605"),
        ("+4600701740605", None),
        ("00701740605", "+701740605"),
        ("0000701740605", None),
        ("701740605", None),
        ("+46112", None),
        ("+1234567890123456", None),
        ("+\u0664\u0666701740605", None),
        ("", None),
    ],
)
def test_what_is_dialled_with_a_prefix_is_read_in_one_way(dialled: str, number: str | None) -> None:
    assert e164(dialled) == number


@thorough
@given(number=anything)
def test_every_string_has_categories_and_only_a_valid_swedish_number_is_free(number: str) -> None:
    found = categories_of(number, NOBODYS)
    assert found
    assert len(set(found)) == len(found)
    if BARRED_BY_DEFAULT.isdisjoint(found):
        assert len(found) == 1
        assert is_free(number, found[0]), (number, found)


@thorough
@given(number=anything, prefixes=st.lists(st.sampled_from(["+4670", "+47", "95", "9512", "118", "+", "1"])))
def test_table_decides_whenever_one_of_its_prefixes_fits(number: str, prefixes: list[str]) -> None:
    classes = dict.fromkeys(prefixes, Category.MASS_CALL)
    fits = any(number.startswith(prefix) for prefix in prefixes)
    if fits:
        assert categories_of(number, classes)[0] is Category.MASS_CALL
    elif not number.startswith("95"):
        assert categories_of(number, classes) == categories_of(number, NOBODYS)


@thorough
@given(national=st.from_regex(r"[1-9][0-9]{0,11}", fullmatch=True))
def test_swedish_numbers_are_what_phonenumbers_says_when_it_reads_them_itself(national: str) -> None:
    number = f"+46{national}"
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        assert not set(categories_of(number, NOBODYS)).isdisjoint(BARRED_BY_DEFAULT)
        return
    assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
    if not phonenumbers.is_valid_number(parsed):
        assert not set(categories_of(number, NOBODYS)).isdisjoint(BARRED_BY_DEFAULT)


def is_free(number: str, category: Category) -> bool:
    """Tell, by the shape of numbers alone and without phonenumbers' types, whether a number may be free."""
    shapes = {
        Category.MOBILE: r"\+467[0-9]{8}",
        Category.NATIONAL: r"\+46(10[0-9]{7}|[1-9][0-9]{6,9})",
        Category.FREEPHONE: r"\+4620[0-9]{4,7}",
        Category.SHARED_COST: r"\+467[57][0-9]{7}",
        Category.SERVICE: r"11[0-9]{1,4}|90000",
    }
    premium = r"\+46(900|939|944|99|118|649).*"
    return re.fullmatch(shapes[category], number) is not None and re.fullmatch(premium, number) is None
