"""What is over is forgotten piece by piece, at start and then again and again, whatever the database does (R12)."""

from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from callflow.errors import CallflowError
from callflow.service import retention
from callflow.service.retention import Retention
from tests.fakes.running import running
from tests.fakes.waiting import until


class DatabaseAwayError(CallflowError):
    """The database cannot be reached."""

    code = "database_unavailable"


@dataclass
class Database:
    """Has so many rows to forget, at most two at a time, unless it is away."""

    rows: int = 0
    away: bool = False
    asked: int = 0
    pieces: list[int] = field(default_factory=list)

    async def forget(self) -> int:
        self.asked += 1
        if self.away:
            raise DatabaseAwayError("away")
        piece = min(2, self.rows)
        self.rows -= piece
        self.pieces.append(piece)
        return piece


@pytest.fixture(autouse=True)
def _no_pause_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BETWEEN_SECONDS", 0.0)


@pytest.fixture
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "EVERY_SECONDS", 0.005)
    monkeypatch.setattr(retention, "AGAIN_SECONDS", 0.005)


async def test_all_is_forgotten_at_start_piece_by_piece_and_told_once() -> None:
    database = Database(rows=5)
    with capture_logs() as logs:
        async with running(Retention(database.forget).run()):
            await until(lambda: len(database.pieces) == 4)
    assert database.pieces == [2, 2, 1, 0]
    assert [(line["event"], line["rows"]) for line in logs] == [("history_forgotten", 5)]


@pytest.mark.usefixtures("_often")
async def test_what_is_over_later_is_forgotten_later_and_nothing_is_told_of_nothing() -> None:
    database = Database()
    with capture_logs() as logs:
        async with running(Retention(database.forget).run()):
            await until(lambda: database.asked > 2)
            assert not logs
            database.rows = 1
            await until(lambda: database.rows == 0)


@pytest.mark.usefixtures("_often")
async def test_database_that_is_away_is_told_once_each_time_and_tried_again() -> None:
    database = Database(rows=3, away=True)
    with capture_logs() as logs:
        async with running(Retention(database.forget).run()):
            await until(lambda: database.asked > 3)
            assert [line["event"] for line in logs] == ["history_not_forgotten"]
            database.away = False
            await until(lambda: database.pieces[-2:] == [0, 0])
            database.away = True
            await until(lambda: len(logs) == 3)
            asked = database.asked
            await until(lambda: database.asked > asked + 3)
    assert [line["event"] for line in logs] == ["history_not_forgotten", "history_forgotten", "history_not_forgotten"]
    assert (logs[0]["log_level"], logs[0]["code"], logs[0]["reason"]) == ("warning", "database_unavailable", "away")


async def test_what_was_forgotten_before_the_database_went_is_told() -> None:
    database = Database(rows=9)

    async def goes_away() -> int:
        database.away = len(database.pieces) == 2
        return await database.forget()

    with capture_logs() as logs:
        async with running(Retention(goes_away).run()):
            await until(lambda: database.asked == 3)
    assert [line["event"] for line in logs] == ["history_forgotten", "history_not_forgotten"]
    assert logs[0]["rows"] == 4
