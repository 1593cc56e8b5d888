"""`callflow absence`: show, report, plan and end the absences of whose extension it is (R10)."""

import asyncio
import re
from datetime import UTC, datetime, tzinfo
from typing import Annotated

import typer

from callflow.commands.rights import read_rights
from callflow.commands.shared import change_policy, find_extension, in_language, require_diallable
from callflow.config import settings
from callflow.errors import CallflowError
from callflow.policy.absences import absence_at, person_of, reason_of_digit, reason_words
from callflow.policy.diversion_targets import TargetRefusal, check_target
from callflow.policy.feature_words import name_and_number
from callflow.policy.model import Absence, AbsenceReason, Extension, Person, Policy, Target
from callflow.policy.numbers import national
from callflow.policy.schedule import zone_of
from callflow.policy.texts import WORDS
from callflow.service.clock import local_instant, now
from callflow.storage.absences import add_absence, put_absence
from callflow.storage.connection import Connection

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")

_TEXTS = {
    "sv": {
        "none": "{name} har ingen frånvaro, varken nu eller planerad.",
        "line": "{name} {reason}, från {starts} till {ends}{refers}{calendar}{present}",
        "open": "vidare",
        "refers": ", hänvisar till {place}",
        "calendar": ", ur kalendern",
        "present": "  ← nu",
        "nobodys": "{number} tillhör ingen person, och bara en person kan vara frånvarande.",
        "unknown_reason": "Ingen orsak har siffran ”{digit}”. De som finns är: {reasons}.",
        "order": "Frånvaron slutar {ends} och måste sluta efter {starts}.",
        "past": "{starts} har redan varit. Utan --from gäller frånvaron från nu.",
        "refused": "{number} kan inte hänvisa till ”{to}”: {why}.",
        "one_thing": "Ange en orsak, eller --back, eller inget av dem för att se vad som gäller.",
        "alone": "--until, --from och --refer hör till en orsak: callflow absence 61100 2 --until 13:00",
    },
    "en": {
        "none": "{name} has no absence, neither now nor planned.",
        "line": "{name} {reason}, from {starts} to {ends}{refers}{calendar}{present}",
        "open": "further notice",
        "refers": ", refers to {place}",
        "calendar": ", from the calendar",
        "present": "  ← now",
        "nobodys": "{number} belongs to no person, and only a person can be absent.",
        "unknown_reason": "No reason has the digit “{digit}”. Those there are: {reasons}.",
        "order": "The absence ends at {ends} and must end after {starts}.",
        "past": "{starts} has been already. Without --from the absence begins now.",
        "refused": "{number} cannot refer to “{to}”: {why}.",
        "one_thing": "Give a reason, or --back, or neither to see what there is.",
        "alone": "--until, --from and --refer go with a reason: callflow absence 61100 2 --until 13:00",
    },
}


class NoAbsenceError(CallflowError):
    """An absence that cannot be: of nobody, for no known reason, without length, or with a target that may not be."""

    code = "no_absence"


def command(  # noqa: PLR0913, PLR0917 - the options of the command
    number: Annotated[str, typer.Argument(help="The extension's number, short or whole.")],
    reason: Annotated[str, typer.Argument(help="The reason's digit, as on the phone (*23*).")] = "",
    until: Annotated[str, typer.Option(help="Back at: 13:00, 2026-12-14 or '2026-12-14 08:00'.")] = "",
    starts: Annotated[str, typer.Option("--from", help="Planned from then on, as --until; now if not given.")] = "",
    refer: Annotated[str, typer.Option(help="Where callers may go: a number of ours or outside.")] = "",
    back: Annotated[bool, typer.Option("--back", help="End the absence in force (#23#).")] = False,
) -> None:
    """Show the absences now and to come; report one with its reason, or end the one in force."""
    if reason and back:
        raise typer.BadParameter(_say("one_thing"))
    if (until or starts or refer) and not reason:
        raise typer.BadParameter(_say("alone"))
    policy = asyncio.run(read_rights()).policy
    extension = find_extension(number, policy)
    person = find_person(policy, extension)
    if reason or back:
        zone = zone_of(policy, person.organisation_id)
        absence = None if back else _absence(policy, extension, person, zone, (reason, starts, until, refer))
        asyncio.run(_change(person, absence, planned=bool(starts)))
        policy = asyncio.run(read_rights()).policy
    show_absences(policy, policy.people.get(person.id, person))


async def _change(person: Person, absence: Absence | None, *, planned: bool) -> None:
    async def work(connection: Connection) -> None:
        if planned and absence is not None:
            await add_absence(connection, person.id, absence)
        else:
            await put_absence(connection, person.id, now() if absence is None else absence.starts_at, absence)

    await change_policy(work)


def find_person(policy: Policy, extension: Extension) -> Person:
    """Return whose extension it is; raise `NoAbsenceError` for one that is nobody's."""
    person = person_of(policy, extension)
    if person is None:
        raise NoAbsenceError(_say("nobodys", number=national(extension.number)))
    return person


def _absence(
    policy: Policy, extension: Extension, person: Person, zone: tzinfo, given: tuple[str, str, str, str]
) -> Absence:
    digit, starts, until, refer = given
    reason = find_reason(policy, person, digit)
    begins = _instant(starts, now(), zone) if starts else now()
    ends = _instant(until, begins, zone) if until else None
    first = max(begins.astimezone(UTC), now())
    if starts and first > begins:
        raise NoAbsenceError(_say("past", starts=_shown(begins, zone)))
    if ends is not None and ends.astimezone(UTC) <= first:
        raise NoAbsenceError(_say("order", ends=_shown(ends, zone), starts=_shown(first, zone)))
    referral = _target(policy, extension, refer) if refer else None
    return Absence(id=0, reason_id=reason.id, starts_at=begins, returns_at=ends, referral=referral)


def find_reason(policy: Policy, person: Person, digit: str) -> AbsenceReason:
    """Return the reason that a person dials by this digit; raise `NoAbsenceError` with those there are."""
    found = reason_of_digit(policy, person.organisation_id, digit)
    if found is None:
        rows = [row for row in policy.absence_reasons.values() if row.organisation_id == person.organisation_id]
        known = ", ".join(f"{row.digit} {_words(row)}" for row in sorted(rows, key=lambda row: row.digit))
        raise NoAbsenceError(_say("unknown_reason", digit=digit, reasons=known or "–"))
    return found


def _instant(text: str, day: datetime, zone: tzinfo) -> datetime:
    """Read a time as a person writes it: a clock time is on `day`, a date is its midnight, where the person is."""
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        return local_instant(text, zone)
    hour, minute = map(int, clock.groups())
    return day.astimezone(zone).replace(hour=hour, minute=minute, second=0, microsecond=0)


def _target(policy: Policy, extension: Extension, to: str) -> Target:
    found = check_target(policy, extension, require_diallable(to), now())
    if isinstance(found, TargetRefusal):
        swedish, english = WORDS[found.obstacle]
        why = in_language({"sv": swedish, "en": english})
        raise NoAbsenceError(_say("refused", number=national(extension.number), to=to, why=why))
    return found


def show_absences(policy: Policy, person: Person) -> None:
    """Print the absences of a person now and to come, or that there is none."""
    moment, zone = now(), zone_of(policy, person.organisation_id)
    present = absence_at(person, moment)
    rows = [row for row in person.absences if row.returns_at is None or row.returns_at > moment]
    for row in sorted(rows, key=lambda row: (row.starts_at, row.id)):
        reason = policy.absence_reasons.get(row.reason_id)
        typer.echo(
            _say(
                "line",
                name=person.full_name,
                reason=_words(reason) if reason is not None else "–",
                starts=_shown(row.starts_at, zone),
                ends=_shown(row.returns_at, zone) if row.returns_at is not None else _say("open"),
                refers=_say("refers", place=_name(policy, row.referral)) if row.referral is not None else "",
                calendar=_say("calendar") if row.calendar_event is not None else "",
                present=_say("present") if row is present else "",
            )
        )
    if not rows:
        typer.echo(_say("none", name=person.full_name))


def _name(policy: Policy, target: Target) -> str:
    name, number = name_and_number(policy, target)
    return str(name or number or target.id)


def _words(reason: AbsenceReason) -> str:
    return reason_words(reason, settings().language)


def _shown(instant: datetime, zone: tzinfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def _say(word: str, **values: object) -> str:
    return in_language(_TEXTS)[word].format_map(values)
