"""Logging: fixed snake_case events with bound fields; numbers and PINs are masked before they are written (R12)."""

import logging
import re
import select
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, Literal, TextIO

import structlog

SECRET_FIELDS = frozenset({"password", "secret", "pin", "sip_password", "token"})
_IDS = frozenset({"timestamp", "level", "call_id", "decision_id", "decision", "sip_call_id"})
"""Whole, so that a call can be followed."""
_NUMBER_FIELDS = frozenset({"number", "caller_number", "called_number", "dialled"})
_NUMBER = re.compile(r"(?<![\w.-])(?<!\d:)(?:\+?\d{7,}|(?:\+\d|0\d)(?:-?\d){5,})(?!\w|[:-]\w|\.\d)")
"""A number in any text; one with dashes begins with `+` or 0, as neither a date nor a channel does."""
_WRITTEN_NUMBER = re.compile(r"\+?\d(?:[^\w*#]*\d){6,}")
"""A number where nothing else stands, however a person or a phone writes it."""
_CODE = re.compile(r"(?<![\w*#])((?:[*#]\d*#)?[*#]\d+\*)[\d+]+\*[\d*#]*")
"""A feature code with two things after it, of which one may be a PIN. What was dialled has fields of its own, and
who knows the codes takes PINs out of these (`callflow.service.dialled`)."""
_WORD = re.compile(r'[^\s"=\\]*')
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\r": "\\r", "\n": "\\n"}
_FIRST = ("timestamp", "level", "event", "call_id", "decision_id", "sip_call_id")
_SHOWN_FIRST, _SHOWN_LAST = 5, 2

PATIENCE_MILLISECONDS = 100
"""How long a line waits for whoever reads it, who may be busy."""

Event = MutableMapping[str, Any]
Format = Literal["json", "logfmt"]


def mask_number(number: str) -> str:
    """Return a number with its middle hidden: `+46701740605` as `+4670*****05`; short numbers stay as they are."""
    hidden = len(number) - _SHOWN_FIRST - _SHOWN_LAST
    if hidden <= 0:
        return number
    return f"{number[:_SHOWN_FIRST]}{'*' * hidden}{number[-_SHOWN_LAST:]}"


def mask_dialled(dialled: str) -> str:
    """Return what was dialled, or a caller's number, with each number in it masked, however it is written."""
    return _WRITTEN_NUMBER.sub(_masked, dialled)


def _masked(found: re.Match[str]) -> str:
    return mask_number(found[0])


def mask(_logger: object, _method: str, event: Event) -> Event:
    """Mask secrets by their field's name, telephone numbers and what may be a PIN wherever they stand."""
    for name, value in event.items():
        if name in SECRET_FIELDS:
            event[name] = "***"
        elif isinstance(value, str) and name not in _IDS:
            if name in _NUMBER_FIELDS:
                event[name] = mask_dialled(value)
            else:
                event[name] = _NUMBER.sub(_masked, _CODE.sub(r"\1…", value) if "*" in value else value)
    return event


class Lines:
    """Writes each line at once, by one write; what cannot be written costs the line and nothing else.

    A full disk costs it, and a reader that stands still, such as a frozen journald or a paused terminal: one line
    waits `PATIENCE_MILLISECONDS` for it, then lines are left out until it reads. Holds for lines of up to 4096 bytes.
    """

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._room = _room_in(output)
        self._patience = PATIENCE_MILLISECONDS

    def write(self, line: str) -> None:
        """Write one line."""
        with suppress(OSError, ValueError):
            if self._has_room():
                self._output.write(f"{line}\n")
                self._output.flush()

    debug = info = warning = error = critical = exception = msg = write

    def _has_room(self) -> bool:
        if self._room is None:
            return True
        room = bool(self._room.poll(self._patience))
        self._patience = PATIENCE_MILLISECONDS if room else 0
        return room


class _Handler(logging.Handler):
    """Writes what the libraries log."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.write(self.format(record))


def _room_in(output: TextIO) -> "select.poll | None":
    """Return what tells of room for a line; None where the output is no file of the system's."""
    room = select.poll()
    try:
        room.register(output.fileno(), select.POLLOUT)
    except (OSError, ValueError):
        return None
    return room


def configure_logging(*, output: TextIO | None = None, form: Format = "logfmt", level: str = "INFO") -> None:
    """Send our own and the libraries' log lines to `output` (default stderr), masked.

    Our own go past the standard library's logging, which costs several times what the line does.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    lines = Lines(output or sys.stderr)
    handler = _Handler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form)],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[*shared, _renderer(form)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=lambda *_name: lines,
        cache_logger_on_first_use=True,
    )


def _renderer(form: Format) -> structlog.types.Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return _logfmt


def _logfmt(_logger: object, _method: str, event: Event) -> str:
    first = [(name, value) for name in _FIRST if (value := event.pop(name, None)) is not None]
    return " ".join([f"{name}={_shown(value)}" for name, value in (*first, *event.items())])


def _shown(value: object) -> str:
    """Return a value as logfmt has it: quoted where it would not be one word."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if _WORD.fullmatch(text):
        return text
    for plain, escaped in _ESCAPED.items():
        text = text.replace(plain, escaped)
    return f'"{text}"'
