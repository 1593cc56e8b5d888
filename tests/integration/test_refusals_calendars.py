"""Calendars that the policy database refuses, and what it keeps of those it takes."""

import json

import pytest

from tests.refusals import REGION, Refusal, assert_refused, assert_refused_without_triggers, cases, connect

EVENT = "UPDATE absence SET calendar_event = "
SECOND = "INSERT INTO calendar_feed (person_id, url, reason_id) VALUES "
URL = "UPDATE calendar_feed SET url = "
REFUSALS = [
    Refusal(
        f"{EVENT}'möte med Åsa', returns_at = '2026-02-02Z'", "absence_calendar_event_form", "32 tecken", net=True
    ),
    Refusal(f"{EVENT}repeat('a', 32)", "absence_calendar_event_ends", "måste ha ett slut", net=True),
    Refusal(
        f"{EVENT}repeat('a', 32), returns_at = '2026-02-02 08:00Z'; INSERT INTO absence"
        " (person_id, reason_id, starts_at, returns_at, calendar_event)"
        " VALUES (1, 1, '2026-03-01Z', '2026-03-02Z', repeat('a', 32))",
        "absence_calendar_event_once",
        "finns redan",
        net=True,
    ),
    *(
        Refusal(f"{URL}{url}", "calendar_feed_url_form", "https://", net=True)
        for url in (
            "''", "'kalender'", "'ftp://x.example/k'", "'webcal://x.example/k'", "'file:///etc/passwd'", "'https://'",
            "'https:///k'", "'https://x.example/a b'", "E'https://x.example/k\\r\\nHost: y'",
            "'https://x.example/' || repeat('x', 4000)",
        )
    ),
    Refusal(f"{URL}NULL", "calendar_feed_url_required", "måste vara ifylld"),
    Refusal(f"{SECOND}(1, 'https://x.example/k', 1)", "calendar_feed_person_once", "finns redan", net=True),
    Refusal(f"{SECOND}(3, 'https://x.example/k', 1)", "calendar_feed_reason_id_own", "Umeå"),
    Refusal(f"{SECOND}(99, 'https://x.example/k', 1)", "calendar_feed_person_id_exists", "finns inte i person"),
    Refusal(f"{SECOND}(2, 'https://x.example/k', 99)", "calendar_feed_reason_id_exists", "finns inte i absence"),
    Refusal("DELETE FROM absence; DELETE FROM absence_reason WHERE id = 1", "absence_reason_in_use", "calendar_feed"),
    Refusal("UPDATE calendar_feed SET id = 7", "calendar_feed_same_id", "kan inte ändras"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", cases(REFUSALS))
async def test_the_database_refuses_it_in_words(refusal: Refusal) -> None:
    await assert_refused(refusal)


@pytest.mark.parametrize("refusal", cases(row for row in REFUSALS if row.net))
async def test_the_constraint_beneath_refuses_it_too(refusal: Refusal) -> None:
    await assert_refused_without_triggers(refusal)


async def test_a_feed_is_due_at_once_when_it_is_made_or_changed(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    due = "SELECT due_at <= now() AND read_at IS NULL AND failures = 0 AND etag IS NULL FROM calendar_reading"
    assert await connection.fetchval(due)
    for change in ("url = 'https://x.example/ny'", "reason_id = 3", "person_id = 2"):
        await connection.execute(
            "UPDATE calendar_reading SET due_at = now() + interval '1 h', read_at = now(), failures = 3, etag = 'x'"
        )
        await connection.execute("UPDATE calendar_feed SET url = url")
        assert await connection.fetchval("SELECT failures FROM calendar_reading") == 3
        if change == "reason_id = 3":
            await connection.execute(
                "INSERT INTO absence_reason (organisation_id, digit, text_sv, text_en) VALUES (1, '2', 'åt', 'ate')"
            )
        await connection.execute(f"UPDATE calendar_feed SET {change}")
        assert await connection.fetchval(due), change
    await connection.execute("DELETE FROM calendar_feed WHERE person_id = 2")
    assert await connection.fetchval("SELECT count(*) FROM calendar_reading") == 0
    await connection.close()


async def test_reading_is_no_policy_and_the_address_stands_in_no_audit(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    before = await connection.fetchval("SELECT revision FROM policy_revision")
    await connection.execute("UPDATE calendar_reading SET read_at = now(), problem = 'too_slow', failures = 1")
    assert await connection.fetchval("SELECT revision FROM policy_revision") == before
    await connection.execute("UPDATE calendar_feed SET url = 'https://x.example/annan-hemlighet'")
    rows = await connection.fetch("SELECT old, new FROM audit WHERE table_name = 'calendar_feed' ORDER BY id")
    assert [json.loads(row["new"])["url"] for row in rows] == ["***", "***"]
    assert json.loads(rows[1]["old"])["url"] == "***"
    await connection.close()
