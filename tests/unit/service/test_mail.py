"""The mail spool against a real SMTP server: sent once, kept while the server is away, set aside when bad."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, Envelope

from callflow.embedded.mail_sink import MailSink
from callflow.service.mail import MailNotSpooledError, MailSpool, SmtpServer, smtp_sender
from tests.ports import free_port

LETTER = """\
To: "Anna Lindgren" <anna.lindgren@umea.example>
From: Röstbrevlådan <callflow@localhost>
Subject: Nytt röstmeddelande
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

Åsa Öberg lämnade ett meddelande.
"""


def at(port: int) -> SmtpServer:
    return SmtpServer(host="127.0.0.1", port=port)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MailSink]:
    sink = MailSink(tmp_path / "sink", "127.0.0.1", 0, lambda _: None)
    await sink.start()
    yield sink
    await sink.stop()


def put(folder: Path, name: str = "a.eml", text: str = LETTER) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


async def test_a_mail_is_sent_and_then_gone(tmp_path: Path, server: MailSink) -> None:
    path = put(tmp_path / "spool")
    spool = MailSpool(tmp_path / "spool", smtp_sender(at(server.port), "callflow@localhost"))
    await spool.send_what_waits()
    [sent] = server.mails
    assert "Åsa Öberg" in sent.get_content()
    assert sent["To"] == "Anna Lindgren <anna.lindgren@umea.example>"
    assert not path.exists()
    assert (spool.waiting, spool.refused, spool.last_error) == (0, 0, None)


async def test_mail_of_our_own_is_sent_as_one_of_asterisks_is(tmp_path: Path, server: MailSink) -> None:
    spool = MailSpool(tmp_path / "spool", smtp_sender(at(server.port), "callflow@localhost"))
    mail = EmailMessage()
    mail["To"], mail["Subject"] = "anna.lindgren@umea.example", "Två röstmeddelanden"
    mail.set_content("Åsa Öberg väntar på svar.\n")
    spool.post(mail)
    await spool.send_what_waits()
    [sent] = server.mails
    assert (sent["Subject"], sent.get_content().strip()) == ("Två röstmeddelanden", "Åsa Öberg väntar på svar.")


def test_mail_that_the_disk_does_not_take_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    spool = MailSpool(tmp_path / "spool", None)
    (tmp_path / "spool" / "refused").rmdir()
    (tmp_path / "spool").rmdir()
    (tmp_path / "spool").write_text("no folder")
    with pytest.raises(MailNotSpooledError, match="spool"):
        spool.post(EmailMessage())


async def test_a_mail_waits_while_the_server_is_away_with_growing_pauses(tmp_path: Path) -> None:
    path, clock, tries = put(tmp_path / "spool"), Clock(), []
    send = smtp_sender(at(free_port()), "callflow@localhost")

    async def counted(message: EmailMessage) -> None:
        tries.append(clock.now)
        await send(message)

    spool = MailSpool(tmp_path / "spool", counted, clock=clock)
    for second in range(40):
        clock.now = float(second)
        await spool.send_what_waits()
    assert path.exists()
    assert spool.waiting == 1
    assert spool.last_error
    assert 4 <= len(tries) <= 8


async def test_an_hour_without_the_server_costs_no_mail_and_ever_fewer_tries(
    tmp_path: Path, server: MailSink
) -> None:
    clock, tries, away = Clock(), dict[str, list[float]](), [True]
    send = smtp_sender(at(server.port), "callflow@localhost")

    async def counted(message: EmailMessage) -> None:
        tries.setdefault(message["X-Name"], []).append(clock.now)
        if away:
            raise aiosmtplib.SMTPConnectError("away")
        await send(message)

    for name in "ab":
        put(tmp_path / "spool", f"{name}.eml", f"X-Name: {name}\n{LETTER}")
    spool = MailSpool(tmp_path / "spool", counted, clock=clock)
    for second in range(3600):
        clock.now = float(second)
        await spool.send_what_waits()
    assert spool.waiting == 2
    for times in tries.values():
        pauses = [after - before for before, after in pairwise(times)]
        assert [pause for number, pause in enumerate(pauses) if pause > min(2**number, 300) + 1] == []
        assert [pause for pause in pauses[9:] if pause < 150] == []
        assert len(times) <= 9 + 3600 / 150
    away.clear()
    for second in range(3600, 3600 + 301):
        clock.now = float(second)
        await spool.send_what_waits()
    assert sorted(mail["X-Name"] for mail in server.mails) == ["a", "b"]
    assert (spool.waiting, spool.refused, spool.last_error) == (0, 0, None)


async def test_a_mail_that_waited_is_sent_when_the_server_is_back(tmp_path: Path, server: MailSink) -> None:
    put(tmp_path / "spool")
    clock, away = Clock(), [True]
    send = smtp_sender(at(server.port), "callflow@localhost")

    async def sometimes(message: EmailMessage) -> None:
        if away:
            raise aiosmtplib.SMTPServerDisconnected("away")
        await send(message)

    spool = MailSpool(tmp_path / "spool", sometimes, clock=clock)
    await spool.send_what_waits()
    away.clear()
    await spool.send_what_waits()
    assert server.mails == []
    clock.now = 2.0
    await spool.send_what_waits()
    assert len(server.mails) == 1
    assert spool.last_error is None


@pytest.mark.parametrize("text", ["", "To: nobody\n\nx", "Subject: x\n\nno recipient", "\0\0\0"])
async def test_a_bad_mail_is_set_aside_and_stops_no_other(tmp_path: Path, server: MailSink, text: str) -> None:
    put(tmp_path / "spool", "0-bad.eml", text)
    put(tmp_path / "spool", "1-good.eml")
    spool = MailSpool(tmp_path / "spool", smtp_sender(at(server.port), "callflow@localhost"))
    await spool.send_what_waits()
    assert len(server.mails) == 1
    assert (tmp_path / "spool" / "refused" / "0-bad.eml").exists()
    assert (spool.waiting, spool.refused) == (0, 1)


class Refusing:
    """What an SMTP server answers at one point (aiosmtpd calls these by name)."""

    def __init__(self, rcpt: str = "250 OK", mail_from: str = "250 OK", data: str = "250 OK") -> None:
        self.rcpt, self.mail_from, self.data = rcpt, mail_from, data

    async def handle_MAIL(self, _s: object, _c: object, envelope: Envelope, address: str, *_: object) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.mail_from

    async def handle_RCPT(self, _s: object, _c: object, envelope: Envelope, address: str, *_: object) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802
        return self.data


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        (Refusing(rcpt="550 no such user"), 1),
        (Refusing(data="554 no"), 1),
        (Refusing(rcpt="451 later"), 0),
        (Refusing(data="451 later"), 0),
        (Refusing(mail_from="550 not from you"), 0),
    ],
    ids=["recipient never", "content never", "recipient later", "content later", "sender"],
)
async def test_only_a_mail_that_is_itself_bad_is_set_aside(tmp_path: Path, answers: Refusing, refused: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(answers, loop=loop, hostname="localhost"), "127.0.0.1", 0)
    put(tmp_path / "spool")
    spool = MailSpool(tmp_path / "spool", smtp_sender(at(server.sockets[0].getsockname()[1]), "callflow@localhost"))
    await spool.send_what_waits()
    server.close()
    await server.wait_closed()
    assert (spool.refused, spool.waiting) == (refused, 1 - refused)


async def test_a_mail_that_is_still_being_written_or_sent_by_another_is_left(
    tmp_path: Path, server: MailSink
) -> None:
    put(tmp_path / "spool", ".half")
    put(tmp_path / "spool", "half.tmp")
    path = put(tmp_path / "spool")
    spool = MailSpool(tmp_path / "spool", smtp_sender(at(server.port), "callflow@localhost"))
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        await spool.send_what_waits()
    assert server.mails == []
    await spool.send_what_waits()
    assert len(server.mails) == 1


async def test_without_a_mail_server_mail_waits_and_says_so(tmp_path: Path) -> None:
    path = put(tmp_path / "spool")
    spool = MailSpool(tmp_path / "spool", None)
    await spool.send_what_waits()
    assert path.exists()
    assert "CALLFLOW_SMTP_HOST" in (spool.last_error or "")
