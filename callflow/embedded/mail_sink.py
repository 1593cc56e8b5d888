"""A mail server for trying out: takes every mail, keeps it as a file, and tells of it."""

import asyncio
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MAIL = 50_000_000


class MailSink:
    """Listens on `host`:`port` (0: any free one); keeps mails in `folder` and in `mails`."""

    def __init__(self, folder: Path, host: str, port: int, tell: Callable[[EmailMessage], None]) -> None:
        self.folder = folder
        self.host = host
        self.port = port
        self.mails: list[EmailMessage] = []
        self._tell = tell
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Start listening."""
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        loop = asyncio.get_running_loop()

        def protocol() -> SMTP:
            return SMTP(self, loop=loop, hostname="localhost", data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True)

        self._server = await loop.create_server(protocol, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Take a mail (aiosmtpd calls this)."""
        content = envelope.original_content or b""
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        path = self.folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{len(self.mails) + 1}.eml"
        await asyncio.to_thread(path.write_bytes, content)
        self.mails.append(mail)
        self._tell(mail)
        return "250 OK"
