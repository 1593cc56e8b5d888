"""Which addresses a calendar may be fetched from, and what of one is shown."""

import socket
import threading

import pytest

from callflow.calendars.addresses import RefusedAddressError, Resolver, is_local, shown_address, socket_elsewhere
from tests.fakes.waiting import until


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://calendar.example/private-abc123/basic.ics?token=hemligt", "https://calendar.example/…"),
        ("https://anna:losenord@moln.example:8443/k.ics#x", "https://moln.example/…"),
        ("http://[2001:db8::7]/k", "http://2001:db8::7/…"),
        ("https://", "https://?/…"),
        ("https://[", "?"),
    ],
)
def test_address_is_shown_without_what_may_be_secret(address: str, shown: str) -> None:
    assert shown_address(address) == shown


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "224.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "ff02::1",
    ],
)  # fmt: skip
def test_address_of_this_machine_or_its_link_gets_no_socket(host: str) -> None:
    assert is_local(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with pytest.raises(RefusedAddressError):
        socket_elsewhere((family, socket.SOCK_STREAM, 0, "", (host, 443)))


@pytest.mark.parametrize("host", ["10.1.2.3", "192.168.1.1", "193.10.252.19", "2001:db8::7", "fd00::1"])
def test_other_addresses_get_one(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket_elsewhere((family, socket.SOCK_STREAM, 0, "", (host, 443))).close()


async def test_name_is_looked_up_beside_the_threads_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def look_up(_host: str, port: int, **_: object) -> list[object]:
        threads.append(threading.current_thread())
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::7", port, 0, 0)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = Resolver()
    found = await resolver.resolve("calendar.example", 443)
    await resolver.close()
    assert [(it["host"], it["port"], it["hostname"]) for it in found] == [
        ("192.0.2.7", 443, "calendar.example"),
        ("2001:db8::7", 443, "calendar.example"),
    ]
    assert threads[0].daemon
    await until(lambda: not threads[0].is_alive())


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_NONAME, "okänd"), UnicodeError("för lång")])
async def test_name_that_there_is_not_is_an_error(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(OSError, match=r"okänd|no name"):
        await Resolver().resolve("calendar.example")
