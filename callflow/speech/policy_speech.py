"""Speech of the policy's own texts (names, greetings, referrals), made ahead of the calls that need it."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from callflow.config import Settings
from callflow.embedded.tools import Tools
from callflow.speech.engine import SETTINGS, Speaking, SpeechEngine, can_be_spoken

LIMIT_SECONDS = 5.0
"""A text of the policy takes a tenth of a second; a stop of the service waits for the one that is being spoken."""

log = structlog.get_logger(__name__)


class PolicySpeech:
    """Implements `callflow.service.ports.Speech` with files named by what is spoken.

    The same text is made once, whoever asks and however often Callflow starts; a broken engine means that there
    is no sound, never a failed call.
    """

    def __init__(
        self, settings: Settings, tools: Tools, recorded_name: Callable[[str], str | None] = lambda _: None
    ) -> None:
        """`recorded_name` gives the sound of the name that a mailbox's owner has recorded; it must not block."""
        self._folder = settings.sounds_folder / "policy"
        self._recorded_name = recorded_name
        self._engine = SpeechEngine(tools, LIMIT_SECONDS)
        self._made = {_name(path, self._folder) for path in self._folder.glob("*/*.wav")}
        self._paths: dict[tuple[str, str], str] = {}
        """What is there of what was asked for: a call asks for dozens, nearly all of them asked for before."""
        self._failures: Counter[str] = Counter()
        """How often the sound of this name was tried in vain."""
        self._nothing_to_speak: set[tuple[str, str]] = set()
        self._one_at_a_time = asyncio.Lock()

    async def prepare(self, texts: Iterable[tuple[str, str]]) -> None:
        """Make the sound of each (language, text) that has none yet, in a thread, until one fails.

        What has failed least is tried first: asked again and again, it makes all that can be made. A text without
        any letter or digit is left out.

        Raises:
            SetupError: the engine failed, or the disk is full.
            OSError: the folder cannot be written.
        """
        wanted = await asyncio.to_thread(_by_name, texts)
        async with self._one_at_a_time:
            missing = [name for name in wanted if name not in self._made and self._has_words(*wanted[name])]
            for name in sorted(missing, key=self._failures.__getitem__):
                await self._make(name, *wanted[name])
            if missing:
                log.info("policy_speech_ready", texts=len(missing))

    def sound(self, language: str, text: str, mailbox: str | None = None) -> str | None:
        """Return the sound's path without its ending, as Asterisk takes it, or None; an own recording goes first."""
        if mailbox is not None and (recorded := self._recorded_name(mailbox)) is not None:
            return recorded
        path = self._paths.get((language, text))
        if path is None and (name := sound_name(language, text)) in self._made:
            path = self._paths[language, text] = str(self._folder / name)
        return path

    def _has_words(self, language: str, text: str) -> bool:
        if can_be_spoken(text):
            return True
        if (language, text) not in self._nothing_to_speak:
            self._nothing_to_speak.add((language, text))
            log.warning("policy_text_has_no_words", language=language, text=text)
        return False

    async def _make(self, name: str, language: str, text: str) -> None:
        self._failures[name] += 1
        await asyncio.to_thread(self._engine.speak, Speaking(language, text, self._folder / f"{name}.wav"))
        del self._failures[name]
        self._made.add(name)


def _by_name(texts: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {sound_name(language, text): (language, text) for language, text in texts}


def sound_name(language: str, text: str) -> str:
    """Return the sound's name in the policy's sounds folder, without ending; the same in every process."""
    digest = hashlib.sha256(f"{SETTINGS} {language} {text}".encode()).hexdigest()[:16]
    return f"{language}/{digest}"


def _name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder).with_suffix(""))
