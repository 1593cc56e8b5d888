"""What is read of an AMI event, and what is made of it."""

import pytest

from callflow.asterisk.ami import read_event
from callflow.asterisk.ami_event import AmiEvent
from callflow.service.telephony import LegDialled, LegEnded, LegRinging, PlanReported, RingEvent

CALLER = "Channel: PJSIP/trunk-00000001\r\nAccountCode: 24000:0\r\nUniqueid: 1.1\r\nLinkedid: 1.1"
LEG = "DestChannel: PJSIP/61100-00000002\r\nDestAccountCode: 7:7\r\nDestUniqueid: 1.2\r\nDestLinkedid: 1.1"


def dial(name: str, status: str = "") -> str:
    return f"Event: {name}\r\nPrivilege: call,all\r\n{CALLER}\r\n{LEG}\r\nDialStatus: {status}"


def rings(*, early_media: bool) -> LegRinging:
    return LegRinging(
        caller_id="1.1",
        caller_channel="PJSIP/trunk-00000001",
        leg_channel="PJSIP/61100-00000002",
        ring_ms=24000,
        dial="24000:0",
        early_media=early_media,
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (dial("DialBegin"), LegDialled(caller_id="1.1", leg_channel="PJSIP/61100-00000002")),
        (dial("DialState", "RINGING"), rings(early_media=False)),
        (dial("DialState", "PROGRESS"), rings(early_media=True)),
        (dial("DialState", "PROCEEDING"), None),
        (dial("DialEnd", "BUSY"), LegEnded(caller_id="1.1", leg_channel="PJSIP/61100-00000002", answered=False)),
        (dial("DialEnd", "ANSWER"), LegEnded(caller_id="1.1", leg_channel="PJSIP/61100-00000002", answered=True)),
        ("Event: DialEnd\r\nUniqueid: 1.1", None),
        ("Event: DialEnd\r\nDestChannel: PJSIP/61100-00000002", None),
        ("Event: UserEvent\r\nUserEvent: Others\r\nPath: 1", None),
        ("Event: Teleported\r\nUniqueid: 1.1", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_an_event_says(text: str, read: RingEvent | None) -> None:
    assert read_event(AmiEvent(text)) == read


def test_a_report_has_what_the_dialplan_said_and_not_the_channels_own_headers() -> None:
    said = "UserEvent: CallflowEnd\r\nPath: 0:BUSY \r\nDialstatus: BUSY\r\nSIP_CALL_ID: a%40b"
    text = f"Event: UserEvent\r\n{CALLER}\r\n{said}"
    assert read_event(AmiEvent(text)) == PlanReported(
        event="plan_ended",
        call_id="1.1",
        fields={"path": "0:BUSY ", "dialstatus": "BUSY", "sip_call_id": "a@b"},
        account="trunk",
    )


@pytest.mark.parametrize(
    ("channel", "account"),
    [("PJSIP/61-100-0000002a", "61-100"), ("Local/61100@a-0000002a;1", ""), ("PJSIP/61100-0000002a<MASQ>", "")],
)
def test_report_tells_the_account_of_a_phone_alone(channel: str, account: str) -> None:
    text = f"Event: UserEvent\r\nChannel: {channel}\r\nUniqueid: 1.1\r\nUserEvent: CallflowEnd"
    reported = read_event(AmiEvent(text))
    assert isinstance(reported, PlanReported)
    assert reported.account == account


def test_a_header_is_found_first_last_empty_and_not_at_all() -> None:
    event = AmiEvent("Event: A\r\nEmpty: \r\nNo: 1\r\nLast: Åsa: B")
    assert [event.get(name) for name in ("Event", "Empty", "No", "Last", "o", "Åsa")] == [
        "A",
        "",
        "1",
        "Åsa: B",
        "",
        "",
    ]
    assert list(event.headers()) == [("Event", "A"), ("Empty", ""), ("No", "1"), ("Last", "Åsa: B")]
