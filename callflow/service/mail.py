"""Sends the mail that Asterisk's voicemail leaves in the spool; nothing is lost while the mail server is away.

A mail is one file of the spool, deleted only after the server has taken it. A mail that no server will ever take is
moved into `refused/`.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from uuid import uuid4

import aiosmtplib
import structlog
from aiosmtplib.email import extract_recipients, parse_address

from callflow.aside import aside
from callflow.backoff import Backoff
from callflow.errors import CallflowError
from callflow.files import write_atomically
from callflow.service.metrics import MAIL_SENT
from callflow.service.spool import Retry, SpoolWatch, locked, waiting

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
SEND_SECONDS = 30.0
FINISH_SECONDS = 3.0
"""How long a stop waits for the mail that is being sent."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
_PERMANENT = 500
"""SMTP codes from here on say that trying again is of no use."""

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as it lies in the spool, with its headers and the addresses it goes to read from it."""

    data: bytes
    headers: EmailMessage
    recipients: list[str]


Send = Callable[[Mail], Awaitable[None]]


class MailNotSpooledError(CallflowError):
    """A mail of ours could not be put into the spool."""

    code = "mail_not_spooled"


class MailRefusedError(Exception):
    """The mail itself is bad: no sending again will help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server, and how it is spoken to. `tls` is from the first byte; `starttls` None is where it is offered.

    `ca`: a file of the certificates (PEM) that the server's must be signed by, if not one that the machine trusts.
    """

    host: str
    port: int
    tls: bool = False
    starttls: bool | None = None
    ca: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def smtp_sender(server: SmtpServer, sender: str) -> Send:
    """Return how a mail is handed to a server; the sender on the envelope is `sender`.

    Only a refused recipient or content is the mail's own fault. A refused sender or log-in is a matter of settings:
    the mail waits until they are right.
    """

    async def send(mail: Mail) -> None:
        try:
            async with _client(server) as client:
                await _hand_to(client, mail, sender)
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(refused.code >= _PERMANENT for refused in error.recipients):
                raise MailRefusedError(str(error)) from error
            raise
        except aiosmtplib.SMTPDataError as error:
            if error.code >= _PERMANENT:
                raise MailRefusedError(f"{error.code} {error.message}") from error
            raise

    return send


def _client(server: SmtpServer) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=SEND_SECONDS,
        use_tls=server.tls,
        start_tls=server.starttls,
        cert_bundle=str(server.ca) if server.ca else None,
        username=server.username,
        password=server.password,
    )


async def _hand_to(client: aiosmtplib.SMTP, mail: Mail, sender: str) -> None:
    """Hand over the mail as it was written: reading a recording takes long, and not all that is written can be read.

    Only what must not be sent so is read and written anew: a Bcc, and letters for a server that takes only ASCII.
    """
    if client.is_ehlo_or_helo_needed:  # also after STARTTLS, whatever the server has told before
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()
    eight_bits = client.supports_extension("8bitmime")
    if "Bcc" in mail.headers or not (eight_bits or mail.data.isascii()):
        await client.send_message(message_from_bytes(mail.data), sender=sender, recipients=mail.recipients)
        return
    options = ["BODY=8BITMIME"] if eight_bits else []
    if not (sender + "".join(mail.recipients)).isascii():
        options.append("SMTPUTF8")
    await client.sendmail(sender, mail.recipients, mail.data, mail_options=options)


class MailSpool:
    """The spool folder and what waits in it."""

    def __init__(self, folder: Path, send: Send | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Without `send` (no mail server is set) mail waits and health says so."""
        self._folder = folder
        self._refused = folder / "refused"
        self._send = send
        self._clock = clock
        self._retries: dict[str, Retry] = {}
        self._faults: dict[str, str] = {}
        self._sending = asyncio.Lock()
        self.waiting = 0
        self.refused = 0
        self._watch = SpoolWatch("mail_spool_unreadable")
        self._server_error = None if send else "no mail server is set (CALLFLOW_SMTP_HOST)"

    @property
    def folder_error(self) -> str | None:
        """Why nobody knows now what waits."""
        return self._watch.error

    @property
    def last_error(self) -> str | None:
        """Why mail waits: the fault of a mail that cannot even be tried, else what the server last said no with."""
        return next((f"{name}: {fault}" for name, fault in self._faults.items()), self._server_error)

    def post(self, message: EmailMessage) -> None:
        """Put a mail into the spool; when this returns it is on the disk. It blocks for that long.

        Raises:
            MailNotSpooledError: the disk did not take it, and nothing of it is left.
        """
        try:
            write_atomically(self._folder / f"{uuid4().hex}.eml", message.as_bytes(policy=policy.SMTP))
        except OSError as error:
            raise MailNotSpooledError(f"{self._folder}: {error.strerror}") from error

    async def run(self) -> None:
        """Send what comes until cancelled."""
        await self._watch.run(self.send_what_waits, LOOK_SECONDS)

    async def finish(self) -> None:
        """Return when no mail is half sent, at most a moment later: a mail cut off would be sent twice."""
        self._send = None
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH_SECONDS), self._sending:
                pass

    async def send_what_waits(self) -> None:
        """Try each mail whose time has come, once; whatever is wrong with one keeps no other.

        Raises:
            OSError: the folder cannot be read now.
        """
        found, refused = await waiting(self._folder, self._refused)
        self.waiting, self.refused = len(found), len(refused)
        for path in found:
            retry = self._retries.setdefault(path.name, Retry(Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)))
            send = self._send
            if send is not None and self._clock() >= retry.not_before:
                async with self._sending:
                    await self._try_one(path, send, retry)
        if found:
            found, refused = await waiting(self._folder, self._refused)
            self.waiting, self.refused = len(found), len(refused)
        left = {path.name for path in found}
        self._retries = {name: retry for name, retry in self._retries.items() if name in left}
        self._faults = {name: fault for name, fault in self._faults.items() if name in left}

    async def _try_one(self, path: Path, send: Send, retry: Retry) -> None:
        self._faults.pop(path.name, None)
        try:
            async with locked(path) as data:
                if data is None:
                    return
                await self._hand_over(path, data, send)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            self._server_error = str(error) or type(error).__name__
            retry.failed(self._clock())
            log.warning("mail_not_sent", mail=path.name, attempts=retry.attempts, reason=self._server_error)
        except Exception as error:
            self._faults[path.name] = f"{type(error).__name__}: {error}"
            retry.failed(self._clock())
            log.exception("mail_not_sent", mail=path.name, attempts=retry.attempts)

    async def _hand_over(self, path: Path, data: bytes, send: Send) -> None:
        try:
            await send(_read_mail(data))
        except MailRefusedError as error:
            await aside(partial(_move, path, self._refused))
            log.error("mail_refused", mail=path.name, reason=str(error), moved_to=str(self._refused))  # noqa: TRY400
        else:
            await aside(path.unlink)
            self._server_error = None
            MAIL_SENT.inc()
            log.info("mail_sent", mail=path.name)


def _move(path: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True, mode=0o700)
    path.rename(folder / path.name)


def _read_mail(data: bytes) -> Mail:
    try:
        headers = message_from_bytes(_END_OF_HEADERS.split(data, maxsplit=1)[0], policy=policy.default)
        recipients = extract_recipients(headers)
        for address in recipients:
            parse_address(address).encode()
    except (MessageError, ValueError, LookupError) as error:
        raise MailRefusedError(f"it cannot be read: {error}") from error
    if not any("@" in address for address in recipients):
        raise MailRefusedError("it has no recipient")
    assert isinstance(headers, EmailMessage)
    return Mail(data=data, headers=headers, recipients=recipients)
