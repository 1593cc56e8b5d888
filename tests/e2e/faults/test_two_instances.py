"""Two `callflow serve` beside one Asterisk: one killed, and both exchanged while calls come in (R23)."""

from pathlib import Path

from callflow.asterisk.ami import ENDED_VARIABLE
from callflow.embedded.home import environment_of
from tests.e2e.faults.sipp import TAKES_ALL, callers, phone_that
from tests.e2e.helpers import callflow, eventually
from tests.e2e.presenting import divert
from tests.e2e.test_graceful_stop import fell_back, other_instance
from tests.e2e.town import FRIEND, RINGING_LIMIT, TOLERANCE, Town

PHONE = "61104"
NUMBER = f"+46901{PHONE}"
CALLS_A_SECOND, MOST_CALLS = 20, 1000


def ended(town: Town) -> list[str]:
    """Return what became of the last dial of each call whose plan has ended."""
    return [it.fields["Dialstatus"] for it in town.reported if it.name == "CallflowEnd"]


def carried(town: Town) -> set[str]:
    """Return which calls have ended by their plan or went by the net; one that did may end in a voicemail's plan."""
    return {it.fields["Uniqueid"] for it in town.reported if it.name in {"CallflowEnd", "CallflowFallback"}}


async def until_calls_have_ended(town: Town, count: int, seconds: float = 20.0) -> None:
    """Wait until so many calls have ended by their plan or went by the net."""

    async def so_many() -> bool:
        return len(carried(town)) >= count

    await eventually(so_many, seconds, f"{count} calls never ended")


async def test_calls_go_on_when_one_of_two_instances_is_killed(town: Town, tmp_path: Path) -> None:
    count = 4 * CALLS_A_SECOND
    async with (
        other_instance(town, tmp_path),
        phone_that(TAKES_ALL, town, tmp_path, PHONE),
        callers(town, tmp_path, NUMBER, calls=count, a_second=CALLS_A_SECOND, talk_ms=300) as coming,
    ):
        await until_calls_have_ended(town, CALLS_A_SECOND)
        await town.region.service.kill()
        await coming.end()
        await until_calls_have_ended(town, count)
    assert len(fell_back(town)) < CALLS_A_SECOND
    assert set(ended(town)) == {"ANSWER"}


async def test_both_instances_are_exchanged_one_after_the_other_and_no_call_notices(
    town: Town, tmp_path: Path
) -> None:
    async with (
        phone_that(TAKES_ALL, town, tmp_path, PHONE),
        callers(town, tmp_path, NUMBER, calls=MOST_CALLS, a_second=CALLS_A_SECOND, talk_ms=300) as coming,
    ):
        await until_calls_have_ended(town, CALLS_A_SECOND)
        async with other_instance(town, tmp_path):
            await town.region.stop_service()
            alone = len(ended(town))
            await until_calls_have_ended(town, alone + CALLS_A_SECOND)
            await town.region.start_service()
        await until_calls_have_ended(town, len(ended(town)) + CALLS_A_SECOND)
        await until_calls_have_ended(town, await coming.end(at_once=True))
    assert fell_back(town) == []
    assert set(ended(town)) == {"ANSWER"}


async def test_upgrade_of_both_as_it_is_written_down_costs_no_call(town: Town, tmp_path: Path) -> None:
    """Both work until database and Asterisk are ready for the new version; then one after the other is exchanged."""
    async with (
        phone_that(TAKES_ALL, town, tmp_path, PHONE),
        callers(town, tmp_path, NUMBER, calls=MOST_CALLS, a_second=CALLS_A_SECOND, talk_ms=300) as coming,
    ):
        async with other_instance(town, tmp_path):
            await until_calls_have_ended(town, CALLS_A_SECOND)
            for command in ("migrate", "configure"):
                code, said = await callflow(environment_of(town.region.settings), command)
                assert code == 0, said
            await town.region.asterisk.console("core reload")
            await town.region.stop_service()
            await town.region.start_service()
        async with other_instance(town, tmp_path):
            await until_calls_have_ended(town, len(ended(town)) + CALLS_A_SECOND)
            await until_calls_have_ended(town, await coming.end(at_once=True))
    assert fell_back(town) == []
    assert set(ended(town)) == {"ANSWER"}


async def test_two_instances_end_a_ringing_together_and_the_next_place_rings_as_it_should(
    town: Town, tmp_path: Path
) -> None:
    phone, other = await town.phone("61103"), await town.phone(PHONE)
    async with other_instance(town, tmp_path):
        call = await town.call_from_outside("+4690161103")
        leg = await phone.incoming()
        await leg.ring()
        ringing = await call.wait_for("ringing")
        await leg.wait_for("disconnected", RINGING_LIMIT)
        onward = await other.incoming()
        await onward.ring()
        ended_at = (await onward.wait_for("disconnected", RINGING_LIMIT)).at
    assert abs(ended_at - ringing.at - RINGING_LIMIT) < TOLERANCE


async def test_who_ends_a_ringing_too_late_ends_nothing_of_the_next_dial(town: Town) -> None:
    await divert(town, PHONE, "busy", FRIEND)
    phone, other = await town.phone("61103"), await town.phone(PHONE)
    await town.call_from_outside("+4690161103")
    first = await town.step("dial", containing="PJSIP/61103")
    await (await phone.incoming()).ring()
    await town.step("dial", RINGING_LIMIT, containing=f"PJSIP/{PHONE}")
    leg = await other.incoming()
    ring_ms = first.fields["Plan"].split(",")[4]
    late = f"{first.fields['Channel']} {ENDED_VARIABLE} {ring_ms}:{first.fields['Step']}"
    await town.region.asterisk.console(f"dialplan set chanvar {late}")
    await leg.reject()
    await town.trunk.call_to(FRIEND)
