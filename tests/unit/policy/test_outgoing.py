"""Who may reach which number outside: barrings, exemptions, and by whose rights a call is moved (R18)."""

from typing import Any

import pytest

from callflow.policy.barrings import Barring, Category, Exemption, NumberClass
from callflow.policy.decision import Call, Decision, Outcome
from callflow.policy.evaluate import decide
from callflow.policy.model import Diversion, DiversionCondition, ExtensionKind, Policy
from callflow.policy.outgoing import may_call, may_divert, nearest_manager
from callflow.policy.plan import Dial, LegKind
from tests.builders import (
    OUTSIDER,
    TUESDAY_NIGHT,
    TUESDAY_NOON,
    TUESDAY_TEN,
    extension,
    mailbox,
    number_range,
    organisation,
    person,
    policy,
    reasons,
    to_number,
    unit,
    way,
)

NORWAY = "+4722334455"
MOBILE = "+46701740606"


def exemption(
    row_id: int, extension_id: int, category: Category = Category.INTERNATIONAL, **values: Any
) -> Exemption:
    times = {"starts_at": TUESDAY_TEN, "ends_at": TUESDAY_NIGHT, "approver_id": 1}
    return Exemption(id=row_id, extension_id=extension_id, category=category, **{**times, **values})


def town(**tables: Any) -> Policy:
    return policy(
        **{
            "organisations": [organisation()],
            "number_ranges": [number_range()],
            "units": [unit(1, manager_id=1), unit(2, parent_id=1, manager_id=2)],
            "people": [person(1), person(2), person(3)],
            "extensions": [extension(1), extension(2, unit_id=2, person_id=2), extension(3)],
            "mailboxes": [mailbox(1)],
            **tables,
        }
    )


def call(dialled: str, caller: int | None = 1, mover: int | None = None) -> Call:
    number = OUTSIDER if caller is None else f"+469016{1000 + caller}"
    return Call(called_number=dialled, caller_number=number, caller_extension_id=caller, mover_extension_id=mover)


def addresses(decision: Decision) -> set[str]:
    """Return every number that the plan may ring through the trunk."""
    dials = [step for step in decision.plan.steps if isinstance(step, Dial)]
    return {leg.address for step in dials for leg in step.legs if leg.kind is LegKind.TRUNK}


def test_exemption_counts_from_its_start_to_its_end_and_for_its_extension_alone() -> None:
    rows = town(exemptions=[exemption(1, 1), exemption(2, 3, Category.PREMIUM)])
    assert decide(rows, call(NORWAY), TUESDAY_TEN).outcome is Outcome.OUTSIDE
    assert decide(rows, call(NORWAY), TUESDAY_NIGHT).outcome is Outcome.REFUSED
    assert decide(rows, call(NORWAY, 2), TUESDAY_TEN).outcome is Outcome.REFUSED
    assert decide(rows, call(NORWAY, 3), TUESDAY_TEN).outcome is Outcome.REFUSED


def test_number_of_two_kinds_needs_both_opened() -> None:
    rows = town(number_classes=[NumberClass(id=1, prefix="+4722", category=Category.PREMIUM)])
    assert may_call(rows, rows.extensions[1], NORWAY, TUESDAY_TEN).barred == (Category.PREMIUM,)
    both = town(exemptions=[exemption(1, 1)])
    assert not may_call(both, both.extensions[1], "+19005551234", TUESDAY_TEN).allowed


def test_what_nobody_can_classify_is_opened_by_no_exemption() -> None:
    rows = town(exemptions=[exemption(1, 1, Category.UNCLASSIFIED)])
    decision = decide(rows, call("0719000000123"), TUESDAY_TEN)
    assert decision.outcome is Outcome.REFUSED
    assert "number_unclassified" in reasons(decision, "R18")


@pytest.mark.parametrize(
    "barring",
    [
        Barring(id=1, category=Category.MOBILE, organisation_id=1),
        Barring(id=1, category=Category.MOBILE, unit_id=1),
        Barring(id=1, category=Category.MOBILE, extension_id=2),
    ],
    ids=["organisation", "unit above", "extension"],
)
def test_row_bars_for_its_scope(barring: Barring) -> None:
    rows = town(barrings=[barring])
    assert may_call(rows, rows.extensions[2], MOBILE, TUESDAY_TEN).barred == (Category.MOBILE,)
    assert may_call(rows, rows.extensions[1], "+4690123456", TUESDAY_TEN).allowed


def test_barring_of_another_scope_does_not_count() -> None:
    rows = town(
        barrings=[
            Barring(id=1, category=Category.MOBILE, unit_id=2),
            Barring(id=2, category=Category.MOBILE, extension_id=3),
        ]
    )
    assert may_call(rows, rows.extensions[1], MOBILE, TUESDAY_TEN).allowed
    assert may_call(rows, rows.units[1], MOBILE, TUESDAY_TEN).allowed
    assert may_call(rows, rows.organisations[1], MOBILE, TUESDAY_TEN).allowed
    assert may_call(rows, None, MOBILE, TUESDAY_TEN).allowed
    assert not may_call(rows, rows.units[2], MOBILE, TUESDAY_TEN).allowed


def test_diversion_to_the_outside_can_be_barred_while_calls_are_not() -> None:
    rows = town(barrings=[Barring(id=1, category=Category.OUTSIDE_DIVERSION, organisation_id=1)])
    assert may_call(rows, rows.extensions[1], MOBILE, TUESDAY_TEN).allowed
    assert may_divert(rows, rows.extensions[1], MOBILE, TUESDAY_TEN).barred == (Category.OUTSIDE_DIVERSION,)


def test_nearest_manager_is_never_the_extensions_own_person() -> None:
    rows = town()
    assert nearest_manager(rows, rows.extensions[1]) == rows.people[1]
    assert nearest_manager(rows, rows.extensions[2]) == rows.people[1]
    assert nearest_manager(town(units=[unit(1)]), rows.extensions[1]) is None


def test_refusal_tells_what_is_barred_and_whom_to_ask() -> None:
    assert way(decide(town(), call(NORWAY), TUESDAY_TEN)) == [
        "say [barred-international] [ask-nearest-manager] Åsa Öberg 1 [goodbye]",
        "hangup rejected",
    ]


def test_unknown_number_is_the_telephone_contacts_question() -> None:
    rows = town(units=[unit(1, telephone_contact_id=3), unit(2, parent_id=1)])
    assert way(decide(rows, call("0719000000123", 2), TUESDAY_TEN))[0] == (
        "say [barred-unclassified] [ask-telephone-contact] Åsa Öberg 3 [goodbye]"
    )
    bare = town(units=[unit(1), unit(2)])
    assert way(decide(bare, call("0719000000123"), TUESDAY_TEN))[0] == "say [barred-unclassified] [goodbye]"


def test_operator_prefix_is_answered_with_how_to_dial() -> None:
    rows = town(number_classes=[NumberClass(id=1, prefix="+4690", category=Category.OPERATOR_PREFIX)])
    assert way(decide(rows, call("090123456"), TUESDAY_TEN))[0] == "say [barred-operator-prefix] [goodbye]"


def test_transfer_has_the_rights_of_the_one_who_transfers() -> None:
    rows = town(exemptions=[exemption(1, 1)])
    assert decide(rows, call(NORWAY, None, mover=1), TUESDAY_TEN).outcome is Outcome.OUTSIDE
    assert decide(rows, call(NORWAY, 3, mover=1), TUESDAY_TEN).outcome is Outcome.OUTSIDE
    refused = decide(rows, call(NORWAY, 1, mover=3), TUESDAY_TEN)
    assert refused.outcome is Outcome.REFUSED
    assert not addresses(refused)
    assert "transferred_by" in reasons(refused, "R18")


def test_refused_or_unanswered_transfer_comes_back_to_the_one_who_transferred() -> None:
    back = ["ring 61003 x4"]
    rows = town()
    refused = way(decide(rows, call(NORWAY, None, mover=3), TUESDAY_TEN))
    assert refused[:2] == ["say [cannot-be-transferred] [transfer-back]", *back]
    unreadable = way(decide(rows, call("*99*9#", None, mover=3), TUESDAY_TEN))
    assert unreadable[:2] == ["say [cannot-be-transferred] [transfer-back]", *back]
    unused = way(decide(rows, call("61777", None, mover=3), TUESDAY_TEN))
    assert unused[:2] == ["say [number-not-in-use] [transfer-back]", *back]
    unanswered = way(decide(rows, call(MOBILE, None, mover=3), TUESDAY_TEN))
    assert unanswered[:3] == [
        f"ring {MOBILE} x20",
        "say [the-one-you-seek] [does-not-answer] [transfer-back]",
        *back,
    ]


def test_transfer_by_somebody_who_is_gone_has_no_rights() -> None:
    rows = town(exemptions=[exemption(1, 1)])
    decision = decide(rows, call(MOBILE, 1, mover=99), TUESDAY_TEN)
    assert decision.outcome is Outcome.REFUSED
    assert {"mover_missing", "no_transit"} <= set(reasons(decision, "R18"))


def test_locked_phone_transfers_nobody() -> None:
    rows = town(extensions=[extension(1), extension(3, locked=True)])
    decision = decide(rows, call(MOBILE, 1, mover=3), TUESDAY_TEN)
    assert way(decision)[0] == "say [phone-locked]"
    assert not addresses(decision)


def test_who_is_transferred_by_one_of_ours_reaches_the_emergency_number() -> None:
    assert decide(town(), call("112", None, mover=1), TUESDAY_TEN).outcome is Outcome.EMERGENCY


def test_diversion_has_the_rights_of_the_one_who_diverts_anew_with_each_call() -> None:
    away = Diversion(condition=DiversionCondition.ALL, target=to_number(NORWAY))
    rows = town(
        extensions=[extension(1), extension(2, diversions=(away,), mailbox_id=1)], exemptions=[exemption(1, 2)]
    )
    assert addresses(decide(rows, call("61002"), TUESDAY_NOON)) == {NORWAY}
    ended = decide(rows, call("61002"), TUESDAY_NIGHT)
    assert not addresses(ended)
    assert way(ended)[0] == "voicemail 70001"
    callers = town(extensions=rows.extensions.values(), exemptions=[exemption(1, 1)])
    assert not addresses(decide(callers, call("61002"), TUESDAY_NOON))


def test_twins_mobile_abroad_rings_only_where_the_extension_may() -> None:
    twin = extension(2, kind=ExtensionKind.TWIN, mobile_number=NORWAY)
    rows = town(extensions=[extension(1), twin])
    assert not addresses(decide(rows, call("61002"), TUESDAY_NOON))
    opened = town(extensions=[extension(1), twin], exemptions=[exemption(1, 2)])
    assert addresses(decide(opened, call("61002"), TUESDAY_NOON)) == {NORWAY}
