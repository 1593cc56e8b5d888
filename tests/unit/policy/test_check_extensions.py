"""The policy check: extensions that cannot ring as they should (R9, R18)."""

from callflow.policy.model import ExtensionKind
from tests.builders import diversion, extension, mobile, to_extension
from tests.unit.policy.checked import OPERATOR, PHONE, codes, names, sound, values


def test_a_mobile_or_twin_has_a_mobile_number_and_an_extension_a_phone() -> None:
    rows = sound(
        extensions=[
            PHONE,
            OPERATOR,
            mobile(3, mobile_number=None),
            extension(4, kind=ExtensionKind.TWIN, mobile_number=None),
            extension(5, sip_username=None),
        ]
    )
    assert names(rows, "mobile_number_missing") == ["+4690161003 Anknytning 3", "+4690161004 Anknytning 4"]
    assert names(rows, "extension_without_phone") == ["+4690161005 Anknytning 5"]


def test_an_extension_without_phone_whose_calls_all_go_elsewhere_is_no_finding() -> None:
    elsewhere = extension(5, sip_username=None, diversions=(diversion("all", to_extension(1)),))
    assert codes(sound(extensions=[PHONE, OPERATOR, elsewhere, mobile(3)])) == []


def test_a_barred_mobile_number_is_found() -> None:
    abroad = mobile(3, mobile_number="+4740612345", name=None, person_id=1)
    rows = sound(extensions=[PHONE, OPERATOR, abroad])
    assert names(rows, "mobile_number_barred") == ["+4690161003 Åsa Öberg 1"]
    assert values(rows, "mobile_number_barred") == [{"number": "+4740612345", "category": "international"}]


def test_an_extension_without_name_or_person_is_told_by_its_number() -> None:
    assert names(
        sound(extensions=[PHONE, OPERATOR, mobile(3, name=None, mobile_number=None)]), "mobile_number_missing"
    ) == ["+4690161003"]
