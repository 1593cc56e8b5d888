"""PINs changed by phone: stored in their order, kept while the database is away, let go when refused (R11)."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callflow.service import pin_changes
from callflow.service.health_parts import pins_facts
from callflow.service.pin_changes import PinChanges, PinNotStoredError, PinRefusedError
from callflow.service.spool import locked
from tests.fakes.bad_disk import failing_disk, silent_disk, until_asked
from tests.fakes.running import running
from tests.fakes.waiting import until


@dataclass
class Database:
    """Takes PINs, unless it is away; refuses those that are too easy."""

    pins: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False
    fails: Exception | None = None
    """What storing the first mailbox's PINs comes to."""
    asked: int = 0

    async def store(self, mailbox: str, pin: str) -> None:
        self.asked += 1
        if self.away:
            raise PinNotStoredError("away")
        if self.fails is not None and mailbox == "61100":
            raise self.fails
        if pin == "1234":
            raise PinRefusedError("too easy")
        self.pins.append((mailbox, pin))


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def leave(folder: Path, name: str, pin: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(pin)


async def test_pins_are_stored_in_the_order_in_which_they_were_changed(tmp_path: Path) -> None:
    database = Database()
    for name, pin in (("61100.3", "4712"), ("61100.2", "4711"), ("61104.1", "7788")):
        leave(tmp_path, name, pin)
    await PinChanges(tmp_path, database.store).store_what_waits()
    assert database.pins == [("61100", "4711"), ("61100", "4712"), ("61104", "7788")]
    assert left(tmp_path) == []


async def test_pin_that_is_refused_is_let_go_and_holds_up_no_other(tmp_path: Path) -> None:
    database = Database()
    leave(tmp_path, "61100.1", "1234")
    leave(tmp_path, "61104.1", "7788")
    await PinChanges(tmp_path, database.store).store_what_waits()
    assert database.pins == [("61104", "7788")]
    assert left(tmp_path) == []


@pytest.mark.parametrize("error", [PinNotStoredError("its row is locked"), ValueError("odd")], ids=["waits", "odd"])
async def test_pin_that_cannot_be_stored_holds_up_the_later_ones_of_its_mailbox_and_no_other(
    tmp_path: Path, error: Exception
) -> None:
    now, database = [0.0], Database(fails=error)
    for name, pin in (("61100.1", "4711"), ("61100.2", "4712"), ("61104.1", "7788")):
        leave(tmp_path, name, pin)
    changes = PinChanges(tmp_path, database.store, clock=lambda: now[0])
    await changes.store_what_waits()
    assert database.pins == [("61104", "7788")]
    await changes.store_what_waits()
    assert database.asked == 2
    database.fails, now[0] = None, pin_changes.FIRST_PAUSE_SECONDS
    await changes.store_what_waits()
    assert database.pins == [("61104", "7788"), ("61100", "4711"), ("61100", "4712")]
    assert left(tmp_path) == []


async def test_later_pin_waits_for_the_one_before_that_another_instance_stores(tmp_path: Path) -> None:
    database = Database()
    for name, pin in (("61100.1", "4711"), ("61100.2", "4712"), ("61104.1", "7788")):
        leave(tmp_path, name, pin)
    async with locked(tmp_path / "61100.1"):
        await PinChanges(tmp_path, database.store).store_what_waits()
    assert database.pins == [("61104", "7788")]
    await PinChanges(tmp_path, database.store).store_what_waits()
    assert database.pins == [("61104", "7788"), ("61100", "4711"), ("61100", "4712")]


async def test_pin_after_one_that_failed_here_and_that_another_instance_stored_does_not_wait(tmp_path: Path) -> None:
    database = Database(fails=PinNotStoredError("its row is locked"))
    changes = PinChanges(tmp_path, database.store, clock=lambda: 0.0)
    leave(tmp_path, "61100.1", "4711")
    await changes.store_what_waits()
    (tmp_path / "61100.1").unlink()
    await changes.store_what_waits()
    database.fails = None
    leave(tmp_path, "61100.2", "4712")
    await changes.store_what_waits()
    assert database.pins == [("61100", "4712")]


async def test_pin_that_is_half_written_is_left_alone(tmp_path: Path) -> None:
    database = Database()
    leave(tmp_path, ".61100", "47")
    await PinChanges(tmp_path, database.store).store_what_waits()
    assert database.asked == 0


async def test_pins_wait_while_the_database_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pin_changes, "FIRST_PAUSE_SECONDS", 0.01)
    database = Database(away=True)
    leave(tmp_path, "61100.1", "4711")
    running = asyncio.create_task(PinChanges(tmp_path, database.store).run())
    await until(lambda: database.asked > 1)
    assert left(tmp_path) == ["61100.1"]
    database.away = False
    await until(lambda: database.pins == [("61100", "4711")])
    await until(lambda: left(tmp_path) == [])
    running.cancel()


async def test_health_tells_of_a_pin_that_waits_until_it_is_stored(tmp_path: Path) -> None:
    database, now = Database(away=True), 0.0
    changes = PinChanges(tmp_path, database.store, clock=lambda: now)
    leave(tmp_path, "61100.1", "4711")
    await changes.store_what_waits()
    assert pins_facts(changes) == {"ok": False, "error": "mailbox 61100: away", "waiting": 1}
    database.away, now = False, 60.0
    await changes.store_what_waits()
    assert pins_facts(changes) == {"ok": True, "error": None, "waiting": 0}


async def test_folder_that_cannot_be_read_is_told_and_read_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pin_changes, "LOOK_SECONDS", 0.01)
    database, folder = Database(), tmp_path / "pins"
    changes = PinChanges(folder, database.store)
    async with running(changes.run()):
        with failing_disk(folder):
            await until(lambda: "Stale file handle" in (changes.error or ""))
        leave(folder, "61100.1", "4711")
        await until(lambda: database.pins == [("61100", "4711")])
        await until(lambda: changes.error is None)


async def test_disk_of_the_pins_that_does_not_answer_leaves_the_loop_free(tmp_path: Path) -> None:
    database = Database()
    leave(tmp_path, "61100.1", "4711")
    with silent_disk(tmp_path) as asked:
        storing = asyncio.create_task(PinChanges(tmp_path, database.store).store_what_waits())
        await until_asked(asked)
        assert not storing.done()
    await storing
    assert database.pins == [("61100", "4711")]


async def test_service_starts_with_the_disk_of_the_pins_failing(tmp_path: Path) -> None:
    database = Database()
    with failing_disk(tmp_path):
        changes = PinChanges(tmp_path / "pins", database.store)
    await changes.store_what_waits()
    assert (tmp_path / "pins").is_dir()
