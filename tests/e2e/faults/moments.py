"""Moments of a call at which the service may be hurt: each makes a call, hurts the service, and sees the call go on.

What a moment returns sees, with the service well again, that this has disturbed nothing.
"""

from collections.abc import Awaitable, Callable

from callflow.phone.client import PhoneCall
from callflow.phone.trunk_peer import PERSON, Behaviour
from tests.e2e.helpers import connected, eventually
from tests.e2e.moving import MOVER, OTHER, outsider_with
from tests.e2e.talking import answered, heard
from tests.e2e.test_barrings import NORWAY, ORDINARY
from tests.e2e.test_feature_codes import standing
from tests.e2e.test_switchboard import MAIN
from tests.e2e.test_units import BYGGLOV
from tests.e2e.town import EVENING, RINGING_LIMIT, TOLERANCE, Town

EXTENSION = "61100"
Hurt = Callable[[], Awaitable[None]]
Undisturbed = Callable[[], Awaitable[None]]
Moment = Callable[[Town, Hurt], Awaitable[Undisturbed]]


def still_talking(one: PhoneCall, other: PhoneCall) -> Undisturbed:
    """Return what sees that two still hear each other, and that both are free when one hangs up."""

    async def see() -> None:
        await heard(one, other)
        await one.hang_up()
        await other.wait_for("disconnected")

    return see


async def is_well_again(town: Town, seconds: float = 15.0) -> None:
    """Wait until the service says that all is well now; how late its event loop was it tells for some seconds."""

    async def is_well() -> bool:
        health = await town.health()
        return all(part["ok"] for name, part in health.items() if isinstance(part, dict) and name != "loop")

    try:
        await eventually(is_well, seconds, "the service never came to itself")
    except AssertionError:
        raise AssertionError(f"the service never came to itself: {await town.health()}") from None


async def nothing_is_in_hand(town: Town) -> None:
    """Wait until the service has no call in its hands, and is well."""

    async def nothing() -> bool:
        return bool((await town.health())["calls"]["in_hand"] == 0)

    await eventually(nothing, 5, "the service never let go of a call")
    await is_well_again(town)


async def before_the_call(town: Town, hurt: Hurt) -> Undisturbed:
    phone = await town.phone(EXTENSION)
    await hurt()
    call = await town.call_from_outside("+4690161100")
    return still_talking(call, await answered(phone, call))


async def while_a_phone_rings(town: Town, hurt: Hurt) -> Undisturbed:
    phone = await town.phone(EXTENSION)
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    ringing = await call.wait_for("ringing")
    await hurt()
    ended = await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    assert ended.at - ringing.at < RINGING_LIMIT + TOLERANCE
    await town.step("voicemail", containing="61100@")
    await call.wait_for("connected")
    return call.hang_up


async def while_two_talk(town: Town, hurt: Hurt) -> Undisturbed:
    phone = await town.phone(EXTENSION)
    call = await town.call_from_outside("+4690161100")
    leg = await answered(phone, call)
    await hurt()
    await heard(leg, call)
    return still_talking(call, leg)


async def while_the_caller_is_greeted(town: Town, hurt: Hurt) -> Undisturbed:
    operator = await town.phone("61001")
    call = await town.call_from_outside(MAIN)
    await town.step("say")
    await hurt()
    return still_talking(call, await answered(operator, call))


async def while_the_caller_may_choose(town: Town, hurt: Hurt) -> Undisturbed:
    on_duty = await town.phone("61211")
    call = await town.call_from_outside(BYGGLOV, at=EVENING)
    await town.step("menu")
    await hurt()
    await town.choose(call, "1")
    return still_talking(call, await answered(on_duty, call))


async def when_the_caller_has_chosen(town: Town, hurt: Hurt) -> Undisturbed:
    first, second = await town.phone("61211"), await town.phone("61212")
    call = await town.call_from_outside(BYGGLOV, at=EVENING)
    await town.choose(call, "1")
    await hurt()
    await (await first.incoming()).reject()
    return still_talking(call, await answered(second, call))


async def while_a_message_is_recorded(town: Town, hurt: Hurt) -> Undisturbed:
    call = await town.call_from_outside("+4690161100")
    await town.step("voicemail", containing="61100@")
    await call.wait_for("media")
    await hurt()
    await town.speak(call)
    await call.hang_up()
    return lambda: eventually(town.has_mail, 15, "the mail with the message never came")


async def while_112_rings(town: Town, hurt: Hurt) -> Undisturbed:
    town.trunk.behaviours["112"] = Behaviour(ring_seconds=0.7)
    phone = await town.phone(EXTENSION)
    call = await phone.call("112")
    emergency = await town.trunk.call_to("112")
    await hurt()
    await call.wait_for("connected")
    return still_talking(call, emergency)


async def when_the_plan_hangs_up(town: Town, hurt: Hurt) -> Undisturbed:
    phone = await town.phone(ORDINARY)
    call = await town.call(phone, NORWAY)
    await town.step("hangup", 20)
    await hurt()
    await call.wait_for("disconnected", 5)
    return nothing_was_called(town)


async def while_a_refusal_is_spoken(town: Town, hurt: Hurt) -> Undisturbed:
    phone = await town.phone(ORDINARY)
    call = await town.call(phone, NORWAY)
    await town.step("say", containing="policy/barred-international")
    await hurt()
    await call.wait_for("disconnected", 20)
    return nothing_was_called(town)


def nothing_was_called(town: Town) -> Undisturbed:
    """Return what sees that no call went out."""

    async def see() -> None:
        assert town.trunk.calls == []

    return see


async def while_a_feature_code_is_stored(town: Town, hurt: Hurt) -> Undisturbed:
    phone = await town.phone(EXTENSION)
    async with connected(town.database_url) as administrator, administrator.transaction():
        await administrator.execute("UPDATE organisation SET name = name WHERE key = 'umea'")
        await town.call(phone, f"*21*{OTHER}#")
        await eventually(lambda: _waits_for_a_lock(town), 5, "nothing was being stored")
        await hurt()
        await eventually(lambda: _hears(town, "dialplan/net-code-unavailable"), 5, "the net never told")

    async def nothing_is_stored() -> None:
        assert await standing(town, EXTENSION) == []
        call = await town.call(phone, f"*21*{OTHER}#")
        await town.step("say", containing="policy/are-diverted-to")
        await call.hang_up()

    return nothing_is_stored


async def _waits_for_a_lock(town: Town) -> bool:
    return bool(await town.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


async def _hears(town: Town, sound: str) -> bool:
    return sound in await town.region.asterisk.console("core show channels concise")


async def while_a_mobile_is_asked(town: Town, hurt: Hurt) -> Undisturbed:
    call = await town.call_from_outside("+4690161102")
    mobile = await town.trunk.call_to(PERSON)
    await mobile.wait_for("connected")
    assert call.first("connected") is None
    await hurt()
    await call.wait_for("connected")
    return still_talking(call, mobile)


async def before_a_transfer(town: Town, hurt: Hurt) -> Undisturbed:
    mover, other = await town.phone(MOVER), await town.phone(OTHER)
    caller, leg = await outsider_with(town, mover)
    await hurt()
    await leg.transfer(OTHER)
    return still_talking(caller, await answered(other, caller))


async def while_a_transferred_call_rings(town: Town, hurt: Hurt) -> Undisturbed:
    mover, other = await town.phone(MOVER), await town.phone(OTHER)
    caller, leg = await outsider_with(town, mover)
    await leg.transfer(OTHER)
    ringing = await other.incoming()
    await ringing.ring()
    await hurt()
    await ringing.answer()
    await heard(caller, ringing)
    return still_talking(caller, ringing)


MOMENTS: tuple[Moment, ...] = (
    before_the_call,
    while_a_phone_rings,
    while_two_talk,
    while_the_caller_is_greeted,
    while_the_caller_may_choose,
    when_the_caller_has_chosen,
    while_a_message_is_recorded,
    while_112_rings,
    while_a_refusal_is_spoken,
    when_the_plan_hangs_up,
    while_a_feature_code_is_stored,
    while_a_mobile_is_asked,
    before_a_transfer,
    while_a_transferred_call_rings,
)
