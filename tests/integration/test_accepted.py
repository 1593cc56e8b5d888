"""What lies just inside the limits is accepted, and what the database fills in by itself."""

import pytest

from tests.refusals import REGION, connect, region_url

SHIFT = "INSERT INTO duty_shift (duty_roster_id, level, starts_at, ends_at, to_extension_id) VALUES "
EXEMPTION = "INSERT INTO exemption (extension_id, category, approver_id, reason, starts_at, ends_at) VALUES "
CODE = "INSERT INTO feature_code (organisation_id, code, action) VALUES "
PERSON = "INSERT INTO person (organisation_id, given_name, family_name) VALUES "
TRUNK = "INSERT INTO trunk (position, host, port) VALUES "
LIMIT = "UPDATE organisation SET outside_diversion_days = 30 WHERE id = 1"
OUTSIDE = (
    "INSERT INTO diversion (extension_id, condition, to_number, ends_at) VALUES (2, 'all', '+46701740605', now()"
)

ACCEPTED = [
    "UPDATE extension SET ring_limit = 1",
    (
        "INSERT INTO number_range (organisation_id, first_number, last_number, short_prefix)"
        " VALUES (1, '+4690162000', '+4690162999', '6')"
    ),
    "UPDATE duty_shift SET starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day'",
    SHIFT + "(1, 1, '2026-01-08 08:00Z', '2026-01-15 08:00Z', 2)",
    SHIFT + "(1, 2, '2026-01-01 08:00Z', '2026-01-08 08:00Z', 2)",
    "INSERT INTO schedule_hours (schedule_id, weekday, opens, closes) VALUES (1, 1, '16:00', '24:00')",
    (
        "INSERT INTO schedule_exception (schedule_id, first_date, last_date, name)"
        " VALUES (1, '2026-12-24', '2026-12-24', 'Julafton')"
    ),
    (
        "INSERT INTO diversion (extension_id, condition, to_extension_id, ends_at)"
        " VALUES (2, 'all', 1, now() - interval '1 day')"
    ),
    "INSERT INTO diversion (extension_id, condition, to_number) VALUES (2, 'all', '+46701740605')",
    "INSERT INTO answering_place (unit_id, position, to_switchboard_id) VALUES (3, 1, 1)",
    "INSERT INTO answering_place (unit_id, position, to_extension_id) VALUES (3, 1, 1)",
    "UPDATE organisation SET operator_group_id = 1, duty_roster_id = 1 WHERE id = 2",
    EXEMPTION + "(1, 'international', 1, 'x', '2026-06-30Z', '2026-12-31Z')",
    EXEMPTION + "(1, 'premium', 1, 'x', '2026-01-01Z', '2026-12-31Z')",
    "UPDATE unit SET manager_id = 2 WHERE id = 1; UPDATE exemption SET ends_at = ends_at - interval '1 day'",
    "UPDATE unit SET manager_id = 2 WHERE id = 2",
    CODE + "(1, '*230*', 'absence_for_another'), (2, '*21*', 'divert_all')",
    CODE + "(1, '*22*', 'divert_all')",
    CODE + "(1, '##002#', 'divert_cancel_all'), (1, '*21#', 'divert_all_voicemail'), (1, '#31#', 'hide_number_once')",
    "UPDATE unit SET presents = 'hidden'",
    (
        "INSERT INTO number_class (prefix, category)"
        " VALUES ('11', 'service'), ('118118', 'service'), ('+1', 'national'), ('+467017406051234', 'mobile')"
    ),
    "UPDATE barring SET category = 'outside_diversion'",
    "UPDATE exemption SET category = 'outside_diversion'",
    "UPDATE exemption SET category = 'national', approver_id = 1",
    "UPDATE calendar_feed SET url = 'HTTPS://anna:p%26w@moln.example:8443/å?a=1&b=\"x\"&c=''y''#🗓️'",
    "UPDATE calendar_feed SET url = 'https://x.example/' || repeat('x', 3982)",
    "UPDATE calendar_feed SET url = 'http://[2001:db8::7]?k'; UPDATE calendar_feed SET person_id = 2",
    TRUNK + "(2, '192.0.2.7', 5061), (3, '2001:db8::7', 1), (4, 'a-b', 65535)",
    TRUNK + "(2, 'sbc.example', 5061); UPDATE trunk SET position = 3 - position",
    f"{LIMIT}; {OUTSIDE} + interval '30 days')",
    f"{LIMIT}; {OUTSIDE} - interval '1 day')",
    f"{OUTSIDE} + interval '31 days'); UPDATE diversion SET ends_at = now() WHERE to_number IS NOT NULL; {LIMIT}",
    f"{LIMIT}; INSERT INTO diversion (extension_id, condition, to_number) VALUES (2, 'all', '+4690161999')",
    f"{LIMIT}; INSERT INTO diversion (extension_id, condition, to_number) VALUES (3, 'all', '+46701740605')",
    "UPDATE organisation SET outside_diversion_days = 3650",
    "UPDATE organisation SET history_days = 1 WHERE id = 1; UPDATE organisation SET history_days = 3650 WHERE id = 2",
    "UPDATE mailbox SET pin = '1357' WHERE id = 1",
    "UPDATE extension SET mailbox_id = 3 WHERE id = 1; UPDATE extension SET mailbox_id = 1 WHERE id = 1",
    "UPDATE unit SET number = '+46935141009' WHERE id = 1; UPDATE unit SET number = NULL WHERE id = 1",
    PERSON + "(9, 'A', 'B'); DELETE FROM person WHERE id > 3",
    "DELETE FROM duty_level WHERE level = 1; INSERT INTO duty_level (duty_roster_id, level) VALUES (1, 1)",
    "UPDATE mailbox SET name = 'Jouren, “Söder” & c:o' WHERE id = 1",
]


@pytest.mark.parametrize("statement", ACCEPTED)
async def test_the_database_accepts_it(statement: str) -> None:
    connection = await connect(await region_url())
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(statement)
    await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    await transaction.rollback()
    await connection.close()


async def test_a_phone_gets_its_short_number_as_sip_account_and_a_password_of_its_own(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    rows = await connection.fetch("SELECT sip_username, sip_password FROM extension ORDER BY id")
    assert [row["sip_username"] for row in rows] == ["61001", "61002", "51001"]
    passwords = {row["sip_password"] for row in rows}
    assert len(passwords) == 3
    assert all(len(password) == 32 for password in passwords)
    await connection.close()


async def test_a_mobile_extension_has_no_sip_account(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(REGION)
    await connection.execute("UPDATE extension SET kind = 'mobile', mobile_number = '+46701740605' WHERE id = 1")
    row = await connection.fetchrow("SELECT sip_username, sip_password FROM extension WHERE id = 1")
    assert tuple(row) == (None, None)
    await connection.close()


async def test_rows_that_refer_to_each_other_come_in_any_order_within_a_transaction(database_url: str) -> None:
    connection = await connect(database_url)
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO unit (id, organisation_id, name, parent_id) VALUES (5, 7, 'Del', 6), (6, 7, 'Helhet', NULL);"
            "INSERT INTO organisation (id, key, name, main_number) VALUES (7, 'x', 'X', '+4690161000');"
            "INSERT INTO number_range (organisation_id, first_number, last_number, short_prefix)"
            " VALUES (7, '+4690161000', '+4690161999', '6')"
        )
    assert await connection.fetchval("SELECT count(*) FROM unit") == 2
    await connection.close()
