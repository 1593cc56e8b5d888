"""Which addresses a calendar may be fetched from, and an address as it may be shown.

INVARIANT: a loopback or link-local address (metadata services of most clouds lie there) is refused where the socket
is made, after every look-up and redirect: no name in DNS and no server can lead there.
"""

import asyncio
import socket
import threading
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

AddressInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]
]
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class RefusedAddressError(OSError):
    """An address that calendars may not be fetched from."""


def shown_address(address: str) -> str:
    """Return an address without what may be a secret: its scheme and host."""
    try:
        url = URL(address)
    except ValueError:
        return "?"
    return f"{url.scheme}://{url.host or '?'}/…"


def is_local(host: str) -> bool:
    """Tell whether an IP address is this machine's own, its link's, or no single machine's."""
    address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast


def socket_elsewhere(info: AddressInfo) -> socket.socket:
    """Return a socket to connect to an address with; raise `RefusedAddressError` for one that is local."""
    if is_local(info[4][0]):
        raise RefusedAddressError("a local address")
    return any_socket(info)


def any_socket(info: AddressInfo) -> socket.socket:
    """Return a socket to connect to an address with."""
    return socket.socket(family=info[0], type=info[1], proto=info[2])


class Resolver(AbstractResolver):
    """Looks up names as the system does, each in a thread of its own.

    The event loop's own threads make the policy that calls go by, and a DNS that hangs would hold them up.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raise `OSError` when it has none."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[ResolveResult]] = loop.create_future()

        def settle(result: list[ResolveResult] | OSError) -> None:
            if found.done():
                return
            if isinstance(result, OSError):
                found.set_exception(result)
            else:
                found.set_result(result)

        def look_up() -> None:
            result = _looked_up(host, port, family)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, result)

        threading.Thread(target=look_up, name="calendar look-up", daemon=True).start()
        return await found

    async def close(self) -> None:
        """Do nothing: no look-up is kept."""


def _looked_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult] | OSError:
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
    except OSError as error:
        return error
    except UnicodeError:
        return socket.gaierror(socket.EAI_NONAME, "no name")
    return [
        ResolveResult(hostname=host, host=str(where[0]), port=port, family=of, proto=protocol, flags=_NUMERIC)
        for of, _, protocol, _, where in infos
    ]
