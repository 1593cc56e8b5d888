"""Calls to an organisation's main number: greeting, operators, after hours (R1, R3)."""

from pathlib import Path

import pytest

from callflow.phone.tones import heard_bursts
from tests.e2e.spoken import sound_of, speech_is_made
from tests.e2e.town import EVENING, RINGING_LIMIT, Town

MAIN = "+4690161000"


async def hears_the_greeting_of(town: Town, organisation: str, verb: str = "say") -> None:
    """See that the caller is welcomed in the organisation's name."""
    greeting = await town.step(verb)
    assert f"policy/welcome-to&{sound_of(town, organisation)}" in greeting.fields["Plan"]


async def test_the_greeting_is_spoken_and_then_the_operators_ring_together(town: Town) -> None:
    await speech_is_made(town, "Umeå kommun")
    operators = [await town.phone(name) for name in ("61001", "61002", "61003")]
    call = await town.call_from_outside(MAIN)
    await call.wait_for("connected")
    legs = [await operator.incoming(15) for operator in operators]
    for leg in legs:
        await leg.ring()
    await legs[1].answer()
    await legs[1].wait_for("connected")
    await legs[0].wait_for("disconnected")
    await legs[2].wait_for("disconnected")
    assert town.steps() == ["say", "dial"]
    await hears_the_greeting_of(town, "Umeå kommun")


async def test_another_municipality_has_a_greeting_and_operators_of_its_own(town: Town) -> None:
    theirs = await town.value("""
        SELECT e.sip_username FROM organisation AS o
        JOIN ring_group_member AS m ON m.ring_group_id = o.operator_group_id
        JOIN extension AS e ON e.id = m.extension_id
        WHERE o.key = 'vannas' ORDER BY 1 LIMIT 1
    """)
    await speech_is_made(town, "Vännäs kommun")
    operator = await town.phone(theirs)
    await town.call_from_outside("+46935140000")
    await operator.incoming(15)
    await hears_the_greeting_of(town, "Vännäs kommun")


@pytest.mark.parametrize("rings", [True, False])
async def test_the_caller_hears_the_swedish_ringing_tone_after_the_greeting(
    town: Town, tmp_path: Path, rings: bool
) -> None:
    """Also while no phone says yet that it rings: nothing but silence would follow the greeting."""
    operator = await town.phone("61001")
    call = await town.call_from_outside(MAIN)
    await call.record(tmp_path / "heard.wav")
    leg = await operator.incoming(15)
    if rings:
        await leg.ring()
    await leg.wait_for("disconnected", RINGING_LIMIT + 3)
    await call.hang_up()
    await call.wait_for("closed")
    heard = heard_bursts(tmp_path / "heard.wav", bridge_ms=400)
    bursts = [end - start for start, end in heard if end - start > 0.5]
    assert len(bursts) == 1
    assert abs(bursts[0] - 1.0) < 0.15


async def test_after_hours_the_caller_hears_the_message_and_may_choose_the_duty(town: Town) -> None:
    await speech_is_made(town, "Umeå kommun")
    on_duty, operator = await town.phone("61005"), await town.phone("61001")
    call = await town.call_from_outside(MAIN, at=EVENING)
    menu = await town.step("menu")
    assert "switchboard-is-closed" in menu.fields["Plan"]
    await hears_the_greeting_of(town, "Umeå kommun", "menu")
    await town.choose(call, "1")
    await (await on_duty.incoming()).answer()
    assert operator.first("incoming") is None


async def test_when_no_operator_answers_the_caller_is_offered_something_else(town: Town) -> None:
    call = await town.call_from_outside(MAIN)
    await town.choose(call, "2", 40)
    await town.step("voicemail", containing="61000@")
