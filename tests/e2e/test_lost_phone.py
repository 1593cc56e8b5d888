"""A lost phone with real phones: locked from anywhere, its calls end, 112 works, calls to it go on (R21)."""

import os
import signal
import time
from collections.abc import Awaitable, Callable

import pytest

from callflow.phone.call import PhoneCall
from callflow.phone.client import Phone
from callflow.phone.trunk_peer import Behaviour
from tests.e2e.helpers import callflow, connected, eventually
from tests.e2e.talking import answered, heard
from tests.e2e.test_emergency import reaches_112
from tests.e2e.test_feature_codes import dial
from tests.e2e.town import FRIEND, RING_SECONDS, RINGING_LIMIT, TOLERANCE, Town

LOST, OTHER, THIRD = "61104", "61100", "61103"
NUMBER = "+4690161104"
TWIN, TWIN_NUMBER, MOBILE = "61101", "+4690161101", "+46701740610"
ENDED_SECONDS = 1.0
LOCK = "UPDATE extension SET locked = true WHERE sip_username = $1"
PIN = "SELECT m.pin FROM mailbox AS m JOIN extension AS e ON e.mailbox_id = m.id WHERE e.sip_username = $1"
WRONG = "864209"


@pytest.fixture(autouse=True)
async def no_tries(town: Town) -> None:
    """Wrong PINs and orders are no policy, and stand in no audit by which they would be undone."""
    async with connected(town.database_url) as connection:
        await connection.execute("DELETE FROM lock_attempt; DELETE FROM outbox_order")


async def lock(town: Town, account: str = LOST) -> float:
    """Lock by plain SQL; return the time of the commit."""
    async with connected(town.database_url) as connection:
        await connection.execute(LOCK, account)
        return time.monotonic()


async def ends(call: PhoneCall, since: float) -> None:
    ended = await call.wait_for("disconnected", 5)
    assert ended.at - since < ENDED_SECONDS + TOLERANCE


async def is_locked(town: Town, account: str = LOST) -> bool:
    return bool(await town.value("SELECT locked FROM extension WHERE sip_username = $1", account))


async def test_calls_from_a_lost_phone_end_within_a_second_of_the_commit(town: Town) -> None:
    phone, other = await town.phone(LOST), await town.phone(OTHER)
    outside = await town.call(phone, FRIEND)
    await outside.wait_for("connected")
    inside = await town.call(phone, OTHER)
    leg = await answered(other, inside)
    since = await lock(town)
    for call in (outside, inside, leg):
        await ends(call, since)
    barred = await town.call(phone, OTHER)
    await barred.wait_for("disconnected", 15)
    assert len([event for event in other.events if event.name == "incoming"]) == 1


async def test_calls_to_a_lost_phone_end_and_those_of_others_go_on(town: Town) -> None:
    phone, other, third = await town.phone(LOST), await town.phone(OTHER), await town.phone(THIRD)
    from_outside = await town.call_from_outside(NUMBER)
    leg = await answered(phone, from_outside)
    untouched = await town.call(other, THIRD)
    far = await answered(third, untouched)
    since = await lock(town)
    await ends(leg, since)
    await ends(from_outside, since)
    await heard(untouched, far)


async def test_call_that_rings_at_a_lost_phone_goes_on_as_not_answered(town: Town) -> None:
    phone = await town.phone(LOST)
    await town.call_from_outside(NUMBER)
    leg = await phone.incoming()
    await leg.ring()
    since = await lock(town)
    await ends(leg, since)
    step = await town.step("voicemail", 5, containing=f"{LOST}@")
    assert step.at - since < RINGING_LIMIT / 2 + TOLERANCE


async def test_call_whose_plan_is_older_than_the_lock_is_ended_when_it_comes_to_the_phone(town: Town) -> None:
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = $1", THIRD)
    first, lost = await town.phone(THIRD), await town.phone(LOST)
    await town.call_from_outside("+4690161103")
    leg = await first.incoming()
    await leg.ring()
    await lock(town)
    onward = await lost.incoming(10)
    came, ended = await onward.wait_for("incoming"), await onward.wait_for("disconnected", 5)
    assert ended.at - came.at < ENDED_SECONDS + TOLERANCE < 3 * RING_SECONDS


async def test_mobile_that_has_taken_a_call_of_a_lost_twin_loses_it(town: Town) -> None:
    town.trunk.behaviours[MOBILE] = Behaviour(ring_seconds=0.2, presses="1")
    call = await town.call_from_outside(TWIN_NUMBER)
    await call.wait_for("connected", 15)
    mobile = await town.trunk.call_to(MOBILE)
    since = await lock(town, TWIN)
    await ends(mobile, since)
    await ends(call, since)


async def test_mobile_of_a_lost_twin_stops_ringing_and_call_from_it_ends(town: Town) -> None:
    other = await town.phone(OTHER)
    from_mobile = await town.call_from_outside("+4690161100", caller=MOBILE)
    leg = await answered(other, from_mobile)
    town.trunk.behaviours[MOBILE] = Behaviour(ring_seconds=30)
    ringing = await town.call_from_outside(TWIN_NUMBER)
    mobile = await town.trunk.call_to(MOBILE)
    since = await lock(town, TWIN)
    await ends(mobile, since)
    await ends(from_mobile, since)
    await ends(leg, since)
    await town.step("voicemail", 5, containing=f"{TWIN}@")
    await ringing.hang_up()


async def test_emergency_call_of_a_lost_phone_goes_on_and_a_new_one_gets_through(town: Town) -> None:
    phone = await town.phone(LOST)
    emergency = await phone.call("112")
    await reaches_112(town, emergency, NUMBER)
    other = await town.call(phone, FRIEND)
    await other.wait_for("connected")
    since = await lock(town)
    await ends(other, since)
    await town.until_current()
    await heard(emergency, await town.trunk.call_to("112"))
    assert not emergency.ended
    await emergency.hang_up()
    town.reported.clear()
    await reaches_112(town, await phone.call("112"), NUMBER)


async def test_call_to_a_lost_phone_goes_on_to_its_referral_and_never_rings_it(town: Town) -> None:
    phone, other = await town.phone(LOST), await town.phone(OTHER)
    await town.sql(
        "INSERT INTO diversion (extension_id, condition, to_extension_id) SELECT l.id, 'unreachable', o.id "
        "FROM extension AS l, extension AS o WHERE l.sip_username = $1 AND o.sip_username = $2",
        LOST,
        OTHER,
    )
    await lock(town)
    await town.until_current()
    await answered(other, await town.call_from_outside(NUMBER))
    assert phone.first("incoming") is None


async def test_phone_locked_while_the_service_was_down_has_its_calls_ended_when_it_is_back(town: Town) -> None:
    phone, other = await town.phone(LOST), await town.phone(OTHER)
    call = await town.call(phone, OTHER)
    await answered(other, call)
    await town.region.service.kill()
    await lock(town)
    await town.region.start_service()
    await call.wait_for("disconnected", 10)


# from another phone


async def test_other_phone_locks_by_code_and_pin_and_the_order_is_there(town: Town) -> None:
    phone, other = await town.phone(LOST), await town.phone(OTHER)
    call = await town.call(phone, FRIEND)
    await call.wait_for("connected")
    pin = await town.value(PIN, LOST)
    await dial(town, other, f"*29*{LOST}*{pin}#", "phone-is-locked-now")
    await call.wait_for("disconnected", 5)
    assert await is_locked(town)
    assert await town.value("SELECT data ->> 'ordered_by' FROM outbox_order") == "phone:+4690161100"


@pytest.mark.parametrize("code", [f"*29*{LOST}*{WRONG}#", f"*29*61998*{WRONG}#", f"*29*{WRONG}#"])
async def test_wrong_pin_and_unknown_extension_are_refused_in_the_same_words(town: Town, code: str) -> None:
    sounds = await dial(town, await town.phone(OTHER), code, "lock-refused")
    assert sounds == ["policy/lock-refused", "policy/goodbye"]
    assert not await is_locked(town)


async def test_right_pin_is_refused_after_five_wrong_ones_also_by_a_service_that_was_restarted(town: Town) -> None:
    phone, pin = await town.phone(OTHER), await town.value(PIN, LOST)
    for _ in range(5):
        await dial(town, phone, f"*29*{LOST}*{WRONG}#", "lock-refused")
    await town.region.service.kill()
    await town.region.start_service()
    await town.until_current(20)
    await dial(town, phone, f"*29*{LOST}*{pin}#", "lock-refused")
    assert not await is_locked(town)


async def service_takes_it(town: Town, phone: Phone) -> None:
    await dial(town, phone, f"*29*{LOST}*{WRONG}#", "lock-refused")
    await dial(town, phone, f"*29*{WRONG}#", "lock-refused")
    await dial(town, phone, f"#31#*29*{LOST}*{WRONG}#", "number-not-understood")


async def net_takes_it(town: Town, phone: Phone) -> None:
    town.pause_service()
    call = await phone.call(f"*29*{LOST}*{WRONG}#")
    await town.report("CallflowFallback")
    await call.wait_for("disconnected", 20)
    pid = town.region.service.pid
    assert pid is not None
    os.kill(pid, signal.SIGCONT)


async def database_is_away(town: Town, phone: Phone) -> None:
    await town.stop_database()
    await dial(town, phone, f"*29*{LOST}*{WRONG}#", "change-not-saved")


@pytest.mark.parametrize("way", [service_takes_it, net_takes_it, database_is_away])
async def test_pin_stands_in_no_log_of_the_service_of_asterisk_or_of_the_database(
    town: Town, way: Callable[[Town, Phone], Awaitable[None]]
) -> None:
    phone = await town.phone(OTHER)
    await way(town, phone)
    home = town.region.settings.home

    async def has_told() -> bool:
        return "*29*…" in (home / "log" / "serve.log").read_text(encoding="utf-8", errors="replace")

    await eventually(has_told, 10, "the call never came into the log")
    kept = [path for path in home.rglob("*") if path.is_file() and path.suffix in {".log", ".json", ".0"}]
    assert {"serve.log", "messages.log"} <= {path.name for path in kept}
    for path in kept:
        if "messages-" not in str(path):  # what the tests' own phones have sent
            assert WRONG.encode() not in path.read_bytes(), path


async def test_operating_organisation_unlocks_what_it_found(town: Town) -> None:
    settings = town.region.settings
    environment = {
        "CALLFLOW_HOME": str(settings.home),
        "CALLFLOW_DATABASE_URL": settings.database_url.get_secret_value(),
    }
    code, told = await callflow(environment, "lost", LOST)
    assert (code, "är spärrad" in told) == (0, True), told
    await town.until_current()
    code, told = await callflow(environment, "lost", LOST, "--found")
    assert (code, "är inte spärrad" in told) == (0, True), told
    await town.until_current()
    phone = await town.phone(LOST)
    await answered(phone, await town.call_from_outside(NUMBER))
