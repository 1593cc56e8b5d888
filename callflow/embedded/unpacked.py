"""Running programs of an unpacked root by the loader that came with them."""

from dataclasses import dataclass
from pathlib import Path

from callflow.embedded.setup_errors import SetupError


@dataclass(frozen=True, slots=True)
class UnpackedRoot:
    """A folder with Debian's `usr` in it; the architecture is read off what lies there."""

    root: Path

    @property
    def library_folder(self) -> Path:
        """The folder of libraries, such as `usr/lib/x86_64-linux-gnu`."""
        return self._only("usr/lib/*-linux-gnu*", "libraries")

    @property
    def loader(self) -> Path:
        """The program loader, such as `ld-linux-x86-64.so.2`."""
        return self._only("{usr/,}lib/*-linux-gnu*/ld-linux*.so.*", "program loader")

    def command(self, program: str) -> list[str]:
        """Return the arguments that start an unpacked program.

        Raises:
            SetupError: there is no such program.
        """
        for folder in ("usr/bin", "usr/sbin"):
            if (path := self.root / folder / program).exists():
                return [str(self.loader), "--library-path", self._library_path(), str(path)]
        raise SetupError(f"{program} is neither in {self.root} nor on PATH. Remove that folder, then `make run`.")

    def _library_path(self) -> str:
        libraries = self.library_folder
        # Before Debian 13 libc lies in /lib. PulseAudio keeps a library that espeak-ng and sox need by itself.
        older = self.root / "lib" / libraries.name
        return ":".join(str(folder) for folder in (libraries, older, libraries / "pulseaudio") if folder.is_dir())

    def _only(self, pattern: str, what: str) -> Path:
        patterns = [pattern.replace("{usr/,}", prefix) for prefix in ("usr/", "")]
        for one in patterns:
            if found := sorted(self.root.glob(one)):
                return found[0]
        raise SetupError(f"{self.root} holds no {what}. Remove that folder and start again.")
