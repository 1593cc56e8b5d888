"""Which channels are a lost phone's calls, and which are never ended (R21)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from callflow.asterisk.ari_connection import AriConnection, AriRequestError
from callflow.asterisk.lost_calls import LostCalls
from callflow.service.telephony import LostPhone
from tests.fakes.ari_server import FakeAri, channel
from tests.fakes.running import running
from tests.fakes.waiting import until

DESK = LostPhone(account="61104", mobile_number=None)
MOBILE = LostPhone(account=None, mobile_number="+46701740610")
PLAN = "sv|||||dial,1(PJSIP/61100,24,24,24000,1,1,1)"


@pytest.fixture
async def ari() -> AsyncIterator[FakeAri]:
    async with FakeAri().running() as made:
        yield made


@pytest.fixture
async def calls(ari: FakeAri) -> AsyncIterator[LostCalls]:
    connection = AriConnection(ari.address)
    async with running(connection.run()):
        await until(lambda: connection.connected)
        yield LostCalls(connection)


def add(
    ari: FakeAri, name: str, context: str = "callflow-run", app: str = "Dial", state: str = "Up", **variables: str
) -> str:
    """Add a channel, and return its id."""
    made: dict[str, Any] = channel(f"{len(ari.in_stasis)}.1", name=name)
    made["dialplan"] |= {"context": context, "app_name": app}
    made["state"] = state
    ari.in_stasis[made["id"]] = made
    ari.variables[made["id"]] = variables
    return str(made["id"])


def ended(ari: FakeAri) -> dict[str, str]:
    """Return which channels were hung up, with the cause."""
    asked = [uri for method, uri, _ in ari.asked if method == "DELETE"]
    return {uri.split("/")[1].partition("?")[0]: uri.partition("reason_code=")[2] for uri in asked}


async def test_legs_of_the_lost_phone_are_ended_and_no_others(ari: FakeAri, calls: LostCalls) -> None:
    calling = add(ari, "PJSIP/61104-00000001", CF_PLAN=PLAN)
    called = add(ari, "PJSIP/61104-00000002", "from-phone", "AppDial")
    add(ari, "PJSIP/61100-00000003", CF_PLAN=PLAN)
    add(ari, "PJSIP/611040-00000004", CF_PLAN=PLAN)
    add(ari, "Local/61104@callflow-confirm-0001;1")
    assert await calls.end_calls_of((DESK,)) == 2
    assert ended(ari) == {calling: "16", called: "16"}


async def test_leg_that_rings_counts_as_not_answered(ari: FakeAri, calls: LostCalls) -> None:
    ringing = add(ari, "PJSIP/61104-00000001", "from-phone", "AppDial", "Ringing")
    assert await calls.end_calls_of((DESK,)) == 1
    assert ended(ari) == {ringing: "19"}


@pytest.mark.parametrize("context", ["callflow-emergency", "callflow-emergency-run"])
async def test_emergency_call_is_never_ended(ari: FakeAri, calls: LostCalls, context: str) -> None:
    add(ari, "PJSIP/61104-00000001", context)
    assert await calls.end_calls_of((DESK,)) == 0


@pytest.mark.parametrize("context", ["callflow-emergency", "callflow-emergency-run"])
async def test_emergency_call_of_a_mobile_that_was_transferred_there_is_never_ended(
    ari: FakeAri, calls: LostCalls, context: str
) -> None:
    far = {"CHANNEL(pjsip,remote_uri)": "<sip:+46701740610@127.0.0.2>"}
    add(ari, "PJSIP/trunk-00000001", context, **far)
    add(ari, "PJSIP/trunk-00000002", CF_PLAN="sv|||||emergency,1(112)", **far)
    assert await calls.end_calls_of((MOBILE,)) == 0


async def test_call_whose_plan_leads_to_the_emergency_number_is_never_ended(ari: FakeAri, calls: LostCalls) -> None:
    add(ari, "PJSIP/61104-00000001", CF_PLAN="sv|||||emergency,1(112)")
    assert await calls.end_calls_of((DESK,)) == 0


@pytest.mark.parametrize("context", ["from-phone", "callflow-entry-phone", "callflow-transfer"])
@pytest.mark.parametrize("app", ["", "MSet", "StasisBroadcast", "Stasis", "Goto"])
async def test_call_that_may_still_become_anything_is_left_for_the_next_time(
    ari: FakeAri, calls: LostCalls, context: str, app: str
) -> None:
    add(ari, "PJSIP/61104-00000001", context, app, "Ring")
    assert await calls.end_calls_of((DESK,)) == 0


async def test_call_in_the_net_is_ended(ari: FakeAri, calls: LostCalls) -> None:
    add(ari, "PJSIP/61104-00000001", "callflow-net-run")
    assert await calls.end_calls_of((DESK,)) == 1


@pytest.mark.parametrize(
    "uri", ["<sip:+46701740610@127.0.0.2:5060>", '"Erik" <sip:0701740610@operator.example>', "sip:46701740610@x"]
)
async def test_mobile_is_known_by_the_far_end_of_its_leg(ari: FakeAri, calls: LostCalls, uri: str) -> None:
    leg = add(ari, "PJSIP/trunk-00000001", "from-trunk", "AppDial", **{"CHANNEL(pjsip,remote_uri)": uri})
    other = "<sip:+46701740611@127.0.0.2>"
    add(ari, "PJSIP/trunk-00000002", "from-trunk", "AppDial", **{"CHANNEL(pjsip,remote_uri)": other})
    add(ari, "PJSIP/trunk-00000003", "from-trunk", "AppDial", **{"CHANNEL(pjsip,remote_uri)": ""})
    add(ari, "PJSIP/trunk-00000004", "from-trunk", "AppDial")
    assert await calls.end_calls_of((MOBILE,)) == 1
    assert ended(ari) == {leg: "16"}


# calls that others have joined with an emergency call


def through_trunk(ari: FakeAri, number: str, context: str = "from-trunk", app: str = "AppDial") -> str:
    """Add a leg through the trunk with this number at the far end, and return its id."""
    return add(
        ari, "PJSIP/trunk-00000009", context, app, **{"CHANNEL(pjsip,remote_uri)": f"<sip:{number}@127.0.0.2>"}
    )


def local(ari: FakeAri, *, context: str = "callflow-confirm", app: str = "Dial") -> tuple[str, str]:
    """Add both halves of the Local channel of the mobile, the calling one in this context."""
    name = "Local/+46701740610@callflow-confirm-0001"
    return add(ari, f"{name};1", context, app), add(ari, f"{name};2", "callflow-confirm")


@pytest.mark.parametrize(("context", "app"), [("callflow-run", "Dial"), ("from-phone", "AppDial")])
async def test_call_that_was_joined_with_the_emergency_number_is_never_ended(
    ari: FakeAri, calls: LostCalls, context: str, app: str
) -> None:
    joined = add(ari, "PJSIP/61104-00000001", context, app, CF_PLAN=PLAN)
    ari.bridges.append((joined, through_trunk(ari, "112")))
    assert await calls.end_calls_of((DESK,)) == 0


async def test_call_of_a_mobile_that_was_joined_with_the_emergency_number_is_never_ended(
    ari: FakeAri, calls: LostCalls
) -> None:
    ari.bridges.append((through_trunk(ari, "+46701740610", "callflow-run", "Dial"), through_trunk(ari, "112")))
    assert await calls.end_calls_of((MOBILE,)) == 0


async def test_mobile_that_confirmed_and_was_joined_with_the_emergency_number_is_never_ended(
    ari: FakeAri, calls: LostCalls
) -> None:
    outer, inner = local(ari, app="AppDial")
    ari.bridges += [(outer, through_trunk(ari, "112")), (inner, through_trunk(ari, "+46701740610"))]
    assert await calls.end_calls_of((MOBILE,)) == 0


@pytest.mark.parametrize(
    ("context", "app"), [("callflow-emergency-run", "Dial"), ("callflow-transfer", "StasisBroadcast")]
)
async def test_mobile_that_confirmed_and_is_being_transferred_to_the_emergency_number_is_never_ended(
    ari: FakeAri, calls: LostCalls, context: str, app: str
) -> None:
    _, inner = local(ari, context=context, app=app)
    ari.bridges.append((inner, through_trunk(ari, "+46701740610")))
    assert await calls.end_calls_of((MOBILE,)) == 0


async def test_mobile_that_confirmed_and_is_in_any_other_call_is_ended(ari: FakeAri, calls: LostCalls) -> None:
    outer, inner = local(ari, app="AppDial")
    mobile = through_trunk(ari, "+46701740610")
    ari.bridges += [(outer, through_trunk(ari, "+46701740611")), (inner, mobile)]
    ari.bridges.append((add(ari, "PJSIP/61100-00000002", "callflow-emergency-run"), through_trunk(ari, "112")))
    assert await calls.end_calls_of((MOBILE,)) == 3
    assert ended(ari) == {outer: "16", inner: "16", mobile: "16"}


async def test_consultation_with_the_emergency_number_stands_and_the_call_on_hold_ends(
    ari: FakeAri, calls: LostCalls
) -> None:
    on_hold = add(ari, "PJSIP/61104-00000001", "from-phone", "AppDial")
    ari.bridges.append((on_hold, through_trunk(ari, "+46701740611")))
    ari.bridges.append((add(ari, "PJSIP/61104-00000002", "callflow-emergency-run"), through_trunk(ari, "112")))
    assert await calls.end_calls_of((DESK,)) == 1
    assert ended(ari) == {on_hold: "16"}


async def test_call_whose_other_end_cannot_be_told_is_left_for_the_next_time(ari: FakeAri, calls: LostCalls) -> None:
    ours, other = add(ari, "PJSIP/61104-00000001", CF_PLAN=PLAN), add(ari, "PJSIP/trunk-00000002", "from-trunk")
    ari.bridges.append((ours, other))
    assert await calls.end_calls_of((DESK,)) == 0
    ari.variables[other] = {"CHANNEL(pjsip,remote_uri)": "<sip:+46112112@127.0.0.2>"}
    assert await calls.end_calls_of((DESK,)) == 1


async def test_call_that_was_moved_in_and_whose_plan_leads_to_the_emergency_number_is_never_ended(
    ari: FakeAri, calls: LostCalls
) -> None:
    add(ari, "PJSIP/61104-00000001", "callflow-run-moved-in", CF_PLAN="sv|||||emergency,1(112)")
    assert await calls.end_calls_of((DESK,)) == 0


async def test_far_end_is_asked_once_for_each_leg(ari: FakeAri, calls: LostCalls) -> None:
    far = {"CHANNEL(pjsip,remote_uri)": "<sip:+46701740611@127.0.0.2>"}
    add(ari, "PJSIP/trunk-00000001", "from-trunk", "AppDial", **far)
    for _ in range(3):
        assert await calls.end_calls_of((MOBILE,)) == 0
    assert len([uri for _, uri, _ in ari.asked if "variable" in uri]) == 1


async def test_mobile_that_has_yet_to_confirm_stops_ringing(ari: FakeAri, calls: LostCalls) -> None:
    outer = add(ari, "Local/+46701740610@callflow-confirm-0001;1", "default", "AppDial", "Ringing")
    assert await calls.end_calls_of((MOBILE,)) == 1
    assert ended(ari) == {outer: "19"}


async def test_leg_that_is_gone_meanwhile_counts_for_nothing(ari: FakeAri, calls: LostCalls) -> None:
    gone = add(ari, "PJSIP/61104-00000001", CF_PLAN=PLAN)
    ari.gone.add(gone)
    assert await calls.end_calls_of((DESK,)) == 0


@pytest.mark.parametrize("resource", ["channels", "bridges"])
async def test_refusal_of_a_list_is_an_error_and_nothing_is_ended(
    ari: FakeAri, calls: LostCalls, resource: str
) -> None:
    add(ari, "PJSIP/61104-00000001", CF_PLAN=PLAN)
    ari.refuses_lists.add(resource)
    with pytest.raises(AriRequestError, match="list"):
        await calls.end_calls_of((DESK,))
    assert ended(ari) == {}
