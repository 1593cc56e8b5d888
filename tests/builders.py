"""Builders of policy rows with sensible defaults: a test names only what it is about.

Ids are given by the test or counted up; the organisation is number 1 unless said otherwise. Numbers are Umeå's:
an extension's id 1 is `+4690161001`, short `61001`.
"""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from callflow.policy.decision import Call, Decision
from callflow.policy.evaluate import decide
from callflow.policy.model import (
    Absence,
    AbsenceReason,
    AnsweringPlace,
    Diversion,
    DiversionCondition,
    DutyLevel,
    DutyRoster,
    DutyShift,
    Extension,
    ExtensionKind,
    Holiday,
    HolidayCalendar,
    Hours,
    Mailbox,
    NumberRange,
    Organisation,
    Person,
    Policy,
    RingGroup,
    Schedule,
    ScheduleException,
    Target,
    TargetKind,
    Unit,
    UnitOverride,
    WeeklyHours,
    build_policy,
)
from callflow.policy.plan import REASONS, Dial, Menu, Phrase, PhraseKind, Say, Step

STOCKHOLM = ZoneInfo("Europe/Stockholm")
OUTSIDER = "+46701740605"
"""A caller from outside: one of PTS's numbers for fiction."""

OFFICE = ((9 * 60, 11 * 60 + 30), (13 * 60, 15 * 60))


def at(text: str) -> datetime:
    """Return an instant from Swedish wall-clock time: `at("2026-11-24 10:00")`, a Tuesday."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


TUESDAY_TEN = at("2026-11-24 10:00")
TUESDAY_NOON = at("2026-11-24 12:00")
TUESDAY_NIGHT = at("2026-11-24 23:00")


def to_extension(row_id: int) -> Target:
    return Target(TargetKind.EXTENSION, row_id)


def to_unit(row_id: int) -> Target:
    return Target(TargetKind.UNIT, row_id)


def to_group(row_id: int) -> Target:
    return Target(TargetKind.RING_GROUP, row_id)


def to_mailbox(row_id: int) -> Target:
    return Target(TargetKind.MAILBOX, row_id)


def to_switchboard(row_id: int = 1) -> Target:
    return Target(TargetKind.SWITCHBOARD, row_id)


def to_number(number: str) -> Target:
    return Target(TargetKind.NUMBER, number=number)


def organisation(row_id: int = 1, **values: Any) -> Organisation:
    defaults = {"key": f"o{row_id}", "name": "Umeå kommun", "main_number": f"+4690{row_id}61000"}
    return Organisation(id=row_id, **{**defaults, **values})


def number_range(row_id: int = 1, **values: Any) -> NumberRange:
    defaults = {
        "organisation_id": 1,
        "first_number": "+4690161000",
        "last_number": "+4690161999",
        "short_prefix": "6",
        "short_digits": 4,
    }
    return NumberRange(id=row_id, **{**defaults, **values})


def extension(row_id: int, **values: Any) -> Extension:
    defaults = {
        "organisation_id": 1,
        "unit_id": 1,
        "number": f"+469016{1000 + row_id}",
        "name": f"Anknytning {row_id}",
        "sip_username": f"6{1000 + row_id}",
    }
    return Extension(id=row_id, **{**defaults, **values})


def mobile(row_id: int, **values: Any) -> Extension:
    """Return an extension that is a mobile alone."""
    number = f"+4670174{600 + row_id:04d}"
    return extension(
        row_id, **{"kind": ExtensionKind.MOBILE, "sip_username": None, "mobile_number": number, **values}
    )


def unit(row_id: int = 1, *places: Target, **values: Any) -> Unit:
    """Return a unit that answers at `places` in order; unit 1 has the number `+4690161901`."""
    rows = tuple(AnsweringPlace(position=position, target=target) for position, target in enumerate(places, start=1))
    defaults = {
        "organisation_id": 1,
        "name": f"Enhet {row_id}",
        "number": f"+469016{1900 + row_id}",
        "answering_places": rows,
    }
    return Unit(id=row_id, **{**defaults, **values})


def group(row_id: int, *members: int, **values: Any) -> RingGroup:
    return RingGroup(
        id=row_id,
        **{"organisation_id": 1, "name": f"Grupp {row_id}", "member_extension_ids": members, **values},
    )


def mailbox(row_id: int, **values: Any) -> Mailbox:
    return Mailbox(
        id=row_id, **{"organisation_id": 1, "number": str(70000 + row_id), "name": f"Brevlåda {row_id}", **values}
    )


def person(row_id: int, **values: Any) -> Person:
    return Person(
        id=row_id, **{"organisation_id": 1, "given_name": "Åsa", "family_name": f"Öberg {row_id}", **values}
    )


def reason(row_id: int = 1, text: str = "är på lunch", **values: Any) -> AbsenceReason:
    defaults = {"organisation_id": 1, "digit": str(row_id), "text_sv": text, "text_en": "is at lunch"}
    return AbsenceReason(id=row_id, **{**defaults, **values})


def absence(starts: str, returns: str | None = None, reason_id: int = 1, **values: Any) -> Absence:
    """Return an absence between two Swedish wall-clock times, without end if no second is given."""
    ends = at(returns) if returns is not None else None
    return Absence(**{"id": 1, "reason_id": reason_id, "starts_at": at(starts), "returns_at": ends, **values})


def schedule(row_id: int = 1, *hours: tuple[int, int], days: range = range(1, 6), **values: Any) -> Schedule:
    """Return a schedule of these hours (minutes) on `days`, Monday to Friday if not said."""
    rows = tuple(
        WeeklyHours(weekday=day, opens=opens, closes=closes) for day in days for opens, closes in hours or OFFICE
    )
    return Schedule(id=row_id, **{"organisation_id": 1, "name": f"Tider {row_id}", "hours": rows, **values})


def exception(first: str, last: str, name: str, *hours: tuple[int, int]) -> ScheduleException:
    return ScheduleException(
        first_date=date.fromisoformat(first),
        last_date=date.fromisoformat(last),
        name=name,
        hours=tuple(Hours(opens=opens, closes=closes) for opens, closes in hours),
    )


def calendar(row_id: int, *days: tuple[str, str] | tuple[str, str, bool]) -> HolidayCalendar:
    """Return a calendar of (date, name) and, for half days, (date, name, True)."""
    rows = tuple(
        Holiday(date=date.fromisoformat(day[0]), name=day[1], half_day=len(day) > 2 and bool(day[-1])) for day in days
    )
    return HolidayCalendar(id=row_id, name=f"Helgdagar {row_id}", days=rows)


def diversion(condition: str, target: Target, **values: Any) -> Diversion:
    return Diversion(condition=DiversionCondition(condition), target=target, **values)


def roster(
    row_id: int = 1, *levels: Target | None, shifts: tuple[DutyShift, ...] = (), mailbox_id: int = 9
) -> DutyRoster:
    """Return a roster with a standing target (or None) a level."""
    rows = tuple(DutyLevel(level=level, standing=target) for level, target in enumerate(levels, start=1))
    return DutyRoster(
        id=row_id, organisation_id=1, name=f"Jour {row_id}", mailbox_id=mailbox_id, levels=rows, shifts=shifts
    )


def shift(level: int, starts: datetime, ends: datetime, target: Target, **values: Any) -> DutyShift:
    return DutyShift(level=level, starts_at=starts, ends_at=ends, target=target, **values)


def forced(state: str, starts: str, ends: str) -> UnitOverride:
    """Return what a unit is forced to be, `open` or `closed`, between two Swedish wall-clock times."""
    return UnitOverride(is_open=state == "open", starts_at=at(starts), ends_at=at(ends))


def policy(**tables: Any) -> Policy:
    """Return a policy of these rows; one organisation, its number range and unit 1 are there unless given."""
    defaults: dict[str, Any] = {
        "revision": 1,
        "organisations": [organisation()],
        "number_ranges": [number_range()],
        "units": [unit()],
    }
    return build_policy(**{**defaults, **tables})


def external(called: str, caller: str | None = OUTSIDER) -> Call:
    return Call(called_number=called, caller_number=caller)


def internal(called: str, caller_extension_id: int = 99) -> Call:
    return Call(called_number=called, caller_extension_id=caller_extension_id)


CALLER = extension(99, name="Den som ringer")
"""The extension that internal calls come from."""


def decided(policy_rows: Policy, call: Call, now: datetime = TUESDAY_TEN) -> Decision:
    return decide(policy_rows, call, now)


def said(step: Step) -> str:
    """Return what a step speaks: texts as they are, prompts by name in square brackets."""
    phrases: tuple[Phrase, ...] = step.phrases if isinstance(step, Say | Menu) else ()
    return " ".join(
        phrase.value if phrase.kind is PhraseKind.TEXT else f"[{phrase.value.removeprefix('policy/')}]"
        for phrase in phrases
    )


def rung(step: Step) -> tuple[str, ...]:
    """Return the addresses that a step rings."""
    return tuple(leg.address for leg in step.legs) if isinstance(step, Dial) else ()


def way(decision: Decision, *outcomes: str) -> list[str]:
    """Return what the caller meets, step by step, when each dial in turn has an outcome or each menu a digit.

    With no outcome given (any more) dials are not answered and menus get no digit. Dials read `ring a,b x4`.
    """
    waiting = list(outcomes)
    met: list[str] = []
    step_number: int | None = 0
    why = ""
    while step_number is not None:
        step = decision.plan.steps[step_number]
        met.append(described(step).replace("[why]", f"[{why}]"))
        if isinstance(step, Dial):
            why = REASONS.get(waiting[0] if waiting else "no_answer", "")
        step_number = _next(step, waiting)
    return met


def described(step: Step) -> str:
    match step:
        case Dial():
            return f"ring {','.join(rung(step))} x{step.rings}"
        case Say():
            return f"say {said(step)}"
        case Menu():
            return f"menu {said(step)}"
        case _:
            details = [getattr(step, name) for name in ("mailbox", "number", "cause") if hasattr(step, name)]
            use = "".join(f" {name}" for name in ("urgent", "listen") if getattr(step, name, False))
            return f"{type(step).__name__.lower()} {details[0]}{use}"


def _next(step: Step, waiting: list[str]) -> int | None:
    if isinstance(step, Dial):
        outcome = waiting.pop(0) if waiting else "no_answer"
        return None if outcome == "answer" else int(getattr(step, outcome))
    if isinstance(step, Menu):
        digit = waiting.pop(0) if waiting else ""
        return dict(step.choices).get(digit, step.no_choice)
    return getattr(step, "next_step", None)


def reasons(decision: Decision, rule: str | None = None) -> list[str]:
    """Return the reasons in a trace, all or one rule's."""
    return [line.reason for line in decision.trace if rule is None or line.rule == rule]
