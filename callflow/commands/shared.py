"""What several sub-commands need."""

import getpass
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time, timedelta, tzinfo
from typing import TypeVar

import asyncpg

from callflow.config import settings
from callflow.errors import CallflowError
from callflow.policy.model import Extension, Organisation, Policy, TargetKind, Unit
from callflow.policy.numbers import bare, normalise
from callflow.service.clock import BadTimeError, local_instant, now
from callflow.storage.connection import LOST, Connection, connected, unavailable

Result = TypeVar("Result")
Text = TypeVar("Text")

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")
_DIALLABLE = re.compile(r"[+*#0-9]*[0-9][+*#0-9]*")


class NoDatabaseError(CallflowError):
    """No database is configured."""

    code = "no_database"


class BadNumberError(CallflowError):
    """A number that nobody could dial, or that is no extension of ours where one is needed."""

    code = "bad_number"


class UnknownOrganisationError(CallflowError):
    """An organisation that the policy does not have."""

    code = "unknown_organisation"


class PolicyRefusedError(CallflowError):
    """The database refused a change of the policy; the message is the database's own."""

    code = "policy_refused"


def database_url() -> str:
    """Return the policy database's URL (`postgresql+asyncpg://…`); raise `NoDatabaseError` if none is set."""
    url = settings().database_url.get_secret_value()
    if not url:
        path = settings().home / "callflow.env"
        raise NoDatabaseError(
            "Ingen policydatabas är satt. Starta `callflow run` först, eller sätt CALLFLOW_DATABASE_URL "
            f"(postgresql+asyncpg://…) i miljön eller i {path}.\n"
            "No policy database is set. Start `callflow run` first, or set CALLFLOW_DATABASE_URL "
            f"(postgresql+asyncpg://…) in the environment or in {path}."
        )
    return url


def in_language(texts: Mapping[str, Text]) -> Text:
    """Return what a command says in the language that is set, Swedish where there is no other."""
    return texts.get(settings().language, texts["sv"])


def require_diallable(number: str) -> str:
    """Return the number as it stands; raise `BadNumberError` when no telephone could dial it."""
    if _DIALLABLE.fullmatch(bare(number)) is None:
        raise BadNumberError(
            f"”{number}” är inget telefonnummer; skriv det som +4690161000, 090-16 10 00 eller 61000.\n"
            f"'{number}' is no telephone number; write it as +4690161000, 090-16 10 00 or 61000."
        )
    return number.strip()


def find_extension(number: str, policy: Policy) -> Extension:
    """Return the extension with this number, short or whole; raise `BadNumberError` if none has."""
    found = normalise(require_diallable(number), policy, internal=True).number
    target = policy.numbers.get(found or "")
    if target is None or target.kind is not TargetKind.EXTENSION or target.id is None:
        raise BadNumberError(f"”{number}” är ingen anknytning hos oss.\n'{number}' is no extension of ours.")
    return policy.extensions[target.id]


def find_unit(number: str, policy: Policy) -> Unit:
    """Return the unit with this number, short or whole; raise `BadNumberError` if none has."""
    found = normalise(require_diallable(number), policy, internal=True).number
    target = policy.numbers.get(found or "")
    if target is None or target.kind is not TargetKind.UNIT or target.id is None:
        raise BadNumberError(f"”{number}” är ingen enhet hos oss.\n'{number}' is no unit of ours.")
    return policy.units[target.id]


def until_instant(text: str, zone: tzinfo) -> datetime:
    """Read until when something holds: `13:00` is the next time the clock shows it, else as `local_instant`.

    Raises:
        BadTimeError: no time, or one that has passed.
    """
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        found = local_instant(text, zone)
    else:
        here = now().astimezone(zone)
        wall = time(int(clock[1]), int(clock[2]))
        days = (here.date() + timedelta(days=ahead) for ahead in (0, 1))
        found = next(at for day in days if (at := datetime.combine(day, wall, zone)).timestamp() > here.timestamp())
    if found.timestamp() <= now().timestamp():
        raise BadTimeError(f"”{text}” har redan varit.\n'{text}' has passed already.")
    return found


def find_organisation(key: str, policy: Policy) -> Organisation:
    """Return the organisation with this key; raise `UnknownOrganisationError` with the keys there are."""
    for row in policy.organisations.values():
        if row.key == key:
            return row
    keys = ", ".join(sorted(row.key for row in policy.organisations.values()))
    raise UnknownOrganisationError(
        f"Ingen organisation heter ”{key}”. Nycklarna är: {keys}.\n"
        f"There is no organisation '{key}'. The keys are: {keys}."
    )


async def change_policy(work: Callable[[Connection], Awaitable[Result]]) -> Result:
    """Do `work` in one transaction under the name of the one who runs the command, for the audit log.

    Raises:
        PolicyRefusedError: the database refused it, in its own words.
        DatabaseUnavailableError: the database cannot be reached.
    """
    try:
        async with connected(database_url()) as connection, connection.transaction():
            await connection.execute("SELECT set_config('callflow.actor', $1, true)", f"cli:{getpass.getuser()}")
            return await work(connection)
    except LOST as error:
        raise unavailable(error) from error
    except asyncpg.PostgresError as error:
        parts = (error.args[0] if error.args else str(error), error.detail, error.hint)
        raise PolicyRefusedError("\n".join(str(part) for part in parts if part)) from error
