"""A change of policy takes effect for the next call, without a restart."""

from callflow.embedded.home import environment_of
from tests.e2e.helpers import callflow, eventually
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


async def test_a_new_extension_can_register_and_be_called(town: Town) -> None:
    await town.sql("""
        INSERT INTO extension (organisation_id, unit_id, number, name, sip_username, sip_password)
        SELECT organisation_id, unit_id, '+4690161199', 'Ny telefon', '61199', 'ett-nytt-losenord'
        FROM extension WHERE sip_username = '61100'
    """)

    async def known() -> bool:
        return "61199" in await town.region.asterisk.console("pjsip show endpoint 61199") and (
            "Unable to find" not in await town.region.asterisk.console("pjsip show endpoint 61199")
        )

    await eventually(known, 5, "Asterisk never knew the new phone")
    phone = await town.phone("61199")
    await town.call_from_outside("+4690161199")
    await phone.incoming()


async def test_a_diversion_by_the_command_line_counts_for_the_next_call(town: Town) -> None:
    other = await town.phone("61104")
    code, shown = await callflow(environment_of(town.region.settings), "divert", "61100", "--all", "61104")
    assert code == 0, shown
    await town.until_current()
    await town.call_from_outside("+4690161100")
    await other.incoming()
