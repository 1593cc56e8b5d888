"""In the net too a mobile that is barred does not ring (R18)."""

from callflow.asterisk.net import as_the_net_rings_it
from callflow.policy.barrings import Barring, Category, Exemption
from tests.builders import TUESDAY_NIGHT, TUESDAY_TEN, extension, mobile, policy, unit


def test_mobile_abroad_does_not_ring_whoever_has_an_exemption() -> None:
    abroad = mobile(1, mobile_number="+4722334455")
    opened = Exemption(
        id=1, extension_id=1, category=Category.INTERNATIONAL, approver_id=1, starts_at=TUESDAY_TEN,
        ends_at=TUESDAY_NIGHT,
    )  # fmt: skip
    rows = policy(extensions=[abroad], exemptions=[opened])
    assert as_the_net_rings_it(abroad, rows).mobile_number is None


def test_rows_bar_a_mobile_in_the_net() -> None:
    ordinary = mobile(1)
    for scope in ({"extension_id": 1}, {"unit_id": 1}, {"organisation_id": 1}):
        rows = policy(
            units=[unit(1)], extensions=[ordinary], barrings=[Barring(id=1, category=Category.MOBILE, **scope)]
        )
        assert as_the_net_rings_it(ordinary, rows).mobile_number is None


def test_what_is_not_barred_rings_as_it_is() -> None:
    rows = policy(extensions=[mobile(1), extension(2)])
    assert as_the_net_rings_it(rows.extensions[1], rows) is rows.extensions[1]
    assert as_the_net_rings_it(rows.extensions[2], rows) is rows.extensions[2]
