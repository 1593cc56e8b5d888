"""From INVITE to ringing, by the kernel's time stamps of the packets on the loopback interface (nanoseconds)."""

import ctypes
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ALL_PROTOCOLS = 0x0003
SO_TIMESTAMPNS = 35
SO_ATTACH_FILTER = 26
RECEIVE_BUFFER = 32 * 1024 * 1024
SO_RCVBUFFORCE = 33
IP_AND_UDP = 28
_CALL_ID = re.compile(rb"^Call-ID: *(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(slots=True)
class Delays:
    """When each call's INVITE and 180 passed, by Call-ID, in nanoseconds of the kernel's clock."""

    invited: dict[bytes, int] = field(default_factory=dict)
    ringing: dict[bytes, int] = field(default_factory=dict)

    def milliseconds(self) -> list[float]:
        """Return the delay of each call that rang, shortest first."""
        return sorted((self.ringing[call] - at) / 1e6 for call, at in self.invited.items() if call in self.ringing)

    def take(self, payload: bytes, at: int) -> None:
        """Note a packet, if it is the first INVITE or the first 180 of its call."""
        noted = self.invited if payload.startswith(b"INVITE ") else self.ringing
        if (noted is self.invited or payload.startswith(b"SIP/2.0 180")) and (found := _CALL_ID.search(payload)):
            noted.setdefault(found[1], at)


def may_capture() -> bool:
    """Return whether this process may read packets (root, or CAP_NET_RAW)."""
    with suppress(PermissionError), socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PROTOCOLS)):
        return True
    return False


@contextmanager
def captured(port: int) -> Iterator[Delays]:
    """Note the calls of the callers at `port` while the block runs."""
    delays, stop = Delays(), threading.Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as packets:
        _prepare(packets, port)
        reader = threading.Thread(target=_read, args=(packets, delays, stop))
        reader.start()
        try:
            yield delays
        finally:
            stop.set()
            reader.join()


def _prepare(packets: socket.socket, port: int) -> None:
    packets.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    with suppress(PermissionError):
        packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    program = _only_udp_of(port)
    kept = ctypes.create_string_buffer(program, len(program))
    packets.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(kept))
    )
    packets.settimeout(0.2)
    packets.bind(("lo", ALL_PROTOCOLS))


def _read(packets: socket.socket, delays: Delays, stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            data, control, _, sender = packets.recvmsg(65536, 64)
            if sender[2] != socket.PACKET_OUTGOING:  # each packet passes lo twice
                seconds, nanoseconds = struct.unpack("qq", control[0][2][:16])
                delays.take(data[IP_AND_UDP:], seconds * 1_000_000_000 + nanoseconds)


def _only_udp_of(port: int) -> bytes:
    """Return a BPF program that passes IPv4's UDP packets from or to `port` (no IP options on loopback)."""
    load_byte, load_half, equal, give = 0x30, 0x28, 0x15, 0x06
    steps = (
        (load_byte, 0, 0, 9),
        (equal, 0, 5, socket.IPPROTO_UDP),
        (load_half, 0, 0, 20),
        (equal, 2, 0, port),
        (load_half, 0, 0, 22),
        (equal, 0, 1, port),
        (give, 0, 0, 65535),
        (give, 0, 0, 0),
    )
    return b"".join(struct.pack("HBBI", *step) for step in steps)
