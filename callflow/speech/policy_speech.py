"""Speech of the policy's own texts (names, greetings, referrals), made ahead of the calls that need it."""

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path

import structlog

from callflow.config import Settings
from callflow.embedded.setup_errors import SetupError
from callflow.embedded.tools import Tools
from callflow.speech.engine import SETTINGS, Speaking, SpeechEngine

FAILURES_IN_A_ROW = 3
RECORDED_NAME = "greet.wav"
"""Where Asterisk's voicemail keeps the name that a mailbox's owner has recorded, in the mailbox's folder."""

log = structlog.get_logger(__name__)


class PolicySpeech:
    """Implements `callflow.service.ports.Speech` with files named by what is spoken.

    The same text is made once, whoever asks and however often Callflow starts; a broken engine means that there
    is no sound, never a failed call.
    """

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self._folder = settings.sounds_folder / "policy"
        self._recordings = settings.asterisk_folder / "spool" / "voicemail" / "callflow"
        self._engine = SpeechEngine(tools)
        self._made = {_name(path, self._folder) for path in self._folder.glob("*/*.wav")}
        self._paths: dict[tuple[str, str], str] = {}
        """What is there of what was asked for: a call asks for dozens, nearly all of them asked for before."""
        self._one_at_a_time = asyncio.Lock()

    async def prepare(self, texts: Iterable[tuple[str, str]]) -> None:
        """Make the sound of each (language, text) that has none yet, in a thread; what fails is logged.

        After three failures in a row it gives up until it is asked the next time.
        """
        wanted = await asyncio.to_thread(_by_name, texts)
        async with self._one_at_a_time:
            missing = [name for name in wanted if name not in self._made]
            failed = 0
            for name in missing:
                failed = 0 if await self._make(name, *wanted[name]) else failed + 1
                if failed == FAILURES_IN_A_ROW:
                    log.warning("policy_speech_given_up", texts=len(missing))
                    return
            if missing:
                log.info("policy_speech_ready", texts=sum(name in self._made for name in missing))

    def sound(self, language: str, text: str, mailbox: str | None = None) -> str | None:
        """Return the sound's path without its ending, as Asterisk takes it, or None; an own recording goes first."""
        if mailbox is not None and (recorded := self._recordings / mailbox / RECORDED_NAME).is_file():
            return str(recorded.with_suffix(""))
        path = self._paths.get((language, text))
        if path is None and (name := sound_name(language, text)) in self._made:
            path = self._paths[language, text] = str(self._folder / name)
        return path

    async def _make(self, name: str, language: str, text: str) -> bool:
        speaking = Speaking(language, text, self._folder / f"{name}.wav")
        try:
            await asyncio.to_thread(self._engine.speak, speaking)
        except (SetupError, OSError) as error:
            # Without the text: it may be a person's name (R12).
            code = error.code if isinstance(error, SetupError) else "os_error"
            log.warning("policy_speech_failed", name=name, code=code, reason=type(error).__name__)
            return False
        self._made.add(name)
        return True


def _by_name(texts: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {sound_name(language, text): (language, text) for language, text in texts}


def sound_name(language: str, text: str) -> str:
    """Return the sound's name in the policy's sounds folder, without ending; the same in every process."""
    digest = hashlib.sha256(f"{SETTINGS} {language} {text}".encode()).hexdigest()[:16]
    return f"{language}/{digest}"


def _name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder).with_suffix(""))
