"""The check that nothing of a number is seen: what it must find, and what it may not take for one."""

import pytest

from tests.e2e.secrecy import Secrets, seen_in

HIDDEN = Secrets(number="+4690161401", short_number="61401", name="Åsa Öberg")
AN_INVITE = (
    b"INVITE sip:+46701740605@127.0.0.2:61401 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:61401;rport=61401;branch=z9hG4bKPj\r\n"
    b"CSeq: 61401 INVITE\r\nRSeq: 61401\r\nRAck: 1 61401 INVITE\r\nEvent: refer;id=61401\r\n"
    b"Contact: <sip:asterisk@127.0.0.1:61401>\r\nRoute: <sip:[::1]:61401;lr>\r\nContent-Length: 61401\r\n\r\n"
    b"o=- 61401 61401 IN IP4 127.0.0.1\r\nm=audio 61401 RTP/AVP 8\r\na=rtcp:61401\r\na=ssrc:61401 cname:x\r\n"
)


def test_what_a_stack_counts_by_itself_is_no_number() -> None:
    assert list(seen_in(AN_INVITE, HIDDEN)) == []


@pytest.mark.parametrize(
    "header",
    [
        b"From: <sip:61401@127.0.0.1:5060>;tag=a",
        b"Contact: <sip:61401@127.0.0.1>",
        b"P-Asserted-Identity: <tel:61401>",
        b"Diversion: <sip:127.0.0.1;user=61401>",
        b"Call-ID: 61401@127.0.0.1",
        b'From: "61401" <sip:x@y>;tag=61401',
        b"From: <sip:+46701740605:61401@x>",
        b"Refer-To: <sip:x?Subject=1:61401>",
        b"Event: dialog;called=61401;id=1",
        b"o=- 1 1 IN IP4 61401",
        b"m=audio 4000 RTP/AVP 61401",
        b"Subject: 090-16 14 01",
        b"History-Info: <sip:%2B4690161401@x>",
        b"s=61401",
        b"o=61401 1 1 IN IP4 127.0.0.1",
        b"From: =?x?= <sip:x@y> %C3%96berg",
    ],
)
def test_number_or_name_anywhere_else_is_found(header: bytes) -> None:
    assert list(seen_in(AN_INVITE + header + b"\r\n", HIDDEN)) != []
