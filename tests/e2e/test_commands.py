"""`callflow run` and `callflow call`, as a newcomer uses them."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path

import psutil
import pytest

from callflow.config import Settings
from callflow.embedded.home import environment_of
from callflow.phone.client import PhoneCall
from tests.e2e.helpers import callflow
from tests.e2e.town import EVENING, Town

START_SECONDS = 60
STOP_SECONDS = 30
READY = "Samtal, ett per rad:"
NORWAY = "+4722334455"

pytestmark = pytest.mark.xdist_group("commands")


@asynccontextmanager
async def running(environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `callflow run` and wait until it takes calls; end it at the end if it has not."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "callflow", "run", env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE
    )
    try:
        await said(process, READY)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.communicate(), STOP_SECONDS)


async def said(process: asyncio.subprocess.Process, text: str) -> list[str]:
    """Return the lines up to the one that holds `text`."""
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(START_SECONDS):
        async for line in process.stdout:
            lines.append(line.decode())
            if text in lines[-1]:
                return lines
    raise AssertionError(f"never said {text!r}; said: {''.join(lines)}")


async def test_call_shows_what_the_caller_hears_and_the_rules(town: Town) -> None:
    environment = environment_of(town.region.settings)
    code, shown = await callflow(
        environment,
        "call",
        "--from",
        "+46701740605",
        "--to",
        "+4690161100",
        "--at",
        "2026-03-10 10:00",
        "--seconds",
        "12",
    )
    assert code == 0, shown
    rings = re.findall(r"ringsignal (\d)", shown)
    assert rings == ["1", "2", "3", "4"]
    assert "Anna Lindgren (61100), högst 4 signaler" in shown
    assert "röstbrevlåda 61100" in shown
    assert re.search(r"R8 +✓", shown)


async def test_call_presses_the_digits_at_the_menu_and_says_the_prompts(town: Town) -> None:
    environment = environment_of(town.region.settings)
    arguments = [
        "--from",
        "+46701740605",
        "--to",
        "+4690161200",
        "--at",
        EVENING,
        "--press",
        "1",
        "--answer",
        "61211",
    ]
    code, shown = await callflow(environment, "call", *arguments, "--seconds", "40")
    assert code == 0, shown
    assert "Bygglov" in shown
    assert "Är det brådskande, tryck 1." in shown
    assert "trycker 1" in shown
    assert "svar från 61211" in shown


async def test_call_from_an_extension_is_an_internal_call(town: Town) -> None:
    environment = environment_of(town.region.settings)
    code, shown = await callflow(environment, "call", "--from", "61100", "--to", "112", "--seconds", "5")
    assert code == 0, shown
    emergency = await town.trunk.call_to("112")
    assert emergency.caller_number == "+4690161100"


async def test_call_of_the_test_number_does_not_claim_that_112_was_called(town: Town) -> None:
    environment = environment_of(town.region.settings)
    code, shown = await callflow(environment, "call", "--from", "61100", "--to", "*112", "--seconds", "20")
    assert code == 0, shown
    assert "inget nödsamtal ringdes; ett nödsamtal skulle visa +4690161100" in shown


async def test_exemption_opens_the_next_call_and_its_end_bars_the_one_after(town: Town) -> None:
    environment = environment_of(town.region.settings)
    phone = await town.phone("61104")
    await refused(town, await phone.call(NORWAY))
    code, shown = await callflow(
        environment, "exemption", "61104", "utland", "--until", "2199-12-31", "--reason", "Möte i Norge"
    )
    assert code == 0, shown
    assert "i kraft: utland (international)" in shown
    await town.until_current()
    opened = await phone.call(NORWAY)
    await opened.wait_for("ringing")
    assert (await town.trunk.call_to(NORWAY)).called_user == NORWAY
    await opened.hang_up()
    code, shown = await callflow(environment, "exemption", "61104", "utland", "--end")
    assert code == 0, shown
    await town.until_current()
    town.reported.clear()
    town.trunk.calls.clear()
    await refused(town, await phone.call(NORWAY))
    assert town.trunk.calls == []


async def refused(town: Town, call: PhoneCall) -> None:
    """See that a call is told that calls abroad are barred, and end it."""
    await town.step("say", containing="policy/barred-international")
    await call.hang_up()


async def test_call_of_a_feature_code_changes_the_policy(town: Town) -> None:
    environment = environment_of(town.region.settings)
    code, shown = await callflow(environment, "call", "--from", "61100", "--to", "*21*61102#", "--seconds", "20")
    assert code == 0, shown
    assert "Ändras: Anknytning +4690161100 vidarekopplas (alla samtal) till anknytning" in shown
    condition = await town.value(
        "SELECT condition FROM diversion WHERE extension_id = (SELECT id FROM extension WHERE sip_username = '61100')"
    )
    assert condition == "all"


async def test_call_with_a_withheld_number_shows_none(town: Town) -> None:
    environment = environment_of(town.region.settings)
    phone = await town.phone("61100")
    arguments = ("--from", "withheld", "--to", "090-16 11 00", "--no-phones", "--seconds", "3")
    code, shown = await callflow(environment, "call", *arguments)
    assert code == 0, shown
    assert (await phone.incoming()).caller_number == "anonymous"


async def test_call_refuses_a_time_on_a_system_that_is_not_for_trying_out(town: Town, tmp_path: Path) -> None:
    environment = environment_of(town.region.settings.model_copy(update={"tryout": False, "home": tmp_path}))
    code, shown = await callflow(environment, "call", "--from", "61100", "--to", "61104", "--at", "2026-03-10 20:00")
    assert code == 2
    assert "startat för prov" in shown
    assert town.reported == []


async def test_run_starts_everything_tells_each_call_and_leaves_nothing(fresh_settings: Settings) -> None:
    environment = environment_of(fresh_settings)
    async with running(environment) as process:
        home = fresh_settings.home
        assert (home / "callflow.env").stat().st_mode & 0o777 == 0o600
        code, _ = await callflow(environment, "call", "--from", "61100", "--to", "61104", "--seconds", "1")
        assert code == 0
        await said(process, "61104 Eva Sandberg")
        process.send_signal(signal.SIGINT)
        rest, _ = await asyncio.wait_for(process.communicate(), STOP_SECONDS)
        assert "Allt är avslutat." in rest.decode()
        assert process.returncode == 0
    commands = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
    assert [command for command in commands if str(home) in " ".join(command)] == []


async def test_a_second_run_beside_it_is_told_who_runs(fresh_settings: Settings) -> None:
    environment = environment_of(fresh_settings)
    async with running(environment) as process:
        code, shown = await callflow(environment, "run")
        assert code == 1
        assert f"körs redan i {fresh_settings.home}, pid {process.pid}" in shown
        assert process.returncode is None


async def test_run_with_a_port_in_use_names_the_setting(fresh_settings: Settings) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as taken:
        taken.bind(("127.0.0.1", fresh_settings.ami_port))
        taken.listen()
        code, shown = await callflow(environment_of(fresh_settings), "run")
    assert code == 1
    assert "CALLFLOW_AMI_PORT" in shown
    assert "Traceback" not in shown


async def test_run_tells_when_a_part_ends_by_itself(fresh_settings: Settings) -> None:
    environment = environment_of(fresh_settings)
    async with running(environment) as process:
        serve = next(
            one for one in psutil.Process(process.pid).children(recursive=True) if one.cmdline()[-1:] == ["serve"]
        )
        serve.kill()
        rest, _ = await asyncio.wait_for(process.communicate(), STOP_SECONDS)
    assert process.returncode == 1
    assert "Allt är avslutat." in rest.decode()
