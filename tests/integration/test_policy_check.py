"""`callflow policy check` on a real database: its text, its JSON, its exit codes, and its speed."""

import json
from pathlib import Path

import asyncpg
import jsonschema  # type: ignore[import-untyped]
import pytest

from callflow.policy.check import Severity, check
from callflow.service.clock import now
from callflow.storage.generator import generate_region
from callflow.storage.snapshot import read_snapshot
from tests.command_line import CommandLine

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "policy-check.schema.json").read_text(encoding="utf-8"))
CHECK = ("policy", "check", "--at", "2026-03-10 10:00")
LOCK_THE_DUTY_PHONE = "UPDATE extension SET locked = true WHERE number = '+4690161210'"


@pytest.fixture
def callflow(tmp_path: Path, sample_database_url: str) -> CommandLine:
    return CommandLine(tmp_path, sample_database_url)


async def change(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def test_the_sample_region_has_no_errors(callflow: CommandLine) -> None:
    done = callflow(*CHECK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 fel, " in done.stdout
    assert callflow(*CHECK, "--strict").returncode == 1


async def test_a_mistake_is_told_with_what_to_do_and_fails_the_command(
    callflow: CommandLine, sample_database_url: str
) -> None:
    await change(sample_database_url, LOCK_THE_DUTY_PHONE)
    done = callflow(*CHECK)
    assert done.returncode == 1
    assert "FEL R7 enhet Bygglov (duty_phone_reaches_nobody)" in done.stdout
    assert (
        "Jourtelefonen (anknytning +4690161210) ringer inte på arbetstid: måndag–fredag 08:00–16:30." in done.stdout
    )
    assert "→ Se över den: utan telefon, spärrad, vidarekopplad eller stängd." in done.stdout
    assert "ERROR R7 unit Bygglov" in callflow(*CHECK, "--language", "en").stdout


async def test_json_keeps_to_its_schema(callflow: CommandLine, sample_database_url: str) -> None:
    await change(sample_database_url, LOCK_THE_DUTY_PHONE)
    done = callflow(*CHECK, "--json")
    shown = json.loads(done.stdout)
    jsonschema.validate(shown, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert done.returncode == 1
    assert shown["errors"] == 1
    assert shown["at"] == "2026-03-10T10:00:00+01:00"


async def test_one_organisation_is_checked_by_its_key(callflow: CommandLine, sample_database_url: str) -> None:
    await change(sample_database_url, LOCK_THE_DUTY_PHONE)
    other = callflow(*CHECK, "--organisation", "vannas", "--json")
    shown = json.loads(other.stdout)
    assert (other.returncode, shown["organisation"], shown["errors"]) == (0, "vannas", 0)
    assert callflow(*CHECK, "--organisation", "umea").returncode == 1


def test_what_cannot_be_checked_has_an_exit_code_of_its_own(callflow: CommandLine, tmp_path: Path) -> None:
    unknown = callflow(*CHECK, "--organisation", "kiruna")
    assert unknown.returncode == 2
    assert "Nycklarna är: bjurholm, nordmaling, robertsfors, umea, vannas, vindeln." in unknown.stderr
    assert callflow("policy", "check", "--at", "igår").returncode == 2
    assert callflow("policy", "check", "--all-of-it").returncode == 2
    away = CommandLine(tmp_path, "postgresql+asyncpg://nobody@127.0.0.1:1/none")
    assert away("policy", "check").returncode == 2
    assert "CALLFLOW_DATABASE_URL" in CommandLine(tmp_path, "")("policy", "check").stderr


def test_check_is_the_one_thing_that_policy_does(callflow: CommandLine) -> None:
    assert "check" in callflow("policy", "--help").stdout


async def test_a_generated_region_has_no_errors(database_url: str) -> None:
    await generate_region(database_url, 1000)
    policy = (await read_snapshot(database_url)).policy
    assert not [row for row in check(policy, now()) if row.severity is Severity.ERROR]
