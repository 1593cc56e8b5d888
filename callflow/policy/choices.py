"""What a caller may choose when nobody answers: urgent to the duty, or a message (R6, R7)."""

from collections.abc import Callable
from functools import partial

from callflow.policy.builder import Node
from callflow.policy.duty import DutyBy, OnDuty, on_duty
from callflow.policy.hours import HoursNow, working_hours
from callflow.policy.keeping import kept
from callflow.policy.model import MOST_RINGS, DutyRoster, Organisation, Target, TargetKind, Unit
from callflow.policy.plan import Phrase
from callflow.policy.route import Otherwise, Route, State
from callflow.policy.routing import (
    failure_phrases,
    goodbye,
    last_resort,
    menu,
    place_name,
    reach_place,
    speak,
    voicemail,
)
from callflow.policy.schedule import Why
from callflow.policy.spoken import moment, prompt, spoken_hours, text, until, week

URGENT_DIGIT = "1"
MESSAGE_DIGIT = "2"


def closed_menu(  # noqa: PLR0913, PLR0917 - whose hours, as whom it speaks, and whose duty and mailbox
    route: Route,
    hours: HoursNow,
    name: str | None,
    above: tuple[Unit, ...],
    organisation_id: int,
    state: State,
    greeting: tuple[Phrase, ...] = (),
) -> Node:
    """Tell the hours and offer the duty and a message; silence ends in a message or a goodbye, never in nothing."""
    phrases = (*failure_phrases(state), *_closed_phrases(route, hours, name, greeting))
    return _offer(route, phrases, above, organisation_id)


def unanswered_menu(route: Route, above: tuple[Unit, ...], organisation_id: int, state: State) -> Node:
    """Offer the duty and a message when all places have been tried."""
    phrases = (*failure_phrases(state), prompt("nobody-can-answer"))
    return _offer(route, phrases, above, organisation_id)


def _offer(route: Route, phrases: tuple[Phrase, ...], above: tuple[Unit, ...], organisation_id: int) -> Node:
    organisation = route.policy.organisations.get(organisation_id, route.organisation)
    key = ("offer", phrases, above[:1], organisation.id)
    if key not in route.memo:
        urgent = _urgent_once(route, above, organisation)
        message = _message(route, above, organisation, urgent=False)
        lines = []
        choices = []
        if urgent is not None:
            lines.append(prompt("urgent-press-1"))
            choices.append((URGENT_DIGIT, urgent))
        if message is not None:
            lines.append(prompt("message-press-2"))
            choices.append((MESSAGE_DIGIT, message))
        silence = message if message is not None else speak(route, ("call-again",), goodbye(route))
        route.memo[key] = menu(route, (*phrases, *lines), tuple(choices), silence)
    return route.memo[key]


def _closed_phrases(
    route: Route, hours: HoursNow, name: str | None, greeting: tuple[Phrase, ...]
) -> tuple[Phrase, ...]:
    """Tell that it is closed, and when it is open: by its hours, or where it was forced closed until when."""
    opens = hours.next_opening
    if hours.override is not None and opens is not None:
        who = (text(name), prompt("has-closed")) if name else (prompt("it-is-closed"),)
        return (*who, *until(opens, route.now.astimezone(opens.tzinfo)))
    words = greeting or ((text(name), prompt("is-closed")) if name else (prompt("telephone-is-closed"),))
    if hours.override is not None:
        return words
    return (*words, *_hours_phrases(route, hours, named=bool(name or greeting)))


def _hours_phrases(route: Route, hours: HoursNow, *, named: bool) -> tuple[Phrase, ...]:
    """Tell the hours; a unit that is not named (R17) names no exception either, since that might tell which it is."""
    assert hours.schedule is not None  # only what has hours is closed by them
    assert hours.state is not None
    phrases: list[Phrase] = []
    day = hours.state.day
    if day.name is not None and (named or day.why is not Why.EXCEPTION):
        reason = "hours-today" if day.hours else "closed-today"
        phrases += [prompt(reason), text(day.name, None), *spoken_hours(day.hours)]
    if spoken_week := week(hours.schedule.hours):
        phrases += [prompt("hours-are"), *spoken_week]
    if (opens := hours.next_opening) is not None:
        phrases += [prompt("opens-again"), *moment(opens, route.now.astimezone(opens.tzinfo))]
    return tuple(phrases)


def _message(route: Route, above: tuple[Unit, ...], organisation: Organisation, *, urgent: bool) -> Node | None:
    for mailbox_id in (*(unit.mailbox_id for unit in above), organisation.mailbox_id):
        if (message := voicemail(route, mailbox_id, urgent=urgent)) is not None:
            return message
    return None


def _urgent_once(route: Route, above: tuple[Unit, ...], organisation: Organisation) -> Node | None:
    key = ("urgent", above[:1], organisation.id)
    if key not in route.memo and (urgent := _kept_urgent(route, above, organisation)) is not None:
        route.memo[key] = urgent
    return route.memo.get(key)


def _kept_urgent(route: Route, above: tuple[Unit, ...], organisation: Organisation) -> Node | None:
    what = ("urgent", organisation.id, *(unit.id for unit in above))
    return kept(route, what, lambda inner: _urgent(inner, above, organisation))


def _urgent(route: Route, above: tuple[Unit, ...], organisation: Organisation) -> Node | None:
    """Return where urgent calls go: the duty phone in working hours, else the roster; None where neither is.

    Who has taken duty over has it in working hours too, before the duty phone.
    """
    phone = _duty_phone(route, above, organisation)
    roster = _roster(route, above, organisation)
    if phone is None and roster is None:
        route.note("R7", False, "no_duty")
        return None

    def nobody(state: State) -> Node:
        message = voicemail(route, roster.mailbox_id, urgent=True) if roster is not None else None
        if message is None:
            message = _message(route, above, organisation, urgent=True)
        if message is None:
            return last_resort(route, state)
        route.note("R7", True, "urgent_message_mailed")
        return message

    way: Otherwise = nobody
    for rung in reversed(_rungs(route, above, roster, phone)):
        way = rung(way)
    return way(State())


def _rungs(
    route: Route, above: tuple[Unit, ...], roster: DutyRoster | None, phone: Target | None
) -> list[Callable[[Otherwise], Otherwise]]:
    """Return who rings one after another, each as a way that goes on by the next one's."""
    to_phone = [partial(_to_duty_phone, route, phone, above[0])] if phone is not None else []
    if roster is None:
        return [*to_phone]
    levels = _levels(route, roster, phone)
    ways = [partial(_level, route, roster, level, target) for level, target in levels]
    before_phone = sum(level.by is DutyBy.TAKEN_OVER for level, _ in levels[:1])
    return [*ways[:before_phone], *to_phone, *ways[before_phone:]]


def _to_duty_phone(route: Route, phone: Target, unit: Unit, otherwise: Otherwise) -> Otherwise:
    mover = Target(TargetKind.UNIT, unit.id)
    return lambda state: reach_place(route, phone, state.on_path(frozenset()).for_duty(mover), otherwise)


def _duty_phone(route: Route, above: tuple[Unit, ...], organisation: Organisation) -> Target | None:
    phone = next((unit.duty_phone for unit in above if unit.duty_phone is not None), None)
    if phone is None:
        return None
    is_open = working_hours(route, above[0], organisation).is_open
    place = place_name(route, phone)
    route.note("R7", is_open, "duty_phone_in_working_hours" if is_open else "outside_working_hours", place=place)
    return phone if is_open else None


def _roster(route: Route, above: tuple[Unit, ...], organisation: Organisation) -> DutyRoster | None:
    for roster_id in (*(unit.duty_roster_id for unit in above), organisation.duty_roster_id):
        if roster_id is None:
            continue
        if (roster := route.policy.duty_rosters.get(roster_id)) is not None:
            return roster
        route.note("R7", False, "roster_missing", id=str(roster_id))
    return None


def _levels(route: Route, roster: DutyRoster, phone: Target | None) -> list[tuple[OnDuty, Target]]:
    """Return the levels that somebody has duty at who has not rung at one before."""
    tried = [phone]
    found = []
    for shift in roster.shifts:
        route.changes_at(shift.starts_at)
        route.changes_at(shift.ends_at)
    for level in on_duty(roster, route.now):
        target = level.target
        if target is None:
            route.note("R7", False, "nobody_on_duty", roster=roster.name, level=str(level.level))
        elif target in tried:
            place = place_name(route, target)
            route.note("R7", False, "duty_already_tried", roster=roster.name, level=str(level.level), place=place)
        else:
            tried.append(target)
            found.append((level, target))
    return found


def _level(route: Route, roster: DutyRoster, level: OnDuty, target: Target, otherwise: Otherwise) -> Otherwise:

    def ring(state: State) -> Node:
        place = place_name(route, target)
        route.note(
            "R7",
            True,
            "on_duty_taken_over"
            if level.by is DutyBy.TAKEN_OVER
            else "on_duty_by_shift"
            if level.by is DutyBy.SHIFT
            else "on_duty_standing",
            roster=roster.name,
            level=str(level.level),
            place=place,
        )
        here = state.on_path(frozenset()).for_duty(Target(TargetKind.SWITCHBOARD, roster.organisation_id))
        return reach_place(route, target, here, otherwise, min(level.ring_limit, MOST_RINGS))

    return ring
