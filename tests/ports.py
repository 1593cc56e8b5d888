"""Ports for what tests start: found free, and taken by nobody else until it listens there.

The system gives connections and phones their ports from a range of its own (`ip_local_port_range`, from 32768 on); a
server that is to start in a moment, or to start anew, would now and then find a port from there taken.
"""

import contextlib
import itertools
import os
import socket

FIRST_PORT = 10_000
WORKERS = 10
PORTS_A_WORKER = 1_000

_numbers = itertools.count(os.getpid())


def worker_number() -> int:
    """Return which of the processes that share the tests this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """Return a port of this worker's that is free, another one each time."""
    first = FIRST_PORT + PORTS_A_WORKER * (worker_number() % WORKERS)
    for number in itertools.islice(_numbers, PORTS_A_WORKER):
        port = first + number % PORTS_A_WORKER
        with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port
    raise AssertionError(f"none of the ports {first} to {first + PORTS_A_WORKER - 1} of {host} is free")
