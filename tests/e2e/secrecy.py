"""Seeing that a number and a name stand nowhere in what went over the wire (R17)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from callflow.phone.wire import Message
from tests.e2e.town import Town

COUNTRY_CODE = "+46"
SHORTEST_TELLING_WORD = 4
"""A word of a name with as many letters tells who it is also by itself."""

_COUNTED = re.compile(
    rb"^(?:CSeq|RSeq|RAck|Content-Length|l)[ \t]*:[ \t\d]+"
    rb"|^(Event[ \t]*:.*;id=)\d+"
    rb"|((?:\d+\.){3}\d+|\]):\d+"
    rb"|;rport=\d+"
    rb"|^(o=\S+) \d+ \d+|^m=\w+ \d+|^a=(?:rtcp|ssrc):\d+",
    re.IGNORECASE | re.MULTILINE,
)
_UNCOUNTED = rb"\1\2\3"
"""What SIP and SDP count or choose by themselves, which may look like a short number: sequence, length, subscription,
the port behind an address, session. The groups are what stands before it, and stays."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What may not be seen: a number (E.164), the short one that colleagues dial ("" for none), a name."""

    number: str
    short_number: str
    name: str


async def secrets_of(town: Town, username: str) -> Secrets:
    """Return what may not be seen of an extension that is hidden: its numbers and the name of its person."""
    number, name = await town.row(
        """
        SELECT extension.number, coalesce(person.given_name || ' ' || person.family_name, extension.name)
        FROM extension LEFT JOIN person ON person.id = extension.person_id WHERE sip_username = $1
        """,
        username,
    )
    return Secrets(number=number, short_number=username, name=name)


def assert_nowhere(messages: Iterable[Message], *secrets: Secrets) -> None:
    """Fail, showing the message, if a number in any form, or a name or a telling word of it, stands in any message.

    A check of no messages at all proves nothing, and fails.
    """
    checked = list(messages)
    assert checked, "no messages were recorded"
    for message in checked:
        for secret in secrets:
            found = next(seen_in(message.raw, secret), None)
            assert found is None, f"{found!r} is seen:\n{message}"


def seen_in(raw: bytes, secret: Secrets) -> Iterator[str]:
    """Yield what of a secret can be read in these bytes, however it is written there."""
    national = secret.number.removeprefix(COUNTRY_CODE)
    for text in _readings(_COUNTED.sub(_UNCOUNTED, raw)):
        if national in re.sub(r"(?<=\d)[ .()-]+(?=\d)", "", text):
            yield secret.number
        if secret.short_number and re.search(rf"(?<![^\W_]){secret.short_number}(?![^\W_])", text):
            yield secret.short_number
        for name in _telling(secret.name):
            if re.search(rf"(?<![^\W_]){name}(?![^\W_])", text):
                yield secret.name


def _readings(raw: bytes) -> Iterator[str]:
    """Yield the text in each encoding that a phone might read it in, as it stands and without its escapes."""
    for encoding in ("utf-8", "latin-1"):
        text = raw.decode(encoding, errors="replace")
        yield text.casefold()
        yield unquote(unquote(text, encoding), encoding).replace("\\", "").casefold()


def _telling(name: str) -> Iterator[str]:
    words = [re.escape(word) for word in name.casefold().split()]
    yield r"[\s+_.,]*".join(words)
    yield from (word for word in words if len(word) >= SHORTEST_TELLING_WORD)
