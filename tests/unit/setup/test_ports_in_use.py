"""A port that another program has is told before anything starts."""

import socket

import pytest

from callflow.embedded.asterisk import check_port
from callflow.embedded.setup_errors import PortInUseError


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_in_use_names_what_needs_it_and_the_setting_that_moves_it(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"Port {port} .* for SIP, .* set CALLFLOW_SIP_PORT"):
            check_port("127.0.0.1", port, "SIP", "CALLFLOW_SIP_PORT", udp=kind is socket.SOCK_DGRAM)


def test_a_free_port_is_left_free() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_port("127.0.0.1", port, "ARI", "CALLFLOW_HTTP_PORT")
    check_port("127.0.0.1", port, "ARI", "CALLFLOW_HTTP_PORT")
