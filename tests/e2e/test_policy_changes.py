"""A change of policy takes effect for the next call, without a restart."""

import re

import pytest

from callflow.embedded.home import environment_of
from callflow.phone.events import PhoneError
from tests.e2e.helpers import callflow, eventually, in_replica
from tests.e2e.town import Town


async def test_a_diversion_by_plain_sql_counts_for_the_next_call(town: Town) -> None:
    other = await town.phone("61104")
    await town.sql("""
        INSERT INTO diversion (extension_id, condition, to_extension_id)
        SELECT a.id, 'all', b.id FROM extension AS a, extension AS b
        WHERE a.sip_username = '61100' AND b.sip_username = '61104'
    """)
    await town.call_from_outside("+4690161100")
    await other.incoming()


async def test_fewer_rings_by_plain_sql_count_for_the_next_call(town: Town) -> None:
    await town.sql("UPDATE extension SET ring_limit = 1 WHERE sip_username = '61100'")
    phone = await town.phone("61100")
    call = await town.call_from_outside("+4690161100")
    leg = await phone.incoming()
    await leg.ring()
    ringing = await call.wait_for("ringing")
    ended = await leg.wait_for("disconnected")
    assert ended.at - ringing.at < 1.5


async def add_extension(town: Town, number: str, account: str) -> None:
    """Add an extension as an administrator by plain SQL does; return when Asterisk knows its phone."""
    await town.sql(
        """
        INSERT INTO extension (organisation_id, unit_id, number, name, sip_username, sip_password)
        SELECT organisation_id, unit_id, $1, 'Ny telefon', $2, 'ett-nytt-losenord'
        FROM extension WHERE sip_username = '61100'
        """,
        number,
        account,
    )

    async def known() -> bool:
        return "Unable to find" not in await town.region.asterisk.console(f"pjsip show endpoint {account}")

    await eventually(known, 5, "Asterisk never knew the new phone")


async def test_a_new_extension_can_register_and_be_called(town: Town) -> None:
    await add_extension(town, "+4690161199", "61199")
    phone = await town.phone("61199")
    await town.call_from_outside("+4690161199")
    await phone.incoming()


async def test_what_asterisk_knows_of_a_phone_that_was_just_called_changes_with_it(town: Town) -> None:
    await town.phone("61104")
    await town.call_from_outside("+4690161104")
    await town.step("dial")
    shown = "pjsip show endpoint 61104"
    assert re.search(r"callerid_privacy\s*:\s*allowed", await town.region.asterisk.console(shown))
    await town.sql("""
        UPDATE unit SET confidential = true WHERE id = (SELECT unit_id FROM extension WHERE sip_username = '61104')
    """)

    async def hides() -> bool:
        return bool(re.search(r"callerid_privacy\s*:\s*prohib", await town.region.asterisk.console(shown)))

    await eventually(hides, 5, "Asterisk kept what it knew of the phone")


async def test_a_changed_password_counts_and_the_one_before_does_not(town: Town) -> None:
    phone = await town.phone("61100")
    await town.sql("UPDATE extension SET sip_password = 'ett-annat-losenord' WHERE sip_username = '61100'")

    async def known() -> bool:
        return bool(in_replica(town.region, "SELECT 1 FROM phone WHERE password = 'ett-annat-losenord'"))

    await eventually(known, 5, "Asterisk never knew the new password")
    with pytest.raises(PhoneError, match="refused"):
        await phone.register_again()
    await town.phone("61100")


async def test_a_diversion_by_the_command_line_counts_for_the_next_call(town: Town) -> None:
    other = await town.phone("61104")
    code, shown = await callflow(environment_of(town.region.settings), "divert", "61100", "--all", "61104")
    assert code == 0, shown
    await town.until_current()
    await town.call_from_outside("+4690161100")
    await other.incoming()


async def test_a_unit_above_that_becomes_confidential_hides_the_phones_number_at_once(town: Town) -> None:
    hides = "callerid_privacy *: prohib"

    async def hidden() -> bool:
        return bool(re.search(hides, await town.region.asterisk.console("pjsip show endpoint 61100")))

    assert not await hidden()
    await town.sql("""
        WITH RECURSIVE above AS (
            SELECT u.id, u.parent_id FROM unit AS u JOIN extension AS e ON e.unit_id = u.id
            WHERE e.sip_username = '61100'
            UNION SELECT u.id, u.parent_id FROM unit AS u JOIN above ON u.id = above.parent_id
        )
        UPDATE unit SET confidential = true WHERE id = (SELECT id FROM above WHERE parent_id IS NULL)
    """)
    await eventually(hidden, 5, "Asterisk never knew that the number is to be hidden")


async def test_what_is_registered_at_a_removed_extension_is_ended(town: Town) -> None:
    await add_extension(town, "+4690161199", "61199")
    phone = await town.phone("61199")
    await town.sql("DELETE FROM extension WHERE sip_username = '61199'")

    async def ended() -> bool:
        contacts = await town.region.asterisk.console("pjsip show contacts")
        return "61199" not in contacts and in_replica(town.region, "SELECT 1 FROM phone WHERE removed = 1") is None

    await eventually(ended, 5, "the contact is still there")
    await add_extension(town, "+4690161199", "61199")
    await town.call_from_outside("+4690161199")
    await town.step("dial", containing="61199")
    assert phone.first("incoming") is None
