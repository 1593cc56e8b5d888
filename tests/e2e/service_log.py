"""What the region's service writes while something happens."""

from pathlib import Path

from tests.fakes.waiting import until


class ServiceLog:
    """The lines that the service writes from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._from = path.stat().st_size

    def lines(self, *events: str) -> list[str]:
        """Return the lines of these events so far."""
        return [line for line in self._written() if any(f" event={event} " in f"{line} " for event in events)]

    def containing(self, *words: str) -> list[str]:
        """Return the lines so far that hold all these words, as `grep` would."""
        return [line for line in self._written() if all(word in line for word in words)]

    async def line(self, *words: str) -> str:
        """Return the first line that holds all these words, written already or soon."""
        await until(lambda: self.containing(*words), f"a line with {words}", 10)
        return self.containing(*words)[0]

    def _written(self) -> list[str]:
        data = self._path.read_bytes()
        begun_anew = len(data) < self._from
        return data[0 if begun_anew else self._from :].decode(errors="replace").splitlines()
