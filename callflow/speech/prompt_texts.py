"""Reading the prompt files, one for each language: `name: text` a line, `#` for comments."""

import re
from pathlib import Path

from callflow.embedded.setup_errors import PromptTextError

LANGUAGES = ("sv", "en")
PROMPTS_FOLDER = Path(__file__).parents[2] / "prompts"
NAME = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)?")


def read_prompts(path: Path) -> dict[str, str]:
    """Return the texts of a prompt file by name, in the file's order.

    Raises:
        PromptTextError: a line cannot be read or a name stands twice; with file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PromptTextError(f"{path} cannot be read as UTF-8 text: {error}") from error
    texts: dict[str, str] = {}
    first_seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, text = _parse(line, f"{path}:{number}")
        if name in texts:
            raise PromptTextError(f"{path}:{number}: {name} stands already in line {first_seen[name]}; remove one.")
        texts[name], first_seen[name] = text, number
    return texts


def _parse(line: str, where: str) -> tuple[str, str]:
    name, colon, text = (part.strip() for part in line.partition(":"))
    if not colon:
        raise PromptTextError(f"{where}: no colon in “{line.strip()}”; write `name: text`.")
    if not NAME.fullmatch(name):
        raise PromptTextError(f"{where}: “{name}” is no name; use letters a to z, digits, - and _ (`digits/1`).")
    if not any(letter.isalnum() for letter in text):
        raise PromptTextError(f"{where}: {name} has no text to speak.")
    return name, text
