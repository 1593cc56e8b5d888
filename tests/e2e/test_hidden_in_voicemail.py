"""A number that may not be shown is not told by the mail of a voicemail either (R17)."""

import email
from email.message import Message

from tests.e2e.helpers import eventually
from tests.e2e.town import Town

CONFIDENTIAL = "61401"


async def test_mail_of_a_voicemail_tells_no_number_or_name_of_a_confidential_caller(town: Town) -> None:
    phone = await town.phone(CONFIDENTIAL)
    call = await town.call(phone, "61100")
    await town.step("voicemail", containing="61100@")
    await call.wait_for("media")
    await town.speak(call)
    await call.hang_up()
    await eventually(town.has_mail, 20, "no mail came")
    told = words_of(email.message_from_string(str(town.region.mail.mails[0])))
    name = await town.value("SELECT coalesce(name, '') FROM extension WHERE sip_username = $1", CONFIDENTIAL)
    assert "dolt nummer" in told
    assert CONFIDENTIAL not in told
    assert not name or name not in told


def words_of(mail: Message) -> str:
    """Return everything in a mail that is read: headers, and its text decoded."""
    texts = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "text/plain"]
    headers = [str(value) for value in mail.values()]
    return "\n".join([*headers, *(text.decode() for text in texts if isinstance(text, bytes))])
