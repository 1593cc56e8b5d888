"""Text into telephone sound by espeak-ng and sox."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from callflow.embedded.setup_errors import SpeechError, disk_full
from callflow.embedded.tools import Tools

VOICES = {"sv": ("-v", "sv", "-s", "150", "-p", "45"), "en": ("-v", "en-gb", "-s", "155", "-p", "45")}
"""espeak-ng's voice, words per minute and pitch (0 to 99)."""

TELEPHONE = ("-r", "8000", "-b", "16", "-c", "1")
LOUDNESS = ("gain", "-n", "-4")
"""The loudest sample lies 4 dB under the top, so that no codec of a trunk distorts it."""

SETTINGS = repr((VOICES, TELEPHONE, LOUDNESS))
"""Changes when speech of the same text would sound different."""

LIMIT_SECONDS = 60
FULL_BYTES = 1_000_000
"""A disk with less than this is full."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """A text to be spoken in a language (`sv`, `en`) into a file."""

    language: str
    text: str
    path: Path


@dataclass(frozen=True, slots=True)
class SpeechEngine:
    """espeak-ng and sox; each sound is 8 kHz, 16 bits, mono, and there whole or not at all."""

    tools: Tools
    limit_seconds: float = LIMIT_SECONDS
    """How long one program may take for one text."""

    def speak(self, speaking: Speaking) -> None:
        """Write the text's speech as wav.

        Raises:
            SpeechError: no voice for the language, no text, or a program failed; with what it said.
            DiskFullError: there is no space for it.
        """
        voice = VOICES.get(speaking.language)
        if voice is None:
            raise SpeechError(f"No voice for the language “{speaking.language}”; there are {', '.join(VOICES)}.")
        if not can_be_spoken(speaking.text):
            raise SpeechError(f"Nothing to speak in {speaking.text!r} for {speaking.path.name}.")
        # Without the pause after the last word (-z), since numbers are put together from pieces.
        # Brackets would be read as espeak's phonemes, and are never spoken anyhow.
        text = speaking.text.replace("[", " ").replace("]", " ")
        command = [*self.tools.command("espeak-ng"), *voice, "-z", "-b", "1", "--stdin", "-w"]
        with _temporary(speaking.path) as folder:
            spoken = Path(folder) / "spoken.wav"
            self._run([*command, str(spoken)], text, Path(folder))
            self._write_telephone(spoken, speaking.path, Path(folder))

    def convert(self, recording: Path, path: Path) -> None:
        """Write a recording (any wav) in the telephone's format.

        Raises:
            SpeechError: sox cannot read it.
            DiskFullError: there is no space for it.
        """
        with _temporary(path) as folder:
            self._write_telephone(recording, path, Path(folder))

    def speak_all(self, work: Iterable[Speaking]) -> None:
        """Speak many texts, as many at once as there are processors.

        Raises:
            SpeechError: the first that failed.
        """
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            for _ in pool.map(self.speak, work):
                pass

    def _write_telephone(self, source: Path, path: Path, folder: Path) -> None:
        made = folder / "made.wav"
        # -R: the same dither each time, so that the same text gives the same file.
        self._run([*self.tools.command("sox"), "-R", str(source), *TELEPHONE, str(made), *LOUDNESS], "", folder)
        made.chmod(0o644)
        made.replace(path)

    def _run(self, command: list[str], text: str, folder: Path) -> None:
        environment = {**os.environ, **self.tools.environment()}
        try:
            done = subprocess.run(
                command,
                check=False,
                input=text.encode(),
                capture_output=True,
                env=environment,
                timeout=self.limit_seconds,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SpeechError(
                f"Speech could not be made: {error}. Remove the tools folder, then `make run`."
            ) from error
        said = done.stderr.decode(errors="replace").strip()[-500:]
        # A program that could not write all often ends well, and the next one finds its file cut off.
        if "No space left" in said or (done.returncode != 0 and shutil.disk_usage(folder).free < FULL_BYTES):
            raise disk_full(said)
        if done.returncode != 0:
            raise SpeechError(f"Speech could not be made: {said or f'code {done.returncode}'}.")


def can_be_spoken(text: str) -> bool:
    """Tell whether there is a letter or digit in a text: of “!” or “…” alone the engine makes nothing."""
    return any(letter.isalnum() for letter in text)


def _temporary(path: Path) -> "tempfile.TemporaryDirectory[str]":
    """Return a folder beside the file, so that the finished sound moves in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".speaking-", dir=path.parent)
