"""What the log shows of numbers and secrets (R12)."""

import io
import json
import logging
import os
from collections.abc import Callable, Iterator

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
        ("sip:+46701740605@10.0.0.1:5060", "sip:+4670*****05@10.0.0.1:5060"),
        ("+46701740605: not in use", "+4670*****05: not in use"),
        ("ring 070-1740620 or +46-70-1740620.", "ring 070-1****20 or +46-7*******20."),
        ("0046701740605123456", "00467************56"),
        ("61001", "61001"),
        ("1795550670.1", "1795550670.1"),
        ("2026-11-24", "2026-11-24"),
        ("2026-11-24T10:20:30.123456+00:00", "2026-11-24T10:20:30.123456+00:00"),
        ("PJSIP/61100-00000012", "PJSIP/61100-00000012"),
        ("12345678-1234-4321-8765-0123456789ab", "12345678-1234-4321-8765-0123456789ab"),
    ],
)
def test_a_telephone_number_is_masked_wherever_it_stands(written: str, shown: str) -> None:
    assert logged(reason=written)["reason"] == shown


@pytest.mark.parametrize("field", ["reason", "exception"])
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("*29*61100*135790#", "*29*…"),
        ("to *29*61100*135790#, 61001", "to *29*…, 61001"),
        ("#31#*29*61100*135790#", "#31#*29*…"),
        ("*23*2*1300#", "*23*…"),
        ("*21*61104#", "*21*61104#"),
        ("*#21#", "*#21#"),
        ("a * b * c 2*3*4", "a * b * c 2*3*4"),
    ],
)
def test_what_may_be_a_pin_after_a_code_is_hidden_wherever_it_stands(field: str, written: str, shown: str) -> None:
    assert logged(**{field: written})[field] == shown


@pytest.mark.parametrize("field", ["caller_number", "called_number", "dialled", "number"])
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("+46701740605", "+4670*****05"),
        ("070-1740620", "070-1****20"),
        ("70-174 06 20", "70-17*****20"),
        ("070.174.06.20", "070.1******20"),
        ("(070) 174 06 20", "(070) *******20"),
        ("070\u2011174\u00a006\u00a020", "070\u20111******20"),
        ("4670174062012345678", "46701************78"),
        ("*21*0701740605#", "*21*07017***05#"),
        ("61-100", "61-100"),
        ("anna", "anna"),
    ],
)
def test_a_number_is_masked_however_it_was_dialled(field: str, written: str, shown: str) -> None:
    assert logged(**{field: written})[field] == shown


def test_ids_stay_whole_so_that_a_call_can_be_followed() -> None:
    ids = {
        "call_id": "1795550670.1",
        "decision_id": "123456789012",
        "decision": "123456789012",
        "sip_call_id": "0701740605",
    }
    assert ids.items() <= logged(**ids).items()


class FullDisk(io.StringIO):
    """Takes nothing."""

    def write(self, line: str) -> int:
        raise OSError(28, "No space left on device", line)


def test_a_line_that_finds_no_room_costs_nothing_else() -> None:
    configure_logging(output=FullDisk())
    structlog.get_logger("callflow.test").info("call_decided")


@pytest.mark.parametrize("get_logger", [structlog.get_logger, logging.getLogger])
def test_a_reader_that_stands_still_costs_lines_and_nothing_else(
    get_logger: Callable[[str], logging.Logger],
) -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as reader, open(writing, "w") as output:  # noqa: PTH123 - descriptors have no path
        configure_logging(output=output)
        logger = get_logger("callflow.test")
        for _ in range(5_000):
            logger.info("call_decided")
        os.set_blocking(reading, False)
        read = reader.read()
        assert 0 < read.count(b"event=call_decided") < 5_000
        logger.info("call_falls_back")
        assert b"call_falls_back" in reader.read()


def test_a_level_is_left_out_below_the_one_asked_for() -> None:
    output = io.StringIO()
    configure_logging(output=output, level="WARNING")
    log = structlog.get_logger("callflow.test")
    log.info("call_decided")
    log.warning("call_falls_back")
    assert [line.split()[2] for line in output.getvalue().splitlines()] == ["event=call_falls_back"]


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


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("ab", "ab"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (0.25, "0.25"),
        ("å ä", '"å ä"'),
        ("a=b", '"a=b"'),
        ('"', r'"\""'),
        ("\\", r'"\\"'),
        ("a\nlevel=error\r", r'"a\nlevel=error\r"'),
    ],
)
def test_a_value_is_one_word_of_its_line(value: object, written: str) -> None:
    output = io.StringIO()
    configure_logging(output=output)
    structlog.get_logger("callflow.test").info("call_decided", reason=value, last=1)
    [line] = output.getvalue().splitlines()
    assert line.endswith(f" level=info event=call_decided reason={written} last=1")


def test_the_ids_of_a_call_stand_first_those_that_there_are() -> None:
    output = io.StringIO()
    configure_logging(output=output)
    structlog.get_logger("callflow.test").info("call_decided", outcome="x", sip_call_id=None, call_id="1.1")
    assert output.getvalue().endswith(" event=call_decided call_id=1.1 outcome=x\n")
