"""Units forced closed and open by feature code from real phones, and what callers meet (R4 to R6)."""

from datetime import datetime

from tests.e2e.helpers import connected
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.talking import answered
from tests.e2e.test_absence import next_tuesday
from tests.e2e.test_absence_codes import words_of
from tests.e2e.test_feature_codes import dial
from tests.e2e.town import Town

HEMTJANST, MEMBER, NAME = "+4690161300", "61301", "Hemtjänst"
"""Open day and night, holidays too."""
DUTY, COLLEAGUE, OPERATOR = "61310", "61100", "61001"
BYGGLOV, BYGGLOV_MEMBER = "+4690161200", "61201"
OVERRIDES = """
    SELECT o.is_open, o.starts_at, o.ends_at, o.set_by FROM unit_override AS o JOIN unit AS u ON u.id = o.unit_id
    WHERE u.number = $1 ORDER BY o.starts_at
"""


def at(hour: int, minute: int = 0) -> str:
    return next_tuesday(hour, minute).isoformat()


async def overrides(town: Town, number: str = HEMTJANST) -> list[tuple[bool, datetime, datetime, str]]:
    async with connected(town.database_url) as connection:
        return [tuple(row) for row in await connection.fetch(OVERRIDES, number)]


async def test_unit_forced_closed_tells_until_when_and_is_open_again_by_itself(town: Town) -> None:
    phone, duty = await town.phone(MEMBER), await town.phone(DUTY)
    await speech_is_made(town, NAME)
    sounds = await dial(town, phone, "*28*0*1400#", "forced-closed", at=at(10))
    assert words_of(sounds) == [sound_of(town, NAME), "forced-closed", "until-clock", "hour-14"]
    assert await overrides(town) == [(False, next_tuesday(10), next_tuesday(14), f"phone:+46901{MEMBER}")]
    town.reported.clear()
    call = await town.call_from_outside(HEMTJANST, at=at(11))
    await town.step("menu", containing=f"{sound_of(town, NAME)}&policy/has-closed&policy/until-clock&policy/hour-14")
    await town.choose(call, "1")
    leg = await answered(duty, call)
    await leg.hang_up()
    await answered(phone, await town.call_from_outside(HEMTJANST, at=at(14)))


async def test_colleague_gets_through_to_a_unit_that_is_forced_closed(town: Town) -> None:
    phone, colleague = await town.phone(MEMBER), await town.phone(COLLEAGUE)
    await dial(town, phone, "*28*0*1400#", "forced-closed", at=at(10))
    await answered(phone, await town.call(colleague, "61300", at=at(11)))


async def test_unit_follows_its_hours_again_by_code(town: Town) -> None:
    phone = await town.phone(MEMBER)
    await dial(town, phone, "*28*0*1400#", "forced-closed", at=at(10))
    await dial(town, phone, "*#28#", "forced-closed", "until-clock", at=at(10, 30))
    await dial(town, phone, "#28#", "follows-its-hours", at=at(11))
    assert [row[:3] for row in await overrides(town)] == [(False, next_tuesday(10), next_tuesday(11))]
    await dial(town, phone, "*#28#", "follows-its-hours", at=at(11, 1))
    await answered(phone, await town.call_from_outside(HEMTJANST, at=at(11, 1)))


async def test_unit_forced_open_rings_in_the_evening_and_then_is_closed_by_itself(town: Town) -> None:
    phone = await town.phone(BYGGLOV_MEMBER)
    await dial(town, phone, "*28*1*2300#", "forced-open", at=at(21))
    leg = await answered(phone, await town.call_from_outside(BYGGLOV, at=at(22)))
    await leg.hang_up()
    town.reported.clear()
    await town.call_from_outside(BYGGLOV, at=at(23))
    await town.step("menu", containing="policy/is-closed")


async def test_new_one_takes_the_place_of_the_one_in_force(town: Town) -> None:
    phone = await town.phone(MEMBER)
    await dial(town, phone, "*28*0*1400#", "forced-closed", at=at(10))
    await dial(town, phone, "*28*0*1600#", "forced-closed", "hour-16", at=at(11))
    assert [row[1:3] for row in await overrides(town)] == [
        (next_tuesday(10), next_tuesday(11)),
        (next_tuesday(11), next_tuesday(16)),
    ]


async def test_operator_acts_for_a_unit_by_its_number_and_who_may_not_hears_so(town: Town) -> None:
    operator, stranger = await town.phone(OPERATOR), await town.phone(COLLEAGUE)
    await dial(town, stranger, "*28*61300*0*1400#", "nothing-changed", "may-not-act-for-unit", at=at(10))
    assert await overrides(town) == []
    await dial(town, operator, "*28*61300*0*1400#", "forced-closed", at=at(10))
    await dial(town, stranger, "*#28*61300#", "forced-closed", "hour-14", at=at(10))
    await dial(town, operator, "#28*61300#", "follows-its-hours", at=at(10, 1))
    assert [row[:3] for row in await overrides(town)] == [(False, next_tuesday(10), next_tuesday(10, 1))]
