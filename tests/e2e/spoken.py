"""What is spoken of the policy's texts: the sound of each, made ahead of the call."""

from callflow.speech.policy_speech import sound_name
from tests.e2e.helpers import eventually
from tests.e2e.town import Town


def sound_of(town: Town, text: str, language: str = "sv") -> str:
    """Return what a plan names to speak a text."""
    return str(town.region.settings.sounds_folder / "policy" / sound_name(language, text))


async def speech_is_made(town: Town, text: str, language: str = "sv", seconds: float = 30) -> None:
    """Wait until a text can be spoken, which a new system does beside its calls."""
    wav = town.region.settings.sounds_folder / "policy" / f"{sound_name(language, text)}.wav"

    async def made() -> bool:
        return wav.exists()

    await eventually(made, seconds, f"{text} was never spoken")
