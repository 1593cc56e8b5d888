"""The command line on a real database: what it prints, changes and refuses."""

import json
from pathlib import Path

import asyncpg
import pytest

from tests.command_line import CommandLine

EXTENSION = "61002"


def test_explain_prints_stable_json_from_the_database_alone(callflow: CommandLine) -> None:
    done = callflow("explain", "--from", EXTENSION, "--to", "61003", "--at", "2026-03-10 10:00", "--json")
    explained = json.loads(done.stdout)
    assert {"outcome", "steps", "trace", "policy_revision"} <= set(explained)
    assert explained["outcome"] == "extension"
    assert explained["call"]["caller_extension_id"] is not None
    assert explained["at"] == "2026-03-10T10:00:00+01:00"


def test_explain_tells_in_swedish_or_english(callflow: CommandLine) -> None:
    question = ("explain", "--from", "withheld", "--to", "+4690161000", "--at", "2026-03-10T20:00:00+01:00")
    assert "Reglerna:" in callflow(*question).stdout
    assert "The rules:" in callflow(*question, "--lang", "en").stdout


def test_explain_goes_by_the_rights_of_the_one_who_transfers(callflow: CommandLine) -> None:
    question = ("explain", "--from", "+46701740605", "--to", "004722334455", "--at", "2026-03-10 10:00", "--json")
    by_anna = json.loads(callflow(*question, "--transferred-by", "61100").stdout)
    assert by_anna["outcome"] == "outside"
    assert by_anna["call"]["mover_extension_id"] is not None
    assert by_anna["call"]["caller_extension_id"] is None
    by_eva = json.loads(callflow(*question, "--transferred-by", "61104").stdout)
    assert by_eva["outcome"] == "refused"
    withheld = callflow("explain", "--from", "dolt", "--to", "004722334455", "--transferred-by", "61100", "--json")
    assert json.loads(withheld.stdout)["call"]["mover_extension_id"] == by_anna["call"]["mover_extension_id"]


def test_explain_tells_what_a_feature_code_changes(callflow: CommandLine) -> None:
    told = callflow("explain", "--from", "61100", "--to", "*21*61102#").stdout
    assert "Tjänstekod (feature_code)" in told
    assert "Ändras: Anknytning +4690161100 vidarekopplas (alla samtal) till anknytning" in told


def test_explain_reads_numbers_as_people_copy_them(callflow: CommandLine) -> None:
    done = callflow("explain", "--from", "tel:+46-701740605", "--to", "090\u201316\u00a011\u00a000", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "extension"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "hej", "--to", "61003"), "”hej” är inget telefonnummer"),
        (("--from", EXTENSION, "--to", "hej"), "'hej' is no telephone number"),
        (("--from", EXTENSION, "--to", "61003", "--answer", "0701740605"), "är ingen anknytning hos oss"),
        (("--from", EXTENSION, "--to", "61003", "--answer", "61102"), "har ingen telefon som kan svara"),
    ],
)
def test_a_call_with_a_bad_number_is_one_clear_message(
    callflow: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    callflow.environment["CALLFLOW_TRYOUT"] = "true"
    done = callflow("call", *arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_call_presses_only_what_a_phone_has(callflow: CommandLine) -> None:
    done = callflow("call", "--from", EXTENSION, "--to", "61003", "--press", "1a")
    assert done.returncode == 2
    assert "”1a” går inte att trycka" in done.stderr
    assert callflow("call", "--from", EXTENSION, "--to", "61003", "--seconds", "-1").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", EXTENSION, "--to", "61003", "--transferred-by", "99999"), "”99999” är ingen anknytning"),
        (("--from", EXTENSION, "--to", ""), "”” är inget telefonnummer"),
        (("--from", "hej", "--to", "61003"), "”hej” är inget telefonnummer"),
        (("--from", "hello", "--to", "61003"), "'hello' is no telephone number"),
        (("--from", EXTENSION, "--to", "61003", "--at", "igår"), "”igår” är ingen tid"),
    ],
)
def test_a_bad_question_is_one_clear_message(callflow: CommandLine, arguments: tuple[str, ...], message: str) -> None:
    done = callflow("explain", *arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_database_the_message_says_what_to_do(tmp_path: Path) -> None:
    done = CommandLine(tmp_path, "")("explain", "--from", "61002", "--to", "61003")
    assert done.returncode == 1
    assert "CALLFLOW_DATABASE_URL" in done.stderr
    away = "postgresql+asyncpg://nobody@127.0.0.1:1/none"
    assert "cannot be read" in CommandLine(tmp_path, away)("extension", "show", "61002").stderr


@pytest.mark.parametrize(
    ("setting", "value", "right"),
    [
        ("CALLFLOW_SIP_PORT", "sip", ("ett heltal från 1 till 65535", "a whole number from 1 to 65535")),
        ("CALLFLOW_AMI_PORT", "65536", ("ett heltal från 1 till 65535", "a whole number from 1 to 65535")),
        ("CALLFLOW_POLL_SECONDS", "inf", ("sekunder större än 0", "seconds above 0")),
        ("CALLFLOW_TRYOUT", "kanske", ("true eller false", "true or false")),
    ],
)
def test_a_bad_setting_is_one_clear_message_that_names_it(
    tmp_path: Path, setting: str, value: str, right: tuple[str, str]
) -> None:
    line = CommandLine(tmp_path, "")
    line.environment[setting] = value
    done = line("explain", "--from", "61002", "--to", "61003")
    assert done.returncode == 2
    assert done.stdout == ""
    told = done.stderr.splitlines()
    assert len(told) == 2
    for message, words in zip(told, right, strict=True):
        assert setting in message
        assert value in message
        assert words in message
        assert str(tmp_path / "callflow.env") in message


def test_several_bad_settings_are_told_at_once_also_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "callflow.env").write_text("CALLFLOW_SIP_PORT=x\nCALLFLOW_HTTP_PORT=0\n")
    told = CommandLine(tmp_path, "")("serve").stderr
    assert told.count("CALLFLOW_SIP_PORT") == told.count("CALLFLOW_HTTP_PORT") == 2
    assert "Traceback" not in told


async def test_a_ring_limit_is_changed_under_the_callers_name(
    callflow: CommandLine, sample_database_url: str
) -> None:
    done = callflow("extension", "set", EXTENSION, "--ring-limit", "2")
    assert done.returncode == 0, done.stderr
    assert "ring_limit       2" in done.stdout
    connection = await asyncpg.connect(sample_database_url.replace("+asyncpg", ""))
    actor = await connection.fetchval("SELECT actor FROM audit ORDER BY id DESC LIMIT 1")
    await connection.close()
    assert actor.startswith("cli:")


def test_what_the_database_refuses_is_shown_in_its_words(callflow: CommandLine) -> None:
    done = callflow("extension", "set", EXTENSION, "--ring-limit", "9")
    assert done.returncode == 1
    assert "R8" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_diversion_is_set_replaced_and_cancelled(callflow: CommandLine) -> None:
    assert callflow("divert", EXTENSION, "--no-answer", "61003", "--rings", "2").returncode == 0
    assert callflow("divert", EXTENSION, "--no-answer", "+46701740606").returncode == 0
    assert "no_answer → number" in callflow("extension", "show", EXTENSION).stdout
    assert callflow("divert", EXTENSION, "--cancel").returncode == 0
    assert "diversions" not in callflow("extension", "show", EXTENSION).stdout


def test_a_diversion_goes_by_the_checks_of_the_feature_codes(callflow: CommandLine) -> None:
    told = callflow.refuses("divert", "61104", "--all", "004722334455")
    assert "090161104 kan inte vidarekopplas till ”004722334455”: numret är spärrat." in told
    assert "spärrat: utland (international), för alla från början (R18)" in told
    assert "callflow exemption 090161104 international" in told
    assert "vidarekoppling ut" in callflow.refuses("divert", "40101", "--all", "0701740606")
    assert "det egna numret" in callflow.refuses("divert", "61104", "--all", "61104")
    assert "nödnumret" in callflow.refuses("divert", "61104", "--busy", "112")
    assert "används inte" in callflow.refuses("divert", "61104", "--all", "61998")
    assert "samtalen går ibland runt" in callflow.refuses("divert", "61104", "--all", "61103")
    assert "ingen röstbrevlåda" in callflow.refuses("divert", "61108", "--all", "voicemail")


async def test_a_diversion_outside_ends_when_the_organisation_says(
    callflow: CommandLine, sample_database_url: str
) -> None:
    assert "längst till" in callflow.shows("divert", "20101", "--all", "0701740606")
    assert "längst till" not in callflow.shows("divert", "61104", "--all", "0701740606")
    connection = await asyncpg.connect(sample_database_url.replace("+asyncpg", ""))
    days = await connection.fetchval(
        "SELECT ends_at - now() FROM diversion WHERE to_number = '+46701740606' AND ends_at IS NOT NULL"
    )
    await connection.close()
    assert 28 < days.total_seconds() / 86400 <= 30


def test_a_diversion_to_nowhere_is_refused(callflow: CommandLine) -> None:
    assert callflow("divert", EXTENSION, "--all", "hemma").returncode == 1
    assert callflow("divert", "99999", "--all", "61003").returncode == 1
    assert callflow("divert", EXTENSION).returncode == 2


def test_sample_and_migrate_do_nothing_twice(callflow: CommandLine) -> None:
    assert callflow("migrate").returncode == 0
    assert "inget ändrades" in callflow("sample").stdout


def test_a_region_is_generated_into_an_empty_database(tmp_path: Path, database_url: str) -> None:
    empty = CommandLine(tmp_path, database_url)
    assert "60" in empty("generate", "60").stdout
    assert empty("generate", "60").returncode == 1


def test_help_lists_every_command(callflow: CommandLine) -> None:
    told = callflow("--help").stdout
    for name in (
        "run",
        "call",
        "explain",
        "divert",
        "extension",
        "serve",
        "migrate",
        "sample",
        "generate",
        "barring",
        "exemption",
    ):
        assert f" {name} " in told
