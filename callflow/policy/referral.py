"""The spoken referral: a caller hears why somebody is absent and until when, and chooses how to go on (R10)."""

from callflow.policy.absence_words import told_absence
from callflow.policy.absences import back_at, person_of
from callflow.policy.builder import Node
from callflow.policy.diversion_targets import latest_end
from callflow.policy.extensions import spoken_group_name, spoken_name
from callflow.policy.hours import switchboard_hours
from callflow.policy.model import (
    Absence,
    Extension,
    Organisation,
    RingGroup,
    Target,
    TargetKind,
    Unit,
)
from callflow.policy.plan import Phrase
from callflow.policy.route import Otherwise, Route, State
from callflow.policy.routing import menu, name_for_caller, reach_place, voicemail
from callflow.policy.spoken import prompt, text
from callflow.policy.switchboard import pass_through_switchboard

REFERRAL_DIGIT = "1"
MESSAGE_DIGIT = "2"
SWITCHBOARD_DIGIT = "0"


def refer(route: Route, extension: Extension, absence: Absence, state: State, otherwise: Otherwise) -> Node:
    """Tell of the absence and offer its referral target, a message and the switchboard.

    Silence leads to the message, without a mailbox to the target, and without either to `otherwise`; so does a target
    that does not answer.
    """
    message = _message(route, extension, absence)
    if message is not None:  # where all ends, so that nothing hangs on how the call came here
        state, otherwise = State().at(Target(TargetKind.EXTENSION, extension.id)), lambda _: message
    key = ("refer", extension.id, absence, state.visited, None if message is not None else otherwise)
    if key not in route.memo:
        route.memo[key] = _menu(route, extension, absence, state.heard(), message, otherwise)
    return route.memo[key]


def _menu(  # noqa: PLR0913, PLR0917 - whose absence, the message, and what follows without one
    route: Route, extension: Extension, absence: Absence, state: State, message: Node | None, after: Otherwise
) -> Node:
    person = person_of(route.policy, extension)
    assert person is not None  # the absence is somebody's
    back = back_at(route.policy, person, absence)
    if back is None:
        route.note("R10", True, "absent", extension=extension.number)
    else:
        route.note("R10", True, "absent_until", extension=extension.number, back=f"{back:%Y-%m-%d %H:%M}")
    told = told_absence(route, extension, absence, back)
    target = _target(route, extension, absence, state, after)
    operators = _operators(route, extension, state, after)
    lines: list[Phrase] = []
    choices: list[tuple[str, Node]] = []
    if target is not None and target is not message:
        lines += _offer(route, absence.referral)
        choices.append((REFERRAL_DIGIT, target))
    if message is not None:
        lines.append(prompt("message-press-2"))
        choices.append((MESSAGE_DIGIT, message))
    if operators is not None and operators is not message:
        lines.append(prompt("switchboard-press-0"))
        choices.append((SWITCHBOARD_DIGIT, operators))
    return menu(route, (*told, *lines), tuple(choices), message or target or after(state))


def _target(route: Route, extension: Extension, absence: Absence, state: State, after: Otherwise) -> Node | None:
    """Return the way to where the absence refers; None without that, and where it is offered in any case.

    A number outside is good as long as a diversion there may stand, counted from when the absence began.
    """
    target = absence.referral
    if target is None or target.kind is TargetKind.MAILBOX:
        return None
    if target == Target(TargetKind.SWITCHBOARD, extension.organisation_id):
        return None
    ends_at = latest_end(route.policy, extension, target, absence.starts_at)
    if ends_at is not None:
        route.changes_at(ends_at)
        if ends_at <= route.now:
            route.note("R9", True, "referral_outside_ended", extension=extension.number, number=str(target.number))
            return None
    return reach_place(route, target, state.moved_by(Target(TargetKind.EXTENSION, extension.id)), after)


def _message(route: Route, extension: Extension, absence: Absence) -> Node | None:
    """Let the caller leave a message in the mailbox that the absence refers to, else in that of the extension."""
    referral = absence.referral
    if referral is not None and referral.kind is TargetKind.MAILBOX:
        message = voicemail(route, referral.id)
        if message is not None:
            return message
    return voicemail(route, extension.mailbox_id)


def _operators(route: Route, extension: Extension, state: State, after: Otherwise) -> Node | None:
    """Return the way to the operators; None where the switchboard is closed or has none."""
    organisation = route.policy.organisations.get(extension.organisation_id)
    if organisation is None or organisation.operator_group_id is None:
        return None
    if not switchboard_hours(route, organisation).is_open:
        return None
    here = state.at(Target(TargetKind.SWITCHBOARD, organisation.id))
    return pass_through_switchboard(route, organisation, here, after)


def _offer(route: Route, target: Target | None) -> tuple[Phrase, ...]:
    name = _name(route, target) if target is not None else None
    if name is None:
        return (prompt("referral-press-1"),)
    return (prompt("referral-to"), text(name, "someone-else"), prompt("press-1"))


def _name(route: Route, target: Target) -> str | None:
    """Return a target's name as this caller may hear it; None for a number outside."""
    route.asked.add(target)
    match route.policy.row(target):
        case Extension() as extension:
            return spoken_name(route, extension)
        case Unit() as unit:
            return name_for_caller(route, unit.name, unit)
        case RingGroup() as group:
            return spoken_group_name(route, group)
        case Organisation() as organisation:
            return organisation.name
        case _:
            return None
