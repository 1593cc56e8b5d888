"""Calls to the outside from real phones: barred, exempted, classified, and carried out by the trunk (R18)."""

import asyncio

import pytest

from callflow.phone.trunk_peer import Behaviour
from tests.e2e.raw_registration import register
from tests.e2e.town import RING_SECONDS, Town

ORDINARY = "61104"
NORWAY = "+4722334455"
MOBILE = "+46701740622"
REFUSED = {
    "004722334455": "barred-international",
    "+4722334455": "barred-international",
    "%2B4722334455": "barred-international",
    "00-47-22.33.44.55": "barred-international",
    "+47(22)334455": "barred-international",
    "0046004722334455": "number-not-understood",
    "0094722334455": "barred-international",
    "0900123456": "barred-premium",
    "+46900123456": "barred-premium",
    "0046900123456": "barred-premium",
    "0939-123456": "barred-premium",
    "0991234567": "barred-mass-call",
    "118118": "barred-directory",
    "00870773111632": "barred-satellite",
    "95470701740622": "barred-operator-prefix",
    "9547004722334455": "barred-operator-prefix",
    "0900900123456": "barred-premium",
    "0740123456": "barred-unclassified",
    "+4722334455;phone-context=+46": "barred-international",
}
"""What is dialled, and the prompt that refuses it."""
EXEMPT = """
    INSERT INTO exemption (extension_id, category, approver_id, reason, starts_at, ends_at)
    SELECT id, $2, policy_nearest_manager(id), 'Samarbete med Norge', $3::text::timestamptz, $4::text::timestamptz
    FROM extension WHERE sip_username = $1
"""


async def exempt(town: Town, username: str, category: str, starts: str, ends: str) -> None:
    await town.sql(EXEMPT, username, category, starts, ends)


async def test_barred_numbers_are_refused_in_words_and_never_reach_the_trunk(town: Town) -> None:
    phone = await town.phone(ORDINARY)
    for dialled, refusal in REFUSED.items():
        town.reported.clear()
        call = await town.call(phone, dialled)
        step = await town.step("say")
        assert f"policy/{refusal}" in step.fields["Plan"], dialled
        await call.hang_up()
    assert town.trunk.calls == []


async def test_refused_call_ends_by_itself_after_its_words(town: Town) -> None:
    call = await town.call(await town.phone(ORDINARY), NORWAY)
    await call.wait_for("connected")
    await call.wait_for("disconnected", 30)
    await town.step("hangup")


async def test_refusal_names_the_nearest_manager(town: Town) -> None:
    name = await town.value(
        """
        SELECT given_name || ' ' || family_name FROM person
        WHERE id = (SELECT policy_nearest_manager(id) FROM extension WHERE sip_username = $1)
        """,
        ORDINARY,
    )
    assert name
    await town.call(await town.phone(ORDINARY), NORWAY)
    step = await town.step("say", containing="policy/barred-international")
    sounds = step.fields["Plan"].partition("(")[2].split(",")[0].split("&")
    assert sounds[1] == "policy/ask-nearest-manager"
    assert sounds[2].startswith("policy/sv/") or "/" in sounds[2]


async def test_exemption_opens_from_its_start_to_its_end(town: Town) -> None:
    await exempt(town, ORDINARY, "international", "2026-03-01 00:00+01", "2026-03-10 12:00+01")
    phone = await town.phone(ORDINARY)
    await (await town.call(phone, NORWAY, at="2026-03-10T11:59:00+01:00")).wait_for("ringing")
    assert (await town.trunk.call_to(NORWAY)).called_user == NORWAY
    town.trunk.calls.clear()
    await town.call(phone, NORWAY, at="2026-03-10T12:00:00+01:00")
    await town.step("say", containing="policy/barred-international")
    assert town.trunk.calls == []


async def test_exemption_is_for_its_extension_alone(town: Town) -> None:
    await exempt(town, "61103", "international", "2026-03-01 00:00+01", "2026-11-01 00:00+01")
    await town.call(await town.phone(ORDINARY), NORWAY)
    await town.step("say", containing="policy/barred-international")


async def test_number_class_in_the_database_wins_over_the_numbering_plan(town: Town) -> None:
    await town.sql("INSERT INTO number_class (prefix, category) VALUES ('+46701740622', 'premium')")
    phone = await town.phone(ORDINARY)
    await town.call(phone, "0701740622")
    await town.step("say", containing="policy/barred-premium")
    assert town.trunk.calls == []
    await town.sql("UPDATE number_class SET prefix = '+4722', category = 'national' WHERE prefix = '+46701740622'")
    await town.call(phone, NORWAY)
    await town.trunk.call_to(NORWAY)


async def test_row_bars_what_is_free_for_others(town: Town) -> None:
    await town.sql("""
        INSERT INTO barring (extension_id, category, reason)
        SELECT id, 'mobile', 'Lånetelefon i receptionen' FROM extension WHERE sip_username = '61104'
    """)
    await town.call(await town.phone(ORDINARY), MOBILE)
    await town.step("say", containing="policy/barred-mobile")
    await town.call(await town.phone("61100"), MOBILE)
    await town.trunk.call_to(MOBILE)


async def test_employee_may_wait_longer_than_four_rings_for_an_answer_outside(town: Town) -> None:
    town.trunk.behaviours[MOBILE] = Behaviour(ring_seconds=6 * RING_SECONDS)
    call = await town.call(await town.phone(ORDINARY), MOBILE)
    answered = await call.wait_for("connected", 15)
    town.trunk.behaviours.pop(MOBILE)
    ringing = call.first("ringing")
    assert ringing is not None
    assert answered.at - ringing.at > 5 * RING_SECONDS


async def test_nobody_gets_out_of_a_voicemail_by_pressing_keys(town: Town) -> None:
    call = await town.call_from_outside("+4690161100")
    await town.step("voicemail", containing="61100@")
    await call.wait_for("media")
    for digits in ("0", "*", "004722334455#", "*004722334455#"):
        await call.send_digits(digits)
    await call.hang_up()
    await town.report("CallflowEnd")
    assert town.trunk.calls == []


async def test_twins_mobile_abroad_rings_only_with_an_exemption(town: Town) -> None:
    twin = "UPDATE extension SET kind = 'twin', mobile_number = $1, mobile_confirms = false WHERE sip_username = $2"
    await town.sql(twin, NORWAY, "61103")
    desk = await town.phone("61103")
    await town.call_from_outside("+4690161103")
    await (await desk.incoming()).ring()
    await town.step("dial", containing="PJSIP/61103")
    assert town.trunk.calls == []
    await exempt(town, "61103", "international", "2026-03-01 00:00+01", "2026-12-31 00:00+01")
    await town.call_from_outside("+4690161103")
    await town.trunk.call_to(NORWAY)


async def test_twins_mobile_abroad_does_not_ring_in_the_net_either(town: Town) -> None:
    twin = "UPDATE extension SET kind = 'twin', mobile_number = $1, mobile_confirms = false WHERE sip_username = $2"
    await town.sql(twin, NORWAY, "61103")
    desk = await town.phone("61103")
    town.pause_service()
    await town.call_from_outside("+4690161103")
    await (await desk.incoming()).ring()
    await town.report("CallflowFallback")
    assert town.trunk.calls == []


@pytest.mark.parametrize(
    "contacts",
    [
        ["<sip:x@{{me}}>;expires=0, <sip:{norway}@{trunk}>"],
        ["<sip:x@{{me}}>;expires=0", "<sip:{norway}@{trunk}>"],
        ["<sip:{norway}@{{me}}?Route=%3Csip:{trunk}%3Blr%3E>"],
    ],
    ids=["second contact", "second header", "route"],
)
@pytest.mark.parametrize("outside", [False, True], ids=["from inside", "from outside"])
async def test_nobody_is_called_at_a_contact_that_leads_to_the_trunk(
    town: Town, contacts: list[str], outside: bool
) -> None:
    settings = town.region.settings
    trunk = f"{settings.trunk_host}:{settings.trunk_port}"
    password = await town.value("SELECT sip_password FROM extension WHERE sip_username = '61106'")
    wanted = [contact.format(norway=NORWAY, trunk=trunk) for contact in contacts]
    answer = await asyncio.to_thread(register, town.sip_address, "61106", password, wanted)
    assert "200 OK" in answer
    if outside:
        await town.call_from_outside("+4690161106")
    else:
        await town.call(await town.phone(ORDINARY), "61106")
    await town.report("CallflowStep", where=lambda fields: fields["Step"] != "0")
    assert town.trunk.calls == []
