"""What the tests of presentation share (R17): who is hidden, how calls are sent on, and looking at all there was."""

from callflow.phone.call import PhoneCall
from callflow.phone.client import Phone
from tests.e2e.helpers import eventually
from tests.e2e.secrecy import Secrets, assert_nowhere, secrets_of
from tests.e2e.talking import answered, heard
from tests.e2e.town import FRIEND, Town

HIDDEN = "61401"
"""Socialjouren's: Susanne Ek, in a confidential unit."""
HIDDEN_UNIT = Secrets(number="+4690161400", short_number="61400", name="Socialjour och skyddat boende")
COLLEAGUE = "61104"
UNIT = "+4690161020"
"""Stadsledningskontoret, the colleague's, who answers for it."""
OTHER = "61106"
CLAIMS = {
    "P-Asserted-Identity": '"Susanne Ek" <sip:+4690161401@127.0.0.1>',
    "P-Preferred-Identity": '"Susanne Ek" <sip:+4690161401@127.0.0.1>',
    "Remote-Party-ID": '"Susanne Ek" <sip:61401@127.0.0.1>;party=calling;privacy=off',
    "Diversion": "<sip:+4690161401@127.0.0.1>;reason=unconditional;privacy=off",
    "History-Info": "<sip:+4690161401@127.0.0.1>;index=1",
    "Referred-By": "<sip:+4690161401@127.0.0.1>",
    "Privacy": "none",
    "Subject": "Susanne Ek",
    "Call-Info": "<http://127.0.0.1/Susanne%20Ek>;purpose=card",
    "User-to-User": "61401",
    "Organization": "Socialjour",
}
"""What the hidden phone tells of itself in every header that could."""


async def divert(town: Town, username: str, condition: str, to_number: str) -> None:
    """Let an extension have this diversion alone."""
    await town.sql(
        "DELETE FROM diversion WHERE extension_id = (SELECT id FROM extension WHERE sip_username = $1)", username
    )
    await town.sql(
        """
        INSERT INTO diversion (extension_id, condition, to_number, rings)
        SELECT id, $2, $3, CASE WHEN $2 = 'no_answer' THEN 1 END FROM extension WHERE sip_username = $1
        """,
        username, condition, to_number,
    )  # fmt: skip


async def presents(town: Town, what: str) -> None:
    """Let the colleague's unit present this."""
    await town.sql("UPDATE unit SET presents = $1 WHERE number = $2", what, UNIT)


async def hidden_answers_for_the_unit(town: Town) -> None:
    """Let the hidden extension answer for the colleague's unit."""
    await town.sql(
        """
        UPDATE answering_place SET to_extension_id = (SELECT id FROM extension WHERE sip_username = $1)
        WHERE unit_id = (SELECT id FROM unit WHERE number = $2)
        """,
        HIDDEN,
        UNIT,
    )


async def talks_with_the_friend(town: Town, phone: Phone) -> PhoneCall:
    """Let a phone call the friend outside, who is heard."""
    call = await town.call(phone, FRIEND)
    await call.wait_for("connected")
    await heard(call, await town.trunk.call_to(FRIEND))
    return call


async def joined_with(town: Town, target: Phone | None, mover: Phone, held: PhoneCall) -> None:
    """Let `mover` call the colleague whose phone `target` is, or with None the friend outside, and join `held`."""
    await held.hold()
    if target is None:
        consultation = await talks_with_the_friend(town, mover)
    else:
        consultation = await town.call(mover, target.title)
        await answered(target, consultation)
    await held.transfer_to(consultation)
    await consultation.wait_for("disconnected")
    await held.wait_for("disconnected")


async def refresh_the_trunk(town: Town) -> None:
    """Let Asterisk offer each call of the trunk anew, by INVITE and by UPDATE, as it does by itself after a while."""
    channels = await town.region.asterisk.console("core show channels concise")
    lines = [line.split("!") for line in channels.splitlines()]
    names = [line[0] for line in lines if line[0].startswith("PJSIP/trunk-") and "Up" in line]
    assert names, "no answered call of the trunk to refresh"
    for name in names:
        for method in ("INVITE", "UPDATE"):
            before = await _offers(town, method)
            refresh = f"PJSIP_SEND_SESSION_REFRESH() {method.lower()}"
            await town.region.asterisk.console(f"dialplan set chanvar {name} {refresh}")

            async def offered(method: str = method, before: int = before) -> bool:
                return await _offers(town, method) > before

            await eventually(offered, 5, f"Asterisk sent no {method}")


async def _offers(town: Town, method: str) -> int:
    """Return how many offers were answered that Asterisk made to the trunk."""
    messages = await town.trunk_messages()
    return sum(it.method == method and it.code >= 200 and it.direction == "sent" for it in messages)


async def hidden_is_nowhere(town: Town) -> None:
    """See that nothing of the hidden extension and its unit went over the trunk."""
    assert_nowhere(await town.trunk_messages(), await secrets_of(town, HIDDEN), HIDDEN_UNIT)


async def colleague_is_nowhere(town: Town) -> None:
    """See that nothing of the colleague's own number and name went over the trunk."""
    assert_nowhere(await town.trunk_messages(), await secrets_of(town, COLLEAGUE))
