"""What the log shows of numbers and secrets (R12)."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from callflow.logs import configure_logging, mask_number


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def logged(**fields: object) -> dict[str, object]:
    output = io.StringIO()
    configure_logging(output=output, form="json")
    structlog.get_logger("callflow.test").info("call_decided", **fields)
    found: dict[str, object] = json.loads(output.getvalue())
    return found


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("+46701740605", "+4670*****05"),
        ("0701740605", "07017***05"),
        ("PJSIP/+46701740605@trunk", "PJSIP/+4670*****05@trunk"),
        ("ring +46701740605, 61001", "ring +4670*****05, 61001"),
        ("61001", "61001"),
        ("1795550670.1", "1795550670.1"),
        ("2026-11-24", "2026-11-24"),
    ],
)
def test_a_telephone_number_is_masked_wherever_it_stands(written: str, shown: str) -> None:
    assert logged(caller_number=written)["caller_number"] == shown


def test_ids_stay_whole_so_that_a_call_can_be_followed() -> None:
    event = logged(call_id="1795550670.1", decision_id="123456789012")
    assert (event["call_id"], event["decision_id"]) == ("1795550670.1", "123456789012")


def test_secrets_are_hidden_by_their_names() -> None:
    event = logged(password="hemlig", pin="4711")
    assert (event["password"], event["pin"]) == ("***", "***")


def test_a_traceback_is_masked_too() -> None:
    output = io.StringIO()
    configure_logging(output=output, form="json")
    try:
        dict[str, str]()["+46701740605"]
    except KeyError:
        structlog.get_logger("callflow.test").exception("call_task_failed")
    assert "KeyError" in output.getvalue()
    assert "+46701740605" not in output.getvalue()


def test_a_library_writes_in_the_same_form() -> None:
    output = io.StringIO()
    configure_logging(output=output)
    logging.getLogger("library").warning("called %s", "+46701740605")
    assert 'event="called +4670*****05"' in output.getvalue()


def test_a_short_number_is_no_secret() -> None:
    assert mask_number("61001") == "61001"
