"""Who calls and who transfers, read from a channel and what the dialplan says of it."""

import msgspec
import pytest

from callflow.asterisk.ari import entry_args, waiting_call
from callflow.asterisk.ari_events import CallerID, Channel, Dialplan


def channel(name: str = "PJSIP/61001-00000003", number: str = "+4690161001", context: str = "from-phone") -> Channel:
    return Channel(
        id="1.1",
        name=name,
        state="Ring",
        caller=CallerID(name="", number=number),
        dialplan=Dialplan(context=context, exten="61002", priority=3),
    )


def test_caller_is_known_by_its_channels_endpoint() -> None:
    call = waiting_call(channel(), ("phone", "61001", "allowed_not_screened", ""))
    assert (call.endpoint, call.caller_number, call.mover) == ("61001", "+4690161001", None)


@pytest.mark.parametrize("presentation", ["prohib_passed_screen", "unavailable"])
def test_number_that_is_not_to_be_shown_is_withheld(presentation: str) -> None:
    assert waiting_call(channel(), ("phone", "61001", presentation)).caller_number is None


def test_who_transfers_is_known_by_the_transferring_channel() -> None:
    here = channel("PJSIP/trunk-00000001", "+46701740605", "callflow-transfer")
    call = waiting_call(here, ("transfer", "PJSIP/61-100-0000000a", "allowed", ""))
    assert (call.endpoint, call.mover) == ("trunk", "61-100")


@pytest.mark.parametrize(
    "args", [(), ("transfer", "", "allowed"), ("transfer", "Local/61001@x-00000001;2", "allowed")]
)
def test_transfer_by_nobody_known_is_still_a_transfer(args: tuple[str, ...]) -> None:
    assert waiting_call(channel(context="callflow-transfer"), args).mover == ""


def test_nobody_becomes_a_mover_by_an_argument_alone() -> None:
    assert waiting_call(channel(), ("transfer", "PJSIP/61100-00000001", "allowed")).mover is None


def test_call_that_still_stands_at_the_entry_says_what_the_entry_gave() -> None:
    here = Dialplan("callflow-transfer", "61002", 3, "StasisBroadcast", "500,^callflow,transfer:PJSIP/61-1::10:00Z")
    assert entry_args(msgspec.structs.replace(channel(), dialplan=here)) == (
        *("transfer", "PJSIP/61-1", ""),
        *("10", "00Z"),
    )


def test_call_anywhere_else_gave_nothing() -> None:
    assert entry_args(channel()) == ()
    here = Dialplan("from-trunk", "61002", 3, "StasisBroadcast", "")
    assert entry_args(msgspec.structs.replace(channel(), dialplan=here)) == ()


def test_sip_call_id_is_the_channels_and_the_time_is_put_together_again() -> None:
    args = ("phone", "", "allowed", "2026-03-10T10", "00", "00+01", "00")
    call = waiting_call(msgspec.structs.replace(channel(), protocol_id="a84b4c76e66710@[2001:db8::9]"), args)
    assert (call.sip_call_id, call.at) == ("a84b4c76e66710@[2001:db8::9]", "2026-03-10T10:00:00+01:00")
