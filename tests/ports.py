"""Ports for what tests start: found free, and taken by nobody else until it listens there.

The system gives connections and phones their ports from a range of its own (`ip_local_port_range`, from 32768 on); a
server that is to start in a moment, or to start anew, would now and then find a port from there taken. From one test
process to another a port is kept by an abstract socket of its number, which is gone with the process.
"""

import contextlib
import os
import socket

FIRST_PORT, LAST_PORT = 10_000, 19_999

_kept: list[socket.socket] = []
_numbers = iter(range(FIRST_PORT, LAST_PORT + 1))


def worker_number() -> int:
    """Return which of the processes that share the tests this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """Return a port that is free and this process's own, another one each time."""
    for port in _numbers:
        mine = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
            try:
                mine.bind(f"\0callflow-test-port-{port}")
                probe.bind((host, port))
            except OSError:
                mine.close()
            else:
                _kept.append(mine)
                return port
    raise AssertionError(f"no port from {FIRST_PORT} to {LAST_PORT} of {host} is free any more")
