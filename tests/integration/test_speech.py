"""espeak-ng and sox really speak: prompts, recordings and the policy's own texts."""

import struct
import wave
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callflow.config import Settings
from callflow.embedded.setup_errors import SetupError, SpeechError
from callflow.embedded.tools import Tools
from callflow.speech.engine import Speaking, SpeechEngine
from callflow.speech.policy_speech import PolicySpeech
from callflow.speech.prompt_texts import PROMPTS_FOLDER, read_prompts
from callflow.speech.prompts import make_prompts
from tests.asterisks import shared_tools

ASTERISKS_FAMILIES = ("vm-", "digits/", "letters/", "queue-", "dir-", "auth-")
SWEDISH_ALONE = {"digits/1N", "digits/ett", "vm-nytt", "vm-nya", "vm-gammalt", "vm-gamla", "vm-meddelandet", "and"}
"""What say.c and app_voicemail.c ask for in Swedish and in no other language."""


def samples(path: Path) -> tuple[int, ...]:
    """Return the samples of a file in the telephone's format, and fail for another."""
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
        content = sound.readframes(sound.getnframes())
    return struct.unpack(f"<{len(content) // 2}h", content)


def write_tone(path: Path, rate: int, seconds: float) -> None:
    """Write a stereo square tone, as a recorder would at another rate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        frames = int(rate * seconds)
        sound.writeframes(
            b"".join(struct.pack("<hh", *([3000 if at // 50 % 2 else -3000] * 2)) for at in range(frames))
        )


def modified(sound: str) -> int:
    """Return when a sound, named without its ending, was made."""
    return Path(f"{sound}.wav").stat().st_mtime_ns


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder of prompt files with one prompt each."""
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / "sv.txt").write_text("welcome: Välkommen till Umeå kommun\n", encoding="utf-8")
    (folder / "en.txt").write_text("welcome: Welcome to Umeå\n", encoding="utf-8")
    return folder


def test_speech_is_loud_telephone_sound_as_long_as_its_text(tmp_path: Path) -> None:
    engine = SpeechEngine(shared_tools())
    engine.speak(Speaking("sv", "Välkommen", tmp_path / "short.wav"))
    engine.speak(Speaking("sv", "Välkommen till Umeå kommun, du är nummer två i kön", tmp_path / "long.wav"))
    short, long = samples(tmp_path / "short.wav"), samples(tmp_path / "long.wav")
    assert 0.3 < len(short) / 8000 < 1.5
    assert 2.0 < len(long) / 8000 < 6.0
    for sound in (short, long):
        assert 0.5 < max(map(abs, sound)) / 32768 < 0.75


def test_brackets_in_a_name_are_not_read_as_phonemes(tmp_path: Path) -> None:
    engine = SpeechEngine(shared_tools())
    engine.speak(Speaking("sv", "Åsa [[aaaaaaaa]] Öberg", tmp_path / "brackets.wav"))
    engine.speak(Speaking("sv", "Åsa aaaaaaaa Öberg", tmp_path / "plain.wav"))
    assert abs(len(samples(tmp_path / "brackets.wav")) - len(samples(tmp_path / "plain.wav"))) < 4000


@pytest.mark.parametrize(
    ("language", "text", "complaint"), [("xx", "Hej", "No voice"), ("sv", "…", "Nothing to speak")]
)
def test_what_cannot_be_spoken_is_told(tmp_path: Path, language: str, text: str, complaint: str) -> None:
    with pytest.raises(SpeechError, match=complaint):
        SpeechEngine(shared_tools()).speak(Speaking(language, text, tmp_path / "x.wav"))
    assert list(tmp_path.iterdir()) == []


def test_a_changed_text_is_spoken_again_and_an_unchanged_one_is_not(settings: Settings, texts: Path) -> None:
    told: list[str] = []
    make_prompts(settings, shared_tools(), told.append, texts)
    swedish, english = (settings.sounds_folder / language / "welcome.wav" for language in ("sv", "en"))
    before = (swedish.read_bytes(), english.stat().st_mtime_ns)
    (texts / "sv.txt").write_text("welcome: Hej\n", encoding="utf-8")
    make_prompts(settings, shared_tools(), told.append, texts)
    assert swedish.read_bytes() != before[0]
    assert english.stat().st_mtime_ns == before[1]
    assert [line for line in told if "på en" in line] == ["Talar in 1 ljud på en …"]


def test_a_removed_text_disappears(settings: Settings, texts: Path) -> None:
    make_prompts(settings, shared_tools(), print, texts)
    (texts / "sv.txt").write_text("other: Hej\n", encoding="utf-8")
    make_prompts(settings, shared_tools(), print, texts)
    assert not (settings.sounds_folder / "sv" / "welcome.wav").exists()


def test_a_recording_takes_the_texts_place_and_gives_it_back(settings: Settings, texts: Path) -> None:
    recording = settings.sounds_folder / "recordings" / "sv" / "welcome.wav"
    make_prompts(settings, shared_tools(), print, texts)
    sound = settings.sounds_folder / "sv" / "welcome.wav"
    spoken = sound.read_bytes()
    write_tone(recording, 44100, 0.5)
    recorded = recording.read_bytes()
    make_prompts(settings, shared_tools(), print, texts)
    assert len(samples(sound)) == pytest.approx(4000, abs=50)
    assert recording.read_bytes() == recorded
    recording.unlink()
    make_prompts(settings, shared_tools(), print, texts)
    assert sound.read_bytes() == spoken


def test_asterisks_swedish_is_the_same_folder_and_its_tones_are_there(settings: Settings, texts: Path) -> None:
    make_prompts(settings, shared_tools(), print, texts)
    sounds = settings.sounds_folder
    assert (sounds / "se" / "welcome.wav").samefile(sounds / "sv" / "welcome.wav")
    assert samples(sounds / "se" / "beep.wav")
    assert samples(sounds / "se" / "silence" / "1.wav")
    assert samples(sounds / "en" / "vm-intro.wav")


def test_swedish_has_a_text_for_every_prompt_that_asterisk_has_in_english() -> None:
    own = shared_tools().english_sounds_folder
    english = {str(path.relative_to(own).with_suffix("")) for path in own.rglob("*.wav")}
    needed = {name for name in english if name.startswith(ASTERISKS_FAMILIES)} | SWEDISH_ALONE
    assert len(needed) > 250
    assert needed - read_prompts(PROMPTS_FOLDER / "sv.txt").keys() == set()


async def test_the_policys_texts_are_spoken_once_and_found_again_by_a_new_start(settings: Settings) -> None:
    name = ("sv", "Åsa Öberg")
    speech = PolicySpeech(settings, shared_tools())
    assert speech.sound(*name) is None
    await speech.prepare([name, name])
    sound = speech.sound(*name)
    assert sound is not None
    assert samples(Path(f"{sound}.wav"))
    made = modified(sound)
    again = PolicySpeech(settings, shared_tools())
    await again.prepare([name])
    assert again.sound(*name) == sound
    assert modified(sound) == made


async def test_name_that_a_mailboxs_owner_has_recorded_goes_before_speech(settings: Settings) -> None:
    speech = PolicySpeech(settings, shared_tools(), {"61100": "recorded/greet"}.get)
    await speech.prepare([("sv", "Åsa Öberg")])
    spoken = speech.sound("sv", "Åsa Öberg")
    assert speech.sound("sv", "Åsa Öberg", "61100") == "recorded/greet"
    assert speech.sound("sv", "Åsa Öberg", "61101") == spoken
    assert spoken is not None


async def test_texts_without_a_letter_are_left_out_told_once_and_keep_no_other_from_being_spoken(
    settings: Settings,
) -> None:
    odd = [("sv", text) for text in ("!", "-", "?", "…", "🗓️")]
    speech = PolicySpeech(settings, shared_tools())
    with capture_logs() as lines:
        for _ in range(2):
            await speech.prepare([*odd, ("sv", "Åsa Öberg")])
    assert speech.sound("sv", "Åsa Öberg") is not None
    assert [speech.sound(*text) for text in odd] == [None] * len(odd)
    assert [line["text"] for line in lines if line["event"] == "policy_text_has_no_words"] == [row[1] for row in odd]


async def test_what_cannot_be_spoken_is_an_error_and_keeps_no_other_from_being_spoken(settings: Settings) -> None:
    speech = PolicySpeech(settings, shared_tools())
    texts = [*[("xx", f"Person {number}") for number in range(3)], ("sv", "Åsa Öberg"), ("sv", "Bo Ek")]
    for _ in range(4):
        with pytest.raises(SpeechError, match="No voice"):
            await speech.prepare(texts)
    assert speech.sound("sv", "Åsa Öberg") is not None
    assert speech.sound("sv", "Bo Ek") is not None


async def test_a_broken_engine_is_an_error_and_when_it_is_whole_all_is_spoken(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [("sv", f"Person {number}") for number in range(5)]
    with monkeypatch.context() as broken:
        broken.setenv("PATH", "")
        speech = PolicySpeech(settings, Tools(settings.tools_folder))
        with pytest.raises(SetupError, match="espeak-ng is neither"):
            await speech.prepare(texts)
    assert speech.sound(*texts[0]) is None
    settings.tools_folder.parent.mkdir(parents=True, exist_ok=True)
    settings.tools_folder.symlink_to(shared_tools().folder)
    await speech.prepare(texts)
    assert None not in [speech.sound(*text) for text in texts]
