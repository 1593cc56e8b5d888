"""What Asterisk does by itself with each number, and shows of each phone's calls, while no service answers (R23)."""

from typing import Any

import pytest

from callflow.asterisk.replica_rows import MadeRows, replica_rows
from callflow.policy.model import ExtensionKind
from callflow.policy.numbers import normalise
from callflow.service.ports import Snapshot
from tests.builders import extension, group, number_range, organisation, to_extension, to_group, unit
from tests.unit.asterisk.test_rendering import BOXES, OPERATED, OPERATOR, phones, snapshot


def net(number: str, given: Snapshot) -> str:
    """Return what the net does with a number: the arguments of `callflow-net-run`."""
    return next(row.arguments for row in replica_rows(given, MadeRows()).numbers if row.number == number)


def test_in_the_net_an_extension_rings_then_takes_a_message() -> None:
    rows = [extension(1, mailbox_id=1), extension(9)]
    given = snapshot(organisations=[OPERATED], ring_groups=OPERATOR, extensions=rows, mailboxes=BOXES)
    assert net("+4690161001", given) == "PJSIP/61001,24^5,70001@callflow,PJSIP/61009,24^5,se"


def test_in_the_net_a_twins_mobile_still_confirms() -> None:
    given = snapshot(extensions=[extension(1, kind=ExtensionKind.TWIN, mobile_number="+46701740605")])
    assert net("+4690161001", given).startswith("PJSIP/61001&Local/+46701740605@callflow-confirm/n,24^10,")


def test_in_the_net_the_mobile_of_one_who_has_a_desk_phone_alone_does_not_ring() -> None:
    given = snapshot(extensions=[extension(1, mobile_number="+46701740605")])
    assert net("+4690161001", given).startswith("PJSIP/61001,24^5,")


def test_in_the_net_a_phone_reported_lost_does_not_ring() -> None:
    assert net("+4690161001", snapshot(extensions=[extension(1, locked=True)])).startswith(",24^5,")


def test_in_the_net_the_main_number_rings_the_operators() -> None:
    given = snapshot(organisations=[OPERATED], ring_groups=OPERATOR, extensions=[extension(9)], mailboxes=BOXES)
    assert net(OPERATED.main_number, given) == "PJSIP/61009,24^5,70002@callflow,,24^5,se"


def test_in_the_net_a_unit_rings_its_first_place_then_the_operators() -> None:
    rows = [extension(1, locked=True), extension(2), extension(9)]
    office = unit(1, to_extension(1), to_extension(2), mailbox_id=1)
    given = snapshot(organisations=[OPERATED], units=[office], ring_groups=OPERATOR, extensions=rows, mailboxes=BOXES)
    assert net("+4690161901", given) == "PJSIP/61002,24^5,,PJSIP/61009,24^5,se"


def test_in_the_net_four_rings_are_counted_in_the_policys_cadence() -> None:
    quick = organisation(ring_tone_ms=100, ring_pause_ms=300)
    assert "1.6^5" in net("+4690161001", snapshot(organisations=[quick], extensions=[extension(1)]))


def test_in_the_net_a_number_has_its_short_form() -> None:
    given = snapshot(extensions=[extension(1)])
    assert {row.number: row.short for row in replica_rows(given, MadeRows()).numbers}["+4690161001"] == "61001"


def test_a_short_number_that_two_could_have_is_the_one_that_the_policy_gives_it() -> None:
    given = snapshot(
        number_ranges=[
            number_range(1, first_number="+4690161000", last_number="+4690161999", short_prefix="6", short_digits=4),
            number_range(2, first_number="+4693361000", last_number="+4693361999", short_prefix="6", short_digits=4),
        ],
        extensions=[extension(1), extension(2, number="+4693361001", sip_username="61001-b")],
    )
    short = {row.number: row.short for row in replica_rows(given, MadeRows()).numbers}
    assert normalise("61001", given.policy, internal=True).number == "+4690161001"
    assert (short["+4690161001"], short["+4693361001"]) == ("61001", None)


@pytest.mark.parametrize(
    ("presents", "shown"),
    [
        ("own", ("+4690161001", "Anknytning 1")),
        ("unit", ("+4690161901", "Enhet 1")),
        ("organisation", ("+4690161000", "Umeå kommun")),
        ("hidden", ("hidden", "")),
    ],
)
def test_in_the_net_a_phones_calls_show_what_its_unit_presents(presents: str, shown: tuple[str, str]) -> None:
    row = phones(snapshot(units=[unit(1, presents=presents)], extensions=[extension(1)]))["61001"]
    assert (row.shown, row.shown_name, row.privacy) == (*shown, "allowed")


def large_groups(size: int, **others: Any) -> Snapshot:
    """Return a unit whose group has so many twins with long names, and an organisation with as many operators."""
    members = range(1, size + 1)
    rows = [
        extension(
            at,
            kind=ExtensionKind.TWIN,
            number=f"+4690{at:06d}",
            sip_username=f"{at:040d}",
            mobile_number=f"+4670{at:07d}",
            mobile_confirms=True,
        )
        for at in members
    ]
    tables = {"organisations": [OPERATED], "ring_groups": [group(1, *members)], "units": [unit(1, to_group(1))]}
    return snapshot(extensions=rows, **{**tables, **others})


def test_in_the_net_no_group_is_larger_than_asterisk_can_read() -> None:
    given = large_groups(200)
    for number in ("+4690161901", OPERATED.main_number, "+4690000001"):
        row = net(number, given)
        assert 1900 < len(row) <= 4000
        assert row.count(",") == 5
        assert row.endswith(",se")
    own, _, _, operators, *_ = net("+4690161901", given).split(",")
    assert min(own.count("PJSIP/"), operators.count("PJSIP/")) > 35


def test_in_the_net_what_few_operators_leave_is_for_the_group_that_was_called() -> None:
    given = large_groups(
        200, ring_groups=[group(1, *range(1, 201)), group(2, 1)], organisations=[organisation(operator_group_id=2)]
    )
    own, *_ = net("+4690161901", given).split(",")
    assert own.count("PJSIP/") > 70
