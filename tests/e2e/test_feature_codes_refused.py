"""Feature codes that are refused: the one who dials hears why, and nothing is changed (R9, R18)."""

from tests.e2e.test_barrings import exempt
from tests.e2e.test_feature_codes import OTHER, OUTSIDE, OWN, UNTIL_NOON, dial, standing
from tests.e2e.town import Town

WITHOUT_VOICEMAIL = "61103"
INCOMPLETE = 484
CODE_COLUMN = "Builtin Feature           Default "
"""What stands before the codes in Asterisk's table of them."""
REFUSED = {
    "*21*#": "target-missing",
    "*21*123456789012345678#": "target-not-understood",
    "*21*112#": "target-is-emergency",
    "*21*61399#": "target-not-in-use",
    "*21*61104*15#": "seconds-not-understood",
    "*61*61100*1*5#": "seconds-not-understood",
    "*61*61100*#": "seconds-not-understood",
    "*21*61104#": "target-is-own",
    "*21*0046900123456#": "barred-premium",
    "*21*004722334455#": "barred-international",
    "*21*118118#": "barred-directory",
}


async def test_what_cannot_be_a_target_is_refused_in_words_and_changes_nothing(town: Town) -> None:
    phone = await town.phone(OTHER)
    for code, word in REFUSED.items():
        await dial(town, phone, code, "diversion-not-set", word)
    await dial(town, await town.phone(WITHOUT_VOICEMAIL), "*21#", "diversion-not-set", "no-voicemail")
    assert await standing(town, OTHER) == []


async def test_number_behind_a_code_that_takes_none_is_no_cancelling(town: Town) -> None:
    phone = await town.phone(OTHER)
    await dial(town, phone, f"*21*{OWN}#", "are-diverted-to")
    await dial(town, phone, f"#21#{OWN}#", "nothing-changed", "code-ends-here")
    assert await standing(town, OTHER) != []


async def test_no_code_of_asterisks_own_can_be_dialled(town: Town) -> None:
    phone = await town.phone(OTHER)
    await dial(town, phone, "*8", "no-such-code")
    nothing = await phone.call(";option")
    assert (await nothing.wait_for("disconnected")).code == INCOMPLETE


async def test_asterisk_listens_for_no_code_in_mid_call(town: Town) -> None:
    features = await town.region.asterisk.console("features show")
    builtin = features.partition("Dynamic Feature")[0].strip().splitlines()[2:]
    assert [line.split()[0] for line in builtin] == ["Pickup", "Blind", "Attended", "Disconnect", "Park", "One"]
    assert [line[len(CODE_COLUMN) :].strip() for line in builtin[1:]] == [""] * 5
    assert features.count("(none)") == 2


async def test_refusal_names_whom_to_ask(town: Town) -> None:
    sounds = await dial(
        town, await town.phone(OTHER), "*21*004722334455#", "barred-international", "ask-nearest-manager"
    )
    [name] = sounds[3:]
    assert "/policy/sv/" in name


async def test_calls_that_would_come_back_are_refused_now_and_for_another_hour(town: Town) -> None:
    phone, other = await town.phone(OWN), await town.phone(OTHER)
    await dial(town, other, f"*21*{OWN}#", "are-diverted-to")
    await dial(town, phone, f"*61*{OTHER}#", "diversion-not-set", "target-loops")
    await dial(town, other, "##002#", "all-diversions-cancelled")
    await dial(town, other, f"*67*{OWN}#", "are-diverted-to")
    await dial(town, phone, f"*21*{OTHER}#", "diversion-not-set", "target-loops-later")
    assert await standing(town) == []


async def test_diversion_out_of_robertsfors_needs_an_exemption(town: Town) -> None:
    phone = await town.phone("40202")
    await dial(town, phone, "*21*0701740622#", "diversion-not-set", "barred-outside-diversion")
    await exempt(town, "40202", "outside_diversion", *UNTIL_NOON)
    await dial(town, phone, "*21*0701740622#", "are-diverted-to")
    assert await standing(town, "40202") == [("all", OUTSIDE, None)]


async def changes(town: Town) -> int:
    return int(await town.value("SELECT count(*) FROM audit"))


async def test_locked_phone_gets_no_codes(town: Town) -> None:
    phone = await town.phone(OWN)
    await dial(town, phone, f"*21*{OTHER}#", "are-diverted-to")
    await town.sql("UPDATE extension SET locked = true WHERE sip_username = '61100'")
    before = await changes(town)
    for code in ("*21*0701740622#", "#21#", "*#21#", "##002#"):
        await dial(town, phone, code, "phone-locked")
    assert await changes(town) == before


async def test_codes_are_nothing_to_callers_from_outside(town: Town) -> None:
    before = await changes(town)
    for code in (f"*21*{OTHER}#", "##002#"):
        town.reported.clear()
        await town.call_from_outside(code, caller="+4690161100")
        await town.step("say", containing="policy/number-not-understood")
    assert await changes(town) == before
