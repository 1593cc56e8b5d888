"""`callflow calendar`: whose calendars are read for absences, how that goes, and reading one now (R10)."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from callflow.calendars.addresses import shown_address
from callflow.calendars.source import WebCalendars
from callflow.commands.absence import NoAbsenceError, find_person, find_reason, show_absences
from callflow.commands.rights import read_rights
from callflow.commands.shared import change_policy, database_url, find_extension, in_language
from callflow.config import settings
from callflow.errors import CallflowError
from callflow.logs import configure_logging
from callflow.policy.absences import reason_words
from callflow.policy.model import Person, Policy
from callflow.policy.schedule import zone_of
from callflow.service.calendar_problems import problem_words
from callflow.service.calendars import CalendarReader
from callflow.storage.calendar_feeds import PostgresCalendars
from callflow.storage.connection import FAILED, Connection, connected, unavailable

FROM_STDIN = "-"
_WEBCAL = "webcal://"

_TEXTS = {
    "sv": {
        "feed": "{id}: {name}, {address}, {reason}, {state}",
        "never": "inte läst än",
        "read": "läst {at}",
        "problem": "{state}; {failures} misslyckade försök: {problem}",
        "partly": "{state}; {problem}",
        "none": "Ingen kalender läses.",
        "none_of": "{name} har ingen kalender som läses.",
        "removed": "{name}: kalendern läses inte längre.",
        "one_thing": "Ange --set, --remove eller --read, eller inget av dem för att se vad som gäller.",
        "whose": "Ange anknytningen: callflow calendar 61100 --read",
        "reason": "Ange vilken orsak kalenderns händelser ger, med dess siffra: --reason 1",
    },
    "en": {
        "feed": "{id}: {name}, {address}, {reason}, {state}",
        "never": "not read yet",
        "read": "read {at}",
        "problem": "{state}; {failures} failed attempts: {problem}",
        "partly": "{state}; {problem}",
        "none": "No calendar is read.",
        "none_of": "{name} has no calendar that is read.",
        "removed": "{name}: the calendar is read no more.",
        "one_thing": "Give --set, --remove or --read, or none of them to see what there is.",
        "whose": "Give the extension: callflow calendar 61100 --read",
        "reason": "Give the reason that the calendar's events have, by its digit: --reason 1",
    },
}

_FEEDS = """
SELECT f.id, f.person_id, f.url, f.reason_id, r.read_at, r.problem, r.failures
FROM calendar_feed AS f JOIN calendar_reading AS r ON r.feed_id = f.id ORDER BY f.id
"""
_CHANGE = "UPDATE calendar_feed SET url = $2, reason_id = $3 WHERE person_id = $1 RETURNING id"
_ADD = "INSERT INTO calendar_feed (person_id, url, reason_id) VALUES ($1, $2, $3)"
_REMOVE = "DELETE FROM calendar_feed WHERE person_id = $1 RETURNING id"


class CalendarNotReadError(CallflowError):
    """A calendar that could not be read now; the message says why."""

    code = "calendar_not_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A row of what is read, as it is shown."""

    id: int
    person_id: int
    url: str
    reason_id: int
    read_at: datetime | None
    problem: str | None
    failures: int


def command(
    number: Annotated[str, typer.Argument(help="The number of an extension of the person; all where none is.")] = "",
    put: Annotated[str, typer.Option("--set", help="Read this iCalendar address; - takes it from stdin.")] = "",
    reason: Annotated[str, typer.Option(help="With --set: the reason's digit, where an event names none.")] = "",
    remove: Annotated[
        bool, typer.Option("--remove", help="Read it no more; what it said of times to come goes.")
    ] = False,
    read: Annotated[bool, typer.Option("--read", help="Read it now, and show the absences.")] = False,
) -> None:
    """Show whose calendars are read for absences and how that goes; set, remove or read one."""
    if bool(put) + remove + read > 1:
        raise typer.BadParameter(_say("one_thing"))
    if (put or remove or read) and not number:
        raise typer.BadParameter(_say("whose"))
    if bool(put) != bool(reason):
        raise typer.BadParameter(_say("reason"))
    policy = asyncio.run(read_rights()).policy
    person = find_person(policy, find_extension(number, policy)) if number else None
    if person is not None and put:
        asyncio.run(_set(person, _address(put), find_reason(policy, person, reason).id))
    elif person is not None and remove:
        if asyncio.run(change_policy(lambda connection: connection.fetchval(_REMOVE, person.id))) is None:
            raise NoAbsenceError(_say("none_of", name=person.full_name))
        typer.echo(_say("removed", name=person.full_name))
        return
    elif person is not None and read:
        asyncio.run(_read(person))
        policy = asyncio.run(read_rights()).policy
        show_absences(policy, policy.people.get(person.id, person))
    _show(policy, person)


def _address(given: str) -> str:
    address = sys.stdin.readline().strip() if given == FROM_STDIN else given.strip()
    return f"https://{address[len(_WEBCAL) :]}" if address.lower().startswith(_WEBCAL) else address


async def _set(person: Person, address: str, reason_id: int) -> None:
    async def work(connection: Connection) -> None:
        if await connection.fetchval(_CHANGE, person.id, address, reason_id) is None:
            await connection.execute(_ADD, person.id, address, reason_id)

    await change_policy(work)


async def _read(person: Person) -> None:
    configure_logging(level="ERROR")  # what is wrong with the calendar is said at the end
    chosen, store = settings(), PostgresCalendars(database_url())
    source = WebCalendars(local=chosen.calendar_local)
    try:
        found = [feed for feed in await _feeds() if feed.person_id == person.id]
        taken = await store.take(found[0].id) if found else None
        if taken is None:
            raise NoAbsenceError(_say("none_of", name=person.full_name))
        problem = await CalendarReader(store, source, chosen.calendar_seconds).read(taken)
    finally:
        await source.rest()
        store.close()
    if problem is not None:
        raise CalendarNotReadError(f"{person.full_name}: {problem_words(problem, chosen.language)}")


async def _feeds() -> list[Feed]:
    try:
        async with connected(database_url()) as connection:
            return [Feed(**row) for row in await connection.fetch(_FEEDS)]
    except FAILED as error:
        raise unavailable(error) from error


def _show(policy: Policy, person: Person | None) -> None:
    feeds = [feed for feed in asyncio.run(_feeds()) if person is None or feed.person_id == person.id]
    for feed in feeds:
        typer.echo(_line(policy, feed))
    if not feeds:
        typer.echo(_say("none") if person is None else _say("none_of", name=person.full_name))


def _line(policy: Policy, feed: Feed) -> str:
    person, reason = policy.people.get(feed.person_id), policy.absence_reasons.get(feed.reason_id)
    return _say(
        "feed",
        id=feed.id,
        name=person.full_name if person is not None else "–",
        address=shown_address(feed.url),
        reason=reason_words(reason, settings().language) if reason is not None else "–",
        state=_state(policy, feed, person),
    )


def _state(policy: Policy, feed: Feed, person: Person | None) -> str:
    state = _say("never")
    if feed.read_at is not None and person is not None:
        at = feed.read_at.astimezone(zone_of(policy, person.organisation_id))
        state = _say("read", at=f"{at:%Y-%m-%d %H:%M}")
    if feed.problem is None:
        return state
    problem = problem_words(feed.problem, settings().language)
    return _say("problem" if feed.failures else "partly", state=state, failures=feed.failures, problem=problem)


def _say(word: str, **values: object) -> str:
    return in_language(_TEXTS)[word].format_map(values)
