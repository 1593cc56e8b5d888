"""A small region in a real database, and the question whether the database refuses a statement."""

from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg
import pytest

from callflow.storage.migrate import migrate
from tests.databases import shared_server

SWEDISH = frozenset("åäöÅÄÖ")

REGION = """
INSERT INTO organisation (key, name, main_number)
VALUES ('umea', 'Umeå', '+4690161000'), ('vannas', 'Vännäs', '+46935141000');
INSERT INTO number_range (organisation_id, first_number, last_number, short_prefix)
VALUES (1, '+4690161000', '+4690161999', '6'), (2, '+46935141000', '+46935141999', '5');
INSERT INTO person (organisation_id, given_name, family_name, email)
VALUES (1, 'Åsa', 'Öberg', 'asa@umea.example'), (1, 'Anna', 'Ek', NULL), (2, 'Bo', 'Al', NULL);
INSERT INTO mailbox (organisation_id, number, name, email, pin)
VALUES (1, '61001', 'Anna', 'anna@umea.example', '4711'), (1, '61002', 'Åsa', NULL, '4712'),
    (2, '51001', 'Bo', 'bo@vannas.example', '4713');
INSERT INTO schedule (organisation_id, name) VALUES (1, 'Kontorstid'), (2, 'Skoltid');
INSERT INTO schedule_hours (schedule_id, weekday, opens, closes)
VALUES (1, 1, '08:00', '16:00'), (1, 2, '08:00', '24:00');
INSERT INTO schedule_exception (schedule_id, first_date, last_date, name)
VALUES (1, '2026-12-24', '2026-12-26', 'Jul');
INSERT INTO schedule_exception_hours (schedule_exception_id, opens, closes) VALUES (1, '10:00', '12:00');
INSERT INTO unit (organisation_id, name, parent_id, number, manager_id)
VALUES (1, 'Socialkontoret', NULL, '+4690161100', 1), (1, 'Hemtjänsten', 1, NULL, NULL),
    (2, 'Skolan', NULL, '+46935141100', NULL);
INSERT INTO extension (organisation_id, unit_id, person_id, number, mailbox_id)
VALUES (1, 2, 2, '+4690161001', 1), (1, 1, 1, '+4690161002', 2), (2, 3, 3, '+46935141001', 3);
INSERT INTO ring_group (organisation_id, name) VALUES (1, 'Växeln');
INSERT INTO ring_group_member (ring_group_id, extension_id) VALUES (1, 1);
INSERT INTO duty_roster (organisation_id, name, mailbox_id) VALUES (1, 'Socialjouren', 1);
INSERT INTO duty_level (duty_roster_id, level, standing_extension_id) VALUES (1, 1, 1), (1, 2, NULL);
INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, to_extension_id)
VALUES (1, 1, '2026-01-01 08:00Z', '2026-01-08 08:00Z', 1);
INSERT INTO answering_place (unit_id, position, to_unit_id) VALUES (1, 1, 2);
INSERT INTO diversion (extension_id, condition, to_extension_id) VALUES (1, 'all', 2);
INSERT INTO absence_reason (organisation_id, digit, text_sv, text_en)
VALUES (1, '1', 'är på möte', 'is in a meeting'), (2, '1', 'är på möte', 'is in a meeting');
INSERT INTO absence (person_id, reason_id, starts_at) VALUES (1, 1, '2026-02-01 08:00Z');
INSERT INTO calendar_feed (person_id, url, reason_id) VALUES (1, 'https://kalender.example/asa/hemlig.ics', 1);
INSERT INTO holiday_calendar (name) VALUES ('Sverige');
INSERT INTO holiday (holiday_calendar_id, date, name) VALUES (1, '2026-12-25', 'Juldagen');
INSERT INTO number_class (prefix, category) VALUES ('+870', 'satellite');
INSERT INTO barring (organisation_id, category, reason) VALUES (1, 'international', 'Grundspärr');
INSERT INTO exemption (extension_id, category, approver_id, reason, starts_at, ends_at)
VALUES (1, 'international', 1, 'Vänortsutbyte', '2026-01-01Z', '2026-06-30Z');
INSERT INTO trunk (position, host) VALUES (1, 'sbc.example');
INSERT INTO outbox_recipient (organisation_id, name, webhook_url) VALUES (2, 'Larmcentralen', 'https://alarm.example/');
INSERT INTO unit_override (unit_id, is_open, starts_at, ends_at) VALUES (2, true, '2026-03-01Z', '2026-03-02Z');
INSERT INTO voicemail_message (mailbox_id, spool, key, left_at, seconds) VALUES (1, 's', 'a', '2026-03-01Z', 20);
INSERT INTO feature_code (organisation_id, code, action) VALUES (1, '*21*', 'divert_all'), (1, '*23*', 'absence');
UPDATE organisation SET operator_group_id = 1, switchboard_schedule_id = 1, duty_roster_id = 1, mailbox_id = 1,
    holiday_calendar_id = 1 WHERE id = 1;
UPDATE unit SET telephone_schedule_id = 1, duty_phone_extension_id = 1 WHERE id = 1;
"""

WITHOUT_TRIGGERS = """
DO $$
DECLARE
    policy_table regclass;
BEGIN
    FOR policy_table IN
        SELECT c.oid FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', policy_table);
    END LOOP;
END
$$
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A statement that the database refuses: by which constraint, and words that its message must hold.

    `net` tells that the constraint beneath refuses the same when no trigger is there to explain it.
    """

    sql: str
    constraint: str
    says: str
    net: bool = False


def cases(refusals: Iterable[Refusal]) -> list[object]:
    """Return the refusals as pytest's parameters, named by their constraints."""
    return [pytest.param(refusal, id=refusal.constraint) for refusal in refusals]


async def connect(url: str) -> asyncpg.Connection:
    """Return a connection to the database at an SQLAlchemy URL."""
    return await asyncpg.connect(url.replace("+asyncpg", ""))


_filled: list[str] = []


async def region_url() -> str:
    """Return the database with the region that all refusals share: what is refused changes nothing."""
    if not _filled:
        server = await connect(shared_server().url)
        await server.execute("CREATE DATABASE refusals")
        await server.close()
        url = shared_server().url_of("refusals")
        await migrate(url)
        connection = await connect(url)
        async with connection.transaction():
            await connection.execute(REGION)
        await connection.close()
        _filled.append(url)
    return _filled[0]


async def _error_of(sql: str, *, with_triggers: bool) -> asyncpg.PostgresError:
    connection = await connect(await region_url())
    transaction = connection.transaction()
    await transaction.start()
    try:
        if not with_triggers:
            await connection.execute(WITHOUT_TRIGGERS)
        with pytest.raises(asyncpg.PostgresError) as caught:
            await connection.execute(f"{sql}; SET CONSTRAINTS ALL IMMEDIATE")
        return caught.value
    finally:
        await transaction.rollback()
        await connection.close()


async def assert_refused(refusal: Refusal) -> None:
    """Assert that the statement is refused by its constraint, with a message in Swedish and a hint."""
    error = await _error_of(refusal.sql, with_triggers=True)
    assert error.constraint_name == refusal.constraint, error
    assert refusal.says in str(error)
    assert SWEDISH & set(str(error)), f"not in Swedish: {error}"
    assert error.hint
    assert error.sqlstate[:2] in {"23", "42"}


async def assert_refused_without_triggers(refusal: Refusal) -> None:
    """Assert that a CHECK, UNIQUE or EXCLUDE of the same name refuses it when our triggers are off."""
    error = await _error_of(refusal.sql, with_triggers=False)
    assert isinstance(error, asyncpg.IntegrityConstraintViolationError), error
    assert error.constraint_name == refusal.constraint, error
