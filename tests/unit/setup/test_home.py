"""The home folder of a running region: who may see it, and what it tells other commands."""

import os
from pathlib import Path

import pytest

from callflow.config import Settings
from callflow.embedded.home import AlreadyRunningError, RegionLock, as_running, make_secrets
from callflow.embedded.setup_errors import SetupError


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_others_may_pass_through_a_new_home_but_not_look(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with RegionLock(Settings(home=tmp_path / "home")):
            assert mode(tmp_path / "home") == 0o711
    finally:
        os.umask(before)


def test_a_home_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="CALLFLOW_HOME"), RegionLock(Settings(home=tmp_path / "file" / "home")):
        pass


def test_secrets_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    made = make_secrets(Settings(home=tmp_path), None)
    again = make_secrets(Settings(home=tmp_path), None)
    assert mode(tmp_path / "callflow.env") == 0o600
    assert again.ari_password == made.ari_password
    assert made.ari_password.get_secret_value()
    assert made.ari_password != made.ami_password


def test_a_command_finds_a_running_region_on_other_ports_than_the_usual(tmp_path: Path) -> None:
    region = Settings(home=tmp_path, sip_port=15060, ami_port=15038, tryout=True)
    with RegionLock(region) as lock:
        lock.tell(region)
        found = as_running(Settings(home=tmp_path))
    assert (found.sip_port, found.ami_port, found.tryout) == (15060, 15038, True)


def test_what_a_region_told_is_forgotten_when_it_has_ended(tmp_path: Path) -> None:
    region = Settings(home=tmp_path, sip_port=15060)
    with RegionLock(region) as lock:
        lock.tell(region)
    assert as_running(Settings(home=tmp_path)).sip_port == Settings(home=tmp_path).sip_port


def test_a_region_tells_no_secret(tmp_path: Path) -> None:
    region = make_secrets(Settings(home=tmp_path), None)
    with RegionLock(region) as lock:
        lock.tell(region)
        told = (tmp_path / "run.json").read_text()
    assert region.ami_password.get_secret_value() not in told


def test_a_second_region_in_the_same_home_is_told_which_process_runs(tmp_path: Path) -> None:
    with (
        RegionLock(Settings(home=tmp_path)),
        pytest.raises(AlreadyRunningError, match=str(os.getpid())),
        RegionLock(Settings(home=tmp_path)),
    ):
        pass
