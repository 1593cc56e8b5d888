"""Logging: fixed snake_case events with bound fields; numbers and PINs are masked before they are written (R12)."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

SECRET_FIELDS = frozenset({"password", "secret", "pin", "sip_password", "token"})
_NUMBER = re.compile(r"(?<![\w.:-])\+?\d{7,15}(?![\w:-]|\.\d)")
_SHOWN_FIRST, _SHOWN_LAST = 5, 2

Event = MutableMapping[str, Any]
Format = Literal["json", "logfmt"]


def mask_number(number: str) -> str:
    """Return a number with its middle hidden: `+46701740605` as `+4670*****05`; short numbers stay as they are."""
    hidden = len(number) - _SHOWN_FIRST - _SHOWN_LAST
    if hidden <= 0:
        return number
    return f"{number[:_SHOWN_FIRST]}{'*' * hidden}{number[-_SHOWN_LAST:]}"


def mask(_logger: object, _method: str, event: Event) -> Event:
    """Mask secrets by their field's name and telephone numbers wherever they stand."""
    for name, value in event.items():
        if name in SECRET_FIELDS:
            event[name] = "***"
        elif isinstance(value, str) and name not in ("timestamp", "call_id", "decision_id", "sip_call_id"):
            event[name] = _NUMBER.sub(lambda found: mask_number(found[0]), value)
    return event


def configure_logging(*, output: TextIO | None = None, form: Format = "logfmt", level: str = "INFO") -> None:
    """Send our own and the libraries' log lines to `output` (default stderr), masked."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form)],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _renderer(form: Format) -> structlog.types.Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.processors.LogfmtRenderer(
        key_order=["timestamp", "level", "event", "call_id", "decision_id", "sip_call_id"],
        drop_missing=True,
        bool_as_flag=False,
    )
