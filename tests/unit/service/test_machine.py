"""What the service sees of the machine: its lag, its clock and its file descriptors."""

import errno
import os
import resource
from typing import Any

import pytest
from structlog.testing import capture_logs

from callflow.service.machine import REMEMBERED_LOOKS, Machine
from tests.fakes.running import running
from tests.fakes.waiting import until


async def test_a_loop_that_is_late_is_told_until_ten_seconds_have_passed() -> None:
    machine = Machine()
    machine.note_lag(0.3)
    assert machine.loop()["ok"] is False
    assert "0.30 s late" in machine.loop()["error"]
    for _ in range(REMEMBERED_LOOKS):
        machine.note_lag(0.001)
    assert machine.loop() == {"ok": True, "error": None, "lag_seconds": 0.001}


async def test_a_clock_that_is_set_is_noticed_each_time() -> None:
    machine = Machine()
    machine.note_clock(1_000_000.0, 10.0)
    before = machine.jumps
    with capture_logs() as logs:
        machine.note_clock(1_000_000.5, 10.5)
        machine.note_clock(1_003_601.0, 11.0)
        machine.note_clock(1_000_001.5, 11.5)
    assert machine.clock() == {"ok": True, "error": None, "jumps": before + 2, "last_jump_seconds": -3600.0}
    assert [line["seconds"] for line in logs] == [3600.0, -3600.0]


@pytest.mark.parametrize(("jump", "times"), [(3600.0, 0), (-5.0, 0), (-7.0, 1), (-3600.0, 1)])
def test_a_clock_counts_as_set_back_by_more_than_a_ring(jump: float, times: int) -> None:
    machine = Machine()
    machine.note_clock(1_000_000.0, 10.0)
    before = machine.set_back
    machine.note_clock(1_000_000.0 + jump, 10.0)
    assert machine.set_back == before + times


async def test_file_descriptors_that_run_out_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    assert machine.files()["ok"] is True
    assert machine.files()["open"] > 2
    monkeypatch.setattr(resource, "getrlimit", lambda _: (16, 16))
    told = machine.files()
    assert (told["ok"], told["limit"]) == (False, 16)


async def test_when_not_even_a_look_is_possible_all_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Any) -> list[str]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "listdir", fails)
    told = Machine().files()
    assert (told["ok"], told["open"]) == (False, told["limit"])


async def test_it_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callflow.service.machine.LOOK_SECONDS", 0.01)
    machine, looks = Machine(), list[float]()
    monkeypatch.setattr(machine, "note_lag", looks.append)
    async with running(machine.run()):
        await until(lambda: len(looks) >= 2)
