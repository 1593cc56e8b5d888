"""The units of deploy/systemd are right for systemd, and give the service and Asterisk no more than they need."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from callflow.commands import serve
from callflow.config import Settings
from callflow.embedded.asterisk import command_path
from callflow.service.systemd import READY_SECONDS

FOLDER = Path(__file__).parents[3] / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
SERVICES = [unit for unit in UNITS if unit.name.startswith("callflow")]
MOST_EXPOSURE = 20
"""Tenths, as `systemd-analyze security` counts: 0 is nothing, 100 is everything."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")


def setting(unit: Path, name: str) -> str:
    """Return what a unit sets last for a name."""
    return str(re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)[-1])


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units as they are installed, with a program that is there."""
    made = []
    for unit in UNITS:
        copy = tmp_path / unit.name
        copy.write_text(re.sub(r"^(Exec\w+)=\S+", rf"\1={sys.executable}", unit.read_text(), flags=re.MULTILINE))
        made.append(copy)
    return made


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


@needs_systemd
def test_systemd_has_nothing_to_say_against_the_units(units: list[Path]) -> None:
    assert [unit.name for unit in units] == ["asterisk.service", "callflow.service", "callflow@.service"]
    for unit in units:
        done = analyze("verify", "--man=no", str(unit))
        complaints = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
        assert (done.returncode, complaints) == (0, [])


@needs_systemd
def test_each_is_shut_off_from_all_that_it_does_not_need(units: list[Path]) -> None:
    for unit in units:
        done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", str(unit))
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_times_of_the_units_suit_those_of_the_service(unit: Path) -> None:
    assert int(setting(unit, "TimeoutStopSec")) > serve.FINISH_SECONDS
    assert int(setting(unit, "TimeoutStartSec")) > READY_SECONDS
    assert int(setting(unit, "WatchdogSec")) <= 10
    assert setting(unit, "StartLimitIntervalSec") == "0"
    assert (setting(unit, "Restart"), setting(unit, "Type")) == ("always", "notify")


def test_the_two_units_differ_in_nothing_but_the_instance() -> None:
    one, several = ((FOLDER / name).read_text().splitlines() for name in ("callflow.service", "callflow@.service"))
    of_instance = re.compile(r"^#|^Description|^SyslogIdentifier|SERVICE_PORT")
    assert [x for x in one if not of_instance.search(x)] == [x for x in several if not of_instance.search(x)]


def test_asterisk_starts_by_what_configure_writes() -> None:
    unit = FOLDER / "asterisk.service"
    home = Settings(home=Path("/var/lib/callflow"))
    program, *_, configuration = setting(unit, "ExecStart").split()
    assert Path(program) == command_path(home)
    assert Path(configuration) == home.asterisk_folder / "etc" / "asterisk.conf"
    assert (setting(unit, "Restart"), setting(unit, "StartLimitIntervalSec")) == ("always", "0")
    assert setting(unit, "User") == setting(SERVICES[0], "User")


def test_stop_of_asterisk_leaves_the_scripts_that_wait_for_room() -> None:
    assert setting(FOLDER / "asterisk.service", "KillMode") == "process"


def test_command_of_administrators_runs_as_the_service_does() -> None:
    command, unit = (FOLDER / "callflow").read_text(), SERVICES[0]
    assert f"--uid={setting(unit, 'User')} --gid={setting(unit, 'Group')} " in command
    assert f"--property=EnvironmentFile={setting(unit, 'EnvironmentFile')} " in command
    assert f"--setenv={setting(unit, 'Environment').split()[0]} " in command
    assert f"{setting(unit, 'ExecStart').split()[0]} " in command
