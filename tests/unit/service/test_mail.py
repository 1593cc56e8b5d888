"""The mail spool against a real SMTP server: sent once, kept while the server is away, set aside when bad."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from callflow.embedded.mail_sink import MailSink
from callflow.service.health_parts import mail_facts
from callflow.service.mail import Mail, MailNotSpooledError, MailSpool, SmtpServer, smtp_sender
from tests.fakes.bad_disk import failing_disk, silent_disk, until_asked
from tests.fakes.running import running
from tests.fakes.waiting import until
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


SPLIT = """\
To: "=?UTF-8?Q?Asa_=C3?= =?UTF-8?Q?=96berg?=" <asa.oberg@umea.example>
Subject: =?UTF-8?Q?Nytt_r=C3=B6stmeddelande_fr=C3=A5n_Nils_H=C3=A5kansson_till_=C3=85sa_=C3?= =?UTF-8?Q?=96berg?=

Åsa har ringt.
"""
"""As Asterisk writes a name: byte by byte, so that a letter may begin in one encoded word and end in the next."""


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
    (tmp_path / "spool").write_text("no folder")
    with pytest.raises(MailNotSpooledError, match="spool"):
        spool.post(EmailMessage())


async def test_a_mail_waits_while_the_server_is_away_with_growing_pauses(tmp_path: Path) -> None:
    path, clock, tries = put(tmp_path / "spool"), Clock(), []
    send = smtp_sender(at(free_port()), "callflow@localhost")

    async def counted(mail: Mail) -> None:
        tries.append(clock.now)
        await send(mail)

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

    async def counted(mail: Mail) -> None:
        tries.setdefault(mail.headers["X-Name"], []).append(clock.now)
        if away:
            raise aiosmtplib.SMTPConnectError("away")
        await send(mail)

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

    async def sometimes(mail: Mail) -> None:
        if away:
            raise aiosmtplib.SMTPServerDisconnected("away")
        await send(mail)

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


@pytest.mark.parametrize("starttls", [None, False], ids=["encrypted if offered", "never encrypted"])
async def test_mail_is_sent_as_it_was_written_with_a_letter_split_over_two_encoded_words(
    tmp_path: Path, server: MailSink, starttls: bool | None
) -> None:
    put(tmp_path / "spool", text=SPLIT)
    address = replace(at(server.port), starttls=starttls)
    spool = MailSpool(tmp_path / "spool", smtp_sender(address, "callflow@localhost"))
    await spool.send_what_waits()
    assert (len(server.mails), spool.waiting, spool.refused) == (1, 0, 0)
    [received] = server.folder.iterdir()
    assert received.read_bytes().replace(b"\r\n", b"\n") == SPLIT.encode()


async def test_mail_with_which_something_else_is_wrong_keeps_no_other_and_is_told(
    tmp_path: Path, server: MailSink
) -> None:
    put(tmp_path / "spool", "a.eml", f"X-Name: a\n{LETTER}")
    put(tmp_path / "spool", "b.eml")
    clock, odd, send = Clock(), [True], smtp_sender(at(server.port), "callflow@localhost")

    async def sometimes(mail: Mail) -> None:
        if odd and mail.headers["X-Name"]:
            raise ValueError("odd")
        await send(mail)

    spool = MailSpool(tmp_path / "spool", sometimes, clock=clock)
    await spool.send_what_waits()
    assert len(server.mails) == 1
    assert mail_facts(spool) == {"ok": False, "error": "a.eml: ValueError: odd", "waiting": 1, "refused": 0}
    odd.clear()
    await spool.send_what_waits()
    assert len(server.mails) == 1
    clock.now = 2.0
    await spool.send_what_waits()
    assert len(server.mails) == 2
    assert mail_facts(spool) == {"ok": True, "error": None, "waiting": 0, "refused": 0}


async def test_mail_counts_as_waiting_while_the_server_keeps_it_waiting(tmp_path: Path) -> None:
    put(tmp_path / "spool")
    asked = asyncio.Event()

    async def never(_mail: Mail) -> None:
        asked.set()
        await asyncio.Event().wait()

    spool = MailSpool(tmp_path / "spool", never)
    sending = asyncio.create_task(spool.send_what_waits())
    await asyncio.wait_for(asked.wait(), 5)
    assert spool.waiting == 1
    sending.cancel()


async def test_folder_that_cannot_be_read_is_told_and_read_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callflow.service.mail.LOOK_SECONDS", 0.01)
    spool = MailSpool(tmp_path / "mail", None)
    async with running(spool.run()):
        with failing_disk(tmp_path / "mail"):
            await until(lambda: "Stale file handle" in str(mail_facts(spool)["error"]))
        await until(lambda: mail_facts(spool)["ok"])


async def test_mail_to_what_is_no_address_is_set_aside(tmp_path: Path, server: MailSink) -> None:
    put(tmp_path / "spool", text="To: <åsa@umea.example>\n\nHej!\n")
    spool = MailSpool(tmp_path / "spool", smtp_sender(at(server.port), "callflow@localhost"))
    await spool.send_what_waits()
    assert (len(server.mails), spool.refused) == (0, 1)


class Taking:
    """An SMTP server's answers that keeps what it was given (aiosmtpd calls these by name)."""

    def __init__(self, *, eight_bits: bool = True) -> None:
        self.eight_bits = eight_bits
        self.taken: list[Envelope] = []

    async def handle_EHLO(  # noqa: N802
        self, _server: object, session: Session, _envelope: object, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in responses if self.eight_bits or "8BITMIME" not in line]

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return "250 OK"


async def taken_by(
    server: Taking,
    spool: Path,
    sender: str = "callflow@localhost",
    *,
    starttls: bool | None = None,
    made: type[SMTP] = SMTP,
) -> Envelope:
    """Send what lies in the spool, and return what the server was given."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: made(server, loop=loop, hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    address = replace(at(listening.sockets[0].getsockname()[1]), starttls=starttls)
    await MailSpool(spool, smtp_sender(address, sender)).send_what_waits()
    listening.close()
    await listening.wait_closed()
    [envelope] = server.taken
    return envelope


async def test_server_that_takes_only_ascii_is_given_ascii(tmp_path: Path) -> None:
    put(tmp_path / "spool")
    content = (await taken_by(Taking(eight_bits=False), tmp_path / "spool")).content
    assert isinstance(content, bytes)
    assert content.isascii()
    text = message_from_bytes(content, policy=policy.default)
    assert isinstance(text, EmailMessage)
    assert text.get_content().startswith("Åsa Öberg lämnade")


@pytest.mark.parametrize("starttls", [None, False], ids=["encrypted if offered", "never encrypted"])
async def test_letters_are_told_to_a_server_that_takes_them(tmp_path: Path, starttls: bool | None) -> None:
    put(tmp_path / "spool")
    envelope = await taken_by(Taking(), tmp_path / "spool", sender="röst@localhost", starttls=starttls)
    assert "Åsa Öberg".encode() in (envelope.original_content or b"")
    assert (envelope.mail_from, envelope.smtp_utf8) == ("röst@localhost", True)
    assert "BODY=8BITMIME" in envelope.mail_options


async def test_bcc_is_sent_to_and_told_to_nobody(tmp_path: Path) -> None:
    put(tmp_path / "spool", text=f"Cc: b@umea.example\nBcc: c@umea.example\n{LETTER}")
    envelope = await taken_by(Taking(), tmp_path / "spool")
    assert envelope.rcpt_tos == ["anna.lindgren@umea.example", "b@umea.example", "c@umea.example"]
    assert b"c@umea.example" not in (envelope.original_content or b"")


class Old(SMTP):
    """A server from before EHLO."""

    async def smtp_EHLO(self, _hostname: str) -> None:  # noqa: N802
        await self.push("500 what?")


async def test_old_server_that_knows_no_ehlo_is_given_ascii(tmp_path: Path) -> None:
    put(tmp_path / "spool")
    content = (await taken_by(Taking(), tmp_path / "spool", starttls=False, made=Old)).content
    assert isinstance(content, bytes)
    assert content.isascii()


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


async def test_disk_of_the_mail_that_does_not_answer_leaves_the_loop_free(tmp_path: Path, server: MailSink) -> None:
    put(tmp_path / "spool")
    with silent_disk(tmp_path / "spool") as asked:
        spool = MailSpool(tmp_path / "spool", smtp_sender(at(server.port), "callflow@localhost"))
        sending = asyncio.create_task(spool.send_what_waits())
        await until_asked(asked)
        assert not sending.done()
    await sending
    assert len(server.mails) == 1


async def test_service_starts_with_the_disk_of_the_mail_failing(tmp_path: Path) -> None:
    with failing_disk(tmp_path):
        spool = MailSpool(tmp_path / "spool", None)
        with pytest.raises(OSError, match="Stale file handle"):
            await spool.send_what_waits()
    await spool.send_what_waits()
    assert (tmp_path / "spool" / "refused").is_dir()
