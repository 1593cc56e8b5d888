"""Text that goes into Asterisk's configuration: what may stand in a line, and files written whole or not at all."""

import re
from pathlib import Path

from callflow.errors import CallflowError
from callflow.files import write_atomically

LANGUAGES = {"sv": "se", "en": "en"}
"""Our languages as Asterisk names them: its Swedish grammar (numbers, voicemail) answers to `se` alone."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NUMBER = re.compile(r"\+?[0-9]{1,24}")
_NOT_IN_DISPLAY_NAME = re.compile(r"[\x00-\x1f\x7f\"<>\\;,|&$\[\](){}]+")


class ConfigurationError(CallflowError):
    """A value that cannot stand in Asterisk's configuration or in a plan."""

    code = "asterisk_configuration_refused"


def asterisk_language(language: str) -> str:
    """Return what Asterisk calls our `language`; raise `ConfigurationError` for one that has no prompts."""
    try:
        return LANGUAGES[language]
    except KeyError:
        known = ", ".join(sorted(LANGUAGES))
        raise ConfigurationError(f"language {language!r} has no prompts; use one of {known}") from None


def one_line(value: str, what: str) -> str:
    """Return `value`; raise `ConfigurationError` when it holds what would end a line or be trimmed away."""
    if _CONTROL.search(value) or value != value.strip():
        raise ConfigurationError(f"{what} holds a line break, control character or outer space; take it out")
    return value


def conf_value(value: str, what: str) -> str:
    """Return `value` as the right side of a line, semicolons escaped; raise `ConfigurationError` on a line break."""
    return one_line(value, what).replace(";", "\\;")


def account_name(name: str) -> str:
    """Return a name that is safe as section, endpoint and dial string; raise `ConfigurationError` for any other."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} cannot name a SIP account; use letters, digits, dot, dash and underscore")
    return name


def telephone_number(number: str) -> str:
    """Return a number of digits with an optional plus; raise `ConfigurationError` for any other."""
    if not _NUMBER.fullmatch(number):
        raise ConfigurationError(f"{number!r} is not a telephone number; use digits with an optional leading plus")
    return number


def display_name(name: str) -> str:
    """Return `name` without what Asterisk's files and SIP headers would take for their own."""
    return " ".join(_NOT_IN_DISPLAY_NAME.sub(" ", name).split())


def seconds(milliseconds: int) -> str:
    """Return a time for Asterisk in seconds: `24`, or `1.6` where it is no whole number."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")


def write_if_changed(path: Path, text: str, mode: int = 0o600) -> bool:
    """Write `text` to `path` atomically, unless it stands there already; return whether it was written."""
    data = text.encode()
    if path.is_file() and path.read_bytes() == data:
        path.chmod(mode)
        return False
    write_atomically(path, data, mode)
    return True
