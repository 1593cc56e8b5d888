"""Absence as callers hear it, and what they choose (R10)."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.e2e.helpers import eventually
from tests.e2e.listening import plays
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.talking import answered
from tests.e2e.town import RINGING_LIMIT, Town

STOCKHOLM = ZoneInfo("Europe/Stockholm")
AWAY, REFERRED = "61100", "61104"
NAME, COLLEAGUE = "Anna Lindgren", "Eva Sandberg"
NUMBER = "+4690161100"
OPERATOR, SWITCHBOARD = "61001", "Umeå kommun"
MEETING, LUNCH, ILL, AT_HOME = (
    ("1", "är på sammanträde"),
    ("2", "är på lunch"),
    ("5", "är sjuk"),
    ("7", "arbetar hemifrån"),
)


def next_tuesday(hour: int, minute: int = 0) -> datetime:
    """Return a time on the next Tuesday: absences that ended long ago are not even read."""
    today = datetime.now(STOCKHOLM).date()
    day = today + timedelta(days=(1 - today.weekday()) % 7 or 7)
    return datetime.combine(day, time(hour, minute), STOCKHOLM)


FROM, UNTIL = next_tuesday(9, 30), next_tuesday(13)
DURING = next_tuesday(10).isoformat()


async def is_away(
    town: Town, reason: tuple[str, str], starts_at: datetime = FROM, returns_at: datetime = UNTIL
) -> None:
    """Make Anna Lindgren absent, with a colleague to refer to, once it can be spoken."""
    await town.sql(
        """
        INSERT INTO absence (person_id, reason_id, starts_at, returns_at, referral_extension_id)
        SELECT e.person_id, r.id, $3, $4, c.id
        FROM extension AS e, absence_reason AS r, extension AS c
        WHERE e.sip_username = $1 AND c.sip_username = $2 AND r.organisation_id = e.organisation_id AND r.digit = $5
        """,
        AWAY,
        REFERRED,
        starts_at,
        returns_at,
        reason[0],
    )
    for text in (NAME, COLLEAGUE, reason[1]):
        await speech_is_made(town, text)


async def test_caller_hears_of_the_absence_and_is_put_through_to_where_it_refers(town: Town) -> None:
    await is_away(town, LUNCH)
    phone, colleague = await town.phone(AWAY), await town.phone(REFERRED)
    call = await town.call_from_outside(NUMBER, at=DURING)
    told = f"{sound_of(town, NAME)}&{sound_of(town, LUNCH[1])}&policy/and-is-back&policy/clock&policy/hour-13"
    offered = f"policy/referral-to&{sound_of(town, COLLEAGUE)}&policy/press-1&policy/message-press-2"
    await town.step("menu", containing=f"{told}&{offered}&policy/switchboard-press-0")
    await town.choose(call, "1")
    await answered(colleague, call)
    assert not phone.calls


async def test_caller_who_presses_two_leaves_a_message_at_once(town: Town) -> None:
    await is_away(town, LUNCH)
    phone, colleague = await town.phone(AWAY), await town.phone(REFERRED)
    call = await town.call_from_outside(NUMBER, at=DURING)
    await town.step("menu")
    await plays(town, "policy/message-press-2")
    await call.send_digits("2")
    await town.step("voicemail", 8, containing=f"{AWAY}@")  # a digit that is nothing begins the referral anew
    await town.speak(call)
    await call.hang_up()
    await eventually(town.has_mail, 10, "nobody was told of the message")
    assert town.steps() == ["menu", "voicemail"]
    assert not phone.calls
    assert not colleague.calls


async def test_caller_who_presses_zero_speaks_with_the_switchboard(town: Town) -> None:
    await is_away(town, LUNCH)
    await speech_is_made(town, SWITCHBOARD)
    colleague, operator = await town.phone(REFERRED), await town.phone(OPERATOR)
    call = await town.call_from_outside(NUMBER, at=DURING)
    await town.choose(call, "0")
    await town.step("say", containing=f"policy/welcome-to&{sound_of(town, SWITCHBOARD)}")
    await answered(operator, call)
    assert town.steps() == ["menu", "say", "dial"]
    assert not colleague.calls


async def test_of_several_planned_absences_the_one_in_force_decides(town: Town) -> None:
    await is_away(town, LUNCH, next_tuesday(11), next_tuesday(12))
    await is_away(town, MEETING, next_tuesday(14), next_tuesday(15, 30))
    phone = await town.phone(AWAY)
    before = await town.call_from_outside(NUMBER, at=next_tuesday(10, 59).isoformat())
    await (await answered(phone, before)).hang_up()
    for at, reason, back in (
        (next_tuesday(11), LUNCH, "policy/hour-12"),
        (next_tuesday(14, 30), MEETING, "policy/hour-15&policy/minute-30"),
    ):
        town.reported.clear()
        call = await town.call_from_outside(NUMBER, at=at.isoformat())
        told = f"{sound_of(town, NAME)}&{sound_of(town, reason[1])}&policy/and-is-back&policy/clock&{back}"
        await town.step("menu", containing=f"{told}&policy/referral-to")
        await call.hang_up()
    assert len(phone.calls) == 1


async def test_silence_leads_to_the_voicemail_of_the_absent_person(town: Town) -> None:
    await is_away(town, LUNCH)
    await town.call_from_outside(NUMBER, at=DURING)
    await town.step("voicemail", 40, containing=f"{AWAY}@")
    assert town.steps() == ["menu", "voicemail"]


async def test_caller_from_outside_does_not_hear_what_is_nobodys_business(town: Town) -> None:
    await is_away(town, ILL)
    await town.call_from_outside(NUMBER, at=DURING)
    told = await town.step("menu", containing=f"{sound_of(town, NAME)}&policy/is-away&policy/and-is-back")
    assert sound_of(town, ILL[1]) not in told.fields["Plan"]


async def test_colleague_hears_the_reason(town: Town) -> None:
    await is_away(town, ILL)
    colleague = await town.phone("61103")
    await town.call(colleague, AWAY, at=DURING)
    await town.step("menu", containing=f"{sound_of(town, NAME)}&{sound_of(town, ILL[1])}&policy/and-is-back")


async def test_phone_that_still_rings_rings_before_the_absence_is_told(town: Town) -> None:
    await is_away(town, AT_HOME)
    phone = await town.phone(AWAY)
    await town.call_from_outside(NUMBER, at=DURING)
    leg = await phone.incoming()
    await leg.ring()
    await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    await town.step("menu", containing=f"{sound_of(town, NAME)}&{sound_of(town, AT_HOME[1])}")


async def test_absence_ends_by_itself(town: Town) -> None:
    await is_away(town, LUNCH)
    phone = await town.phone(AWAY)
    call = await town.call_from_outside(NUMBER, at=UNTIL.isoformat())
    await answered(phone, call)
