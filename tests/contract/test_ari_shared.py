"""What the real Asterisk and the fake of our tests must both do, so that the fake may stand in for it."""

from collections.abc import AsyncIterator

import pytest

from callflow.asterisk.ari import Ari
from callflow.asterisk.ari_connection import AriAddress, AriConnection
from callflow.embedded.asterisk import EmbeddedAsterisk
from callflow.service.telephony import CallGoneError
from tests.asterisks import ari_address, asterisk
from tests.fakes.ari_server import FakeAri
from tests.fakes.running import running
from tests.fakes.waiting import until

__all__ = ["asterisk"]


@pytest.fixture
async def fake() -> AsyncIterator[FakeAri]:
    async with FakeAri().running() as fake:
        yield fake


@pytest.fixture(params=["fake", "real"])
def address(request: pytest.FixtureRequest, fake: FakeAri, asterisk: EmbeddedAsterisk) -> AriAddress:
    return fake.address if request.param == "fake" else ari_address(asterisk)


@pytest.fixture
async def ari(address: AriAddress) -> AsyncIterator[Ari]:
    connection = AriConnection(address)
    async with running(connection.run()):
        await until(lambda: connection.connected, "ARI connected")
        yield Ari(connection)


async def test_a_call_that_is_gone_cannot_be_claimed(ari: Ari) -> None:
    assert await ari.claim("1.23") is False


async def test_a_plan_for_a_call_that_is_gone_is_refused(ari: Ari) -> None:
    with pytest.raises(CallGoneError, match="setChannelVars"):
        await ari.start_plan("1.23", {"CF_PLAN": "se|||||hangup,1(16)"})


async def test_a_call_that_is_gone_cannot_fall_back(ari: Ari) -> None:
    with pytest.raises(CallGoneError, match="continueInDialplan"):
        await ari.let_fall_back("1.23")


async def test_hanging_up_what_is_gone_is_no_error(ari: Ari) -> None:
    await ari.hangup("1.23")


async def test_nothing_is_left_over_where_nobody_called(ari: Ari) -> None:
    assert await ari.left_over() == ()


async def test_a_wrong_password_is_told(address: AriAddress, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = AriConnection(
        AriAddress(host=address.host, port=address.port, username="callflow", password="x", application="callflow-x")
    )
    said = ""

    def told() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "check ari_username and ari_password" in said

    async with running(wrong.run()):
        await until(told, "the refusal in the log")
    assert not wrong.connected
