"""Calls that one of ours moves: by whose rights, and back to whom (R18). And who is one of ours."""

from collections.abc import Mapping

import pytest

from callflow.phone.trunk_peer import Behaviour
from tests.e2e.moving import EXEMPTED, MOVER, OTHER, called_outside, comes_back, outsider_with
from tests.e2e.talking import answered, heard
from tests.e2e.test_barrings import NORWAY, exempt
from tests.e2e.town import EVENING, FRIEND, WORKING_HOURS, Town

FOR_EVER = ("2026-01-01 00:00+01", "2027-12-31 00:00+01")
"""Who is transferred comes by the clock, whatever time the call was made for."""


@pytest.fixture(autouse=True)
def abroad(town: Town) -> None:
    town.trunk.behaviours[NORWAY] = Behaviour(ring_seconds=0.3)


# blind


async def test_who_may_not_call_abroad_cannot_send_an_outsider_there(town: Town) -> None:
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(NORWAY)
    await comes_back(town, mover, caller, "cannot-be-transferred")
    assert called_outside(town) == []


@pytest.mark.parametrize("number", ["004722334455", "0900123456", "95470701740622", "#31#004722334455", "0112233"])
async def test_no_disguise_of_the_number_helps(town: Town, number: str) -> None:
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(number)
    await comes_back(town, mover, caller, "cannot-be-transferred")
    assert called_outside(town) == []


async def test_who_may_not_call_abroad_cannot_send_a_colleague_there(town: Town) -> None:
    mover, colleague = await town.phone(MOVER), await town.phone(OTHER)
    call = await town.call(colleague, MOVER)
    leg = await answered(mover, call)
    await leg.transfer(NORWAY)
    await comes_back(town, mover, call, "cannot-be-transferred")
    assert called_outside(town) == []


async def test_the_right_of_the_one_who_is_transferred_does_not_help(town: Town) -> None:
    mover, exempted = await town.phone(MOVER), await town.phone(EXEMPTED)
    call = await town.call(exempted, MOVER)
    leg = await answered(mover, call)
    await leg.transfer(NORWAY)
    await comes_back(town, mover, call, "cannot-be-transferred")
    assert called_outside(town) == []


async def test_the_right_of_the_one_who_is_transferred_does_not_help_when_the_mover_called(town: Town) -> None:
    mover, exempted = await town.phone(MOVER), await town.phone(EXEMPTED)
    call = await town.call(mover, EXEMPTED)
    leg = await answered(exempted, call)
    await call.transfer(NORWAY)
    await town.step("say", containing="policy/cannot-be-transferred")
    await answered(mover, leg)
    assert called_outside(town) == []


async def test_an_exemption_of_the_one_who_transfers_holds_for_an_outsider(town: Town) -> None:
    caller, leg = await outsider_with(town, await town.phone(EXEMPTED), EXEMPTED)
    await leg.transfer(NORWAY)
    abroad = await town.trunk.call_to(NORWAY)
    await heard(caller, abroad)
    assert abroad.caller_number == "+46701740605"


async def test_an_exemption_of_the_one_who_transfers_holds_for_a_barred_colleague(town: Town) -> None:
    exempted, colleague = await town.phone(EXEMPTED), await town.phone(OTHER)
    call = await town.call(colleague, EXEMPTED)
    leg = await answered(exempted, call)
    await leg.transfer(NORWAY)
    await (await town.trunk.call_to(NORWAY)).wait_for("connected")


@pytest.mark.parametrize("code", [f"*21*{NORWAY}#", "*21*0701740620#", "#21#", "*61*0701740620#"])
async def test_nobody_is_transferred_to_a_feature_code(town: Town, code: str) -> None:
    before = await diversions(town)
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(code)
    await comes_back(town, mover, caller, "cannot-be-transferred")
    assert called_outside(town) == []
    assert await diversions(town) == before


async def test_who_is_transferred_to_an_unused_number_comes_back(town: Town) -> None:
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer("61777")
    await comes_back(town, mover, caller, "number-not-in-use")


async def diversions(town: Town) -> str:
    return str(await town.value("SELECT string_agg(diversion::text, ' ' ORDER BY id) FROM diversion"))


@pytest.mark.parametrize(("code", "words"), [(486, "is-busy"), (603, "is-busy"), (404, "cannot-be-reached")])
async def test_a_refused_transfer_brings_the_caller_back(town: Town, code: int, words: str) -> None:
    town.trunk.behaviours[FRIEND] = Behaviour(ring_seconds=0.3, code=code)
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(FRIEND)
    await comes_back(town, mover, caller, words)


async def test_an_unanswered_transfer_brings_the_caller_back(town: Town) -> None:
    town.trunk.behaviours[FRIEND] = Behaviour(ring_seconds=60)
    mover = await town.phone(MOVER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(FRIEND)
    await (await town.trunk.call_to(FRIEND)).wait_for("disconnected", 40)
    await comes_back(town, mover, caller, "does-not-answer")


async def test_who_is_transferred_to_a_colleague_talks_there(town: Town) -> None:
    mover, other = await town.phone(MOVER), await town.phone(OTHER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(OTHER)
    moved = await answered(other, caller)
    await leg.wait_for("disconnected")
    assert moved.caller_number == "+46701740605"


async def test_who_is_transferred_to_a_colleague_who_is_away_is_treated_as_any_caller_there(town: Town) -> None:
    mover = await town.phone(MOVER)
    _, leg = await outsider_with(town, mover)
    await leg.transfer("61101")
    await town.step("voicemail", 30, containing="61101@")


async def test_who_is_transferred_to_112_reaches_it(town: Town) -> None:
    mover = await town.phone(MOVER)
    _, leg = await outsider_with(town, mover)
    await leg.transfer("112")
    emergency = await town.trunk.call_to("112")
    await emergency.wait_for("connected")
    assert not [it for it in await town.trunk_messages() if b"Referred-By" in it.raw]


# diversions


@pytest.mark.parametrize("condition", ["all", "busy", "unreachable"])
async def test_a_diversion_carries_no_call_to_where_the_diverting_extension_may_not_call(
    town: Town, condition: str
) -> None:
    await town.sql(
        """
        INSERT INTO diversion (extension_id, condition, to_number)
        SELECT id, $1, $2 FROM extension WHERE sip_username = '61104'
        """,
        condition,
        NORWAY,
    )
    exempted = await town.phone(EXEMPTED)
    if condition == "busy":
        phone = await town.phone(MOVER)
        call = await town.call(exempted, MOVER)
        await (await phone.incoming()).reject(486)
    else:
        call = await town.call(exempted, MOVER)
    await call.wait_for("connected", 20)
    await town.step("voicemail", 20, containing="61104@")
    assert called_outside(town) == []


async def test_a_diversion_carries_a_call_to_where_the_diverting_extension_may_call(town: Town) -> None:
    await town.sql(
        """
        INSERT INTO diversion (extension_id, condition, to_number)
        SELECT id, 'all', $1 FROM extension WHERE sip_username = '61104'
        """,
        NORWAY,
    )
    await exempt(town, MOVER, "international", *FOR_EVER)
    await town.call_from_outside("+4690161104")
    await (await town.trunk.call_to(NORWAY)).wait_for("connected")


# from the trunk


async def test_a_caller_outside_cannot_transfer_the_one_who_answered(town: Town) -> None:
    phone, other = await town.phone(MOVER), await town.phone(OTHER)
    caller, leg = await outsider_with(town, phone)
    await caller.transfer("61106")
    assert (await caller.wait_for("transfer")).code >= 400
    await heard(caller, leg)
    assert other.first("incoming") is None


async def test_one_outside_who_is_called_cannot_transfer_the_caller(town: Town) -> None:
    phone = await town.phone(EXEMPTED)
    call = await town.call(phone, FRIEND)
    await call.wait_for("connected")
    leg = await town.trunk.call_to(FRIEND)
    await leg.transfer(NORWAY)
    assert (await leg.wait_for("transfer")).code >= 400
    await heard(call, leg)
    assert called_outside(town) == [FRIEND]


async def test_a_caller_outside_cannot_join_two_of_ours(town: Town) -> None:
    phone, other = await town.phone(MOVER), await town.phone(OTHER)
    outsider = await town.outsider()
    sent = {"X-Callflow-At": WORKING_HOURS}
    first = await outsider.call("+4690161104", to=town.sip_address, caller="+46701740605", headers=sent)
    leg = await answered(phone, first)
    second = await outsider.call("+4690161106", to=town.sip_address, caller="+46701740605", headers=sent)
    await answered(other, second)
    await first.transfer_to(second)
    assert (await first.wait_for("transfer")).code >= 400
    await heard(first, leg)


CLAIMS: list[tuple[str, Mapping[str, str]]] = [
    ("+4690161100", {}),
    ("61100", {}),
    ("+46701740605", {"P-Asserted-Identity": "<sip:+4690161100@127.0.0.1>"}),
    ("+46701740605", {"Remote-Party-ID": "<sip:61100@127.0.0.1>;party=calling;screen=yes;privacy=off"}),
    ("+46701740605", {"Diversion": "<sip:+4690161100@127.0.0.1>;reason=unconditional"}),
    ("+46701740605", {"Referred-By": "<sip:61100@127.0.0.1>"}),
]
"""What an outsider may claim: From, and headers beside it."""


@pytest.mark.parametrize(("caller", "headers"), CLAIMS)
async def test_who_claims_one_of_our_numbers_from_outside_gets_nothing_that_is_for_us(
    town: Town, caller: str, headers: Mapping[str, str]
) -> None:
    before, phone, outsider = await diversions(town), await town.phone(MOVER), await town.outsider()
    sent = {"X-Callflow-At": WORKING_HOURS, **headers}
    for numbers in (("61104", FRIEND, "004722334455"), ("*21*0701740620#", "112")):
        calls = [await outsider.call(it, to=town.sip_address, caller=caller, headers=sent) for it in numbers]
        for call in calls:
            await call.wait_for("disconnected", 30)
    assert phone.first("incoming") is None
    assert called_outside(town) == []
    assert await diversions(town) == before


@pytest.mark.parametrize(("caller", "headers"), CLAIMS)
async def test_who_claims_one_of_our_numbers_from_outside_hears_the_hours_as_anybody(
    town: Town, caller: str, headers: Mapping[str, str]
) -> None:
    place = await town.phone("61201")
    call = await town.call_from_outside("+4690161200", caller=caller, headers=headers, at=EVENING)
    await call.wait_for("connected")
    assert "hours-are" in (await town.step("menu")).fields["Plan"]
    assert place.first("incoming") is None


# from a phone


@pytest.mark.parametrize(("caller", "headers"), CLAIMS)
async def test_a_phone_that_claims_another_number_is_still_itself(
    town: Town, caller: str, headers: Mapping[str, str]
) -> None:
    phone = await town.phone(MOVER)
    await town.call(phone, NORWAY, caller=caller, headers=headers)
    await town.step("say", containing="policy/barred-international")
    await (await town.call(phone, FRIEND, caller=caller, headers=headers)).wait_for("connected")
    assert (await town.trunk.call_to(FRIEND)).caller_number == "+4690161104"
    assert called_outside(town) == [FRIEND]
