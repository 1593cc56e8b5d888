"""Diversions by feature code from real phones: stored, spoken, asked for, and what the next call goes by (R9)."""

import json
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.phone.client import Phone
from callflow.service.clock import now
from tests.e2e.helpers import connected
from tests.e2e.test_barrings import exempt
from tests.e2e.town import RING_SECONDS, TOLERANCE, WORKING_HOURS, Town

OWN = "61100"
OTHER = "61104"
OUTSIDE = "+46701740622"
UNTIL_NOON = ("2026-03-01 00:00+01", "2026-03-10 12:00+01")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
CONDITIONS = {"21": "all", "61": "no_answer", "67": "busy", "62": "unreachable"}
CALLS = {"21": "calls-all", "61": "calls-no-answer", "67": "calls-busy", "62": "calls-unreachable"}
STANDING = """
    SELECT d.condition, coalesce(e.sip_username, m.number, d.to_number) AS place, d.rings
    FROM diversion AS d
    LEFT JOIN extension AS e ON e.id = d.to_extension_id
    LEFT JOIN mailbox AS m ON m.id = d.to_mailbox_id
    WHERE d.extension_id = (SELECT id FROM extension WHERE sip_username = $1)
    ORDER BY d.condition
"""
Row = tuple[str, str, int | None]


async def dial(town: Town, phone: Phone, code: str, *words: str, at: str = WORKING_HOURS) -> list[str]:
    """Dial a code, and see that the first thing that is said holds the prompts `words`; return all its sounds."""
    town.reported.clear()
    call = await town.call(phone, code, at=at)
    step = await town.step("say")
    await call.hang_up()
    sounds = step.fields["Plan"].partition("(")[2].partition(",")[0].split("&")
    assert [f"policy/{word}" for word in words] == [sound for sound in sounds if sound[7:] in words], (code, sounds)
    return sounds


async def standing(town: Town, account: str = OWN) -> list[Row]:
    async with connected(town.database_url) as connection:
        return [tuple(row) for row in await connection.fetch(STANDING, account)]


def digits(number: str) -> list[str]:
    return [f"digits/{digit}" for digit in number]


@pytest.mark.parametrize("code", sorted(CONDITIONS))
async def test_each_code_sets_asks_for_and_cancels_its_condition(town: Town, code: str) -> None:
    phone, calls = await town.phone(OWN), CALLS[code]
    await dial(town, phone, f"*#{code}#", calls, "not-diverted")
    await dial(town, phone, f"*{code}*{OTHER}#", calls, "are-diverted-to")
    assert await standing(town) == [(CONDITIONS[code], OTHER, None)]
    await dial(town, phone, f"*#{code}#", calls, "are-diverted-to")
    await dial(town, phone, f"*{code}#", calls, "are-diverted-to", "your-voicemail")
    assert await standing(town) == [(CONDITIONS[code], OWN, None)]
    await dial(town, phone, f"#{code}#", calls, "no-longer-diverted")
    assert await standing(town) == []
    await dial(town, phone, f"*#{code}#", calls, "not-diverted")


async def test_outside_number_is_told_digit_by_digit_and_one_of_ours_by_its_name(town: Town) -> None:
    phone = await town.phone(OWN)
    sounds = await dial(town, phone, "*21*0701740622#", "calls-all", "are-diverted-to")
    assert sounds[2:] == digits("0701740622")
    assert await standing(town) == [("all", OUTSIDE, None)]
    [_, _, name] = await dial(town, phone, f"*21*0901{OTHER}#", "calls-all", "are-diverted-to")
    assert "/policy/sv/" in name
    assert await standing(town) == [("all", OTHER, None)]


async def test_colleague_in_another_organisation_is_reached_by_short_and_by_whole_number(town: Town) -> None:
    phone, colleague = await town.phone(OWN), await town.phone("20101")
    for number in ("0932140101", "20101"):
        await dial(town, phone, "##002#", "all-diversions-cancelled")
        [_, _, name] = await dial(town, phone, f"*21*{number}#", "calls-all", "are-diverted-to")
        assert "/policy/sv/" in name
        assert await standing(town) == [("all", "20101", None)]
    await town.call_from_outside("+4690161100")
    await colleague.incoming()


async def test_all_diversions_are_cancelled_by_one_code(town: Town) -> None:
    phone = await town.phone(OWN)
    for code in CONDITIONS:
        await dial(town, phone, f"*{code}*{OTHER}#", "are-diverted-to")
    assert len(await standing(town)) == len(CONDITIONS)
    await dial(town, phone, "##002#", "all-diversions-cancelled")
    assert await standing(town) == []


async def test_audit_tells_which_phone_it_was(town: Town) -> None:
    await dial(town, await town.phone(OWN), f"*21*{OTHER}#", "are-diverted-to")
    row = await town.row("SELECT actor, table_name, action, new FROM audit ORDER BY id DESC LIMIT 1")
    assert row[:3] == ("phone:+4690161100", "diversion", "insert")
    assert json.loads(row[3])["condition"] == "all"


async def test_next_call_goes_by_it_the_moment_the_caller_hears_it(town: Town) -> None:
    phone, other = await town.phone(OWN), await town.phone(OTHER)
    await dial(town, phone, f"*21*{OTHER}#", "are-diverted-to")
    await town.call_from_outside("+4690161100")
    await other.incoming()
    assert phone.first("incoming") is None
    await dial(town, phone, "#21#", "no-longer-diverted")
    await town.call_from_outside("+4690161100")
    await phone.incoming()
    await dial(town, phone, "*21#", "your-voicemail")
    await town.call_from_outside("+4690161100")
    await town.step("voicemail", containing=f"{OWN}@")


async def test_diversion_outside_leaves_by_the_trunk(town: Town) -> None:
    await dial(town, await town.phone(OWN), "*21*0701740622#", "are-diverted-to")
    await town.call_from_outside("+4690161100")
    await town.trunk.call_to(OUTSIDE)


async def test_seconds_become_rings_after_which_the_call_goes_on(town: Town) -> None:
    phone, other = await town.phone(OWN), await town.phone(OTHER)
    await dial(town, phone, f"*61*{OTHER}*2#", "calls-no-answer", "are-diverted-to", "after-ring-2")
    assert await standing(town) == [("no_answer", OTHER, 2)]
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    ringing, ended = await call.wait_for("ringing"), await leg.wait_for("disconnected")
    assert abs(ended.at - ringing.at - 2 * RING_SECONDS) < TOLERANCE
    await other.incoming()


async def test_busy_phone_and_one_that_is_not_there_go_each_their_way(town: Town) -> None:
    phone, busy, away = await town.phone(OWN), await town.phone(OTHER), await town.phone("61112")
    await dial(town, phone, f"*67*{OTHER}#", "calls-busy", "are-diverted-to")
    await dial(town, phone, "*62*61112#", "calls-unreachable", "are-diverted-to")
    await town.call_from_outside("+4690161100")
    await (await phone.incoming()).reject(486)
    await busy.incoming()
    await phone.unregister()
    await town.call_from_outside("+4690161100")
    await away.incoming()


async def test_code_may_be_dialled_with_a_hash_as_it_is_or_without_the_last_one(town: Town) -> None:
    phone = await town.phone(OWN)
    phone.uri = lambda number, at="": f"sip:{number}@{at or phone.registrar}"  # type: ignore[method-assign]
    await dial(town, phone, f"*21*{OTHER}#", "are-diverted-to")
    assert await standing(town) == [("all", OTHER, None)]
    await dial(town, phone, "#21#", "no-longer-diverted")
    await dial(town, phone, f"*21*{OTHER}", "are-diverted-to")
    assert await standing(town) == [("all", OTHER, None)]


async def test_vindeln_has_codes_of_its_own(town: Town) -> None:
    phone = await town.phone("70101")
    await dial(town, phone, "*21*70201#", "no-such-code")
    assert await standing(town, "70101") == []
    await dial(town, phone, "*22*70201#", "calls-all", "are-diverted-to")
    assert await standing(town, "70101") == [("all", "70201", None)]
    await dial(town, phone, "#22#", "calls-all", "no-longer-diverted")


async def test_diversion_whose_exemption_has_ended_is_skipped_the_way_of_no_answer(town: Town) -> None:
    await exempt(town, OTHER, "international", *UNTIL_NOON)
    await dial(town, await town.phone(OTHER), "*21*004722334455#", "are-diverted-to")
    await town.call_from_outside("+4690161104", at="2026-03-10T11:59:00+01:00")
    await town.trunk.call_to("+4722334455")
    town.trunk.calls.clear()
    town.reported.clear()
    await town.call_from_outside("+4690161104", at="2026-03-10T12:00:00+01:00")
    await town.step("voicemail", containing=f"{OTHER}@")
    assert town.trunk.calls == []


async def test_target_that_was_barred_since_is_skipped_the_way_of_no_answer(town: Town) -> None:
    await dial(town, await town.phone(OWN), "*21*0701740622#", "are-diverted-to")
    await town.sql("""
        INSERT INTO barring (extension_id, category, reason)
        SELECT id, 'mobile', 'Prov' FROM extension WHERE sip_username = '61100'
    """)
    await town.call_from_outside("+4690161100")
    await town.step("voicemail", containing=f"{OWN}@")
    assert town.trunk.calls == []


async def test_target_that_somebody_made_a_barred_one_by_plain_sql_is_skipped_the_way_of_no_answer(
    town: Town,
) -> None:
    await dial(town, await town.phone(OWN), "*21*0701740622#", "are-diverted-to")
    await town.sql("UPDATE diversion SET to_number = '+46900123456' WHERE to_number = $1", OUTSIDE)
    await town.call_from_outside("+4690161100")
    await town.step("voicemail", containing=f"{OWN}@")
    assert town.trunk.calls == []


async def test_diversion_out_of_bjurholm_ends_by_itself_on_a_day_that_is_told(town: Town) -> None:
    at = now()
    phone = await town.phone("20101")
    sounds = await dial(town, phone, "*21*0701740622#", "are-diverted-to", "until-and-with", at=at.isoformat())
    last = at.astimezone(STOCKHOLM).date() + timedelta(days=29)
    assert sounds[-3:] == ["policy/the", f"policy/day-{last.day}", f"policy/month-{last.month}"]
    ends = await town.value("SELECT ends_at FROM diversion WHERE to_number = $1", OUTSIDE)
    assert ends.astimezone(STOCKHOLM) == datetime.combine(last + timedelta(days=1), time(), STOCKHOLM)
    town.reported.clear()
    await town.call_from_outside("+46932140101", at=(ends + timedelta(hours=1)).isoformat())
    await phone.incoming()
    assert town.trunk.calls == []
