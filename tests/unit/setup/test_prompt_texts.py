"""The prompt files, and what is said of a line that cannot be read."""

from pathlib import Path

import pytest

from callflow.embedded.setup_errors import PromptTextError
from callflow.speech.prompt_texts import LANGUAGES, PROMPTS_FOLDER, read_prompts


def written(folder: Path, text: str) -> Path:
    path = folder / "sv.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_by_name_without_comments(tmp_path: Path) -> None:
    path = written(tmp_path, "# rubrik\n\nhej: Hej: välkommen!\n  digits/1N :  en  \n")
    assert read_prompts(path) == {"hej": "Hej: välkommen!", "digits/1N": "en"}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("hej Hej", "no colon"),
        ("hej då: Hej", "is no name"),
        ("../hej: Hej", "is no name"),
        ("hej:", "no text to speak"),
        ("hej: ...", "no text to speak"),
        ("first: andra", "stands already in line 1"),
    ],
)
def test_a_bad_line_is_told_with_file_and_line(tmp_path: Path, line: str, complaint: str) -> None:
    path = written(tmp_path, f"first: första\n{line}\n")
    with pytest.raises(PromptTextError, match=rf"sv\.txt:2: .*{complaint}"):
        read_prompts(path)


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "sv.txt").write_bytes("hej: å".encode("latin-1"))
    with pytest.raises(PromptTextError, match=r"sv\.txt cannot be read as UTF-8"):
        read_prompts(tmp_path / "sv.txt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_prompts_can_be_read(language: str) -> None:
    assert read_prompts(PROMPTS_FOLDER / f"{language}.txt")
