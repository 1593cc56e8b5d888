"""A voicemail message as a task: who reminds whom, and which call answers it (R11)."""

from datetime import datetime
from typing import Any

import pytest

from callflow.policy.feature_actions import FeatureCode
from callflow.policy.follow_up import (
    CalledBack,
    OpenMessage,
    answers,
    called_back,
    caller_of,
    readers,
    reminder,
)
from callflow.policy.model import Policy
from tests.builders import (
    OUTSIDER,
    TUESDAY_TEN,
    at,
    exception,
    extension,
    group,
    mailbox,
    organisation,
    person,
    policy,
    schedule,
    unit,
)

OWNER, COLLEAGUE, MANAGER, ELSEWHERE, OPERATOR = 1, 2, 3, 4, 5
OWN_BOX, UNIT_BOX, SWITCHBOARD_BOX = 1, 2, 3
ANNA, CONTACT, CHIEF = "anna@umea.example", "kontakt@umea.example", "chef@umea.example"


def town(**tables: Any) -> Policy:
    """Return a unit with an owner, a colleague and a telephone contact, beneath one with a manager; office hours."""
    defaults: dict[str, Any] = {
        "organisations": [organisation(operator_group_id=1, mailbox_id=SWITCHBOARD_BOX)],
        "schedules": [schedule(1, (8 * 60, 17 * 60))],
        "units": [
            unit(1, manager_id=3, number=None),
            unit(2, parent_id=1, telephone_contact_id=2, telephone_schedule_id=1, mailbox_id=UNIT_BOX, number=None),
            unit(3, number=None),
        ],
        "people": [person(1, email=ANNA), person(2, email=CONTACT), person(3, email=CHIEF)],
        "extensions": [
            extension(OWNER, unit_id=2, person_id=1, mailbox_id=OWN_BOX),
            extension(COLLEAGUE, unit_id=2),
            extension(MANAGER, unit_id=1, person_id=3),
            extension(ELSEWHERE, unit_id=3),
            extension(OPERATOR, unit_id=3),
        ],
        "ring_groups": [group(1, OPERATOR)],
        "mailboxes": [mailbox(OWN_BOX), mailbox(UNIT_BOX, email="enhet@umea.example"), mailbox(SWITCHBOARD_BOX)],
        "feature_codes": [
            FeatureCode(id=1, organisation_id=1, code="#31#", action="hide_number_once"),
            FeatureCode(id=2, organisation_id=1, code="*98*", action="voicemail_of_another"),
        ],
    }
    return policy(**{**defaults, **tables})


def left(when: datetime = TUESDAY_TEN, **values: Any) -> OpenMessage:
    """Return a message to the owner, left on a Tuesday at ten if not said."""
    return OpenMessage(**{"id": 1, "mailbox_id": OWN_BOX, "left_at": when, "extension_ids": (OWNER,), **values})


IN_UNIT: dict[str, Any] = {"mailbox_id": UNIT_BOX, "extension_ids": (), "unit_ids": (2,)}
IN_SWITCHBOARD: dict[str, Any] = {"mailbox_id": SWITCHBOARD_BOX, "extension_ids": ()}


def reminded(rows: Policy, message: OpenMessage, now: str) -> str | None:
    """Return who is reminded then, as `owner anna@…`."""
    found = reminder(rows, message, at(now))
    return f"{found.to.value} {' '.join(found.addresses)}" if found is not None else None


@pytest.mark.parametrize(
    ("now", "told"),
    [("2026-11-24 13:59", None), ("2026-11-24 14:00", f"owner {ANNA}"), ("2026-12-24 14:00", f"owner {ANNA}")],
)
def test_owner_is_reminded_after_four_open_hours(now: str, told: str | None) -> None:
    assert reminded(town(), left(), now) == told


def test_hours_in_which_the_unit_is_closed_do_not_count() -> None:
    on_friday = left(at("2026-11-27 16:00"))
    assert reminded(town(), on_friday, "2026-11-30 10:59") is None
    assert reminded(town(), on_friday, "2026-11-30 11:00") == f"owner {ANNA}"


def test_telephone_contact_is_reminded_as_much_later_as_the_policy_says_after_the_owner_was() -> None:
    told_late = left(owner_reminded_at=at("2026-11-25 15:00"))
    assert reminded(town(), told_late, "2026-11-26 09:59") is None
    assert reminded(town(), told_late, "2026-11-26 10:00") == f"contact {CONTACT}"


def test_each_is_reminded_once() -> None:
    times: dict[str, Any] = {
        "owner_reminded_at": at("2026-11-24 14:00"),
        "contact_reminded_at": at("2026-11-25 09:00"),
    }
    assert reminded(town(), left(**times), "2026-12-01 14:00") is None


def test_contact_who_owns_the_mailbox_is_reminded_once_and_then_the_manager_above_is() -> None:
    rows = town(people=[person(1, email=CONTACT), person(2, email=CONTACT), person(3, email=CHIEF)])
    assert reminded(rows, left(owner_reminded_at=TUESDAY_TEN), "2026-11-24 14:00") == f"contact {CHIEF}"


def test_contact_is_reminded_of_the_message_of_an_owner_without_an_address_at_the_contacts_own_time() -> None:
    rows = town(people=[person(1), person(2, email=CONTACT)])
    assert reminded(rows, left(), "2026-11-25 08:59") is None
    assert reminded(rows, left(), "2026-11-25 09:00") == f"contact {CONTACT}"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"message_owner_hours": None}, f"contact {CONTACT}"),
        ({"message_owner_hours": None, "message_contact_hours": None}, None),
        ({"message_owner_hours": 100}, None),
    ],
)
def test_an_organisation_chooses_after_how_many_hours_or_never(values: dict[str, Any], told: str | None) -> None:
    assert reminded(town(organisations=[organisation(**values)]), left(), "2026-11-25 12:00") == told


def test_nobody_more_is_reminded_where_the_organisation_has_no_hours_for_the_contact() -> None:
    rows = town(organisations=[organisation(message_contact_hours=None)])
    assert reminded(rows, left(owner_reminded_at=TUESDAY_TEN), "2026-12-01 12:00") is None


def test_contact_with_fewer_hours_than_the_owner_is_reminded_right_after_the_owner() -> None:
    rows = town(organisations=[organisation(message_owner_hours=6, message_contact_hours=2)])
    assert reminded(rows, left(owner_reminded_at=TUESDAY_TEN), "2026-11-24 10:01") == f"contact {CONTACT}"


def test_owner_of_a_unit_without_hours_is_reminded_at_any_time() -> None:
    assert reminded(town(schedules=[]), left(), "2026-11-24 14:00") == f"owner {ANNA}"
    assert reminded(town(schedules=[]), left(TUESDAY_TEN), "2026-11-24 09:00") is None


def test_hours_are_the_switchboards_where_no_unit_has_the_mailbox() -> None:
    rows = town(
        organisations=[organisation(switchboard_schedule_id=1)],
        mailboxes=[mailbox(SWITCHBOARD_BOX, email="vaxel@umea.example")],
    )
    late = left(at("2026-11-24 20:00"), **IN_SWITCHBOARD)
    assert reminded(rows, late, "2026-11-25 11:59") is None
    assert reminded(rows, late, "2026-11-25 12:00") == "owner vaxel@umea.example"


def test_call_from_an_extension_or_to_a_mailbox_that_is_gone_answers_nothing() -> None:
    assert answers(town(), 404, left()) is False
    assert answers(town(), OWNER, left(mailbox_id=404)) is False


def test_open_hours_of_longer_than_three_months_ago_remind_nobody() -> None:
    closed = schedule(1, (8 * 60, 17 * 60), exceptions=(exception("2026-08-10", "2026-12-31", "Renovering"),))
    old = left(at("2026-08-03 10:00"))
    assert reminded(town(schedules=[closed]), old, "2026-08-11 10:00") == f"owner {ANNA}"
    assert reminded(town(schedules=[closed]), old, "2026-11-24 10:00") is None


def test_unit_is_reminded_at_the_address_of_its_mailbox() -> None:
    assert reminded(town(), left(**IN_UNIT), "2026-11-24 14:00") == "owner enhet@umea.example"


def test_nobody_is_reminded_where_nobody_has_an_address() -> None:
    assert reminded(town(people=[]), left(), "2026-12-01 12:00") is None
    assert reminded(town(), left(**IN_SWITCHBOARD), "2026-12-01 12:00") is None


def test_message_of_a_mailbox_or_an_owner_that_is_gone_reminds_nobody_and_fails_nowhere() -> None:
    assert reminded(town(), left(mailbox_id=99), "2026-12-01 12:00") is None
    assert reminded(town(organisations=[]), left(), "2026-12-01 12:00") is None
    assert reminded(town(extensions=[]), left(), "2026-12-01 12:00") is None


def test_mailboxs_own_address_counts_before_its_owners() -> None:
    box = mailbox(OWN_BOX, email="avdelningen@umea.example")
    assert readers(town(), box, (OWNER,), ()) == (("avdelningen@umea.example",), CONTACT)


def test_everybody_who_has_the_mailbox_is_its_owner() -> None:
    assert readers(town(), mailbox(OWN_BOX), (99, COLLEAGUE, MANAGER, OWNER), ())[0] == (CHIEF, ANNA)


@pytest.mark.parametrize(
    ("caller", "answered"), [(OWNER, True), (COLLEAGUE, True), (MANAGER, True), (ELSEWHERE, False), (OPERATOR, True)]
)
def test_call_back_answers_a_message_from_the_owner_the_owners_unit_and_who_may_act_for_the_owner(
    caller: int, answered: bool
) -> None:
    assert answers(town(), caller, left()) is answered


@pytest.mark.parametrize(
    ("caller", "answered"), [(OWNER, True), (COLLEAGUE, True), (MANAGER, True), (ELSEWHERE, False), (OPERATOR, True)]
)
def test_call_back_answers_a_units_message_from_everybody_in_the_unit(caller: int, answered: bool) -> None:
    assert answers(town(), caller, left(**IN_UNIT)) is answered


@pytest.mark.parametrize(("caller", "answered"), [(OWNER, False), (OPERATOR, True)])
def test_call_back_answers_a_message_to_the_switchboard_from_its_operators(caller: int, answered: bool) -> None:
    assert answers(town(), caller, left(**IN_SWITCHBOARD)) is answered


@pytest.mark.parametrize("dialled", ["0701740605", "+46701740605", "0046701740605", "#31#0701740605"])
def test_call_to_a_number_is_known_however_it_was_dialled(dialled: str) -> None:
    assert called_back(town(), "61001", dialled) == CalledBack(OWNER, OUTSIDER)


def test_call_to_a_colleague_is_known_by_the_short_number() -> None:
    assert called_back(town(), "61001", "61002") == CalledBack(OWNER, "+4690161002")


@pytest.mark.parametrize(("account", "dialled"), [("trunk", "0701740605"), ("61001", "*98*61002#"), ("61001", "*")])
def test_what_is_no_call_of_ours_to_a_number_is_none(account: str, dialled: str) -> None:
    assert called_back(town(), account, dialled) is None


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ("+46701740605", OUTSIDER),
        ("46701740605", OUTSIDER),
        ("0701740605", OUTSIDER),
        ("90161002", "+4690161002"),
        ("61002", "+4690161002"),
        ("5551", "5551"),
        ("anonymous", None),
        ("", None),
    ],
)
def test_caller_is_known_however_the_number_came(shown: str, number: str | None) -> None:
    assert caller_of(shown, town()) == number
