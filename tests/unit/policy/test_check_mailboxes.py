"""The policy check: mailboxes of whose messages nobody is told (R11)."""

from dataclasses import replace

import pytest

from callflow.policy.model import Mailbox, Person, Policy
from tests.builders import extension, mailbox, person, roster, to_extension, unit
from tests.unit.policy.checked import MAIN, OPERATOR, UNIT, codes, names, sound, values

CODE = "messages_tell_nobody"
DUTY = mailbox(9, email="jour@umea.example")
UNKNOWN = person(1)
KNOWN = person(1, email="asa@umea.example")


def own(box: Mailbox, *people: Person) -> Policy:
    """Return a policy in which an extension has this mailbox."""
    return sound(extensions=[extension(1, mailbox_id=1, person_id=2), OPERATOR], mailboxes=[box, DUTY], people=people)


def test_mailbox_without_any_address_is_found_at_whose_it_is() -> None:
    rows = own(mailbox(1), UNKNOWN, person(2))
    assert names(rows, CODE) == ["+4690161001 Anknytning 1"]
    assert values(rows, CODE) == [{"mailbox": "70001"}]


@pytest.mark.parametrize(
    ("box", "people"),
    [
        (mailbox(1, email="a@umea.example"), (UNKNOWN, person(2))),
        (mailbox(1), (UNKNOWN, person(2, email="a@umea.example"))),
        (mailbox(1), (KNOWN, person(2))),
    ],
    ids=["its own", "the owner's", "the telephone contact's"],
)
def test_one_address_is_enough(box: Mailbox, people: tuple[Person, ...]) -> None:
    assert codes(own(box, *people)) == []


def test_units_mailbox_is_found_at_each_unit_that_has_it_also_by_its_duty() -> None:
    rows = sound(
        units=[
            replace(UNIT, mailbox_id=1),
            unit(
                2, to_extension(1), parent_id=1, manager_id=1, telephone_contact_id=1, duty_roster_id=2, number=None
            ),
        ],
        duty_rosters=[roster(1, to_extension(1)), roster(2, to_extension(1), mailbox_id=1)],
        mailboxes=[mailbox(1), DUTY],
    )
    assert names(rows, CODE) == ["Enhet 1", "Enhet 2"]


def test_mailbox_that_is_the_organisations_alone_is_found_there() -> None:
    assert names(sound(mailboxes=[mailbox(1), DUTY]), CODE) == ["Umeå kommun"]


def test_organisation_that_reminds_nobody_has_no_such_finding() -> None:
    silent = replace(MAIN, message_owner_hours=None, message_contact_hours=None)
    assert codes(sound(organisations=[silent], mailboxes=[mailbox(1), DUTY])) == []


def test_mailbox_of_an_organisation_that_is_gone_has_no_such_finding() -> None:
    assert names(sound(mailboxes=[mailbox(1, organisation_id=7), DUTY]), CODE) == []
