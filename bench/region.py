"""The region that all systems of the bench carry calls for: 15,000 extensions in one PostgreSQL, the same phones."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from callflow.config import Settings
from callflow.embedded.postgres import EmbeddedPostgres
from callflow.embedded.tools import Tools
from callflow.policy.decision import Call
from callflow.policy.evaluate import decide
from callflow.policy.plan import Dial, LegKind
from callflow.policy.policy_texts import policy_texts
from callflow.service.ports import Snapshot
from callflow.speech.policy_speech import sound_name
from callflow.speech.prompts import make_prompts
from callflow.storage.generator import generate_region
from callflow.storage.migrate import migrate
from callflow.storage.snapshot import read_snapshot

EXTENSIONS = 15_000
CALLED = 300
"""So many extensions are called in turn; their phones are registered."""
CALLER = "+46701740605"
SERVER_OPTIONS = {"autovacuum": "off", "fsync": "off"}
"""Nothing is written while it is measured; vacuuming after the fill would be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledPhone:
    """An extension that is called, with its account."""

    number: str
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRegion:
    """The database with the region in it, what it holds, and whom the callers call."""

    postgres: EmbeddedPostgres
    snapshot: Snapshot
    called: tuple[CalledPhone, ...]


async def made_region(folder: Path) -> BenchRegion:
    """Start a PostgreSQL in `folder` and fill it; the caller stops it."""
    postgres = EmbeddedPostgres(folder / "postgres", options=SERVER_OPTIONS)
    postgres.start()
    try:
        await migrate(postgres.url)
        await generate_region(postgres.url, EXTENSIONS)
        snapshot = await read_snapshot(postgres.url)
    except BaseException:
        postgres.stop()
        raise
    return BenchRegion(postgres=postgres, snapshot=snapshot, called=_called(snapshot))


def _called(snapshot: Snapshot) -> tuple[CalledPhone, ...]:
    """Choose extensions whose desk phone rings alone, now, when somebody outside calls them."""
    accounts = list(snapshot.phones)
    random.Random(1).shuffle(accounts)
    found = list[CalledPhone]()
    for account in accounts:
        number = snapshot.policy.extensions[account.extension_id].number
        call = Call(called_number=number, caller_number=CALLER, caller_extension_id=None)
        step = decide(snapshot.policy, call, datetime.now(UTC)).plan.steps[0]
        if isinstance(step, Dial) and [(leg.kind, leg.address) for leg in step.legs] == [
            (LegKind.PHONE, account.username)
        ]:
            found.append(CalledPhone(number=number, username=account.username, password=account.password))
        if len(found) == CALLED:
            break
    return tuple(found)


def ranges_conf(snapshot: Snapshot) -> str:
    """Return one extension for each number range: the account is the short number, as the generator makes it."""
    return "\n".join(_ranges(snapshot))


def _ranges(snapshot: Snapshot) -> Iterator[str]:
    for row in snapshot.policy.number_ranges.values():
        same = len(row.first_number) - row.short_digits
        pattern = row.first_number[:same] + "X" * row.short_digits
        account = f"{row.short_prefix}${{EXTEN:-{row.short_digits}}}"
        yield f"exten => _{pattern},1,Dial(PJSIP/{account},24)"


def silent_speech(settings: Settings, tools: Tools, snapshot: Snapshot, sounds: Path) -> None:
    """Give every text of the region a sound, all the same one: speaking 5,000 names would take minutes.

    Nothing of it is heard, since every call is answered; the plans name them as they would name real ones.
    """
    make_prompts(settings, tools, lambda _: None)
    sounds.mkdir()
    for name in ("sv", "en"):
        (sounds / name).symlink_to(settings.sounds_folder / name)
    one = next((settings.sounds_folder / "sv").rglob("*.wav")).resolve()
    for language, text in policy_texts(snapshot.policy):
        path = sounds / "policy" / f"{sound_name(language, text)}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(one)
