"""Absence and diversions for another from real phones: stored, read back, and what callers hear (R9, R10, R14)."""

import asyncio

import pytest

from tests.e2e.helpers import connected
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.talking import answered
from tests.e2e.test_absence import AWAY, DURING, NAME, NUMBER, next_tuesday
from tests.e2e.test_absence_codes import LUNCH, standing, words_of
from tests.e2e.test_feature_codes import dial
from tests.e2e.test_feature_codes import standing as diversions
from tests.e2e.town import RING_SECONDS, Town

CONTACT = "61104"
"""The telephone contact of Anna's unit."""
COLLEAGUE = "61103"
"""Has a phone in the same unit and answers for nobody."""
OPERATOR = "61001"
"""Of the switchboard in Umeå, which answers for Bjurholm too."""


async def last_actor(town: Town) -> str:
    async with connected(town.database_url) as connection:
        return str(await connection.fetchval("SELECT actor FROM audit ORDER BY id DESC LIMIT 1"))


async def test_telephone_contact_reports_tells_and_ends_the_absence_of_another(town: Town) -> None:
    contact, phone = await town.phone(CONTACT), await town.phone(AWAY)
    told = [sound_of(town, NAME), sound_of(town, LUNCH), "and-is-back", "clock", "hour-13", "minute-30"]
    sounds = await dial(town, contact, f"*230*{AWAY}*2*1330#", "it-is-about", "callers-hear", at=DURING)
    assert words_of(sounds) == ["it-is-about", sound_of(town, NAME), "callers-hear", *told]
    assert await standing(town) == [("2", next_tuesday(10), next_tuesday(13, 30))]
    assert await last_actor(town) == f"phone:+46901{CONTACT}"
    asked = await dial(town, contact, f"*#230*{AWAY}#", "callers-hear", at=next_tuesday(11).isoformat())
    assert words_of(asked) == words_of(sounds)
    town.reported.clear()
    call = await town.call_from_outside(NUMBER, at=next_tuesday(11).isoformat())
    await town.step("menu", containing=f"{sound_of(town, NAME)}&{sound_of(town, LUNCH)}&policy/and-is-back")
    await call.hang_up()
    await dial(town, contact, f"#230*{AWAY}#", "it-is-about", "no-longer-absent", at=next_tuesday(12).isoformat())
    await answered(phone, await town.call_from_outside(NUMBER, at=next_tuesday(12, 1).isoformat()))


async def test_telephone_contact_diverts_the_calls_of_another(town: Town) -> None:
    contact = await town.phone(CONTACT)
    await dial(town, contact, f"*210*{AWAY}*{CONTACT}#", "it-is-about", "calls-all", "are-diverted-to")
    assert await diversions(town) == [("all", CONTACT, None)]
    after_two = f"*610*{AWAY}*{CONTACT}*{round(2 * RING_SECONDS)}#"
    await dial(town, contact, after_two, "calls-no-answer", "are-diverted-to", "after-ring-2")
    assert await diversions(town) == [("all", CONTACT, None), ("no_answer", CONTACT, 2)]
    town.reported.clear()
    await answered(contact, await town.call_from_outside(NUMBER, at=DURING))
    await dial(town, contact, f"#210*{AWAY}#", "it-is-about", "calls-all", "no-longer-diverted")
    await dial(town, contact, f"*#210*{AWAY}#", "it-is-about", "calls-all", "not-diverted")
    assert await diversions(town) == [("no_answer", CONTACT, 2)]


@pytest.mark.parametrize(
    ("account", "number", "name"),
    [(AWAY, NUMBER, NAME), ("20101", "+46932140101", "Margareta Olofsson")],
    ids=["in_the_own_municipality", "in_another"],
)
async def test_operator_reports_tells_and_ends_the_absence_of_whoever_the_switchboard_answers_for(
    town: Town, account: str, number: str, name: str
) -> None:
    operator, phone = await town.phone(OPERATOR), await town.phone(account)
    await speech_is_made(town, name)
    told = [sound_of(town, name), sound_of(town, LUNCH), "and-is-back", "clock", "hour-13", "minute-30"]
    sounds = await dial(town, operator, f"*230*{account}*2*1330#", "it-is-about", "callers-hear", at=DURING)
    assert words_of(sounds) == ["it-is-about", sound_of(town, name), "callers-hear", *told]
    assert await standing(town, account) == [("2", next_tuesday(10), next_tuesday(13, 30))]
    assert await last_actor(town) == f"phone:+46901{OPERATOR}"
    eleven, twelve = next_tuesday(11).isoformat(), next_tuesday(12).isoformat()
    assert await dial(town, operator, f"*#230*{account}#", "callers-hear", at=eleven) == sounds
    town.reported.clear()
    call = await town.call_from_outside(number, at=eleven)
    await town.step("menu", containing=f"{sound_of(town, name)}&{sound_of(town, LUNCH)}&policy/and-is-back")
    await call.hang_up()
    assert not phone.calls
    await dial(town, operator, f"#230*{account}#", "it-is-about", "no-longer-absent", at=twelve)
    assert await standing(town, account) == [("2", next_tuesday(10), next_tuesday(12))]
    await answered(phone, await town.call_from_outside(number, at=next_tuesday(12, 1).isoformat()))


async def test_colleague_may_neither_set_nor_ask(town: Town) -> None:
    phone = await town.phone(COLLEAGUE)
    for code in (f"*230*{AWAY}*2*1330#", f"*#230*{AWAY}#", f"*210*{AWAY}*{COLLEAGUE}#", f"#210*{AWAY}#"):
        await dial(town, phone, code, "nothing-changed", "may-not-act-for", at=DURING)
    assert (await standing(town), await diversions(town)) == ([], [])


async def test_number_that_is_no_extension_is_refused_in_words(town: Town) -> None:
    contact = await town.phone(CONTACT)
    for number in ("61999", "61000", "0701740605"):
        await dial(town, contact, f"*230*{number}*2#", "nothing-changed", "no-such-extension", at=DURING)


async def test_without_the_database_nothing_is_set_for_another(town: Town) -> None:
    contact = await town.phone(CONTACT)
    await town.stop_database()
    await dial(town, contact, f"*230*{AWAY}*2#", "change-not-saved", at=DURING)
    await asyncio.to_thread(town.region.postgres.start)
    assert await standing(town) == []
