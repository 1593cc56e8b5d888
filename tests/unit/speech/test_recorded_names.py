"""The names that people have recorded: known soon, never waited for, and spoken where their disk does not work."""

import errno
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from callflow import aside
from callflow.config import Settings
from callflow.embedded.tools import Tools
from callflow.service.telephony import MailboxChanged, RingingLost
from callflow.speech import recorded_names
from callflow.speech.policy_speech import PolicySpeech, sound_name
from callflow.speech.recorded_names import RecordedNames
from tests.fakes.bad_disk import failing_disk, silent_disk, until_asked
from tests.fakes.running import running
from tests.fakes.waiting import until

NUMBER = "61100"
NAME = ("sv", "Åsa Öberg")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_names, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(aside, "SILENT_SECONDS", 0.1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def mailboxes(settings: Settings) -> Path:
    return settings.asterisk_folder / "spool" / "voicemail" / "callflow"


@pytest.fixture
def names(settings: Settings) -> RecordedNames:
    return RecordedNames(settings.asterisk_folder / "spool")


def record(mailboxes: Path, number: str = NUMBER) -> str:
    """Record the name of a mailbox's owner, and return its sound."""
    folder = mailboxes / number
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "greet.wav").touch()
    return str(folder / "greet")


def delete(mailboxes: Path) -> None:
    (mailboxes / NUMBER / "greet.wav").unlink()


def speech_of(settings: Settings, names: RecordedNames) -> tuple[PolicySpeech, str]:
    """Return speech in which the name is spoken already, and the sound of that."""
    spoken = settings.sounds_folder / "policy" / f"{sound_name(*NAME)}.wav"
    spoken.parent.mkdir(parents=True)
    spoken.touch()
    return PolicySpeech(settings, Tools(settings.tools_folder), names.sound), str(spoken.with_suffix(""))


async def test_what_was_recorded_before_the_start_is_known_also_of_many(
    names: RecordedNames, mailboxes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_names, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(recorded_names, "LOOK_SECONDS", 3600.0)
    recorded = {number: record(mailboxes, number) for number in ("61100", "61101", "61102", "61103", "61104")}
    (mailboxes / "61199").mkdir()
    (mailboxes / ".callflow-spool").touch()
    async with running(names.run()):
        await until(lambda: {number: names.sound(number) for number in recorded} == recorded)
    assert names.sound("61199") is None


async def test_name_is_known_as_soon_as_the_switch_tells_of_its_mailbox_and_no_longer_when_it_is_deleted(
    names: RecordedNames, mailboxes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_names, "LOOK_SECONDS", 3600.0)
    first = record(mailboxes, "61104")
    async with running(names.run()):
        await until(lambda: names.sound("61104") == first)
        sound = record(mailboxes)
        names.take(MailboxChanged(NUMBER))
        await until(lambda: names.sound(NUMBER) == sound)
        delete(mailboxes)
        names.take(MailboxChanged(NUMBER))
        await until(lambda: names.sound(NUMBER) is None)


async def test_name_that_the_switch_did_not_tell_of_is_found_when_its_news_were_lost(
    names: RecordedNames, mailboxes: Path
) -> None:
    first = record(mailboxes, "61104")
    async with running(names.run()):
        await until(lambda: names.sound("61104") == first)
        sound = record(mailboxes)
        names.take(RingingLost())
        await until(lambda: names.sound(NUMBER) == sound)


async def test_name_that_the_switch_did_not_tell_of_is_found_after_a_while(
    names: RecordedNames, mailboxes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_names, "LOOK_AT_ALL_SECONDS", 0.05)
    first = record(mailboxes, "61104")
    async with running(names.run()):
        await until(lambda: names.sound("61104") == first)
        sound = record(mailboxes)
        await until(lambda: names.sound(NUMBER) == sound)


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EACCES])
async def test_on_a_disk_that_fails_the_name_is_spoken_and_what_was_recorded_counts_again_afterwards(
    settings: Settings, names: RecordedNames, mailboxes: Path, number: int
) -> None:
    recorded = record(mailboxes)
    speech, spoken = speech_of(settings, names)
    with capture_logs() as logs:
        async with running(names.run()):
            await until(lambda: speech.sound(*NAME, NUMBER) == recorded)
            with failing_disk(mailboxes, number) as looks:
                await until(lambda: speech.sound(*NAME, NUMBER) == spoken)
                await until(lambda: len(looks) > 3)
            await until(lambda: speech.sound(*NAME, NUMBER) == recorded)
    assert [line["event"] for line in logs].count("recorded_names_not_read") == 1


async def test_on_a_disk_that_does_not_answer_the_name_is_spoken_and_the_loop_is_free(
    settings: Settings, names: RecordedNames, mailboxes: Path
) -> None:
    recorded = record(mailboxes)
    speech, spoken = speech_of(settings, names)
    async with running(names.run()):
        await until(lambda: speech.sound(*NAME, NUMBER) == recorded)
        with silent_disk(mailboxes) as asked:
            await until_asked(asked)
            await until(lambda: speech.sound(*NAME, NUMBER) == spoken)
        await until(lambda: speech.sound(*NAME, NUMBER) == recorded)


async def test_mailbox_that_cannot_be_read_takes_the_recorded_name_of_no_other(
    names: RecordedNames, mailboxes: Path
) -> None:
    record(mailboxes)
    other = record(mailboxes, "61104")
    with failing_disk(mailboxes / NUMBER, errno.EIO):
        async with running(names.run()):
            await until(lambda: names.sound("61104") == other)
            assert names.sound(NUMBER) is None
