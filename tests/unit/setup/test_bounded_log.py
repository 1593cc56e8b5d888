"""The log of a child process is kept short."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callflow.embedded.bounded_log import BoundedLog


def test_full_log_becomes_the_one_before_and_no_line_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "log" / "serve.log"
    with BoundedLog(path, largest=40) as log:
        for number in range(12):
            log.write(f"rad {number:02} åäö")
    before, now = path.with_name("serve.log.1").read_text(), path.read_text()
    assert len(now.encode()) <= 60
    assert (before + now).splitlines()[-1] == "rad 11 åäö"
    assert sorted(tmp_path.glob("log/*")) == [path, path.with_name("serve.log.1")]


def test_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "serve.log"
    for line in ("först", "sedan"):
        with BoundedLog(path) as log:
            log.write(line)
    assert path.read_text() == "först\nsedan\n"


def test_on_a_full_disk_lines_are_left_out_and_told_when_there_is_room_again(tmp_path: Path) -> None:
    path = tmp_path / "serve.log"
    with BoundedLog(path) as log:
        log.write("före")
        with file_size_limit(path.stat().st_size + 4):
            log.write("mitt i")
            log.write("borta")
        log.write("efter")
    assert path.read_text() == "före\nmitt\n(2 lines are left out here: there was no room)\nefter\n"


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: a write stops half-way, and the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
