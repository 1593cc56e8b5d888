"""What the tests of moved calls share: who moves whom, and coming back to the one who did (R18)."""

from callflow.phone.client import Phone, PhoneCall
from tests.e2e.talking import answered
from tests.e2e.town import Town

MOVER = "61104"
OTHER = "61106"
EXEMPTED = "61100"
"""Anna Lindgren may call abroad."""


async def outsider_with(town: Town, phone: Phone, username: str = MOVER) -> tuple[PhoneCall, PhoneCall]:
    """Let an outsider talk with an extension; return the outsider's end and the extension's."""
    call = await town.call_from_outside(f"+46901{username}")
    return call, await answered(phone, call)


def called_outside(town: Town) -> list[str]:
    """Return every number that was called through the trunk."""
    return [call.called_user for call in town.trunk.calls]


async def comes_back(town: Town, mover: Phone, caller: PhoneCall, words: str) -> None:
    """See the caller come back to the mover's phone after the words, and talk there."""
    await answered(mover, caller, count=2)
    await town.step("say", containing=f"policy/{words}&policy/transfer-back")


async def in_voicemail_of_the_exempted(town: Town) -> bool:
    """Tell whether somebody in the net is at Anna Lindgren's mailbox."""
    return "VoiceMail(61100@callflow,u)" in await town.region.asterisk.console("core show channels")
