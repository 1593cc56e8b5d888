"""What a failed test leaves to be read: what its phones saw, and the last words of Asterisk and of the service."""

from collections.abc import Iterator
from pathlib import Path

from callflow.phone.client import Phone
from callflow.phone.events import EventLog
from tests.e2e.town import Town

LINES = 12
WIDTH = 240


def evidence(town: Town) -> str:
    """Return it as text, no longer than a screen."""
    home, asterisk = town.region.settings.home, town.region.settings.asterisk_folder
    phones = [line for phone in (town.trunk.phone, *town.phones) for line in _seen_by(phone)]
    logs = [line for log in (asterisk / "log/messages.log", home / "log/serve.log") for line in _last_lines(log)]
    return "\n".join(line[:WIDTH] for line in (*phones, *logs))


def _seen_by(phone: Phone) -> Iterator[str]:
    for title, log in ((phone.title, phone), *phone.calls.items()):
        yield f"{title}: {' '.join(_told(log)) or 'nothing'}"


def _told(log: EventLog) -> Iterator[str]:
    for event in log.events:
        yield f"{event.name}{f'={event.code}' if event.code else ''}@{event.at:.2f}"


def _last_lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-LINES:] if log.exists() else [f"{log} is not there"]
