"""Absence by feature code from real phones: stored, read back, asked for, and what the next caller hears (R10)."""

import asyncio
from datetime import datetime, time, timedelta

import pytest

from tests.e2e.helpers import connected
from tests.e2e.spoken import sound_of
from tests.e2e.talking import answered
from tests.e2e.test_absence import AWAY, DURING, NAME, NUMBER, STOCKHOLM, next_tuesday
from tests.e2e.test_feature_codes import dial
from tests.e2e.town import Town

LUNCH, HOLIDAY = "är på lunch", "har semester"
STANDING = """
    SELECT r.digit, a.starts_at, a.returns_at FROM absence AS a
    JOIN absence_reason AS r ON r.id = a.reason_id JOIN extension AS e ON e.person_id = a.person_id
    WHERE e.sip_username = $1 ORDER BY a.starts_at
"""


async def standing(town: Town, account: str = AWAY) -> list[tuple[str, datetime, datetime | None]]:
    async with connected(town.database_url) as connection:
        return [tuple(row) for row in await connection.fetch(STANDING, account)]


def words_of(sounds: list[str]) -> list[str]:
    return [sound.removeprefix("policy/") for sound in sounds]


async def test_absence_is_read_back_told_to_callers_and_ended(town: Town) -> None:
    phone = await town.phone(AWAY)
    told = [sound_of(town, NAME), sound_of(town, LUNCH), "and-is-back", "clock", "hour-13", "minute-30"]
    sounds = await dial(town, phone, "*23*2*1330#", "callers-hear", at=DURING)
    assert words_of(sounds) == ["callers-hear", *told]
    assert await standing(town) == [("2", next_tuesday(10), next_tuesday(13, 30))]
    asked = await dial(town, phone, "*#23#", "callers-hear", at=next_tuesday(11).isoformat())
    assert words_of(asked) == words_of(sounds)
    town.reported.clear()
    call = await town.call_from_outside(NUMBER, at=next_tuesday(11).isoformat())
    menu = await town.step("menu", containing=f"{sound_of(town, NAME)}&{sound_of(town, LUNCH)}&policy/and-is-back")
    assert "policy/hour-13&policy/minute-30" in menu.fields["Plan"]
    await call.hang_up()
    await dial(town, phone, "#23#", "no-longer-absent", at=next_tuesday(12).isoformat())
    assert await standing(town) == [("2", next_tuesday(10), next_tuesday(12))]
    await dial(town, phone, "*#23#", "not-absent", at=next_tuesday(12, 1).isoformat())
    await answered(phone, await town.call_from_outside(NUMBER, at=next_tuesday(12, 1).isoformat()))


async def test_new_absence_takes_the_place_of_the_one_in_force(town: Town) -> None:
    phone = await town.phone(AWAY)
    await dial(town, phone, "*23*8#", "callers-hear", at=DURING)
    assert await standing(town) == [("8", next_tuesday(10), None)]
    await dial(town, phone, "*23*2*1300#", "callers-hear", "and-is-back", at=next_tuesday(11).isoformat())
    assert await standing(town) == [
        ("8", next_tuesday(10), next_tuesday(11)),
        ("2", next_tuesday(11), next_tuesday(13)),
    ]


async def test_date_is_dialled_as_the_organisation_has_it(town: Town) -> None:
    phone = await town.phone(AWAY)
    days = (next_tuesday(0).date() + timedelta(days=ahead) for ahead in range(30, 90))
    day = next(day for day in days if day.day <= 12 and day.day != day.month)  # one that is another day the other way
    for order, digits in (("MMDD", f"{day:%m%d}"), ("DDMM", f"{day:%d%m}")):
        await town.sql("UPDATE organisation SET absence_date_order = $1 WHERE key = 'umea'", order)
        sounds = await dial(town, phone, f"*23*4*{digits}#", "callers-hear", "and-is-back", at=DURING)
        assert words_of(sounds)[-3:] == ["on-date", f"day-{day.day}", f"month-{day.month}"]
        assert [row[2] for row in await standing(town)] == [datetime.combine(day, time(), STOCKHOLM)]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("*23*2*0900#", "return-has-passed"),
        ("*23*2*2575#", "return-not-understood"),
        ("*23*0#", "absence-reason-unknown"),
        ("*23*2*13#", "absence-not-understood"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(town: Town, code: str, why: str) -> None:
    await dial(town, await town.phone(AWAY), code, "absence-not-set", why, at=DURING)
    assert await standing(town) == []


async def test_without_the_database_nothing_is_set_and_the_caller_hears_so(town: Town) -> None:
    phone = await town.phone(AWAY)
    await town.stop_database()
    await dial(town, phone, "*23*2*1330#", "change-not-saved", at=DURING)
    await dial(town, phone, "*#23#", "not-absent", at=DURING)
    await asyncio.to_thread(town.region.postgres.start)
    assert await standing(town) == []
    await dial(town, phone, "*23*2*1330#", "callers-hear", at=DURING)
    assert len(await standing(town)) == 1
