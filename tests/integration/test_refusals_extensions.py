"""Extensions, ring groups and mailboxes that the policy database refuses."""

import pytest

from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases

REFUSALS = [
    Refusal("UPDATE extension SET kind = 'fax'", "extension_kind_known", "Välj", net=True),
    Refusal("UPDATE extension SET ring_limit = 5", "extension_ring_limit_rings", "fyra signaler (R8)", net=True),
    Refusal("UPDATE extension SET ring_limit = 0", "extension_ring_limit_rings", "fyra signaler (R8)", net=True),
    Refusal("UPDATE extension SET name = E'x\\n[trunk]'", "extension_name_text", "radbrytningar", net=True),
    Refusal("UPDATE extension SET kind = 'twin'", "extension_mobile_needed", "är twin", net=True),
    Refusal("UPDATE extension SET mobile_number = '112'", "extension_mobile_number_emergency", "nödnumret"),
    Refusal("UPDATE extension SET mobile_number = '0701'", "extension_mobile_number_number", "plus", net=True),
    Refusal("UPDATE extension SET mobile_number = number", "extension_not_itself", "sig själv", net=True),
    Refusal("UPDATE extension SET sip_username = 'å'", "extension_sip_username_form", "understreck", net=True),
    Refusal(
        "UPDATE extension SET sip_username = E'x]\\n[y' WHERE id = 1",
        "extension_sip_username_form",
        "understreck",
        net=True,
    ),
    Refusal(
        "UPDATE extension SET sip_username = 'Trunk' WHERE id = 1",
        "extension_sip_username_form",
        "systemet självt",
        net=True,
    ),
    *(
        Refusal(
            f"UPDATE extension SET sip_username = '{name}' WHERE id = 1",
            "extension_sip_username_form",
            "först en bokstav",
            net=True,
        )
        for name in ("-61001", "_61001", ".61001", "phone", "Phone-AOR", "transport-udp")
    ),
    Refusal(
        "UPDATE extension SET sip_username = '61002' WHERE id = 1", "extension_sip_username_once", "61002", net=True
    ),
    Refusal("UPDATE extension SET sip_password = 'kort'", "extension_sip_password_form", "slumpat", net=True),
    Refusal(
        "UPDATE extension SET sip_password = 'a;b#c\"defgh'", "extension_sip_password_form", "lösenord", net=True
    ),
    Refusal("UPDATE extension SET unit_id = 3 WHERE id = 1", "extension_unit_id_own", "Vännäs"),
    Refusal("UPDATE extension SET person_id = 3 WHERE id = 1", "extension_person_id_own", "Vännäs"),
    Refusal("UPDATE extension SET mailbox_id = 3 WHERE id = 1", "extension_mailbox_id_own", "Vännäs"),
    Refusal(
        "UPDATE extension SET mailbox_id = 99 WHERE id = 1", "extension_mailbox_id_exists", "finns inte i mailbox"
    ),
    Refusal("UPDATE ring_group SET name = ''", "ring_group_name_text", "rad text", net=True),
    Refusal(
        "INSERT INTO ring_group_member (ring_group_id, extension_id) VALUES (1, 1)",
        "ring_group_member_once",
        "i gruppen finns redan",
        net=True,
    ),
    Refusal("UPDATE mailbox SET number = '6' WHERE id = 1", "mailbox_number_digits", "2 till 10 siffror", net=True),
    Refusal("UPDATE mailbox SET number = '6100a' WHERE id = 1", "mailbox_number_digits", "Röstbrevlådans", net=True),
    Refusal("UPDATE mailbox SET number = '61002' WHERE id = 1", "mailbox_number_once", "61002", net=True),
    Refusal("UPDATE mailbox SET name = E'Anna\\n61009 => 1,x'", "mailbox_name_text", "radbrytningar", net=True),
    Refusal("UPDATE mailbox SET email = 'a@b.se|attach=no'", "mailbox_email_email", "e-postadress", net=True),
    Refusal("UPDATE mailbox SET email = 'a@b.se, c@d.se'", "mailbox_email_email", "e-postadress", net=True),
    Refusal("UPDATE mailbox SET email = 'åsa@umea.se'", "mailbox_email_email", "utan å, ä och ö", net=True),
    Refusal("UPDATE mailbox SET email = 'asa@umeå.se'", "mailbox_email_email", "utan å, ä och ö", net=True),
    Refusal("UPDATE mailbox SET language = 'de'", "mailbox_language_known", "Välj", net=True),
    Refusal("UPDATE mailbox SET pin = '123'", "mailbox_pin_safe", "4 till 10 siffror", net=True),
    Refusal("UPDATE mailbox SET pin = '12a4'", "mailbox_pin_safe", "4 till 10 siffror", net=True),
    Refusal("UPDATE mailbox SET pin = '1234'", "mailbox_pin_safe", "för lätt", net=True),
    Refusal("UPDATE mailbox SET pin = '98765'", "mailbox_pin_safe", "för lätt", net=True),
    Refusal("UPDATE mailbox SET pin = '7890'", "mailbox_pin_safe", "för lätt", net=True),
    Refusal("UPDATE mailbox SET pin = '0000'", "mailbox_pin_safe", "för lätt", net=True),
    Refusal("UPDATE mailbox SET pin = number", "mailbox_pin_safe", "för lätt", net=True),
]


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(r for r in REFUSALS if r.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)


@pytest.mark.parametrize("column", ["sip_username", "sip_password"])
async def test_a_phone_without_an_account_is_refused_when_no_trigger_gives_it_one(column: str) -> None:
    await assert_refused_without_triggers(
        Refusal(f"UPDATE extension SET {column} = NULL WHERE id = 1", "extension_sip_account", "")
    )
