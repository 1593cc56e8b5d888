"""Mail over TLS to a real SMTP server: encrypted as it is set, never to one that is not who it says, with log-in."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from callflow.commands.serve_parts import smtp_server
from callflow.config import Settings, SmtpTls
from callflow.service.mail import MailSpool, SmtpServer, smtp_sender
from tests.unit.service.test_mail import LETTER, SPLIT, put


@dataclass
class Received:
    """The mails that a server took, each with whether it came encrypted and who had logged in."""

    encrypted: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        self.contents.append((envelope.original_content or b"").replace(b"\r\n", b"\n"))
        self.users.append(session.auth_data.login.decode() if session.auth_data else "")
        return "250 OK"


def let_in(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"callflow", b"hemligt")
    return AuthResult(success=right, auth_data=data)


@dataclass
class Room:
    """A certificate authority, what a server took, and how to start one."""

    ca: Path
    received: Received
    server: Callable[..., AbstractAsyncContextManager[SmtpServer]]
    spool: Path

    async def send(self, server: SmtpServer, text: str = LETTER) -> MailSpool:
        put(self.spool, text=text)
        spool = MailSpool(self.spool, smtp_sender(server, "callflow@localhost"))
        await spool.send_what_waits()
        return spool


@pytest.fixture
def room(tmp_path: Path) -> Room:
    authority, received = trustme.CA(), Received()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    @asynccontextmanager
    async def server(*, offers: bool = True, implicit: bool = False, **options: Any) -> AsyncIterator[SmtpServer]:
        loop = asyncio.get_running_loop()
        made = partial(
            SMTP, received, loop=loop, hostname="localhost", tls_context=context if offers else None, **options
        )
        listening = await loop.create_server(made, "127.0.0.1", 0, ssl=context if implicit else None)
        yield SmtpServer(host="127.0.0.1", port=listening.sockets[0].getsockname()[1], ca=tmp_path / "ca.pem")
        listening.close()
        await listening.wait_closed()

    return Room(tmp_path / "ca.pem", received, server, tmp_path / "spool")


@pytest.mark.parametrize("starttls", [None, True], ids=["where it is offered", "always"])
async def test_mail_goes_encrypted_by_starttls(room: Room, starttls: bool | None) -> None:
    async with room.server() as server:
        spool = await room.send(replace(server, starttls=starttls), SPLIT)
    assert (room.received.encrypted, spool.waiting, spool.last_error) == ([True], 0, None)
    assert room.received.contents == [SPLIT.encode()]


async def test_mail_goes_encrypted_from_the_first_byte(room: Room) -> None:
    async with room.server(offers=False, implicit=True) as server:
        spool = await room.send(replace(server, tls=True, starttls=False), SPLIT)
    assert (room.received.encrypted, spool.waiting) == ([True], 0)
    assert room.received.contents == [SPLIT.encode()]


async def test_mail_goes_in_the_clear_only_where_that_is_set_or_nothing_is_offered(room: Room) -> None:
    async with room.server(offers=False) as server:
        await room.send(server)
    async with room.server() as server:
        await room.send(replace(server, starttls=False))
    assert room.received.encrypted == [False, False]


async def test_no_mail_goes_in_the_clear_where_it_must_be_encrypted(room: Room) -> None:
    async with room.server(offers=False) as server:
        spool = await room.send(replace(server, starttls=True))
    assert (room.received.encrypted, spool.waiting) == ([], 1)
    assert spool.last_error


async def test_no_mail_goes_to_a_server_whose_certificate_is_not_trusted(room: Room) -> None:
    async with room.server() as server:
        spool = await room.send(replace(server, ca=None))
    assert (room.received.encrypted, spool.waiting) == ([], 1)
    assert "certificate" in (spool.last_error or "").lower()


@pytest.mark.parametrize(("password", "users", "waiting"), [("hemligt", ["callflow"], 0), ("fel", [], 1)])
async def test_mail_goes_after_a_log_in_and_waits_where_that_is_refused(
    room: Room, password: str, users: list[str], waiting: int
) -> None:
    async with room.server(authenticator=let_in, auth_required=True) as server:
        spool = await room.send(replace(server, username="callflow", password=password))
    assert (room.received.users, spool.waiting, spool.refused) == (users, waiting, 0)


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        (SmtpTls.OFFERED, (False, None)),
        (SmtpTls.STARTTLS, (False, True)),
        (SmtpTls.IMPLICIT, (True, False)),
        (SmtpTls.NONE, (False, False)),
    ],
)
def test_settings_name_the_server(tls: SmtpTls, expected: tuple[bool, bool | None], tmp_path: Path) -> None:
    chosen = Settings(home=tmp_path, smtp_host="mail.example", smtp_tls=tls, smtp_username="", smtp_ca=tmp_path / "x")
    server = smtp_server(chosen)
    assert ((server.tls, server.starttls), server.host, server.ca) == (expected, "mail.example", tmp_path / "x")
    assert (server.username, server.password) == (None, None)


def test_password_is_sent_in_the_clear_only_where_that_is_asked_for(tmp_path: Path) -> None:
    for tls, starttls in ((SmtpTls.OFFERED, True), (SmtpTls.NONE, False)):
        server = smtp_server(Settings(home=tmp_path, smtp_tls=tls, smtp_username="callflow"))
        assert server.starttls is starttls
