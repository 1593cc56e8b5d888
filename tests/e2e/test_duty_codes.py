"""Duty taken over and handed back by feature code from real phones, and whom urgent callers reach (R7)."""

import asyncio
from datetime import datetime, timedelta

import pytest

from callflow.phone.client import Phone
from tests.e2e.helpers import connected
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.talking import answered
from tests.e2e.test_absence import next_tuesday
from tests.e2e.test_absence_codes import words_of
from tests.e2e.test_feature_codes import dial
from tests.e2e.town import Town

BYGGLOV = "+4690161200"
TAKER, COLLEAGUE, STANDING, STRANGER, OPERATOR = "61202", "61201", "61211", "61104", "61001"
TAKER_NAME, COLLEAGUE_NAME, STANDING_NAME, UNIT = "Ulrika Norberg", "Per Hedlund", "Magnus Boström", "Bygglov"
NIGHT, SEVEN = next_tuesday(22), next_tuesday(22) + timedelta(hours=9)
TAKEN = """
    SELECT e.sip_username, s.starts_at, s.ends_at FROM duty_shift AS s JOIN extension AS e ON e.id = s.to_extension_id
    JOIN duty_roster AS r ON r.id = s.duty_roster_id
    WHERE s.taken_over AND r.name = 'Bygglovs jour' ORDER BY s.starts_at
"""


def at(hour: int, minute: int = 0) -> str:
    return next_tuesday(hour, minute).isoformat()


async def taken(town: Town) -> list[tuple[str, datetime, datetime]]:
    async with connected(town.database_url) as connection:
        return [tuple(row) for row in await connection.fetch(TAKEN)]


async def urgent_call_reaches(town: Town, phone: Phone, when: str, count: int = 1) -> None:
    town.reported.clear()
    call = await town.call_from_outside(BYGGLOV, at=when)
    await town.choose(call, "1")
    leg = await answered(phone, call, count=count)
    await leg.hang_up()
    await call.wait_for("disconnected")


async def test_duty_is_taken_over_reached_at_night_and_handed_back(town: Town) -> None:
    phone, standing = await town.phone(TAKER), await town.phone(STANDING)
    for text in (UNIT, STANDING_NAME):
        await speech_is_made(town, text)
    sounds = await dial(town, phone, "*27*0700#", "duty-is-yours", at=at(22))
    assert words_of(sounds) == ["duty-is-yours", sound_of(town, UNIT), "until", "tomorrow", "clock", "hour-7"]
    assert await taken(town) == [(TAKER, NIGHT, SEVEN)]
    await urgent_call_reaches(town, phone, at(23))
    assert not standing.calls
    sounds = await dial(town, phone, "#27#", "duty-is-handed-back", "duty-is-with", at=at(23, 30))
    assert words_of(sounds) == ["duty-is-handed-back", "duty-is-with", sound_of(town, STANDING_NAME)]
    assert await taken(town) == [(TAKER, NIGHT, next_tuesday(23, 30))]
    await urgent_call_reaches(town, standing, at(23, 31))
    audit = await town.row("SELECT actor, table_name FROM audit ORDER BY id DESC LIMIT 1")
    assert audit == (f"phone:+46901{TAKER}", "duty_shift")


async def test_duty_that_was_taken_over_wins_over_the_planned_shift_and_ends_by_itself(town: Town) -> None:
    await town.sql(
        """
        INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, to_extension_id)
        SELECT r.id, 1, $1, $2, e.id FROM duty_roster AS r, extension AS e
        WHERE r.name = 'Bygglovs jour' AND e.sip_username = $3
        """,
        next_tuesday(17),
        SEVEN,
        COLLEAGUE,
    )
    phone, planned, standing = [await town.phone(name) for name in (TAKER, COLLEAGUE, STANDING)]
    two = next_tuesday(22) + timedelta(hours=4)
    await dial(town, phone, "*27*0200#", "duty-is-yours", at=at(22))
    await urgent_call_reaches(town, phone, (two - timedelta(seconds=1)).isoformat())
    await urgent_call_reaches(town, planned, two.isoformat())
    await urgent_call_reaches(town, standing, SEVEN.isoformat())


async def test_later_one_wins_and_is_told_whose_it_was_and_who_asks_hears_of_both(town: Town) -> None:
    phone, colleague = await town.phone(TAKER), await town.phone(COLLEAGUE)
    for text in (TAKER_NAME, COLLEAGUE_NAME):
        await speech_is_made(town, text)
    await dial(town, phone, "*27*0700#", "duty-is-yours", at=at(22))
    sounds = await dial(town, colleague, "*27*0200#", "duty-is-yours", "duty-was-taken-by", at=at(23))
    assert words_of(sounds)[-2:] == ["duty-was-taken-by", sound_of(town, TAKER_NAME)]
    assert [row[0] for row in await taken(town)] == [TAKER, COLLEAGUE]
    await urgent_call_reaches(town, colleague, at(23, 10))
    asked = await dial(town, phone, "*#27#", "duty-is-with", "until", "tomorrow", at=at(23, 20))
    assert words_of(asked) == [
        "duty-is-with", sound_of(town, COLLEAGUE_NAME), "until", "tomorrow", "clock", "hour-2",
    ]  # fmt: skip
    await dial(town, phone, "#27#", "duty-not-taken-over", at=at(23, 30))


async def test_operator_takes_the_duty_of_a_unit_by_its_number_and_who_may_not_hears_so(town: Town) -> None:
    operator, stranger = await town.phone(OPERATOR), await town.phone(STRANGER)
    await dial(town, stranger, "*27*61200*0700#", "nothing-changed", "may-not-act-for-unit", at=at(22))
    assert await taken(town) == []
    await dial(town, stranger, "*#27*61200#", "duty-is-with", at=at(22))
    await dial(town, operator, "*27*61200*0700#", "duty-is-yours", at=at(22))
    await urgent_call_reaches(town, operator, at(23))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("*27*700#", "duty-not-understood"),
        ("*27*2575#", "return-not-understood"),
        ("*27*61201*0700#", "no-such-unit"),
        ("#27#1#", "code-ends-here"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(town: Town, code: str, why: str) -> None:
    await dial(town, await town.phone(TAKER), code, "nothing-changed", why, at=at(22))
    assert await taken(town) == []


@pytest.mark.parametrize("code", ["*99#", "#99*1#", "**99#"])
async def test_code_that_there_is_not_is_told_as_such_and_changes_nothing(town: Town, code: str) -> None:
    before = await town.value("SELECT revision FROM policy_revision")
    await dial(town, await town.phone(TAKER), code, "no-such-code", at=at(22))
    assert await town.value("SELECT revision FROM policy_revision") == before


async def test_without_the_database_nobody_takes_over_and_the_caller_hears_so(town: Town) -> None:
    phone, standing = await town.phone(TAKER), await town.phone(STANDING)
    await town.stop_database()
    await dial(town, phone, "*27*0700#", "change-not-saved", at=at(22))
    await urgent_call_reaches(town, standing, at(23))
    await asyncio.to_thread(town.region.postgres.start)
    assert await taken(town) == []
