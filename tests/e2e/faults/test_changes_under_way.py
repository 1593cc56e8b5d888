"""The policy changed by SQL in the middle of calls: each keeps the one it began with, the next has the new (R23)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from tests.e2e.faults.lost_database import fell_back
from tests.e2e.faults.moments import (
    Moment,
    while_a_message_is_recorded,
    while_a_phone_rings,
    while_a_refusal_is_spoken,
    while_the_caller_is_greeted,
    while_the_caller_may_choose,
    while_two_talk,
)
from tests.e2e.test_barrings import NORWAY, ORDINARY
from tests.e2e.test_switchboard import MAIN
from tests.e2e.test_units import BYGGLOV
from tests.e2e.town import EVENING, OUTSIDER, WORKING_HOURS, Town

DIVERTED = """
    INSERT INTO diversion (extension_id, condition, to_extension_id)
    SELECT a.id, 'all', b.id FROM extension AS a, extension AS b
    WHERE a.sip_username = '61100' AND b.sip_username = '61104'
"""
OTHERS_ON_DUTY = """
    UPDATE duty_level SET standing_extension_id = (SELECT id FROM extension WHERE sip_username = '61202')
    WHERE standing_extension_id = (SELECT id FROM extension WHERE sip_username = '61211')
"""
FEWER_OPERATORS = """
    DELETE FROM ring_group_member WHERE extension_id = (SELECT id FROM extension WHERE sip_username = '61001')
"""
OPENED = """
    INSERT INTO exemption (extension_id, category, approver_id, reason, starts_at, ends_at)
    SELECT id, 'international', policy_nearest_manager(id), 'Samarbete med Norge', '2026-03-01', '2026-04-01'
    FROM extension WHERE sip_username = '61104'
"""


async def is_diverted(town: Town) -> None:
    await town.call_from_outside("+4690161100")
    await town.step("dial", containing="61104")


async def has_others_on_duty(town: Town) -> None:
    call = await town.call_from_outside(BYGGLOV, at=EVENING)
    await town.choose(call, "1")
    await town.step("dial", containing="61202")


async def has_fewer_operators(town: Town) -> None:
    await town.call_from_outside(MAIN)
    step = await town.step("dial", 30)
    assert "61001" not in step.fields["Plan"]
    assert "61002" in step.fields["Plan"]


async def is_not_barred(town: Town) -> None:
    await town.call(await town.phone(ORDINARY), NORWAY)
    await town.trunk.call_to(NORWAY)


@dataclass(frozen=True, slots=True)
class Case:
    """A change while a call is at some moment, and what sees that the next call goes by it."""

    moment: Moment
    change: str
    next_call: Callable[[Town], Awaitable[None]]


CASES = (
    Case(while_a_phone_rings, DIVERTED, is_diverted),
    Case(while_two_talk, DIVERTED, is_diverted),
    Case(while_a_message_is_recorded, DIVERTED, is_diverted),
    Case(while_the_caller_may_choose, OTHERS_ON_DUTY, has_others_on_duty),
    Case(while_the_caller_is_greeted, FEWER_OPERATORS, has_fewer_operators),
    Case(while_a_refusal_is_spoken, OPENED, is_not_barred),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.moment.__name__)
async def test_a_call_keeps_the_policy_it_began_with_and_the_next_has_the_new(town: Town, case: Case) -> None:
    undisturbed = await case.moment(town, lambda: town.sql(case.change))
    await undisturbed()
    assert not fell_back(town)
    town.reported.clear()
    await case.next_call(town)
    assert not fell_back(town)


@pytest.mark.parametrize(
    "refused",
    [
        "UPDATE extension SET ring_limit = 9 WHERE sip_username = '61100'",
        "DELETE FROM unit",
        "INSERT INTO diversion (extension_id, condition, to_extension_id) SELECT id, 'all', id FROM extension",
    ],
)
async def test_a_change_that_the_database_refuses_changes_nothing(town: Town, refused: str) -> None:
    before = (await town.health())["policy_revision"]
    with pytest.raises(asyncpg.PostgresError):
        await town.sql(f"UPDATE person SET given_name = 'Ändrad'; {refused}")
    await town.call_from_outside("+4690161100", caller=OUTSIDER, at=WORKING_HOURS)
    await town.step("dial", containing="61100")
    assert not fell_back(town)
    assert (await town.health())["policy_revision"] == before
    assert await town.value("SELECT revision FROM policy_revision") == before
