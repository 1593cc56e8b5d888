"""A snapshot kept current by what has changed is the one that reading everything gives."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callflow.storage import snapshot_changes
from callflow.storage.connection import connected
from callflow.storage.snapshot import read_snapshot
from callflow.storage.snapshot_changes import Loaded, read_current

CHANGES = (
    "UPDATE extension SET sip_password = 'ett-annat-losenord' WHERE sip_username = '61100'",
    "UPDATE extension SET locked = true, ring_limit = 2 WHERE sip_username = '61104'",
    "UPDATE extension SET sip_username = '61104-ny' WHERE sip_username = '61104'",
    """INSERT INTO extension (organisation_id, unit_id, number, name, sip_username, sip_password)
       SELECT organisation_id, unit_id, '+4690161199', 'Ny telefon', '61199', 'ett-nytt-losenord'
       FROM extension WHERE sip_username = '61100'""",
    """INSERT INTO diversion (extension_id, condition, to_number)
       SELECT id, 'all', '+46701740605' FROM extension WHERE sip_username = '61199'""",
    """UPDATE diversion SET to_number = '+46701740606'
       WHERE extension_id = (SELECT id FROM extension WHERE sip_username = '61199')""",
    "DELETE FROM diversion WHERE extension_id = (SELECT id FROM extension WHERE sip_username = '61199')",
    "DELETE FROM extension WHERE sip_username = '61199'",
    "UPDATE person SET given_name = 'Ändrad' WHERE id = (SELECT min(id) FROM person)",
    """INSERT INTO absence (person_id, reason_id, starts_at)
       SELECT max(p.id), min(r.id), now() FROM person AS p JOIN absence_reason AS r USING (organisation_id)
       WHERE p.organisation_id = 1""",
    """INSERT INTO calendar_feed (person_id, url, reason_id)
       SELECT person_id, 'https://kalender.example/k', reason_id FROM absence LIMIT 1""",
    """UPDATE absence SET returns_at = starts_at + interval '1 hour', calendar_event = repeat('a', 32)
       WHERE id = (SELECT max(id) FROM absence)""",
    "DELETE FROM calendar_feed",
    "DELETE FROM absence",
    "UPDATE mailbox SET pin = '7294', name = 'Ny brevlåda' WHERE id = (SELECT min(id) FROM mailbox)",
    "UPDATE unit SET confidential = NOT confidential",
    """INSERT INTO unit_override (unit_id, is_open, starts_at, ends_at)
       SELECT id, false, now(), now() + interval '2 hours' FROM unit WHERE number = '+4690161200'""",
    "UPDATE unit_override SET ends_at = ends_at - interval '1 hour'",
    "DELETE FROM unit_override",
    """INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, taken_over, to_extension_id)
       SELECT r.id, 1, now(), now() + interval '2 hours', true, e.id FROM duty_roster AS r, extension AS e
       WHERE r.name = 'Bygglovs jour' AND e.sip_username = '61202'""",
    "DELETE FROM duty_shift WHERE taken_over",
    "UPDATE organisation SET name = 'Ny kommun' WHERE id = 1",
    "INSERT INTO trunk (position, host) VALUES (1, '192.0.2.7')",
    "UPDATE trunk SET port = 5062",
    "DELETE FROM barring",
    "UPDATE ring_group SET name = name || ' 2'",
    """UPDATE extension SET unit_id = (SELECT max(id) FROM unit WHERE organisation_id = 1)
       WHERE organisation_id = 1""",
)


async def run(url: str, sql: str) -> None:
    async with connected(url) as connection, connection.transaction():
        await connection.execute(sql)


async def test_each_change_gives_what_reading_everything_gives(sample_database_url: str) -> None:
    loaded = await read_current(sample_database_url, None)
    whole_at = loaded.whole_at
    for change in CHANGES:
        before = loaded.mark.revision
        await run(sample_database_url, change)
        loaded = await read_current(sample_database_url, loaded)
        assert loaded.mark.revision > before, change
        assert loaded.snapshot == await read_snapshot(sample_database_url), change
    assert loaded.whole_at == whole_at, "everything was read anew, and the test shows nothing"


async def test_several_changes_are_taken_in_at_once(sample_database_url: str) -> None:
    loaded = await read_current(sample_database_url, None)
    for change in CHANGES:
        await run(sample_database_url, change)
    after = await read_current(sample_database_url, loaded)
    assert after.snapshot == await read_snapshot(sample_database_url)
    assert after.whole_at == loaded.whole_at


async def test_only_what_changed_is_read(sample_database_url: str) -> None:
    loaded = await read_current(sample_database_url, None)
    await run(sample_database_url, CHANGES[1])
    before, after = loaded.snapshot.policy, (await read_current(sample_database_url, loaded)).snapshot.policy
    changed = [row for row in after.extensions if after.extensions[row] is not before.extensions[row]]
    assert [after.extensions[row].sip_username for row in changed] == ["61104"]
    assert all(after.people[row] is before.people[row] for row in after.people)
    assert all(after.units[row] is before.units[row] for row in after.units)


async def is_read_whole(url: str, before: Loaded) -> bool:
    after = await read_current(url, before)
    assert after.snapshot == await read_snapshot(url)
    return after.whole_at != before.whole_at


async def test_nothing_changed_is_nothing_read(sample_database_url: str) -> None:
    assert not await is_read_whole(sample_database_url, await read_current(sample_database_url, None))


async def test_many_changes_are_read_whole(sample_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_changes, "MOST_CHANGES", 5)
    loaded = await read_current(sample_database_url, None)
    await run(sample_database_url, "UPDATE extension SET ring_limit = 3")
    assert await is_read_whole(sample_database_url, loaded)


async def test_after_an_hour_all_is_read(sample_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = await read_current(sample_database_url, None)
    monkeypatch.setattr(snapshot_changes, "WHOLE_SECONDS", 0.0)
    assert await is_read_whole(sample_database_url, loaded)


async def test_an_audit_that_was_thinned_out_is_not_trusted(sample_database_url: str) -> None:
    loaded = await read_current(sample_database_url, None)
    for change in CHANGES[:3]:
        await run(sample_database_url, change)
    await run(sample_database_url, "ALTER TABLE audit DISABLE TRIGGER ALL")
    await run(sample_database_url, f"DELETE FROM audit WHERE revision = {loaded.mark.revision + 1}")
    assert await is_read_whole(sample_database_url, loaded)


async def test_another_database_of_the_same_revision_is_read_whole(sample_database_url: str) -> None:
    loaded = await read_current(sample_database_url, None)
    assert loaded.mark.changed_at is not None
    elsewhere = replace(loaded.mark, changed_at=loaded.mark.changed_at - timedelta(seconds=1))
    assert await is_read_whole(sample_database_url, replace(loaded, mark=elsewhere))
