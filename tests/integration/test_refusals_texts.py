"""Texts of the policy that the database refuses for their length: each is spoken, shown or mailed as a whole."""

import pytest

from tests.refusals import Refusal, assert_refused, assert_refused_without_triggers, cases, connect, region_url

MOST = 200
TEXTS = [
    "absence_reason.text_en",
    "absence_reason.text_sv",
    "barring.reason",
    "duty_roster.name",
    "exemption.reason",
    "extension.name",
    "holiday.name",
    "holiday_calendar.name",
    "mailbox.name",
    "number_class.note",
    "organisation.name",
    "outbox_recipient.name",
    "person.family_name",
    "person.given_name",
    "ring_group.name",
    "schedule.name",
    "schedule_exception.name",
    "unit.name",
    "unit_override.set_by",
]
GUARDED = """
    SELECT replace(conrelid::regclass || '.' || attname, '"', '') FROM pg_constraint
    JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
    WHERE pg_get_constraintdef(pg_constraint.oid) LIKE '%policy_is_plain_text%' ORDER BY 1
"""


def of_length(text: str, length: int) -> str:
    """Return what gives a column a text of so many letters."""
    table, column = text.split(".")
    return f"UPDATE {table} SET {column} = repeat('å', {length}) WHERE id = 1"


REFUSALS = [
    Refusal(
        of_length(text, length),
        f"{text.replace('.', '_')}_text",
        f"{text} måste vara en rad text, högst 200",
        net=True,
    )
    for text in TEXTS
    for length in (MOST + 1, 4000)
]


async def test_every_text_of_the_policy_is_tried_here() -> None:
    connection = await connect(await region_url())
    assert [row[0] for row in await connection.fetch(GUARDED)] == TEXTS
    await connection.close()


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_a_text_that_is_too_long_is_refused_in_words(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)


@pytest.mark.parametrize("text", TEXTS)
async def test_a_text_just_as_long_as_it_may_be_is_taken(text: str) -> None:
    connection = await connect(await region_url())
    transaction = connection.transaction()
    await transaction.start()
    assert await connection.execute(of_length(text, MOST)) == "UPDATE 1"
    await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    await transaction.rollback()
    await connection.close()
