"""The log of a child process is kept short."""

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
