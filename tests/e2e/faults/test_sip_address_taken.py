"""Asterisk starts while another program has its SIP address: it is told, and Asterisk takes calls once it is free."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from callflow.asterisk.ari import DEAF
from callflow.embedded import asterisk
from tests.e2e.faults.moments import EXTENSION
from tests.e2e.faults.test_asterisk_restarted import they_talk, until_back, until_lost
from tests.e2e.town import Town


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch, town: Town) -> Iterator[socket.socket]:
    """Take the address as soon as Asterisk's start has seen that it is free."""
    sip_address = (town.region.settings.sip_host, town.region.settings.sip_port)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taker:
        monkeypatch.setattr(asterisk, "check_asterisk_ports", lambda _settings: taker.bind(sip_address))
        yield taker


async def test_asterisk_that_could_not_have_its_address_has_it_when_it_is_free(
    town: Town, taken: socket.socket
) -> None:
    await town.start_asterisk_cold()
    await until_lost(town, "sip")
    assert (await town.health())["sip"]["error"] == DEAF
    taken.close()
    await until_back(town, "sip")
    await they_talk(town, await town.phone(EXTENSION))
