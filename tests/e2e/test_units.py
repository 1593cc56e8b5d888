"""Calls to a unit's number: hours, urgent calls, holidays, nobody there, duty to its end (R4, R6, R7)."""

import pytest

from tests.e2e.helpers import eventually
from tests.e2e.town import (
    AFTERNOON_BEFORE_GOOD_FRIDAY,
    ASCENSION_DAY,
    EVENING,
    OUTSIDE_TELEPHONE_HOURS,
    RING_SECONDS,
    RINGING_LIMIT,
    TOLERANCE,
    Town,
)

BYGGLOV = "+4690161200"
MILJO = "+4690161500"


async def test_within_hours_the_units_first_place_rings(town: Town) -> None:
    place = await town.phone("61201")
    call = await town.call_from_outside(BYGGLOV)
    leg = await place.incoming()
    await leg.ring()
    await leg.answer()
    await call.wait_for("connected")
    assert town.steps() == ["dial"]


async def test_when_the_first_place_does_not_answer_the_next_one_rings(town: Town) -> None:
    first, second = await town.phone("61201"), await town.phone("61202")
    call = await town.call_from_outside(BYGGLOV)
    leg = await first.incoming()
    await leg.ring()
    ended = await leg.wait_for("disconnected", RINGING_LIMIT)
    ringing = await call.wait_for("ringing")
    assert abs(ended.at - ringing.at - 3 * RING_SECONDS) < TOLERANCE
    await (await second.incoming(15)).answer()
    await call.wait_for("connected")


async def test_outside_hours_an_external_caller_hears_the_hours(town: Town) -> None:
    place = await town.phone("61201")
    call = await town.call_from_outside(BYGGLOV, at=EVENING)
    await call.wait_for("connected")
    menu = await town.step("menu")
    assert "hours-are" in menu.fields["Plan"]
    assert place.first("incoming") is None


async def test_outside_telephone_hours_an_urgent_call_reaches_the_duty_phone(town: Town) -> None:
    duty_phone = await town.phone("61210")
    call = await town.call_from_outside(BYGGLOV, at=OUTSIDE_TELEPHONE_HOURS)
    await town.choose(call, "1")
    leg = await duty_phone.incoming()
    await leg.ring()
    await leg.answer()
    await leg.wait_for("connected")


async def test_after_working_hours_an_urgent_call_reaches_who_has_duty(town: Town) -> None:
    on_duty, duty_phone = await town.phone("61211"), await town.phone("61210")
    call = await town.call_from_outside(BYGGLOV, at=EVENING)
    await town.choose(call, "1")
    await (await on_duty.incoming()).answer()
    assert duty_phone.first("incoming") is None


async def test_a_shift_has_duty_before_who_stands_by(town: Town) -> None:
    await town.sql("""
        INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, to_extension_id)
        SELECT r.id, 1, '2031-03-11 17:00+01', '2031-03-12 07:00+01', e.id
        FROM duty_roster AS r, extension AS e WHERE r.name = 'Bygglovs jour' AND e.sip_username = '61202'
    """)
    on_shift, standing = await town.phone("61202"), await town.phone("61211")
    call = await town.call_from_outside(BYGGLOV, at="2031-03-11T20:00:00+01:00")
    await town.choose(call, "1")
    await (await on_shift.incoming()).answer()
    assert standing.first("incoming") is None


async def test_outside_hours_a_colleague_gets_through_as_usual(town: Town) -> None:
    colleague, place = await town.phone("61100"), await town.phone("61201")
    call = await town.call(colleague, "61200", at=EVENING)
    await (await place.incoming()).answer()
    await call.wait_for("connected")


@pytest.mark.parametrize("holiday", [ASCENSION_DAY, AFTERNOON_BEFORE_GOOD_FRIDAY])
async def test_on_holidays_and_half_days_the_unit_is_closed(town: Town, holiday: str) -> None:
    place = await town.phone("61601")
    await town.call_from_outside("+4690161600", at=holiday)
    menu = await town.step("menu")
    assert "today" in menu.fields["Plan"]
    assert place.first("incoming") is None


async def test_with_nobody_at_the_first_place_the_next_one_rings_at_once(town: Town) -> None:
    second = await town.phone("61502")
    await town.call_from_outside(MILJO)
    await (await second.incoming(15)).answer()


async def test_with_nobody_there_at_all_the_caller_can_leave_a_message(town: Town) -> None:
    call = await town.call_from_outside(MILJO)
    await town.step("voicemail", 15, containing="61500@")
    await call.wait_for("connected")


async def test_duty_escalates_to_the_end_and_the_message_is_mailed_at_once(town: Town) -> None:
    first, second = await town.phone("61211"), await town.phone("61212")
    call = await town.call_from_outside(BYGGLOV, at=EVENING)
    await town.choose(call, "1")
    for phone in (first, second):
        leg = await phone.incoming(20)
        await leg.ring()
        await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    message = await town.step("voicemail", 20, containing="61290@")
    assert ",uU" in message.fields["Plan"].replace("(", ",")
    await town.speak(call)
    await call.hang_up()
    await eventually(town.has_mail, 10, "no mail came")
    mail = town.region.mail.mails[0]
    assert "jour.bygglov@umea.example" in mail["To"]
    assert mail["Subject"].startswith("BRÅDSKANDE röstmeddelande från +46701740605 till")
    attachment = next(iter(mail.iter_attachments()))
    assert attachment.get_content_type().startswith("audio/")
    assert len(attachment.get_content()) > 8000
