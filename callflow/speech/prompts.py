"""The sounds folder: every prompt spoken, or taken from a recording, for each language."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from callflow.config import Settings
from callflow.embedded.lock import Report, exclusive
from callflow.embedded.setup_errors import SetupError, disk_full, is_disk_full
from callflow.embedded.tools import Tools
from callflow.speech.engine import SETTINGS, Speaking, SpeechEngine
from callflow.speech.prompt_texts import LANGUAGES, PROMPTS_FOLDER, read_prompts

INDEX = ".made.json"
"""What each made sound was made of, by name: a changed text or recording is made anew."""

ASTERISK_SWEDISH = "se"
"""What Asterisk calls Swedish: its grammar of numbers and voicemail goes by this word."""

TONES = ("beep", "beeperr", "ascending-2tone", "descending-2tone", "silence")


@dataclass(frozen=True, slots=True)
class _Language:
    """One language's folder, with its texts and recordings by name."""

    language: str
    folder: Path
    texts: dict[str, str]
    recordings: dict[str, Path]

    def digests(self) -> dict[str, str]:
        """Return for each sound that must be there a word for what it is made of."""
        spoken = {name: _digest(f"{SETTINGS} {self.language} {text}".encode()) for name, text in self.texts.items()}
        recorded = {name: f"recording {_digest(path.read_bytes())}" for name, path in self.recordings.items()}
        return spoken | recorded

    def sound(self, name: str) -> Path:
        return self.folder / f"{name}.wav"


def make_prompts(settings: Settings, tools: Tools, report: Report, texts_folder: Path = PROMPTS_FOLDER) -> None:
    """Make every prompt's sound that is missing or changed; about 10 s the first time, then at once.

    A recording in `sounds/recordings/<language>/` goes before the text of its name, and is never written to.

    Raises:
        PromptTextError: a text file cannot be read; with file and line.
        SetupError: the speech engine failed, or the disk is full.
    """
    sounds = settings.sounds_folder
    try:
        with exclusive(sounds / "prompts", report):
            for language in LANGUAGES:
                (sounds / "recordings" / language).mkdir(parents=True, exist_ok=True)
                _make_language(_read(sounds, language, texts_folder), tools, report)
            _link(sounds / ASTERISK_SWEDISH, Path("sv"))
            _link_asterisks_own(sounds, tools)
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(str(error)) from error
        raise SetupError(f"{sounds} cannot be written: {error}. Check that the folder is yours.") from error


def _read(sounds: Path, language: str, texts_folder: Path) -> _Language:
    own = sounds / "recordings" / language
    return _Language(
        language=language,
        folder=sounds / language,
        texts=read_prompts(texts_folder / f"{language}.txt"),
        recordings={str(path.relative_to(own).with_suffix("")): path for path in sorted(own.rglob("*.wav"))},
    )


def _make_language(wanted: _Language, tools: Tools, report: Report) -> None:
    made, digests = _read_index(wanted.folder), wanted.digests()
    for name in made.keys() - digests.keys():
        wanted.sound(name).unlink(missing_ok=True)
    missing = [
        name for name, digest in digests.items() if made.get(name) != digest or not wanted.sound(name).is_file()
    ]
    if missing:
        report(f"Talar in {len(missing)} ljud på {wanted.language} …")
    engine = SpeechEngine(tools)
    spoken = [name for name in missing if name not in wanted.recordings]
    engine.speak_all(Speaking(wanted.language, wanted.texts[name], wanted.sound(name)) for name in spoken)
    for name in missing:
        if name in wanted.recordings:
            engine.convert(wanted.recordings[name], wanted.sound(name))
    if made != digests:
        _write_index(wanted.folder, digests)


def _read_index(folder: Path) -> dict[str, str]:
    try:
        made = json.loads((folder / INDEX).read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in made.items()} if isinstance(made, dict) else {}


def _write_index(folder: Path, digests: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{INDEX}.new"
    new.write_text(json.dumps(digests, indent=1, sort_keys=True))
    new.replace(folder / INDEX)


def _link_asterisks_own(sounds: Path, tools: Tools) -> None:
    """Put Asterisk's English recordings beside ours, and its tones into every language."""
    own = tools.english_sounds_folder
    for sound in sorted(own.rglob("*.wav")):
        name = sound.relative_to(own)
        is_tone = name.parts[0].removesuffix(".wav") in TONES
        for language in LANGUAGES if is_tone else ("en",):
            link = sounds / language / name
            if link.is_symlink() or not link.exists():
                _link(link, sound)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and os.readlink(link) == str(target):  # noqa: PTH115 - one call for 600 links
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
